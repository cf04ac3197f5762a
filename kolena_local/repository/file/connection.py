"""How this package talks to SQLite: one function opens a connection and sets it up."""

from __future__ import annotations

import os
import re
import sqlite3
import sys
from pathlib import Path
from typing import Final

from kolena_local.errors import InputValidationError, StoreError
from kolena_local.location import MEMORY, is_memory
from kolena_local.repository.file.disk_space import is_about_room
from kolena_local.repository.file.file_state import has_log
from kolena_local.repository.file.forks import Connection
from kolena_local.repository.file.side_files import check_side_files

BUSY_SECONDS: Final = 5.0
SYNCHRONOUS_VARIABLE: Final = "KOLENA_LOCAL_SYNCHRONOUS"
# The largest value in bytes, stored or computed by a query.
LONGEST_VALUE: Final = 2**27
_MINIMUM: Final = (3, 37, 0)


def check_library() -> None:
    """Refuse a SQLite library that is too old for STRICT tables.

    Raises:
        StoreError: the library that Python was built with is too old.
    """
    if sqlite3.sqlite_version_info < _MINIMUM:
        raise StoreError(
            f"Python was built with SQLite {sqlite3.sqlite_version}, but a store needs 3.37 or"
            " newer; use another build of Python."
        )


def connect(location: str, *, writable: bool = True) -> sqlite3.Connection:
    """Open a connection to a file that exists, or to a new store in memory.

    Raises:
        StoreDamagedError: a file beside the store is not safe to open.
    """
    if not is_memory(location):
        check_side_files(location)
    connection = sqlite3.connect(
        MEMORY if is_memory(location) else _uri(location, writable),
        uri=not is_memory(location),
        timeout=BUSY_SECONDS,
        # We send BEGIN ourselves: the driver's comes late, skips DDL and is never IMMEDIATE.
        isolation_level=None,
        # The pool hands a connection from thread to thread, never to two at once.
        check_same_thread=False,
        factory=Connection,
    )
    try:
        _configure(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def connect_as_allowed(path: str) -> tuple[bool, sqlite3.Connection]:
    """Open a file for writing if possible, or read-only, as when the disk has no room for the log.

    Returns:
        Whether it may be written, and the connection.
    """
    writable = is_writable(path)
    try:
        return writable, connect(path, writable=writable)
    except sqlite3.OperationalError as error:
        # The first statement creates the log and its index.
        if not writable or not is_about_room(error, path):
            raise
    return False, connect(path, writable=False)


def _configure(connection: sqlite3.Connection) -> None:
    # SQLite leaves foreign keys unchecked unless every connection asks for them.
    connection.execute("PRAGMA foreign_keys = ON")
    # In WAL mode NORMAL can lose the last commits at a power cut, never the file; FULL syncs each
    # commit, which costs 15 times as much for small ones.
    connection.execute(f"PRAGMA synchronous = {_synchronous()}")
    if sys.version_info >= (3, 11):  # earlier versions always use SQLite's limit of a billion
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
    # 16 MB instead of 2: the unique indexes of 100,000 rows stay in memory during a bulk write.
    connection.execute("PRAGMA cache_size = -16000")
    # SQLite has the operator, but not what it does.
    connection.create_function("regexp", 2, _is_found, deterministic=True)


def _is_found(pattern: str, text: str | None) -> bool | None:
    return None if text is None else re.search(pattern, text) is not None


def _synchronous() -> str:
    value = os.environ.get(SYNCHRONOUS_VARIABLE, "").strip().upper() or "NORMAL"
    if value not in ("NORMAL", "FULL"):
        raise InputValidationError(
            f"{SYNCHRONOUS_VARIABLE} is {value!r}; set it to NORMAL or FULL, or leave it unset."
        )
    return value


def is_writable(path: str) -> bool:
    """Say whether both the file and its folder, where SQLite keeps the log, may be written."""
    folder = os.path.dirname(path)
    effective = os.access in os.supports_effective_ids
    return all(os.access(place, os.W_OK, effective_ids=effective) for place in (path, folder))


def _uri(path: str, writable: bool) -> str:
    # mode=rw, not rwc: a file that vanished in the meantime must not come back as an empty one.
    uri = Path(path).as_uri() + ("?mode=rw" if writable else "?mode=ro")
    if not writable and not has_log(path):
        # SQLite would create a log and its index beside the file: either it may not, or this user
        # would own them and the file's owner could not write. `unchanged` notices other writers.
        uri += "&immutable=1"
    return uri


def connect_untouched(path: str) -> sqlite3.Connection:
    """Open a file that may not be a store, without locks and without creating files beside it."""
    return sqlite3.connect(Path(path).as_uri() + "?mode=ro&immutable=1", uri=True)
