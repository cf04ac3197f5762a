"""What is deleted or replaced while a model is tested gets no more inferences or results."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest

from kolena_local.errors import NotFoundError
from kolena_local.workflow import TestRun, test
from tests.conftest import long_only, sampled
from tests.durability.held import (
    REFUSED,
    Things,
    command,
    delete_model,
    delete_run,
    done,
    make,
    restore,
    rows,
)
from tests.files.make import AnimalModel, AnimalSuite, Judge, guess


def saboteur(act: Callable[[], object]) -> Callable[[Any], Any]:
    """Return a model that does something to the store at its third sample."""
    asked = []

    def infer(sample: Any) -> Any:
        asked.append(sample)
        if len(asked) == 3:
            act()
        return guess(sample)

    return infer


MEANS: dict[str, dict[str, int]] = {"here": {}, "in threads": {"workers": 2}}


@pytest.mark.parametrize("means", sampled(reversed(MEANS)))
@pytest.mark.parametrize("delete", [delete_model, delete_run])
def test_what_is_deleted_while_it_is_tested_gets_nothing_more(
    things: Things, delete: Callable[[Things, str], None], means: str
) -> None:
    def act() -> None:
        delete(things._replace(run=TestRun(things.model, whole)), "stranger")

    whole = AnimalSuite.load("animals", 1)
    model = AnimalModel.load("held", saboteur(act))
    with pytest.raises(NotFoundError, match=REFUSED):
        test(model, whole, **MEANS[means])
    if delete is delete_model:
        query = "SELECT name FROM inference JOIN model ON model.id = model_id"
        assert ("stranger",) not in rows(things.path, query)
    else:
        query = "SELECT status, started_at FROM test_run ORDER BY id DESC LIMIT 1"
        assert rows(things.path, query) == [("created", None)]


@long_only
def test_a_run_that_is_deleted_while_it_is_evaluated_gives_nobody_its_results(
    things: Things,
) -> None:
    class Saboteur(Judge):
        def compute_test_suite_metrics(self, *arguments: Any) -> Any:
            delete_run(things, "stranger")
            return super().compute_test_suite_metrics(*arguments)

    run = things.run
    run.__dict__["evaluator"] = Saboteur()
    with pytest.raises(NotFoundError, match=REFUSED):
        run.evaluate()
    query = "SELECT status FROM test_run ORDER BY id DESC LIMIT 1"
    assert rows(things.path, query) == [("created",)]
    query = f"SELECT count(*) FROM evaluator_configuration WHERE test_run_id = {run._id}"
    assert rows(things.path, query) == [(0,)]


def test_a_store_that_is_tested_is_not_restored_by_another_process(things: Things) -> None:
    said = []

    def act() -> None:
        said.append(command(things.path, "db", "restore", f"{things.path}.early"))

    model = AnimalModel("new", infer=saboteur(act))
    test(model, things.suite, Judge())
    assert said[0].returncode != 0
    assert "is in use by another process" in said[0].stderr
    assert len(model.load_inferences(things.case)) == 5


@pytest.mark.parametrize("moment", ["before the objects were made", "after"])
def test_a_store_is_restored_under_a_running_test(things: Things, moment: str) -> None:
    backup = Path(f"{things.path}.early")

    def act() -> None:
        restore(things.path, backup)
        if moment != "after":
            make(things.path, "stranger", 200)

    model = AnimalModel("new", infer=saboteur(act))
    if moment == "after":
        backup = Path(f"{things.path}.late")
        done(things.path, "db", "backup", backup)
    if moment == "after":
        with pytest.raises(NotFoundError, match=REFUSED):  # the run is younger
            test(model, things.suite, Judge())
        test(model, things.suite, Judge())
        assert len(model.load_inferences(things.case)) == 5
    else:
        with pytest.raises(NotFoundError, match=REFUSED):
            test(model, things.suite, Judge())
        query = "SELECT name, (SELECT count(*) FROM inference WHERE model_id = model.id) FROM model"
        assert ("stranger", 5) in rows(things.path, query)
        assert len(AnimalModel.load_all()) == 5
