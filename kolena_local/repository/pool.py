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

from kolena_local.errors import StoreError

# More are only needed while many threads read; theirs are closed after use.
_KEPT: Final = 5


class Pool:
    """The connections to one store.

    Args:
        connect: opens another one; None if there can be only one, as of a store in memory. There
            is no upper limit: SQLite asks no reader to wait.
        first: one that is open already.
    """

    def __init__(
        self,
        connect: Callable[[], sqlite3.Connection] | None,
        first: sqlite3.Connection | None = None,
    ) -> None:
        self._connect = connect
        self._free = [] if first is None else [first]
        self._is_closed = False

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection to a block, which ends its transaction itself.

        Raises:
            StoreError: there is only one connection, and it is lent.
        """
        process = os.getpid()
        try:
            connection = self._free.pop()
        except IndexError:
            if self._connect is None:
                raise StoreError(
                    "A store in memory has one connection, which a block of this thread is using;"
                    " end that block first."
                ) from None
            connection = self._connect()
        has_failed = True
        try:
            yield connection
            has_failed = False
        finally:
            if process == os.getpid():
                if has_failed and self._connect is not None:
                    # The traceback may keep a cursor, whose statement would go on.
                    connection.close()
                else:
                    self._take_back(connection)

    def close(self) -> None:
        """Close all connections; those that are lent, as soon as they come back."""
        self._is_closed = True
        with suppress(IndexError):  # several threads may close the pool
            while True:
                self._free.pop().close()

    def _take_back(self, connection: sqlite3.Connection) -> None:
        if len(self._free) >= _KEPT:
            connection.close()
            return
        self._free.append(connection)
        # In this order: whoever closes the pool meanwhile either finds the connection or is seen.
        if self._is_closed:
            self.close()
