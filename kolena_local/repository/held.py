"""Rows that objects in memory were made from, and whether they still exist."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Final, NamedTuple

from kolena_local.errors import NotFoundError
from kolena_local.repository.records import HeldRow
from kolena_local.repository.rows import Repository

if TYPE_CHECKING:
    from kolena_local.repository import Store, Unit

# Each selects the current name of the row.
_QUERIES: Final = {
    "model": "SELECT name FROM model WHERE id = :id AND uid = :uid",
    "test case": """
        SELECT name FROM test_case_version AS made JOIN test_case ON test_case.id = test_case_id
        WHERE test_case_id = :id AND made.version = :version AND uid = :uid
    """,
    "test suite": """
        SELECT name FROM test_suite_version AS made JOIN test_suite ON test_suite.id = test_suite_id
        WHERE test_suite_id = :id AND made.version = :version AND uid = :uid
    """,
    "test run": "SELECT evaluator FROM test_run WHERE id = :id AND uid = :uid",
}


class HeldRows(Repository):
    """The rows that objects were made from, inside one transaction."""

    def check(self, rows: Iterable[HeldRow]) -> None:
        """Make sure that rows are still there.

        Raises:
            NotFoundError: one of them is not there any more, or not in this file.
        """
        for row in rows:
            self.name(row)

    def name(self, row: HeldRow) -> str:
        """Return the current name of a row.

        Raises:
            NotFoundError: the row is not there any more, or not in this file.
        """
        name = self._sql.value(_QUERIES[row.noun], row._asdict())
        if name is None:
            version = "" if row.version is None else f" (version {row.version})"
            raise NotFoundError(
                f'The {row.noun} "{row.name}"{version} was deleted or the store file was replaced'
                " since it was loaded; load it again."
            )
        return str(name)


class HeldStore(NamedTuple):
    """A store as it is used for objects that were made from some of its rows.

    Every read and write first makes sure, in its own transaction, that these rows are still there.
    """

    store: Store
    rows: tuple[HeldRow, ...]

    def read(self) -> AbstractContextManager[Unit]:
        """Read one snapshot of the store.

        Raises:
            NotFoundError: one of the rows is not there any more.
            StoreError: as :meth:`Store.read`.
        """
        return self.store.read(self.rows)

    def write(self) -> AbstractContextManager[Unit]:
        """Change the store: commit when the block ends, or roll back if it raises.

        Raises:
            NotFoundError: one of the rows is not there any more.
            StoreError: as :meth:`Store.write`.
        """
        return self.store.write(self.rows)


def new_uid() -> int:
    """Return a random number for a new row, of the size that SQLite stores."""
    return secrets.randbits(63)
