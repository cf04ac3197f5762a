"""A store of each test's own, and what is written down about a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import kolena_local
from kolena_local.repository import open_store
from kolena_local.repository.records import TestRunRecord


@pytest.fixture(autouse=True)
def db(store_path: Path) -> Path:
    kolena_local.initialize(db=str(store_path), verbose=False)
    return store_path


@pytest.fixture
def run_of() -> Callable[[str], TestRunRecord]:
    def find(model: str) -> TestRunRecord:
        with open_store().read() as unit:
            (run,) = unit.test_runs.list(model=model)
        return run

    return find


@pytest.fixture
def leases(db: Path) -> Callable[[], list[Any]]:
    def read() -> list[Any]:
        import sqlite3
        from contextlib import closing

        with closing(sqlite3.connect(db)) as connection:
            return connection.execute("SELECT * FROM inference_lease").fetchall()

    return read
