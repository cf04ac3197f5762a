"""Recognize, migrate and connect to the store at a path.

A file that is not a store is left untouched. Every decision to write is checked again inside
``BEGIN IMMEDIATE``, because another process may be doing the same at this moment.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Final

from kolena_local.errors import (
    InputValidationError,
    NotAStoreError,
    StoreDamagedError,
    StoreError,
    StoreNewerError,
    StoreNotFoundError,
    StoreReadOnlyError,
)
from kolena_local.location import is_memory
from kolena_local.repository.file import migrations
from kolena_local.repository.file.connection import (
    BUSY_SECONDS,
    connect,
    connect_as_allowed,
    connect_untouched,
    is_writable,
)
from kolena_local.repository.file.copying import copy, file_moment
from kolena_local.repository.file.failures import full, translated
from kolena_local.repository.file.file_state import state_of, unchanged
from kolena_local.repository.file.interrupts import signals_deferred
from kolena_local.repository.file.new_file import create_file

_log = logging.getLogger("kolena_local")

# SQLite treats smaller files as empty databases, and would overwrite them.
_SMALLEST_PAGE: Final = 512


def file_of(location: str) -> str:
    """Return the path of the file at a location.

    Raises:
        InputValidationError: the location is ``":memory:"``.
    """
    if is_memory(location):
        raise InputValidationError("A store in memory has no file; give the path of a store.")
    return os.path.realpath(location)


def open_prepared(path: str, *, create: bool) -> tuple[bool, sqlite3.Connection]:
    """Make sure that a current store is at a path, and connect to it.

    Args:
        path: an absolute path.
        create: whether to create a missing store.

    Returns:
        Whether the store may be written, and the connection.

    Raises:
        StoreError: one of its leaves, saying why there is no usable store.
    """
    with translated(path):
        if not is_store(path):
            if not create:
                raise no_store(path)
            create_file(path)
        writable, connection = connect_as_allowed(path)
        try:
            _bring_up_to_date(connection, path, writable, migrations.load())
        except BaseException:
            connection.close()
            raise
    return writable, connection


@contextmanager
def reading(path: str) -> Iterator[bool]:
    """Read a store that exists in the block, by connections of the block's own.

    Yields:
        Whether the store may be written.

    Raises:
        StoreError: one of its leaves, if there is no usable store or the block cannot read it.
    """
    writable, connection = open_prepared(path, create=False)
    connection.close()
    before = state_of(path, writable=writable)
    with translated(path), unchanged(path, before, writable=writable):
        yield writable


def no_store(path: str) -> StoreNotFoundError:
    """Return the error for a path without a file."""
    return StoreNotFoundError(
        f"There is no store at {path} yet; it is created when something is stored."
    )


def is_store(path: str) -> bool:
    """Tell a store (True) from a missing or empty file (False), leaving both as they are.

    Raises:
        NotAStoreError: something else is at ``path``.
        StoreDamagedError: the file ends in the middle of a page.
        sqlite3.Error: the file cannot be read.
    """
    size = _size(path)
    if size == 0:
        return False
    if size < _SMALLEST_PAGE:
        raise NotAStoreError(
            f"The file {path} is not a store of kolena_local; give the path of another file."
        )
    try:
        with closing(connect_untouched(path)) as connection:
            ours, page_size = _look(connection, path)
    except sqlite3.DatabaseError as error:
        if "malformed" not in str(error):
            raise
        # A file looks like this while a process is writing it, and after that process was killed.
        # With locks and the log it can be read in both cases.
        with closing(connect(path, writable=is_writable(path))) as connection:
            ours, page_size = _look(connection, path)
    if ours and _is_cut(path, page_size):
        raise StoreDamagedError(
            f"The store {path} is truncated; restore a backup, or rescue what is there"
            " with `sqlite3 FILE .recover`."
        )
    return ours


def _size(path: str) -> int:
    """Return how large a file is; 0 if it is missing."""
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return 0
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise StoreError(
            f"The store {path} cannot be reached ({why}); fix that, or use another location."
        ) from error
    if stat.S_ISDIR(status.st_mode):
        raise NotAStoreError(f"{path} is a folder; give the path of a file in it.")
    if not stat.S_ISREG(status.st_mode):
        raise NotAStoreError(f"{path} is not a regular file; give the path of another file.")
    if not os.access(path, os.R_OK, effective_ids=os.access in os.supports_effective_ids):
        raise StoreError(
            f"You do not have permission to read the store {path}; ask its owner, or use another"
            " store."
        )
    return status.st_size


def _look(connection: sqlite3.Connection, path: str) -> tuple[bool, int]:
    with _snapshot(connection):
        ours = _is_ours(connection, path)
        (page_size,) = connection.execute("PRAGMA page_size").fetchone()
    return ours, page_size


@contextmanager
def _snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """See one state of the file in all queries of the block.

    Without it, a store that another process is creating could look like a foreign database.
    """
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _is_cut(path: str, page_size: int) -> bool:
    # SQLite itself notices a missing page, but reads the missing part of a page as zeros. While a
    # log exists, another process may be extending the file at this moment.
    for _ in range(2):
        if os.path.getsize(path) % page_size == 0:
            return False
        if any(os.path.exists(path + log) for log in ("-wal", "-journal")):
            return False
    return True


def _is_ours(connection: sqlite3.Connection, path: str) -> bool:
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    if application_id == migrations.APPLICATION_ID:
        return True
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application_id or tables:
        raise NotAStoreError(
            f"The file {path} is not a store of kolena_local but another program's database;"
            " give the path of another file."
        )
    return False


def _bring_up_to_date(
    connection: sqlite3.Connection, path: str, writable: bool, known: Sequence[migrations.Migration]
) -> None:
    if not missing_steps(connection, path, known):
        if writable:
            _use_write_ahead_log(connection, path)
        return
    if not writable:
        if is_writable(path):
            raise full(path)
        raise StoreReadOnlyError(
            f"The store {path} must be upgraded but is read-only; make it writable once, or"
            " use a copy of it."
        )
    with signals_deferred():
        _migrate(connection, path, known)
    _use_write_ahead_log(connection, path)


def _migrate(
    connection: sqlite3.Connection, path: str, known: Sequence[migrations.Migration]
) -> None:
    # A step may rebuild a table; dropping the old one would delete all rows that refer to it.
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Checked again under the lock: another process may have migrated it in the meantime.
        steps = missing_steps(connection, path, known)
        if steps and _version(connection):
            _back_up(connection, path)
        migrations.apply(connection, steps)
        connection.commit()
    except BaseException:
        # After some errors, such as a full disk, SQLite has already rolled back.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("PRAGMA foreign_keys = ON")


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def missing_steps(
    connection: sqlite3.Connection, path: str, known: Sequence[migrations.Migration]
) -> list[migrations.Migration]:
    """Return the migrations that have not been applied to a store.

    Raises:
        StoreNewerError: a migration was applied that this package does not know.
        NotAStoreError: its version does not exist, or its tables do not match its version.
    """
    with _snapshot(connection):
        version = _version(connection)
        if not version and not _is_ours(connection, path):
            return [*known]
        if version < known[0].number:
            raise NotAStoreError(
                f"The file {path} is marked as a store but has no version; use another location."
            )
        if version <= known[-1].number:
            _compare_schema(connection, path, known[:version])
    if version > known[-1].number:
        raise StoreNewerError(
            f"The store {path} was written by a newer kolena-local (schema {version}, this one"
            f" knows {known[-1].number}); run `pip install --upgrade kolena-local`."
        )
    return [step for step in known if step.number > version]


def _compare_schema(
    connection: sqlite3.Connection, path: str, steps: Sequence[migrations.Migration]
) -> None:
    """Refuse a file whose tables, indexes or views are not those that ``steps`` make.

    A view or trigger of an untrusted file could make any query run its code, or never end.
    """
    different = migrations.differences(connection, steps)
    if different:
        kind, name, *_ = different[0]
        raise NotAStoreError(
            f"The file {path} is not a store as kolena-local creates it, because of its"
            f" {kind!s:.20} {name!r:.80}; use a backup, or undo that change."
        )


def _back_up(connection: sqlite3.Connection, path: str) -> None:
    """Copy the store as it was before the transaction that the connection is in."""
    target = f"{path}.{file_moment()}.v{_version(connection)}.bak"
    copy(path, target)
    _log.info("copied %s to %s before upgrading it", path, target)


def _use_write_ahead_log(connection: sqlite3.Connection, path: str) -> None:
    """Let readers and a writer work at the same time; the file keeps this setting.

    The change needs exclusive access to the file, and SQLite does not wait for that by itself.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
            if mode != "wal":
                (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
            break
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
    if mode != "wal":
        _log.warning("%s is on a disk without shared memory; readers will wait for writers", path)
