"""Measure every row of the table at every size; exit 1 when a target is missed."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from kolena_local.repository import close_stores
from tests.benchmarks import (
    checking,
    datasets,
    loading,
    memory,
    page,
    size,
    starting,
    storing,
    testing,
)
from tests.benchmarks.measure import Row, measure
from tests.benchmarks.results import Growth, Ratio, Result, as_json, as_table, is_met

_ROWS: tuple[Row, ...] = (
    *storing.ROWS,
    *loading.ROWS,
    *testing.ROWS,
    *checking.ROWS,
    *datasets.ROWS,
    *starting.ROWS,
    *page.ROWS,
)
_GROWTH_AT_MOST = 1.3


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark.

    Returns:
        0 when every target is met, else 1.
    """
    options = _options().parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="kolena-local-benchmark-", dir=options.folder))
    results: list[Result] = []
    try:
        for result in _measure(folder, sorted(set(options.rows)), options.only, options.turns):
            results.append(result)
            print(as_table([result]).splitlines()[1], file=sys.stderr, flush=True)
    finally:
        close_stores()
        shutil.rmtree(folder)
    print(as_table(results))
    if options.json:
        options.json.write_text(json.dumps(as_json(results), indent=2) + "\n")
    return 0 if all(map(is_met, results)) else 1


def _measure(folder: Path, sizes: list[int], only: str, turns: int) -> Iterator[Result]:
    for number, row in enumerate(row for row in _ROWS if only in row.work):
        of_row: list[Ratio] = []
        for rows in sizes if row.grows else [0]:
            if row.most_rows is None or rows <= row.most_rows:
                place = folder / f"{number}-{rows}"
                of_row.append(measure(row, place, rows, turns))
                yield of_row[-1]
                close_stores()
                shutil.rmtree(place)
        yield from _growth(row, of_row)
    yield from memory.measure(folder / "memory", sizes, only)
    yield from size.measure(folder / "size", max(sizes), only)


def _growth(row: Row, results: list[Ratio]) -> Iterator[Growth]:
    for result in results[1:]:
        cost, before = (it.ours / (it.rows if row.per_row else 1) for it in (result, results[0]))
        reference = f"with {results[0].rows:,} rows"
        work = f"growth: {row.work}"
        yield Growth(work, result.rows, reference, cost, before, _GROWTH_AT_MOST)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000], metavar="N")
    parser.add_argument("--only", default="", metavar="TEXT", help="rows whose name has this")
    parser.add_argument("--turns", type=int, default=5, metavar="N", help="of each side")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there too")
    parser.add_argument("--folder", type=Path, metavar="FOLDER", help="for the temporary stores")
    return parser


if __name__ == "__main__":
    sys.exit(main())
