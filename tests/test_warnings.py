"""What is asked for and not done is a warning: each situation, its text, and where it points."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict

import pytest

import kolena_local
from kolena_local.errors import KolenaWarning
from tests.workflow.types import Animal, Model, Photo, TestCase, pairs, photo


@dataclass(frozen=True)
class Situation:
    """What is done first, what is asked for then, and the warning."""

    ask: Callable[[], Any]
    text: str
    before: Callable[[], Any] = lambda: None


def edit_with(sample: Photo) -> None:
    with TestCase.load("d").edit() as editor:
        editor.add(sample, Animal("cat"))


SITUATIONS: Dict[str, Situation] = {
    "an argument of initialize that it does not have": Situation(
        lambda: kolena_local.initialize(database="mine.db", verbose=False),
        "initialize() does not have the argument database=, and ignored it; the store is chosen"
        " with db=, and messages with verbose=.",
    ),
    "a path as the token of initialize": Situation(
        lambda: kolena_local.initialize("mine.db", verbose=False),
        "initialize() does not have the argument 'mine.db', and ignored it; the store is chosen"
        " with db=, and messages with verbose=.",
    ),
    "other metadata for a model that exists": Situation(
        lambda: Model("m", metadata={"seed": 1}),
        "The model 'm' is already in the store, and its metadata were not changed: they are"
        " {'seed': 0}, and {'seed': 1} was passed. To change them, call update(metadata=…) on the"
        " model, or run kolena-local models edit.",
        before=lambda: Model("m", metadata={"seed": 0}),
    ),
    "other tags for a model that exists": Situation(
        lambda: Model("m", tags=["b"]),
        "The model 'm' is already in the store, and its tags were not changed: they are {'a'}, and"
        " {'b'} was passed. To change them, call update(tags=…) on the model, or run kolena-local"
        " models edit.",
        before=lambda: Model("m", tags=["a"]),
    ),
    "other samples for a test case that exists": Situation(
        lambda: TestCase("c", test_samples=pairs("b", "d")),
        "The test case 'c' is already in the store (version 1) and keeps its samples; those passed"
        " differ: 2 new, 1 left out. Pass reset=True to replace them, or use edit().",
        before=lambda: TestCase("c", test_samples=pairs("a")),
    ),
    "another ground truth for a test case that exists, in init_many": Situation(
        lambda: TestCase.init_many([("c", pairs("a", label="dog"))]),
        "The test case 'c' is already in the store (version 1) and keeps its samples; those passed"
        " differ: 1 with another ground truth. Pass reset=True to replace them, or use edit().",
        before=lambda: TestCase("c", test_samples=pairs("a")),
    ),
    "a reset of a test case without samples": Situation(
        lambda: TestCase("c", reset=True),
        "The test case 'c' is already in the store (version 1) and keeps its 1 sample, because no"
        " test_samples were passed; edit(reset=True) removes all.",
        before=lambda: TestCase("c", test_samples=pairs("a")),
    ),
    "another description for a test case that exists": Situation(
        lambda: TestCase("c", description="new"),
        "The test case 'c' is already in the store (version 0) and keeps its description 'old';"
        " use edit() to change it.",
        before=lambda: TestCase("c", description="old"),
    ),
    "a new test case with an empty list": Situation(
        lambda: TestCase("c", test_samples=[]),
        "The test case 'c' has no samples, because test_samples is empty.",
    ),
    "the same sample twice in a test case": Situation(
        lambda: TestCase("c", test_samples=pairs("a", "b", "a")),
        "1 of 3 test samples passed for the test case 'c' repeats an earlier one; each sample is"
        " stored once. Pass each sample once.",
    ),
    "other metadata of a sample that is in another test case": Situation(
        lambda: edit_with(photo("a", day=2)),
        "The metadata passed for the test case 'd' also change those of 1 sample of other test"
        ' cases, such as {"locator":"a.png","data_type":"TEST_SAMPLE/IMAGE"} of \'c\': a sample has'
        " the same metadata in all test cases. What depends on the test case belongs in the ground"
        " truth.",
        before=lambda: (
            TestCase("c", test_samples=[(photo("a", day=1), Animal("cat"))]),
            TestCase("d"),
        ),
    ),
}


@pytest.mark.parametrize("situation", SITUATIONS.values(), ids=SITUATIONS)
def test_what_is_not_done_is_one_warning_at_the_line_that_asked(situation: Situation) -> None:
    situation.before()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        situation.ask()
    assert [str(one.message) for one in caught] == [situation.text]
    assert [one.category for one in caught] == [KolenaWarning]
    assert [Path(one.filename).name for one in caught] == ["test_warnings.py"]
