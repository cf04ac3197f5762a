"""Information about a store: its path, its size, and how much is in it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import Final, NamedTuple

from kolena_local.repository.file.connection import connect
from kolena_local.repository.file.opening import file_of, reading

_COUNTED: Final = (
    "workflow",
    "model",
    "test_case",
    "test_suite",
    "test_sample",
    "ground_truth",
    "inference",
    "test_run",
)


class StoreInfo(NamedTuple):
    """Information about a store.

    Args:
        path: the file.
        schema: the number of the last migration.
        size: bytes of the file.
        log_size: bytes of the log beside it, which holds what is not in the file yet.
        free_size: bytes of the file that are free to be used again.
        writable: whether the caller may write to it.
        journal_mode: ``wal`` where readers need not wait for writers.
        sqlite_version: of the library in use.
        counts: how many there are of each noun.
    """

    path: str
    schema: int
    size: int
    log_size: int
    free_size: int
    writable: bool
    journal_mode: str
    sqlite_version: str
    counts: dict[str, int]


def store_info(location: str) -> StoreInfo:
    """Return information about a store.

    Args:
        location: a path, as :func:`kolena_local.location.resolve` returns it.

    Raises:
        StoreError: there is no store, or it cannot be read.
    """
    path = file_of(location)
    with reading(path) as writable, closing(connect(path, writable=writable)) as connection:
        connection.execute("BEGIN")
        schema, mode, free, page = (
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("user_version", "journal_mode", "freelist_count", "page_size")
        )
        counts = {
            noun: connection.execute(f"SELECT count(*) FROM {noun}").fetchone()[0]
            for noun in _COUNTED
        }
        log = f"{path}-wal"
        return StoreInfo(
            path=path,
            schema=schema,
            size=os.path.getsize(path),
            log_size=os.path.getsize(log) if os.path.exists(log) else 0,
            free_size=free * page,
            writable=writable,
            journal_mode=mode,
            sqlite_version=sqlite3.sqlite_version,
            counts=counts,
        )
