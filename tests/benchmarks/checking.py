"""Checking a store: what its test cases have in common, and what each sample and truth holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kolena_local.repository.health.checks import check
from tests.benchmarks import plain
from tests.benchmarks.data import D1, SLICES, pairs
from tests.benchmarks.measure import Row, Turn, seconds_of
from tests.benchmarks.stores import fill, settle, use


def check_memberships(folder: Path, rows: int) -> tuple[Turn, Turn]:
    """Check twenty test cases of the same samples; the reference only reads their rows."""
    path = folder / "shared.db"
    use(path)
    shared = pairs(-(-rows // SLICES))
    D1.TestCase.init_many([(f"slice {number}", shared) for number in range(SLICES)])
    settle(path)
    return _turns(path, len)


def check_samples(folder: Path, rows: int) -> tuple[Turn, Turn]:
    """Check samples that are in one test case; the reference reads their JSON too."""
    return _turns(fill(D1, folder, rows, inferred=False).path, _parse)


def _turns(path: Path, look_at: Callable[[list[Any]], object]) -> tuple[Turn, Turn]:
    connection = plain.connect(path)
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()

    def scan() -> None:
        for (table,) in tables:
            cursor = connection.execute(f"SELECT * FROM {table}")
            while page := cursor.fetchmany(1000):
                look_at(page)

    def theirs() -> float:
        return seconds_of(scan)

    plain.close_after(theirs, connection)
    return lambda: seconds_of(check, str(path)), theirs


def _parse(page: list[Any]) -> None:
    for row in page:
        for value in row:
            if value.__class__ is str and value.startswith("{"):
                json.loads(value)


ROWS = [
    Row("db check, memberships", "the tables read", 3, check_memberships),
    Row("db check, samples", "the tables and their JSON read", 2, check_samples),
]
