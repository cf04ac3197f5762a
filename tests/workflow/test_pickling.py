"""Entities in other processes: what travels, and what is loaded again there."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, List, Tuple

import pytest

import kolena_local
from kolena_local.errors import NotFoundError, StoreNotFoundError
from kolena_local.repository import close_stores, open_store
from kolena_local.workflow import TestRun, define_workflow, test
from tests.conftest import sampled
from tests.workflow.types import (
    Animal,
    Guess,
    Judge,
    Photo,
    cat,
    names,
    pairs,
)

# Other modules define "animals" again, and the latest classes of a workflow are unpickled.
workflow, TestCase, TestSuite, Model = define_workflow("pickled animals", Photo, Animal, Guess)


class OwnModel(Model):  # type: ignore[valid-type, misc]
    """A user's subclass, with an attribute of its own."""

    def __init__(self, name: str, size: int) -> None:
        super().__init__(name, infer=cat)
        self.__dict__["size"] = size


def entities() -> List[Any]:
    case = TestCase("c", description="why", test_samples=pairs("a", "b"))
    suite = TestSuite("s", test_cases=[case], tags={"x"})
    model = Model("m", infer=cat, metadata={"seed": 0}, tags={"y"})
    return [model, case, suite, TestRun(model, suite, Judge(), reset=True), OwnModel("own", 3)]


def shown(entity: Any) -> Tuple[Any, ...]:
    """Return what an entity is and has, as far as it can be compared in another process."""
    values = {name: getattr(value, "__name__", value) for name, value in vars(entity).items()}
    evaluator = values.pop("evaluator", None)
    return repr(entity), type(evaluator).__name__, sorted(map(str, values.items()))


@pytest.mark.parametrize("copied", [lambda one: pickle.loads(pickle.dumps(one)), copy.deepcopy])
def test_what_is_unpickled_is_equal_and_of_the_same_class(copied: Any) -> None:
    for entity in entities():
        again = copied(entity)
        assert again == entity and type(again) is type(entity)
        assert shown(again) == shown(entity)
    assert copied(workflow) == workflow


@pytest.mark.parametrize("start", sampled(["fork", "spawn", "forkserver"]))
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_entities_are_sent_to_a_process_pool_and_back(start: str) -> None:
    given = entities()
    model, _, suite, *_ = given
    expected = [shown(one) for one in given]
    with ProcessPoolExecutor(1, multiprocessing.get_context(start)) as pool:
        assert list(pool.map(shown, given)) == expected
        assert list(pool.map(names, [TestCase.load("c")])) == ["ab"]
        pool.submit(test, model, suite).result()
        inferences = [one for *_, one in model.load_inferences(suite.test_cases[0])]
        assert inferences == [Guess("cat"), Guess("cat")]


def test_a_renamed_model_is_found_and_a_deleted_one_is_not() -> None:
    text = pickle.dumps(Model("m"))
    with open_store().write() as unit:
        unit.models.rename("m", "n")
    assert pickle.loads(text).name == "n"
    with open_store().write() as unit:
        unit.models.delete(["n"])
    Model("m")
    with pytest.raises(NotFoundError, match="deleted"):
        pickle.loads(text)


def test_where_there_is_no_store_none_is_made(tmp_path: Path) -> None:
    with kolena_local.session(tmp_path / "mine.db"):
        text = pickle.dumps(Model("m", metadata={"secret": "word"}))
    assert b"secret" not in text
    close_stores()
    (tmp_path / "mine.db").unlink()
    with pytest.raises(StoreNotFoundError):
        pickle.loads(text)
    assert list(tmp_path.iterdir()) == []


def test_a_store_in_memory_cannot_be_sent() -> None:
    with kolena_local.session(":memory:"):
        model = Model("m")
        assert pickle.loads(pickle.dumps(model)) == model
        code = "import pickle, sys; pickle.load(sys.stdin.buffer)"
        text = pickle.dumps(model)
    done = subprocess.run([sys.executable, "-c", code], input=text, capture_output=True)
    assert b"IncorrectUsageError: The model 'm' is in a store in memory, which" in done.stderr


def test_classes_that_are_no_longer_there_are_defined_again() -> None:
    text = pickle.dumps(define_workflow("for a moment", Photo, Animal, Guess)[3]("m"))
    model = pickle.loads(text)
    assert repr(model) == "Model('m', workflow='for a moment')"
    assert type(model) is type(pickle.loads(text))
