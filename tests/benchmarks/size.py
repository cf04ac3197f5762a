"""Disk: by how many bytes the file grows with each inference."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.data import D1, D2
from tests.benchmarks.results import Amount
from tests.benchmarks.stores import fill

_LARGEST = 100_000


def measure(folder: Path, rows: int, only: str) -> Iterator[Amount]:
    """Compare a store with a finished run with the same store before it."""
    for data, at_most in ((D1, 130), (D2, 2150)):
        work = f"bytes for an inference, {data.name}"
        if only in work:
            rows = min(rows, _LARGEST)
            sizes = []
            for inferred in (False, True):
                place = folder / f"{data.name}-{inferred}"
                place.mkdir(parents=True)
                filled = fill(data, place, rows, inferred=inferred)
                sizes.append(filled.path.stat().st_size / rows)
            yield Amount(work, rows, "without the run", sizes[1], sizes[0], at_most, "B")
