"""Stores as the rows need them: filled once, then copied for each turn."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any, List, NamedTuple

from kolena_local import initialize
from kolena_local.repository import close_stores
from kolena_local.workflow import TestRun
from tests.benchmarks.data import DataSet, Pairs, inferences, pairs
from tests.benchmarks.plain import connect

MODEL = "model"
SUITE = "suite"
CASE = "all"


class Filled(NamedTuple):
    """A store with one test case of all samples in one suite."""

    path: Path
    pairs: Pairs
    inferences: List[Any]


def fill(data: DataSet, folder: Path, rows: int, *, inferred: bool) -> Filled:
    """Make a store with so many samples, and with a finished run if ``inferred``."""
    path = folder / f"{data.name}.db"
    use(path)
    made, guesses = pairs(rows), inferences(data, rows)
    suite = data.TestSuite(SUITE, test_cases=[data.TestCase(CASE, test_samples=made)])
    model = data.Model(MODEL)
    if inferred:
        answers = [(sample, guess) for (sample, _), guess in zip(made, guesses, strict=True)]
        TestRun(model, suite).upload_inferences(answers)
    settle(path)
    return Filled(path, made, guesses)


def use(path: Path) -> None:
    """Make a store the one that the public API works on."""
    close_stores()
    initialize(db=path, verbose=False)


def settle(path: Path) -> None:
    """Bring everything from the log into the file, and the file to the disk."""
    close_stores()
    connection = connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def copy(source: Path, name: str) -> Path:
    """Copy a settled store for one turn; a copy of that name is replaced."""
    close_stores()
    target = source.with_name(name)
    for suffix in ("", "-wal", "-shm"):
        target.with_name(name + suffix).unlink(missing_ok=True)
    shutil.copyfile(source, target)
    with target.open("rb+") as file:
        # Else the first checkpoint would pay for writing the copy to the disk.
        os.fsync(file.fileno())
    return target
