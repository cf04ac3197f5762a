"""The benchmark runs to its end on few rows; what it finds there says nothing.

`KOLENA_LOCAL_TESTS=long` also measures what starts processes.
"""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kolena_local.repository import close_stores
from tests.benchmarks import loading, size, starting, storing, testing
from tests.benchmarks.__main__ import main
from tests.benchmarks.measure import Row, measure
from tests.benchmarks.results import Amount, Growth, Ratio, as_table, is_met

IS_LONG = os.environ.get("KOLENA_LOCAL_TESTS") == "long"
STORED = [*storing.ROWS, *loading.ROWS, *testing.ROWS]
MEASURED = [*STORED, *starting.ROWS] if IS_LONG else STORED


@pytest.fixture(autouse=True)
def earlier_objects_are_kept() -> Iterator[None]:
    """Hide from the collector, which runs before each turn, what thousands of tests left."""
    gc.freeze()
    yield
    gc.unfreeze()


def test_every_row_has_a_name_of_its_own() -> None:
    works = [row.work for row in (*STORED, *starting.ROWS)]
    assert len(set(works)) == len(works) >= 12


@pytest.mark.parametrize("row", MEASURED, ids=[row.work for row in MEASURED])
def test_a_row_is_measured(tmp_path: Path, row: Row) -> None:
    result = measure(row, tmp_path / "stores", rows=50, turns=1)
    close_stores()
    assert (result.work, result.rows, result.at_most) == (row.work, 50, row.at_most)
    assert result.ours > 0
    assert result.theirs > 0


def test_bytes_on_disk_are_measured(tmp_path: Path) -> None:
    small, large = size.measure(tmp_path, 200, "")
    assert small.ours > small.theirs > 0
    assert large.found > 3 * small.found


def test_growth_is_measured_with_two_sizes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
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
