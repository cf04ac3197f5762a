"""SQLModel sessions for single rows, inside a transaction of a store.

This module is imported late, because importing SQLModel takes longer than most commands.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlmodel import Session

from kolena_local.repository.file.interrupts import signals_deferred


class _Lent:
    """A connection as SQLAlchemy gets it, without what would end the transaction."""

    def __init__(self, driver: sqlite3.Connection) -> None:
        self._driver = driver

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)

    def _stay(self) -> None:
        """Leave the transaction to the store."""

    commit = rollback = close = _stay


_current = threading.local()
# One for all stores, which remembers the statements that it compiled.
_engine = create_engine(
    "sqlite+pysqlite://", creator=lambda: _Lent(_current.driver), poolclass=NullPool
)


@contextmanager
def session_on(driver: sqlite3.Connection) -> Iterator[Session]:
    """Open a session that writes when the block ends, and leaves the transaction open.

    Raises:
        sqlite3.Error: SQLite or SQLAlchemy failed.
    """
    _current.driver = driver
    try:
        # SQLAlchemy closes a connection in the middle of whose work it is interrupted.
        with (
            signals_deferred(),
            _engine.connect() as connection,
            Session(connection, autoflush=False) as session,
        ):
            yield session
            session.flush()
    except SQLAlchemyError as error:
        original = getattr(error, "orig", None)
        if not isinstance(original, Exception):
            original = sqlite3.DatabaseError(str(error))
        raise original from error
