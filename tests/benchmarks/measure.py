"""What a row of the benchmark is, and how its two sides are timed."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from tests.benchmarks.results import Ratio

#: Does one turn of the work and returns how many seconds the part that counts took.
Turn = Callable[[], float]


class Row(NamedTuple):
    """One line of the table.

    Args:
        work: what is measured.
        reference: what it is compared with.
        at_most: the largest ratio that is accepted.
        prepare: makes both turns, given an empty folder and a number of rows.
        grows: whether the number of rows matters; what does not grow is measured once.
        most_rows: with more rows the objects would not fit into memory.
        per_row: whether the cost is that of the rows, instead of the same whatever they are.
    """

    work: str
    reference: str
    at_most: float
    prepare: Callable[[Path, int], tuple[Turn, Turn]]
    grows: bool = True
    most_rows: int | None = None
    per_row: bool = True


def measure(row: Row, folder: Path, rows: int, turns: int) -> Ratio:
    """Take turns, ours and the reference's, and compare the medians."""
    folder.mkdir(parents=True)
    ours, theirs = row.prepare(folder, rows)
    seconds: tuple[list[float], list[float]] = ([], [])
    # The first turn of each fills caches and composes codecs; a single turn measures nothing yet.
    skipped = 1 if turns > 1 else 0
    for number in range(skipped + turns):
        for side, turn in enumerate((ours, theirs)):
            gc.collect()
            taken = turn()
            if number >= skipped:
                seconds[side].append(taken)
    medians = [statistics.median(side) for side in seconds]
    return Ratio(row.work, rows, row.reference, medians[0], medians[1], row.at_most)


def seconds_of(function: Callable[..., Any], *arguments: Any) -> float:
    """Return how long one call takes, up to its return: what it returned is thrown away later."""
    start = time.perf_counter()
    returned = function(*arguments)
    taken = time.perf_counter() - start
    del returned
    return taken
