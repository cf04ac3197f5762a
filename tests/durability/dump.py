"""A store's rows, whole, as values that can be compared."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

Dump = dict[str, tuple[list[str], list[tuple[Any, ...]]]]


def dump(path: str | Path, like: Dump | None = None) -> Dump:
    """Return the columns and rows of every table; of those of another dump if one is given."""
    with closing(sqlite3.connect(path)) as raw:
        tables = like or {
            name: (columns(raw, name), [])
            for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
        return {
            name: (wanted, _rows(raw, name, ", ".join(wanted)))
            for name, (wanted, _) in tables.items()
        }


def _rows(raw: sqlite3.Connection, table: str, wanted: str) -> list[tuple[Any, ...]]:
    return raw.execute(f"SELECT {wanted} FROM {table} ORDER BY {wanted}").fetchall()


def columns(raw: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in raw.execute(f"PRAGMA table_info({table})")]


def is_sound(path: str | Path) -> bool:
    """Say whether SQLite's own checks find nothing."""
    with closing(sqlite3.connect(path)) as raw:
        found = raw.execute("PRAGMA integrity_check").fetchall()
        found += raw.execute("PRAGMA foreign_key_check").fetchall()
    return found == [("ok",)]
