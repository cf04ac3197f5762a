"""Open connections to a store, which outlive the transactions that use them.

Opening one takes longer than most queries. SQLAlchemy has pools too, but importing it takes longer
than most commands.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

# More are only needed while many threads read; theirs are closed after use.
_KEPT: Final = 5
#: In a forked child, connections of the parent. They are never closed: closing would tell SQLite
#: that the parent is done with the file.
inherited: Final[list[object]] = []


class Pool:
    """The connections to one store.

    Args:
        connect: opens another one. There is no upper limit: SQLite asks no reader to wait.
        first: one that is open already.
    """

    def __init__(
        self, connect: Callable[[], sqlite3.Connection], first: sqlite3.Connection | None = None
    ) -> None:
        self._connect = connect
        self._free = [] if first is None else [first]
        self._is_closed = False

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection to a block; what the block did not commit is rolled back."""
        process = os.getpid()
        try:
            connection = self._free.pop()
        except IndexError:
            connection = self._connect()
        try:
            yield connection
        finally:
            if process == os.getpid():
                self._take_back(connection)
            else:
                inherited.append(connection)

    def close(self) -> None:
        """Close all connections; those that are lent, as soon as they come back."""
        self._is_closed = True
        with suppress(IndexError):  # several threads may close the pool
            while True:
                self._free.pop().close()

    def _take_back(self, connection: sqlite3.Connection) -> None:
        try:
            connection.rollback()
        except BaseException:
            connection.close()
            raise
        if len(self._free) >= _KEPT:
            connection.close()
            return
        self._free.append(connection)
        # In this order: whoever closes the pool meanwhile either finds the connection or is seen.
        if self._is_closed:
            self.close()
