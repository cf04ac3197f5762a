"""What somebody in a hurry writes by hand: plain ``sqlite3``, the same tables, the same pragmas."""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

_BLOCK = 1000


def connect(path: Path) -> sqlite3.Connection:
    """Open a file with the pragmas that the package uses."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA cache_size = -16000")
    return connection


def close_after(turn: Callable[[], float], connection: sqlite3.Connection) -> None:
    """Close a connection that all turns share when nobody can take another turn."""
    weakref.finalize(turn, connection.close)


def insert(connection: sqlite3.Connection, head: str, rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows, a thousand in a statement, which is faster than ``executemany``."""
    for block in _blocks(rows):
        row = "(" + ",".join("?" * len(block[0])) + ")"
        values = ",".join([row] * len(block))
        connection.execute(f"{head} VALUES {values}", tuple(chain.from_iterable(block)))


def one(connection: sqlite3.Connection, query: str, *parameters: Any) -> Any:
    """Return the one value of a query."""
    return connection.execute(query, parameters).fetchone()[0]


def _blocks(rows: Iterable[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    iterator = iter(rows)
    while block := list(islice(iterator, _BLOCK)):
        yield block
