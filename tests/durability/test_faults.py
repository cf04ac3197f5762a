"""Every single statement may fail: the file then has the state before or the state after.

A connection that fails at its n-th statement stands between the package and SQLite; for every n
with `KOLENA_LOCAL_TESTS=long`, else for some.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import kolena_local
from kolena_local.dataset import (
    delete_dataset,
    upload_dataset,
    upload_dataset_embeddings,
    upload_results,
)
from kolena_local.errors import KolenaError, StoreDamagedError
from kolena_local.repository import close_stores, open_store
from kolena_local.workflow import Image, TestRun, test
from tests.conftest import IS_LONG, IS_RANDOM, sampled
from tests.durability.dump import Dump, dump, is_sound
from tests.durability.rows import ROWS
from tests.files.make import (
    AnimalCase,
    AnimalModel,
    AnimalSuite,
    Judge,
    Strictness,
    animals,
    guess,
)

Call = Callable[[], object]
TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")


class Fuse:
    """Counts statements and fails at one of them."""

    def __init__(self) -> None:
        self.left: int | None = None
        self.burnt = 0

    def count(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left == 0:
                self.burnt += 1
                raise sqlite3.OperationalError("disk I/O error")


fuse = Fuse()


class FailingCursor(sqlite3.Cursor):
    def execute(self, *arguments: Any) -> FailingCursor:
        fuse.count()
        super().execute(*arguments)
        return self

    def executemany(self, *arguments: Any) -> FailingCursor:
        fuse.count()
        super().executemany(*arguments)
        return self


class FailingConnection(sqlite3.Connection):
    def cursor(self, *arguments: Any) -> Any:
        return super().cursor(FailingCursor)

    def execute(self, *arguments: Any) -> Any:
        return self.cursor().execute(*arguments)

    def executemany(self, *arguments: Any) -> Any:
        return self.cursor().executemany(*arguments)

    def commit(self) -> None:
        fuse.count()
        super().commit()


@pytest.fixture(autouse=True)
def failing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put the failing connection between the package and SQLite."""
    real = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda *a, **k: real(*a, **k | {"factory": FailingConnection})
    )
    fuse.left = None
    yield
    fuse.left = None
    close_stores()


def edit_case() -> None:
    with AnimalCase.load("day").edit() as editor:
        editor.remove(animals(0, 1)[0][0])
        for pair in animals(50, 53):
            editor.add(*pair)


def edit_suite() -> None:
    case = AnimalCase.load("day")
    with AnimalSuite.load("animals").edit() as editor:
        editor.description = "another"
        editor.tags = {"c"}
        editor.add(case)


def upload() -> None:
    model = AnimalModel.load("first")
    suite = AnimalSuite.load("animals", 1)
    pairs = [(sample, guess(sample)) for sample, _ in animals(0, 12)]
    TestRun(model, suite, Judge(), reset=True).upload_inferences(pairs)


ONE_WRITE: dict[str, Call] = {
    "a new model": lambda: AnimalModel("new", infer=guess, metadata={"a": 1}, tags={"x", "y"}),
    "a new test case": lambda: AnimalCase("new", test_samples=animals(10, 30)),
    "many test cases": lambda: AnimalCase.init_many(
        [("one", animals(0, 4)), ("two", animals(60, 64))]
    ),
    "an edit of a test case": edit_case,
    "a reset of a test case": lambda: AnimalCase(
        "day", test_samples=animals(5, 9), description="other", reset=True
    ),
    "a new test suite": lambda: AnimalSuite("new", test_cases=[AnimalCase.load("day")], tags={"t"}),
    "an edit of a test suite": edit_suite,
    "inferences": upload,
    "a new dataset": lambda: upload_dataset("new", ROWS, dataset_tags=["t"]),
    "a commit of a dataset": lambda: upload_dataset(
        "rows", iter([ROWS.tail(2).assign(x=9), pd.DataFrame({"id": [5]})]), append_only=True
    ),
    "results": lambda: upload_results(
        "rows", "scorer", ROWS[["id"]].assign(ok=True), tags=["t"], metadata={"a": 1}
    ),
    "embeddings": lambda: upload_dataset_embeddings(
        "rows", "other", ROWS[["id"]].assign(embedding=[[1.0]] * 4)
    ),
    "the end of a dataset": lambda: delete_dataset("rows"),
}


def state(path: Path) -> Dump:
    """Return what is in a store, without moments, processes and random numbers."""
    fuse.left = None
    found = dump(path)
    # Rows of metrics are numbered as they come, also when they come a second time.
    columns, rows = found["metrics_test_sample"]
    found["metrics_test_sample"] = (columns[1:], [row[1:] for row in rows])
    return {
        table: (
            columns,
            sorted(
                (tuple(map(_timeless, columns, row)) for row in rows),
                key=repr,
            ),
        )
        for table, (columns, rows) in found.items()
        if table != "inference_lease"
    }


def _timeless(column: str, value: object) -> object:
    if column in ("host", "pid", "process_started"):
        return None
    if column == "uid":
        return "a number" if value else "none"
    if isinstance(value, str) and TIME.fullmatch(value):
        return "a time"
    return value


def is_free(path: Path) -> bool:
    """Say whether another process could write at once."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as other:
        try:
            other.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
    return True


def fresh(filled: Path, path: Path) -> None:
    close_stores()
    for rest in path.parent.glob(f"{path.name}*"):
        rest.unlink()
    shutil.copyfile(filled, path)


def whole_states(filled: Path, path: Path, name: str) -> tuple[list[Dump], Dump]:
    """Return the states that a call may leave if it is stopped, and the one that it leaves."""
    fresh(filled, path)
    before = [state(path)]
    ONE_WRITE[name]()
    after = state(path)
    if name == "inferences":
        fresh(filled, path)
        TestRun(AnimalModel.load("first"), AnimalSuite.load("animals", 1), Judge())
        before.append(state(path))
    return before, after


@pytest.mark.filterwarnings("ignore:The metadata passed for the test case")
@pytest.mark.filterwarnings("ignore:1 changed datapoint of the dataset")
@pytest.mark.parametrize("name", sampled(reversed(ONE_WRITE), 2))
def test_a_call_that_fails_at_any_statement_stores_all_or_nothing(
    rows_template: Path, tmp_path: Path, name: str
) -> None:
    filled, path, call = rows_template, tmp_path / "work.db", ONE_WRITE[name]
    with kolena_local.session(db=path):
        before, after = whole_states(filled, path, name)
        # Most calls have most statements in common, and every run begins at another one.
        step = 3 if IS_LONG else 17
        start = random.randrange(step) if IS_RANDOM else len(name) % step
        for place in range(1 + start, 1000, step):
            fresh(filled, path)
            open_store().open()
            fuse.left = place
            try:
                call()
            except KolenaError as error:
                assert isinstance(error, StoreDamagedError), error
            else:
                break
            now = state(path)
            assert now in before or now == after, f"statement {place}"
            if now != after:
                call()  # the same store goes on working
                assert state(path) == after, f"again after statement {place}"
    assert place > 5, "the call has statements"
    assert state(path) == after
    assert is_sound(path)


@pytest.mark.parametrize(("has_links", "statements"), [(True, 5), (False, 30)])
def test_a_store_whose_making_fails_at_any_statement_can_be_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_links: bool, statements: int
) -> None:
    def refuse(*arguments: object) -> None:
        raise OSError(1, "Operation not permitted")

    if not has_links:  # then a new store is built in its place, not copied
        monkeypatch.setattr(os, "link", refuse)
    for place in range(1, 1000, 1 if IS_LONG else 9):
        path = tmp_path / f"{place}.db"
        fuse.left = place
        try:
            open_store(str(path))
        except KolenaError:
            fuse.left = None
            with open_store(str(path)).write() as unit:
                unit.workflows.ensure("one")
            assert is_sound(path)
        else:
            break
    assert place > statements


def test_a_test_that_fails_at_any_statement_goes_on_where_it_was(
    filled: Path, tmp_path: Path
) -> None:
    path = tmp_path / "work.db"
    configurations = [Strictness(0.5)]
    whole: Dump = {}
    start = random.randrange(5) if IS_RANDOM else 0
    for place in range(start, 1000, 5 if IS_LONG else 50):
        fresh(filled, path)
        made: list[Image] = []

        def infer(sample: Image, made: list[Image] = made) -> Any:
            made.append(sample)
            return guess(sample)

        with kolena_local.session(db=path):
            suite = AnimalSuite.load("animals")
            fuse.left = None if not whole else place
            try:
                test(AnimalModel("new", infer=infer), suite, Judge(configurations=configurations))
            except KolenaError:
                fuse.left = None
                check_whole_results(path)
                test(AnimalModel("new", infer=infer), suite, Judge(configurations=configurations))
                assert state(path) == whole, f"statement {place}"
                assert len(made) <= 2 * 13
            else:
                if whole:
                    break
                whole = state(path)
    assert place > 40
    fuse.left = None
    assert is_sound(path)


def check_whole_results(path: Path) -> None:
    with open_store(str(path)).read() as unit:
        for run in unit.test_runs.list(model="new"):
            cases = {record.configuration for record in unit.test_runs.case_metrics(run.id)}
            suites = {record.configuration for record in unit.test_runs.suite_metrics(run.id)}
            samples = {record.configuration for record in unit.test_runs.sample_metrics(run.id)}
            plots = {record.configuration for record in unit.test_runs.plots(run.id)}
            assert cases == suites == samples == plots
