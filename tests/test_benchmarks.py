"""The benchmark runs to its end on few rows; what it finds there says nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.benchmarks.__main__ import main
from tests.benchmarks.results import Amount, Growth, Ratio, as_table, is_met


def test_every_row_is_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "results.json"
    status = main(["--rows", "200", "--turns", "1", "--json", str(file), "--folder", str(tmp_path)])
    results = json.loads(file.read_text())
    works = [result["work"] for result in results]
    assert len(set(works)) == len(works) >= 12
    assert all(result["ours"] > 0 and result["theirs"] > 0 for result in results)
    assert status == (0 if all(result["is_met"] for result in results) else 1)
    table = capsys.readouterr().out.splitlines()
    assert len(table) == 1 + len(results)
    # Nothing is left behind.
    assert list(tmp_path.iterdir()) == [file]


def test_growth_is_measured_with_two_sizes(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    sizes = ["--rows", "100", "200", "--turns", "1", "--only", "pending"]
    main([*sizes, "--json", str(file), "--folder", str(tmp_path)])
    found = [(result["kind"], result["rows"]) for result in json.loads(file.read_text())]
    assert found == [("ratio", 100), ("ratio", 200), ("growth", 200)]


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
