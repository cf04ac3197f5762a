"""Back a store up while it is in use, and restore one; nothing that exists is ever deleted."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing

from kolena_local.errors import (
    InputValidationError,
    StoreBusyError,
    StoreDamagedError,
    StoreNotFoundError,
)
from kolena_local.repository.file import migrations
from kolena_local.repository.file.connection import connect, connect_as_allowed, is_writable
from kolena_local.repository.file.copying import copy, drafted, file_moment, sync_folder
from kolena_local.repository.file.failures import FOREIGN, translated
from kolena_local.repository.file.interrupts import signals_deferred
from kolena_local.repository.file.opening import file_of, is_store, missing_steps, no_store
from kolena_local.repository.file.side_files import SIDES


def default_target(path: str) -> str:
    """Return the default path of a backup: beside the store, with the current time."""
    return f"{path}.{file_moment()}.bak"


def back_up(location: str, target: str | None = None) -> str:
    """Copy a store while it is in use, and make sure that the copy is a sound store.

    Args:
        location: a path, as :func:`kolena_local.location.resolve` returns it.
        target: the path of the copy, which must not exist; None for the default.

    Returns:
        The path of the copy.

    Raises:
        InputValidationError: ``target`` exists, or a file that SQLite would use as its log.
        StoreError: one of its leaves, if there is no store or no copy can be made.
        StoreDamagedError: the copy is damaged, because the store is; there is no copy then.
    """
    path = file_of(location)
    target = os.path.abspath(target) if target is not None else default_target(path)
    for place in (target, *(target + side for side in SIDES)):
        if os.path.lexists(place):
            raise InputValidationError(
                f"{place} exists already; choose another place for the backup."
            )
    verify(path, whole=False)
    with drafted(target, "draft") as draft:
        copy(path, draft, name=target)
        verify(draft, name=path)
        os.rename(draft, target)
    sync_folder(target)
    return target


def verify(path: str, *, whole: bool = True, name: str | None = None) -> None:
    """Make sure that a file is a sound store that this version can use.

    Args:
        path: the path of the file.
        whole: whether to let SQLite check all of it, instead of its schema alone.
        name: what errors call it: what it was copied from, if it is a copy.

    Raises:
        StoreNotFoundError: there is no store.
        NotAStoreError: it is something else.
        StoreNewerError: a newer version wrote it.
        StoreDamagedError: SQLite's own checks find it damaged.
    """
    name = name or path
    with translated(name):
        if not is_store(path):
            raise no_store(name)
        with closing(connect_as_allowed(path)[1]) as connection:
            missing_steps(connection, name, migrations.load())
            if not whole:
                return
            found = connection.execute("PRAGMA integrity_check(1)").fetchall()
            found += connection.execute("PRAGMA foreign_key_check").fetchmany(1)
    if found != [("ok",)]:
        raise StoreDamagedError(
            f"The store {name} is damaged ({found[-1]}); use another backup, or run"
            " `kolena-local db check` on it."
        )


def restore(location: str, source: str) -> str | None:
    """Replace a store with a backup.

    The old file is set aside with its log, under a name beside it. The source stays as it is.

    Args:
        location: a path, as :func:`kolena_local.location.resolve` returns it.
        source: the path of the backup.

    Returns:
        Where the old file is now; None if there was none.

    Raises:
        InputValidationError: the source is the store itself.
        StoreNotFoundError: there is nothing at ``source``.
        StoreBusyError: another process has the store open.
        StoreError: the source is not a sound store of this version or an older one, or it cannot be
            copied; the old file is in its place.
    """
    path, source = file_of(location), os.path.realpath(source)
    if os.path.exists(path) and os.path.exists(source) and os.path.samefile(path, source):
        raise InputValidationError(f"{source} is the store itself; give the path of a backup.")
    if not os.path.exists(source):
        raise StoreNotFoundError(f"There is no backup at {source}; give the path of one.")
    verify(source)
    with drafted(path, "draft") as draft:
        copy(source, draft, name=path)
        verify(draft, name=source)
        with signals_deferred():
            aside = _put_in_place(draft, path)
    sync_folder(path)
    return aside


def _put_in_place(draft: str, path: str) -> str | None:
    """Replace a store, which is renamed first; return its new name, or None if there was none."""
    aside = f"{path}.{file_moment()}.old"
    connection = _alone(path)
    try:
        # SQLite would use a log that stayed here for the new file, even if its store is missing.
        # It is copied before its file moves, so that the two stay together after a kill.
        sides = [side for side in SIDES if os.path.lexists(path + side)]
        for side in sides:
            _copy_side(path + side, aside + side)
        existed = os.path.exists(path)
        if existed:
            try:
                if sides:
                    os.rename(path, aside)
                else:
                    os.link(path, aside)
            except OSError:
                # A disk without hard links: for a moment there is no store.
                os.rename(path, aside)
        for side in sides:
            os.replace(path + side, aside + side)
        os.replace(draft, path)
    finally:
        if connection is not None:
            connection.close()
    return aside if existed else None


def _copy_side(path: str, target: str) -> None:
    descriptor = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with open(descriptor, "wb") as copied, open(path, "rb") as side:
        shutil.copyfileobj(side, copied)


def _alone(path: str) -> sqlite3.Connection | None:
    """Merge the log into the file and lock it; return None if SQLite cannot do that.

    Raises:
        StoreBusyError: another process has it open.
    """
    try:
        if not is_store(path):
            return None
        connection = connect(path, writable=is_writable(path))
    except (StoreDamagedError, *FOREIGN):
        # Left alone: SQLite would delete the log of a file that it cannot read.
        return None
    try:
        # Leaving write-ahead mode needs exclusive access to the file.
        connection.execute("PRAGMA busy_timeout = 0")
        (mode,) = connection.execute("PRAGMA journal_mode = DELETE").fetchone()
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        connection.close()
        if "locked" not in str(error):
            return None
        mode = "wal"
    except sqlite3.DatabaseError:
        connection.close()
        return None
    if mode == "wal":
        connection.close()
        raise StoreBusyError(
            f"The store {path} is in use by another process; stop that process, then restore again."
        )
    return connection
