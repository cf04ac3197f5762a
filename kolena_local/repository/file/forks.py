"""Keep a transaction that is open at a fork in the parent, and let the child write after it.

SQLite keeps in memory who holds which lock on a file. A child inherits that memory, but neither the
locks nor the transaction: it would write without a lock, and wait forever for a writer that only
its parent can end. So a fork waits for what other threads do with stores, and the child closes the
connections that it inherited while the parent, which has the locks, is paused. A transaction that
is still open is rolled back in the child's memory, which touches no file. If SQLite is running a
statement of it, that cannot be done, and the child can read the store but not write to it.
"""

from __future__ import annotations

import gc
import os
import sqlite3
import struct
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Any, Final

from kolena_local.errors import StoreError
from kolena_local.repository.file.failures import FOREIGN
from kolena_local.repository.file.interrupts import shielded, signals_deferred

_WAITING_SECONDS: Final = 2.0
_STATEMENT_SECONDS: Final = 1.0
_FIRST, _ENTRIES, _REGION, _HEADER = 4062, 4096, 32768, 136

# Each thread that needs several takes them in this order.
_gate = threading.RLock()  # held by a fork while it waits: no other block begins before it
_turn = threading.Condition()
_critical = threading.RLock()  # held while SQLite opens, commits or closes

_threads: Final[list[int]] = []
_connections: weakref.WeakSet[sqlite3.Connection] = weakref.WeakSet()
_kept: Final[list[sqlite3.Connection]] = []  # of the parent, which a child could not close
_pipe: Final[list[int]] = []


class Connection(sqlite3.Connection):
    """A connection that no fork finds half open, half committed or half closed."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Open it; the arguments are those of :func:`sqlite3.connect`."""
        with _critical:
            super().__init__(*arguments, **options)
            _connections.add(self)

    def commit(self) -> None:
        """Commit the transaction."""
        with _critical:
            super().commit()

    def close(self) -> None:
        """Close the connection."""
        with _critical:
            super().close()
            _connections.discard(self)


@shielded
def fenced() -> Iterator[None]:
    """Make forks by other threads wait for up to two seconds until the block ends.

    A thread that is not in such a block waits for a fork that is waiting.
    """
    process, thread = os.getpid(), threading.get_ident()
    with nullcontext() if thread in _threads else _gate, _turn:
        _threads.append(thread)
    try:
        yield
    finally:
        if process == os.getpid():
            with _turn:
                _threads.remove(thread)
                _turn.notify_all()


@contextmanager
def tracked(connection: sqlite3.Connection) -> Iterator[None]:
    """Roll back a transaction that the block leaves open, in the process that began it.

    Raises:
        sqlite3.Error: the rollback failed.
        StoreError: the block ends in a forked child, which cannot commit it.
    """
    process = os.getpid()
    try:
        yield
    except FOREIGN:
        if process == os.getpid():
            raise
    finally:
        if process == os.getpid():
            connection.rollback()
    if process != os.getpid():
        raise StoreError(
            "This process was forked while a read or write was open, which only the other process"
            " can finish; start it again after the fork."
        )


def check_writing() -> None:
    """Refuse to write in a process that could not close what it inherited.

    Raises:
        StoreError: it could not; what is written would be lost when the others close the file.
    """
    if _kept:
        raise StoreError(
            "This process was forked while a thread was in the middle of a long read or write, so"
            " that what it writes could be lost; start it again, or fork before such work begins."
        )


def _before() -> None:
    me = threading.get_ident()
    with signals_deferred():
        _gate.acquire()
        _turn.acquire()
        _turn.wait_for(lambda: all(thread == me for thread in _threads), _WAITING_SECONDS)
        _critical.acquire()
        if _connections:
            _pipe.extend(os.pipe())


def _after_in_parent() -> None:
    with signals_deferred():
        try:
            if _pipe:
                reader, writer = _pipe
                os.close(writer)
                os.read(reader, 1)  # returns once the child has closed its end, or has died
                os.close(reader)
        finally:
            _pipe.clear()
            _critical.release()
            _turn.release()
            _gate.release()


def _after_in_child() -> None:
    global _gate, _turn, _critical, _connections
    _gate, _turn, _critical = threading.RLock(), threading.Condition(), threading.RLock()
    _threads.clear()
    connections, _connections = list(_connections), weakref.WeakSet()
    _kept.extend(connections)
    # While SQLite runs a statement, it locks the connection. In the child, the thread that would
    # release the lock does not exist, so what waits for it waits forever.
    closing = [
        threading.Thread(target=_try_to_leave, args=(one,), daemon=True) for one in connections
    ]
    deadline = time.monotonic() + _STATEMENT_SECONDS
    try:
        for thread in closing:
            thread.start()
        for thread in closing:
            thread.join(max(0, deadline - time.monotonic()))
    finally:
        for descriptor in _pipe:
            os.close(descriptor)
        _pipe.clear()


def _try_to_leave(connection: sqlite3.Connection) -> None:
    with suppress(sqlite3.Error):  # the authorizer of a user's query also refuses to roll back
        _leave(connection)


def _leave(connection: sqlite3.Connection) -> None:
    """Close a connection of the parent, which has a lock that keeps this from clearing the log."""
    if connection.in_transaction:
        if _has_spilled(connection):
            # Otherwise each statement that the block still runs would be committed at once.
            connection.set_authorizer(lambda *_: sqlite3.SQLITE_DENY)
            return
        connection.rollback()
        # Since Python 3.11, SQLite closes the file only after the last cursor with rows left.
        for cursor in gc.get_referrers(connection):
            if isinstance(cursor, sqlite3.Cursor):
                cursor.close()
    sqlite3.Connection.close(connection)
    _kept.remove(connection)


def _has_spilled(connection: sqlite3.Connection) -> bool:
    """Return whether pages of a transaction are in the log, where a rollback would clear them.

    The log's index has the page of every frame; none is known beyond the last one committed.
    """
    (_, _, path) = connection.execute("PRAGMA database_list").fetchone()
    try:
        with open(f"{path}-shm", "rb") as index:
            index.seek(16)
            (place,) = struct.unpack("=I", index.read(4))  # of the first frame not committed
            if place < _FIRST:
                index.seek(_HEADER + 4 * place)
            else:
                region, entry = divmod(place - _FIRST, _ENTRIES)
                index.seek((region + 1) * _REGION + 4 * entry)
            return any(index.read(4))
    except (OSError, struct.error):
        return False


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child
    )
