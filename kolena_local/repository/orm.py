"""SQLModel, imported when a row is first written through it.

Importing it and making the classes of :mod:`~kolena_local.repository.tables` takes twice as long as
a listing takes altogether, and most commands only read, which is plain SQL.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

if TYPE_CHECKING:
    from sqlmodel import Session

    from kolena_local.repository.tables import (
        EvaluatorConfigurationTable,
        ModelTable,
        ModelTagTable,
        TestCaseTable,
        TestCaseVersionTable,
        TestRunTable,
        TestSuiteTable,
        TestSuiteTagTable,
        TestSuiteVersionTable,
    )

__all__ = [
    "EvaluatorConfigurationTable",
    "ModelTable",
    "ModelTagTable",
    "TestCaseTable",
    "TestCaseVersionTable",
    "TestRunTable",
    "TestSuiteTable",
    "TestSuiteTagTable",
    "TestSuiteVersionTable",
]


class LateSession:
    """The session of one transaction, opened when a row is first written or changed through it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @cached_property
    def session(self) -> Session:
        """The session."""
        from sqlmodel import Session

        return Session(self._connection, autoflush=False, expire_on_commit=False)

    def forget(self) -> None:
        """Believe no longer in the rows that are known, because SQL changed some."""
        if "session" in self.__dict__:
            self.session.expunge_all()


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from kolena_local.repository import tables

    return getattr(tables, name)
