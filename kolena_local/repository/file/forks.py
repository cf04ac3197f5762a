"""Keep a transaction that is open at a fork in the parent, and let the child write after it.

SQLite keeps in memory who holds which lock, and a child inherits that memory, but not the
transaction: it would wait forever for a writer that only its parent can end. So a fork waits for
the transactions of other threads. One that is still open is rolled back in the child's memory while
the parent is paused, which touches no file. If SQLite is running a statement of it, that cannot be
done, and the child can read the store but not write to it.
"""

from __future__ import annotations

import os
import sqlite3
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from kolena_local.errors import StoreError
from kolena_local.repository.file.failures import FOREIGN
from kolena_local.repository.file.interrupts import signals_deferred

#: Held while a transaction is committed: no fork comes in the middle of that.
ending = threading.Lock()

_WAITING_SECONDS: Final = 2.0
_STATEMENT_SECONDS: Final = 1.0
_FIRST, _ENTRIES, _REGION, _HEADER = 4062, 4096, 32768, 136

_turn = threading.Condition()
_open: list[tuple[int, sqlite3.Connection]] = []
_pipe: list[int] = []


@contextmanager
def tracked(connection: sqlite3.Connection) -> Iterator[None]:
    """Register a transaction that begins in the block, for forks; roll it back where it ends.

    Raises:
        sqlite3.Error: the rollback failed.
        StoreError: the block ends in a forked child, which cannot commit it.
    """
    process, block = os.getpid(), (threading.get_ident(), connection)
    with _turn:
        _open.append(block)
    try:
        yield
    except FOREIGN:
        if process == os.getpid():
            raise
    finally:
        if process == os.getpid():
            try:
                # Before a fork may go on: a child would inherit the locks that SQLite holds for it.
                connection.rollback()
            finally:
                with _turn:
                    _open.remove(block)
                    _turn.notify_all()
    if process != os.getpid():
        raise StoreError(
            "This process was forked while a read or write was open, which only the other process"
            " can finish; start it again after the fork."
        )


def _before() -> None:
    me = threading.get_ident()
    with signals_deferred():
        _turn.acquire()
        _turn.wait_for(lambda: all(thread == me for thread, _ in _open), _WAITING_SECONDS)
        ending.acquire()
        if any(connection.in_transaction for _, connection in _open):
            _pipe.extend(os.pipe())


def _after_in_parent() -> None:
    try:
        if _pipe:
            reader, writer = _pipe
            os.close(writer)
            os.read(reader, 1)  # returns once the child has closed its end, or has died
            os.close(reader)
    finally:
        _pipe.clear()
        ending.release()
        _turn.release()


def _after_in_child() -> None:
    global _turn, ending
    me = threading.get_ident()
    own = [connection for thread, connection in _open if thread == me]
    others = [connection for thread, connection in _open if thread != me]
    _roll_back(own)
    for connection in own:
        # Otherwise each statement that the block still runs would be committed at once.
        connection.set_authorizer(lambda *_: sqlite3.SQLITE_DENY)
    if any(connection.in_transaction for connection in others):
        # While SQLite runs a statement, it locks the connection. In the child, the thread that
        # would release the lock does not exist, so what waits for it waits forever.
        waiting = threading.Thread(target=_roll_back, args=(others,), daemon=True)
        waiting.start()
        waiting.join(_STATEMENT_SECONDS)
    for descriptor in _pipe:
        os.close(descriptor)
    _open.clear()
    _pipe.clear()
    _turn, ending = threading.Condition(), threading.Lock()


def _roll_back(connections: list[sqlite3.Connection]) -> None:
    for connection in connections:
        if connection.in_transaction and not _has_spilled(connection):
            connection.rollback()


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
    except OSError:
        return False


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child
    )
