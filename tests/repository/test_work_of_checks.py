"""Checks and imports of more memberships take more work, but not more than in proportion."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest

from kolena_local.repository import Store, Unit, close_stores, open_store
from kolena_local.repository.file import connection
from tests.conftest import sampled
from tests.repository.conftest import put_pairs
from tests.repository.test_checks import CAT, errors

# The rows of a test case of n samples or versions: position, added, removed, sample.
SHAPES: dict[str, Callable[[int], list[tuple[int, int, int | None, int]]]] = {
    "all samples come at once": lambda n: [(place, 1, None, place) for place in range(n)],
    "one comes in each version": lambda n: [(place, place + 1, None, place) for place in range(n)],
    "all come and go": lambda n: [(place, 1, 2, place) for place in range(n)],
    "one comes and goes": lambda n: [(place, place + 1, place + 2, 0) for place in range(n)],
    "one changes at its place": lambda n: [(0, place + 1, place + 2, 0) for place in range(n)],
}


def make_dataset(
    unit: Unit,
    test_case_id: int,
    members: list[tuple[int, int, int | None, int]],
    latest: int,
) -> None:
    """Make the rows of a test case those of a dataset, with a commit for each version."""
    suite = unit.test_suites.add(unit.workflows.ensure("workflow").id, "case", "", [])
    raw = unit._sql.driver
    unit.test_suites.replace_test_cases(suite.id, 0, [(test_case_id, 1)])
    raw.execute("INSERT INTO dataset VALUES (?, ?)", (suite.id, test_case_id))
    came, gone = ({(row[at], row[3]) for row in members if row[at]} for at in (1, 2))
    added, removed = (Counter(at for at, _ in rows) for rows in (came - gone, gone - came))
    raw.executemany(
        "INSERT INTO dataset_commit SELECT ?1, ?2, printf('%040d', ?2), ?2, 1, '[\"id\"]',"
        " '[\"id\"]', '[]', ?3, ?4, created_at FROM test_suite",
        [(suite.id, at, added[at], removed[at]) for at in range(1, latest + 1)],
    )


def fill_test_case(store: Store, members: list[tuple[int, int, int | None, int]]) -> None:
    with store.write() as unit:
        pairs = put_pairs(unit, [str(number) for number in range(len(members))], CAT)
        case = unit.test_cases.add(unit.workflows.ensure("workflow").id, "case", "")
        latest = max(removed or added for _, added, removed, _ in members)
        counts = Counter(added for _, added, _, _ in members)
        counts.subtract(Counter(removed for _, _, removed, _ in members if removed))
        raw = unit._sql.driver
        raw.execute("UPDATE test_case SET version = ?", (latest,))
        raw.executemany(
            "INSERT INTO test_case_version SELECT id, ?, '', ?, created_at, 1 FROM test_case",
            enumerate(accumulate(counts[version] for version in range(1, latest + 1)), 1),
        )
        raw.executemany(
            "INSERT INTO test_case_member VALUES (?, ?, ?, ?, ?, ?)",
            [(case.id, *times, *pairs[sample]) for *times, sample in members],
        )
        make_dataset(unit, case.id, members, latest)
    close_stores()


def work_of_check(path: str, monkeypatch: pytest.MonkeyPatch) -> int:
    work: list[int] = []

    class Counted(sqlite3.Connection):
        def set_progress_handler(self, handler: Any, steps: int) -> None:
            def count() -> object:
                work.append(1)
                return handler()

            super().set_progress_handler(count, 100)

    with monkeypatch.context() as patch:
        patch.setattr(connection, "Connection", Counted)
        assert errors(path) == []
    return len(work)


def work_of_import(path: str) -> int:
    work: list[int] = []
    with open_store(path).read() as unit:
        lines = [line.encode() for line in unit.dump.lines()]
    with open_store(path + ".copy").write() as unit:
        raw = unit._sql.driver
        raw.set_progress_handler(lambda: work.append(1), 100)
        unit.dump.read(lines)
        raw.set_progress_handler(None, 0)
    return len(work)


@pytest.mark.parametrize("shape", sampled(SHAPES.values()), ids=sampled(SHAPES))
def test_four_times_the_memberships_are_four_times_the_work(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    shape: Callable[[int], list[tuple[int, int, int | None, int]]],
) -> None:
    amounts = []
    for number in (250, 1000):
        store = open_store(str(tmp_path / f"{number}.db"))
        fill_test_case(store, shape(number))
        path = store.location
        amounts.append((work_of_check(path, monkeypatch), work_of_import(path)))
    for few, many in zip(*amounts, strict=True):
        assert few > 100
        assert many < 5 * few
