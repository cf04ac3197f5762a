"""Memory: how much more a child process needs at its peak for many rows than for few."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.benchmarks.data import D1, pairs
from tests.benchmarks.results import Amount
from tests.benchmarks.stores import fill
from tests.benchmarks.testing import make_slices

_AT_MOST = 80
_SLICE = 1000

#: Work that a child process does: its name in the table, and the child's word for it.
_CHILDREN = {
    "peak of iter_inferences()": "iterate",
    "peak of test()": "test",
    "peak of db check": "check",
    "peak of export": "export",
    "peak of import": "import",
    "peak of inferences export": "write",
    "peak of inferences import": "read",
}

#: Works that read what another one has written.
_AFTER = {"import": "export", "read": "write"}


def measure(folder: Path, sizes: Sequence[int], only: str) -> Iterator[Amount]:
    """Compare the peak at every size with the one at the smallest."""
    works = {work: word for work, word in _CHILDREN.items() if only in work}
    if not works or len(sizes) == 1:
        return
    stores = {rows: _stores(folder / f"{rows}", rows) for rows in sizes}
    few = min(sizes)
    for work, word in works.items():
        if word in _AFTER and _AFTER[word] not in works.values():
            for rows in sizes:
                _peak(_AFTER[word], stores[rows][word])
        peaks = {rows: _peak(word, stores[rows][word]) for rows in sizes}
        for rows in sizes:
            if rows != few:
                reference = f"with {few:,} rows"
                yield Amount(work, rows, reference, peaks[rows], peaks[few], _AT_MOST, "MB")


def _stores(folder: Path, rows: int) -> dict[str, Path]:
    folder.mkdir(parents=True)
    # An evaluator is given one slice at a time, so slices stay as large as they are.
    slices = folder / "slices.db"
    make_slices(slices, pairs(rows), _SLICE)
    filled = fill(D1, folder, rows, inferred=True).path
    return {word: slices if word == "test" else filled for word in _CHILDREN.values()}


def _peak(word: str, path: Path) -> float:
    command = [sys.executable, "-m", "tests.benchmarks.child", word, str(path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return float(done.stdout.splitlines()[-1])
