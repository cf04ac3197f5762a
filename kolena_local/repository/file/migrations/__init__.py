"""The numbered steps that build every file, new or old; nothing else ever changes a schema.

A migration is a file ``NNNN_name.sql`` in this folder, numbered without a gap, and the number of
the last one applied is the file's ``user_version``. To add a second one, add a file. Statements
that SQLite refuses inside a transaction (``VACUUM``, ``PRAGMA journal_mode``) do not belong in it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

APPLICATION_ID = 0x6B6C6F63  # "kloc"
"""Written into every file's header; `file store.db` shows it and we refuse files without it."""


_STATISTICS = [
    ("table", name, name, f"CREATE TABLE {name}({columns})")
    for name, columns in (
        ("sqlite_stat1", "tbl,idx,stat"),
        ("sqlite_stat4", "tbl,idx,neq,nlt,ndlt,sample"),
    )
]


class Migration(NamedTuple):
    """One step: its number and its statements as one text."""

    number: int
    sql: str


@cache
def load() -> tuple[Migration, ...]:
    """Return the migrations of this version of the package, oldest first; they are read once."""
    found = [entry for entry in files(__name__).iterdir() if entry.name.endswith(".sql")]
    steps = (Migration(int(entry.name[:4]), entry.read_text("utf-8")) for entry in found)
    return tuple(sorted(steps))


def apply(connection: sqlite3.Connection, steps: Sequence[Migration]) -> None:
    """Carry out ``steps`` on a connection that is inside a transaction; the caller commits."""
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    for step in steps:
        for statement in statements(step.sql):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {step.number}")


@cache
def schema_after(steps: tuple[Migration, ...]) -> frozenset[tuple[Any, ...]]:
    """Return all tables, indexes and views of a new file after ``steps``, as SQLite keeps them."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("BEGIN")
        apply(connection, steps)
        return frozenset(schema_of(connection))


def differences(
    connection: sqlite3.Connection, steps: Sequence[Migration]
) -> list[tuple[Any, ...]]:
    """Return the tables, indexes and views that a file has, or has not, unlike a new one."""
    found, expected = schema_of(connection), schema_after(tuple(steps))
    return sorted({*found} ^ expected, key=str) or found[len(expected) :]


def schema_of(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
    """Return all tables, indexes and views of a file, except for what ``ANALYZE`` adds."""
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
    return [row for row in rows if row not in _STATISTICS]


@cache
def statements(script: str) -> tuple[str, ...]:
    """Split a script, because the driver's ``executescript`` would commit the open transaction."""
    found, statement = [], ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            found.append(statement)
            statement = ""
    return tuple(found)
