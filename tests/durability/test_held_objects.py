"""An object in memory never reads or writes what has taken the place of its row."""

from __future__ import annotations

import copy
import os
import shutil
from pathlib import Path
from typing import Callable

import pytest

import kolena_local
from kolena_local.comparison import compare
from kolena_local.errors import IncorrectUsageError, NotFoundError
from kolena_local.repository import close_stores
from kolena_local.workflow import TestRun, test
from tests.conftest import long_only, sampled
from tests.durability.dump import dump
from tests.durability.held import (
    REFUSED,
    Things,
    delete_model,
    delete_run,
    done,
    make,
    restore,
    rows,
)
from tests.files.make import AnimalCase, AnimalModel, AnimalSuite, Judge, animals, guess


class Plain(Judge):
    """A judge whose results are compared: those of the other are of two thresholds."""


def edit_case(things: Things) -> None:
    with things.case.edit() as editor:
        editor.add(*animals(300, 301)[0])


def edit_suite(things: Things) -> None:
    with things.suite.edit() as editor:
        editor.tags = {"mine"}


def add_to_another_suite(things: Things) -> None:
    with AnimalSuite.load("animals").edit() as editor:
        editor.add(things.case)


def upload(things: Things) -> None:
    again = [(sample, guess(sample)) for sample, _ in animals(100, 105)]
    things.run.upload_inferences(again)


OF_RUNS: dict[str, Callable[[Things], object]] = {
    "run": lambda things: things.run.run(),
    "evaluate": lambda things: things.run.evaluate(),
    "samples of a run": lambda things: things.run.load_test_samples(),
    "the first sample of a run": lambda things: next(things.run.iter_test_samples(), None),
    "upload": upload,
    "metrics of samples": lambda things: things.run.metrics_dataframe("sample"),
    "metrics of test cases": lambda things: things.run.metrics_dataframe("case"),
    "metrics of the test suite": lambda things: things.run.metrics_dataframe("suite"),
    "a run in a notebook": lambda things: things.run._repr_html_(),
}
OF_MODELS: dict[str, Callable[[Things], object]] = {
    "test": lambda things: test(things.model, things.suite, Judge()),
    "test again": lambda things: test(things.model, things.suite, reset=True),
    "a new run": lambda things: TestRun(things.model, things.suite),
    "inferences": lambda things: things.model.load_inferences(things.case),
    "the first inference": lambda things: next(things.model.iter_inferences(things.case)),
    "frame of a test case": lambda things: things.model.to_dataframe(things.case),
    "frame of a test suite": lambda things: things.model.to_dataframe(things.suite),
    "objects of a test suite": lambda things: things.model.to_dataframe(things.suite, objects=True),
    "results of a model": lambda things: AnimalSuite.load("animals").results_dataframe(
        [things.model]
    ),
    "comparison": lambda things: compare(
        things.model, "first", AnimalSuite.load("animals", 1), evaluator="Plain"
    ),
    "a model in a notebook": lambda things: things.model._repr_html_(),
}
OF_TESTS: dict[str, Callable[[Things], object]] = {
    "samples of a test case": lambda things: things.case.load_test_samples(),
    "the first sample": lambda things: next(things.case.iter_test_samples()),
    "edit of a test case": edit_case,
    "a test case in a notebook": lambda things: things.case._repr_html_(),
    "a new test suite": lambda things: AnimalSuite("new", test_cases=[things.case]),
    "a created test suite": lambda things: AnimalSuite.create("new", test_cases=[things.case]),
    "edit of another test suite": add_to_another_suite,
    "samples of a test suite": lambda things: things.suite.load_test_samples(),
    "edit of a test suite": edit_suite,
    "test of another model": lambda things: test(AnimalModel.load("first", guess), things.suite),
    "results of a test suite": lambda things: things.suite.results_dataframe(),
    "comparison on a test suite": lambda things: compare(
        "first", "second", things.suite, evaluator="Plain"
    ),
    "a test suite in a notebook": lambda things: things.suite._repr_html_(),
}
ALL = {**OF_RUNS, **OF_MODELS, **OF_TESTS}


def are_refused(things: Things, *uses: Callable[[Things], object]) -> None:
    """Make sure that each use is refused in a sentence, and that nothing is stored."""
    before = dump(things.path)
    for use in uses:
        with pytest.raises(NotFoundError, match=REFUSED):
            use(things)
        assert dump(things.path) == before


@pytest.mark.parametrize("instead", sampled(["stranger", ""]))
def test_a_deleted_run_is_never_taken_for_another(things: Things, instead: str) -> None:
    delete_run(things, instead)
    are_refused(things, *OF_RUNS.values())


@pytest.mark.parametrize("instead", sampled(["held", "stranger", ""], 2))
def test_a_deleted_model_is_never_taken_for_another(things: Things, instead: str) -> None:
    delete_model(things, instead)
    are_refused(things, *OF_RUNS.values(), *OF_MODELS.values())


@pytest.mark.parametrize("instead", sampled(["held", "stranger", ""], 2))
def test_an_object_is_refused_by_an_older_store_in_the_place_of_its_own(
    things: Things, instead: str
) -> None:
    restore(things.path, Path(f"{things.path}.early"))
    if instead:
        # As the held ones were made, so that every number is the same, with other samples.
        others = make(things.path, instead, 200)
        assert [thing._id for thing in others[1:]] == [thing._id for thing in things[1:]]
    are_refused(things, *ALL.values())


@long_only
def test_an_object_is_refused_by_an_import_of_its_own_store(things: Things, tmp_path: Path) -> None:
    lines, made = tmp_path / "lines", tmp_path / "imported.db"
    lines.write_text(done(things.path, "export"), encoding="utf-8")
    assert "uid" not in lines.read_text("utf-8")
    done(made, "import", lines)
    assert done(made, "export") == lines.read_text("utf-8")
    close_stores()
    for side in ("", "-wal", "-shm"):
        Path(f"{things.path}{side}").unlink(missing_ok=True)
    shutil.move(made, things.path)
    are_refused(things, *ALL.values())


@long_only
def test_a_copy_of_the_store_takes_the_objects_of_the_original(things: Things) -> None:
    whole = AnimalSuite.load("animals", 1)
    test(things.model, AnimalSuite.load("animals"), Judge())
    for model in (
        things.model,
        AnimalModel.load("first", guess),
        AnimalModel.load("second", guess),
    ):
        test(model, whole, Plain())
        test(model, things.suite, Plain())
    things = things._replace(run=TestRun(things.model, things.suite, Judge(), reset=True))
    done(things.path, "db", "backup", f"{things.path}.late")
    make(things.path, "lost", 400)
    restore(things.path, Path(f"{things.path}.late"))
    for name, use in ALL.items():
        if name != "a created test suite":  # it is there by then
            use(things)


@long_only
def test_a_version_that_was_made_a_second_time_is_another(things: Things) -> None:
    first = AnimalCase.load("held case", 1)
    late = Path(f"{things.path}.late")
    done(things.path, "db", "backup", late)
    edit_case(things)
    restore(things.path, late)
    with AnimalCase.load("held case").edit() as editor:
        editor.remove(animals(100, 101)[0][0])
    assert AnimalCase.load("held case").version == things.case.version == 2
    uses = ("samples of a test case", "edit of a test case", "a new test suite", "inferences")
    are_refused(things, *(ALL[use] for use in uses))
    assert len(first.load_test_samples()) == 5
    assert len(things.model.load_inferences(first)) == 5


def test_a_renamed_model_goes_on(things: Things) -> None:
    done(things.path, "models", "rename", "held", "renamed")
    done(things.path, "models", "create", "held", "--workflow", "Animals")
    whole = AnimalSuite.load("animals", 1)
    test(things.model, whole, Judge(), reset=True)
    assert len(things.model.load_inferences(things.case)) == 5
    assert len(things.model.to_dataframe(whole)) == 21
    assert set(whole.results_dataframe([things.model])["model"]) == {"renamed"}
    test(AnimalModel.load("second", guess), whole, Plain())
    test(things.model, whole, Plain())
    assert compare(things.model, "second", whole, evaluator=Plain()).base == "renamed"
    things.run.run()
    assert things.run.metrics_dataframe("suite").shape[0] == 1
    query = "SELECT count(*) FROM inference JOIN model ON model.id = model_id WHERE name = 'held'"
    assert rows(things.path, query) == [(0,)]


def test_a_comparison_shows_no_samples_of_another_store(things: Things) -> None:
    late = AnimalModel("late", infer=lambda sample: guess(animals(103, 104)[0][0]))
    test(late, things.suite, Judge())
    made = compare(things.model, late, things.suite)
    restore(things.path, Path(f"{things.path}.early"))
    make(things.path, "stranger", 200)
    with pytest.raises(NotFoundError, match=REFUSED):
        made.worst(3)


@long_only
def test_copies_of_an_object_are_refused_as_it_is(things: Things) -> None:
    copies = [copy.copy(things.model), copy.deepcopy(things.model)]
    assert [len(one.load_inferences(things.case)) for one in copies] == [5, 5]
    delete_model(things, "stranger")
    for one in copies:
        are_refused(things._replace(model=one), *OF_MODELS.values())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_is_refused_as_its_parent_is(things: Things) -> None:
    delete_model(things, "stranger")
    child = os.fork()
    if child == 0:
        try:
            upload(things)
        except NotFoundError:
            os._exit(7)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 7
    assert rows(things.path, "SELECT count(*) FROM inference WHERE model_id = 5") == [(0,)]


def test_objects_of_two_stores_stay_apart(things: Things, tmp_path: Path) -> None:
    twin = tmp_path / "twin.db"
    shutil.copyfile(f"{things.path}.early", twin)
    with kolena_local.session(db=twin):
        other = make(twin, "held", 200)
        assert other.model._id == things.model._id
        assert other.model != things.model
        assert [sample.locator for sample, *_ in things.model.load_inferences(things.case)] == [
            f"s3://animals/{number}.png" for number in range(100, 105)
        ]
        with pytest.raises(IncorrectUsageError, match="is in the store"):
            other.suite.results_dataframe([things.model])


def test_a_store_in_memory_forgets_its_objects() -> None:
    with kolena_local.session(db=":memory:"):
        model = AnimalModel("held", infer=guess)
        close_stores()
        AnimalModel("stranger")
        with pytest.raises(NotFoundError, match=REFUSED):
            model._repr_html_()


@long_only
def test_every_row_that_objects_are_made_from_has_a_number_of_its_own(
    things: Things, tmp_path: Path
) -> None:
    edit_case(things)
    imported = tmp_path / "imported.db"
    (tmp_path / "lines").write_text(done(things.path, "export"), encoding="utf-8")
    done(imported, "import", tmp_path / "lines")
    done(imported, "models", "create", "made here", "--workflow", "Animals")
    done(tmp_path / "demo.db", "demo", "--delay", "0")
    found = [
        uid
        for path in (things.path, imported, tmp_path / "demo.db")
        for table in ("model", "test_case_version", "test_suite_version", "test_run")
        for (uid,) in rows(path, f"SELECT uid FROM {table}")
    ]
    assert len(found) > 40
    assert 0 not in found
    assert len(set(found)) == len(found)
