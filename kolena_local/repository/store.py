"""Open a store, read from it, and write to it.

A read is one snapshot, a write is one ``BEGIN IMMEDIATE`` transaction; nothing else touches the
file. This module handles connections, processes and threads; the repositories query the tables, and
``opening`` creates and migrates the file.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Final

from kolena_local import location as locations
from kolena_local.errors import StoreError, StoreNotFoundError, StoreReadOnlyError
from kolena_local.location import MEMORY, is_memory
from kolena_local.repository.file import forks, migrations
from kolena_local.repository.file.connection import check_library, connect, is_writable
from kolena_local.repository.file.failures import full, translated
from kolena_local.repository.file.file_state import State, state_of, unchanged
from kolena_local.repository.file.interrupts import shielded, signals_deferred
from kolena_local.repository.file.new_file import build
from kolena_local.repository.file.opening import open_prepared
from kolena_local.repository.held import HeldStore
from kolena_local.repository.pool import Pool
from kolena_local.repository.records import HeldRow
from kolena_local.repository.unit import Unit

_stores: Final[dict[tuple[int, str], Store]] = {}


def open_store(location: str | None = None, *, create: bool = True) -> Store:
    """Open the store, and create it if needed.

    Args:
        location: a path or ``":memory:"``; None asks :func:`kolena_local.location.resolve`.
        create: False refuses to create a missing store, as whatever only reads should.

    Returns:
        The store; the same object for the same location, as long as the process lives.

    Raises:
        StoreNotFoundError: there is no store and ``create`` is False, or its folder is missing.
        StoreError: another leaf of it, if the file there is not a usable store.
    """
    place = locations.resolve(location)
    if not is_memory(place):
        place = os.path.realpath(place)
    store = _stores.setdefault((os.getpid(), place), Store(place))
    store.open(create=create)
    return store


def find_store() -> Store | None:
    """Open the store for a listing; return None if nothing was ever stored.

    Raises:
        StoreNotFoundError: the folder that was chosen for it does not exist either.
    """
    try:
        return open_store(create=False)
    except StoreNotFoundError:
        place = locations.resolve()
        if place != locations.default_file() and not os.path.isdir(os.path.dirname(place)):
            raise
        return None


def close_stores() -> None:
    """Close every store that this process has open; this deletes a store in memory."""
    for key in [key for key in list(_stores) if key[0] == os.getpid()]:
        store = _stores.pop(key, None)
        if store is not None:  # another thread may be closing them too
            store.close()


def close_store(location: str) -> None:
    """Close one store of this process, if it is open; it may be opened again."""
    place = location if is_memory(location) else os.path.realpath(location)
    store = _stores.pop((os.getpid(), place), None)
    if store is not None:
        store.close()


class Store:
    """A file, or a database in memory, with models, test suites and results.

    It may be used by many threads, and goes on working in a forked child and after the file was
    replaced by another store.
    """

    def __init__(self, location: str) -> None:
        self.location: Final = location
        self._forget()

    def _forget(self) -> None:
        self._lock = threading.RLock()
        self._pool: Pool | None = None
        self._let_go: Callable[[], object] = lambda: None
        self._state: State | None = None
        self._writable = True
        # Last: another thread of a forked child that sees it uses what is above.
        self._process = os.getpid()

    def open(self, *, create: bool = False) -> None:
        """Make sure that the store can be used; see :func:`open_store`."""
        with forks.fenced():
            self._current_pool(create=create)

    def close(self) -> None:
        """Close all connections; those in use are closed as soon as their block ends.

        The next read or write opens new ones.
        """
        with signals_deferred(), forks.fenced(), self._lock:
            self._pool = None
            self._let_go()

    def _use(self, pool: Pool) -> Pool:
        self._pool = pool
        # A store that is merely forgotten is closed too, and so are all when the process ends:
        # closing the last connection folds the log into the file and removes it.
        self._let_go = weakref.finalize(self, _let_go, pool, os.getpid())
        return pool

    def held(self, rows: Iterable[HeldRow]) -> HeldStore:
        """Return the store as it may be used for objects that were made from these rows."""
        return HeldStore(self, tuple(rows))

    @shielded
    def read(self, held: Iterable[HeldRow] = ()) -> Iterator[Unit]:
        """Read one snapshot of the store, without what others write in the meantime.

        Args:
            held: rows that must be there.

        Raises:
            NotFoundError: one of the rows is not there any more.
            StoreError: one of its leaves, if SQLite fails.
        """
        with self._transaction("BEGIN") as connection:
            unit = Unit(connection)
            unit.held.check(held)
            yield unit

    @shielded
    def write(self, held: Iterable[HeldRow] = ()) -> Iterator[Unit]:
        """Change the store: commit when the block ends, or roll back if it raises.

        Args:
            held: rows that must be there.

        Raises:
            NotFoundError: one of the rows is not there any more.
            StoreReadOnlyError: the file or its folder may not be written.
            StoreBusyError: another process is writing for longer than the waiting time.
            StoreError: another leaf of it, if SQLite fails.
        """
        # IMMEDIATE waits for the write lock; a transaction that reads first and writes later fails
        # at once when another one has written in between.
        with self._transaction("BEGIN IMMEDIATE") as connection:
            unit = Unit(connection)
            unit.held.check(held)
            yield unit
            connection.commit()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        # A store in memory has one connection, which threads must use one after the other.
        with forks.fenced(), self._lock if is_memory(self.location) else nullcontext():
            if begin != "BEGIN":
                forks.check_writing()
            pool = self._current_pool(create=False)
            if begin != "BEGIN" and not self._writable:
                pool = self._pool_for_writing()
            watched = unchanged(self.location, self._state, writable=self._writable)
            with (
                translated(self.location),
                watched,
                pool.connection() as connection,
                forks.tracked(connection),
            ):
                connection.execute(begin)
                yield connection

    def _current_pool(self, *, create: bool) -> Pool:
        if self._process != os.getpid():
            self._leave_to_parent()
        with self._lock:
            in_memory = is_memory(self.location)
            state = None if in_memory else state_of(self.location, writable=self._writable)
            if self._pool is not None and state == self._state:
                return self._pool
            with signals_deferred():
                return self._new_pool(create=create)

    def _new_pool(self, *, create: bool) -> Pool:
        if is_memory(self.location):
            check_library()
            connection = _new_in_memory()
            return self._use(Pool(None, connection))
        self.close()
        check_library()
        self._writable, connection = open_prepared(self.location, create=create)
        self._state = state_of(self.location, writable=self._writable)
        if self._writable:
            return self._use(Pool(partial(connect, self.location), connection))
        # What is read without locks is read by connections that are younger than the state.
        connection.close()
        return self._use(Pool(partial(connect, self.location, writable=False)))

    def _pool_for_writing(self) -> Pool:
        """Open a store for writing that was read-only: the disk may have space now."""
        if not is_writable(self.location):
            raise StoreReadOnlyError(
                f"The store {self.location} is read-only; make the file and its folder writable,"
                " or use another store."
            )
        self.close()
        pool = self._current_pool(create=False)
        if not self._writable:
            raise full(self.location)
        return pool

    def _leave_to_parent(self) -> None:
        """In a forked child, leave the parent's connections alone and open new ones."""
        if is_memory(self.location):
            raise StoreError(
                "The store ':memory:' belongs to the process that opened it; use a file to share"
                " a store with a forked process."
            )
        self._let_go()
        self._forget()


def _let_go(pool: Pool, process: int) -> None:
    if process == os.getpid():
        pool.close()


def _new_in_memory() -> sqlite3.Connection:
    connection = connect(MEMORY)
    build(connection, migrations.load())
    return connection
