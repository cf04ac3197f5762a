"""The benchmark compares like with like and runs to its end; few rows say nothing of speed.

`KOLENA_LOCAL_TESTS=long` also measures what starts processes.
"""

from __future__ import annotations

import gc
import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Callable, List

import pytest

from kolena_local.repository import close_stores
from tests.benchmarks import checking, loading, plain, size, starting, storing, testing
from tests.benchmarks.__main__ import main
from tests.benchmarks.measure import Row, measure
from tests.benchmarks.results import Amount, Growth, Ratio, as_table, is_met
from tests.conftest import IS_LONG, sampled

STORED = [*storing.ROWS, *loading.ROWS, *testing.ROWS]
ROWS = 50
TABLES = ("test_sample", "inference", "metrics_test_sample", "metrics_test_case")


def test_every_row_has_a_name_of_its_own() -> None:
    works = [row.work for row in (*STORED, *checking.ROWS, *starting.ROWS)]
    assert len(set(works)) == len(works) >= 12


def stored(folder: Path) -> Counter[str]:
    """Count the rows in all stores of a folder, by table."""
    found: Counter[str] = Counter()
    for path in folder.glob("*.db"):
        with closing(sqlite3.connect(path)) as connection:
            for table in TABLES:
                found[table] += plain.one(connection, f"SELECT count(*) FROM {table}")
    return found


@pytest.mark.parametrize("row", sampled(STORED), ids=lambda row: row.work)
def test_both_sides_of_a_row_do_the_same_work(
    row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: List[object] = []

    def note_size(function: Callable[..., Any], *arguments: Any) -> float:
        returned = function(*arguments)
        # Rows and columns of a frame, else the rows of a list; a test case is stored instead.
        listed = len(returned) if isinstance(returned, Sequence) else None
        sizes.append(getattr(returned, "shape", listed))
        return 0.0

    for module in (storing, loading, testing):
        monkeypatch.setattr(module, "seconds_of", note_size)
    stored_by: List[Counter[str]] = []
    for turn in row.prepare(tmp_path, ROWS):
        for file in tmp_path.glob("turn.db*"):
            file.unlink()
        before = stored(tmp_path)
        turn()
        close_stores()
        stored_by.append(stored(tmp_path) - before)
    assert sizes[0] == sizes[1]
    assert stored_by[0] == stored_by[1]
    assert stored_by[0] or sizes[0] is not None


@pytest.mark.parametrize("row", checking.ROWS, ids=[row.work for row in checking.ROWS])
def test_what_is_checked_is_sound_and_read(
    row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: List[object] = []

    def note(function: Callable[..., Any], *arguments: Any) -> float:
        read.append(function(*arguments))
        return 0.0

    def look(page: List[Any]) -> None:
        read.extend(page)

    monkeypatch.setattr(checking, "seconds_of", note)
    monkeypatch.setattr(checking, "len", look, raising=False)
    monkeypatch.setattr(checking, "_parse", look)
    check, scan = row.prepare(tmp_path, ROWS)
    check()
    (findings,) = read
    assert isinstance(findings, list) and all(it.severity != "error" for it in findings)
    scan()
    assert len(read) > ROWS


@pytest.mark.skipif(not IS_LONG, reason="starts many processes")
@pytest.mark.parametrize("row", starting.ROWS, ids=[row.work for row in starting.ROWS])
def test_starting_is_measured(tmp_path: Path, row: Row) -> None:
    result = measure(row, tmp_path / "stores", rows=ROWS, turns=1)
    close_stores()
    assert (result.work, result.rows, result.at_most) == (row.work, ROWS, row.at_most)


def test_bytes_on_disk_are_measured(tmp_path: Path) -> None:
    small, large = size.measure(tmp_path, 200, "")
    assert small.ours > small.theirs > 0
    assert large.found > 3 * small.found


def test_growth_is_measured_with_two_sizes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Walking all that pytest keeps would take longer than the rest, and so few rows show no speed.
    monkeypatch.setattr(gc, "collect", lambda *_: 0)
    file = tmp_path / "results.json"
    sizes = ["--rows", "50", "100", "--turns", "1", "--only", "pending"]
    status = main([*sizes, "--json", str(file), "--folder", str(tmp_path)])
    results = json.loads(file.read_text())
    found = [(result["kind"], result["rows"]) for result in results]
    assert found == [("ratio", 50), ("ratio", 100), ("growth", 100)]
    assert status == (0 if all(result["is_met"] for result in results) else 1)
    table = capsys.readouterr().out.splitlines()
    assert len(table) == 1 + len(results)
    # Nothing is left behind.
    assert list(tmp_path.iterdir()) == [file]


def test_a_missed_target_is_shown() -> None:
    met = Ratio("storing", 1000, "sqlite3", 0.02, 0.01, 2.5)
    missed = Amount("memory", 1000, "with 10 rows", 200, 100, 80, "MB")
    growth = Growth("growth: storing", 1000, "with 10 rows", 2e-5, 1e-5, 1.3)
    assert [is_met(result) for result in (met, missed, growth)] == [True, False, False]
    assert as_table([met, missed, growth]).splitlines() == [
        "work              rows     ours  reference                  ratio  target  verdict",
        "storing          1,000  20.0 ms    10.0 ms  sqlite3         2.00x    2.5x  met",
        "memory           1,000   200 MB     100 MB  with 10 rows  +100 MB   80 MB  MISSED",
        "growth: storing  1,000  20.0 us    10.0 us  with 10 rows    2.00x    1.3x  MISSED",
    ]
