"""Plain SQL in the transaction of a connection; many rows in few statements.

It uses the driver: SQLAlchemy adds 14 microseconds to a statement, doubles the cost of reading a
row, and takes longer to import than most commands run. The ORM costs forty times as much per row,
and ``executemany`` twice as much as statements with many rows of VALUES.
"""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from functools import lru_cache, partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from kolena_local.errors import StoreDamagedError
from kolena_local.payload import Json, loads_all

if TYPE_CHECKING:
    from sqlmodel import Session

# Few sizes, so that SQLite's cache of prepared statements is not filled with odd remainders; seven
# columns of the largest stay far below SQLite's limit of 32,766 parameters.
_SIZES: Final = (1000, 100, 10, 1)

Row = tuple[Any, ...]
Record = TypeVar("Record", bound=Row)
Parameters = Sequence[Any] | Mapping[str, Any]


def as_ids(values: Iterable[Any]) -> array[int]:
    """Return values of a column as an array of integers.

    Raises:
        StoreDamagedError: a value is not an integer.
    """
    try:
        return array("q", values)
    except TypeError as error:
        raise StoreDamagedError(f"The store is damaged ({error}); restore a backup.") from error


class Sql:
    """Runs plain SQL in the transaction of a connection."""

    def __init__(self, driver: sqlite3.Connection) -> None:
        self.driver = driver

    def fetch(self, query: str, parameters: Parameters = ()) -> list[Row]:
        """Run one query and return all its rows as plain tuples."""
        return self.driver.execute(query, parameters).fetchall()

    def value(self, query: str, parameters: Parameters = ()) -> Any:
        """Run one query and return the first value of its first row; None if there is no row."""
        row = self.driver.execute(query, parameters).fetchone()
        return None if row is None else row[0]

    def pages(self, query: str, parameters: Parameters, limit: int) -> Iterator[list[Row]]:
        """Run one query and yield pages of its rows as plain tuples; one page is in memory."""
        with closing(self.driver.execute(query, parameters)) as cursor:
            while page := cursor.fetchmany(limit):
                yield page

    def fetch_ids(self, query: str, parameters: Parameters = ()) -> array[int]:
        """Run one query of one integer column.

        Raises:
            StoreDamagedError: a value is not an integer.
        """
        # Row by row: a list of tuples would take twelve times the memory of the ids.
        return as_ids(chain.from_iterable(self.driver.execute(query, parameters)))

    def execute(self, statement: str, parameters: Parameters = ()) -> int:
        """Run one statement and return how many rows it changed."""
        return self.driver.execute(statement, parameters).rowcount

    def make_temporary(self, table: str, definition: str) -> None:
        """Create a temporary table, in place of one with the same name.

        Args:
            table: its name.
            definition: its columns in parentheses, or AS and a query.
        """
        self.execute(f"DROP TABLE IF EXISTS temp.{table}")
        self.execute(f"CREATE TEMP TABLE {table} {definition}")

    def execute_each(self, statement: str, parameters: Sequence[Row]) -> None:
        """Run one statement once for each row of parameters."""
        self.driver.executemany(statement, parameters)

    def insert(self, head: str, rows: Iterable[Row]) -> None:
        """Insert rows of equal length.

        Args:
            head: the statement up to VALUES, ``INSERT INTO test_sample (id, …)``.
        """
        left = iter(rows)
        # Never more than a statement's worth at once: rows may be made while they are inserted.
        while some := list(islice(left, _SIZES[0])):
            for block, flat in _blocks(some):
                self.execute(_values(f"{head} VALUES", len(block[0]), len(block)), flat)

    def insert_columns(
        self,
        head: str,
        columns: Sequence[Sequence[Any]],
        tail: str = "",
        *,
        first: Sequence[int | None] = (),
        returned: list[int] | None = None,
    ) -> int:
        """Insert rows given as columns, without creating a tuple for each row.

        Args:
            head: the statement up to VALUES, ``INSERT INTO inference (model_id, …)``.
            columns: the values of each column, all of the same length.
            tail: what comes after the rows, such as ``ON CONFLICT …``.
            first: the values of the first columns in every row, if they are not in ``columns``.
            returned: gets the integers that ``tail`` returns by ``RETURNING …``, one for each row
                that was inserted or changed.

        Returns:
            How many rows were inserted or changed.

        Raises:
            ValueError: the columns are not equally long.
        """
        changed, width = 0, len(columns)
        (count,) = {len(column) for column in columns}
        for start, size in _spans(count):
            flat = [None] * (size * width)
            for place, column in enumerate(columns):
                flat[place::width] = column[start : start + size]
            statement = _values(f"{head} VALUES", width, size, tail, tuple(first))
            if returned is None:
                changed += self.execute(statement, flat)
            else:
                rows = self.fetch_ids(statement, flat)
                returned += rows
                changed += len(rows)
        return changed

    def look_up(self, keys: Sequence[Row], columns: str, query: str) -> list[Row]:
        """Run a query on a table of keys, for many keys at a time.

        Args:
            keys: the rows of the table ``wanted``, all of the same length.
            columns: the names of its columns, ``digest, place``.
            query: the query, which begins ``SELECT … FROM wanted CROSS JOIN …``.
        """
        found: list[Row] = []
        for block, flat in _blocks(keys):
            head = f"WITH wanted ({columns}) AS (VALUES"
            found += self.fetch(_values(head, len(block[0]), len(block), ") " + query), flat)
        return found

    def session(self) -> AbstractContextManager[Session]:
        """Open a SQLModel session for single rows; they are written when the block ends.

        Nothing is cached beyond the block, so SQL may change the same rows before and after it.
        """
        # Importing SQLModel takes twice as long as a whole listing, and most commands only read.
        # The classes of `tables` are imported late for the same reason.
        from kolena_local.repository.sessions import session_on

        return session_on(self.driver)

    def next_id(self, table: str) -> int:
        """Return the id of the next row of a table; valid only inside a write transaction."""
        return int(self.value(f"SELECT ifnull(max(id), 0) + 1 FROM {table}"))


class Repository:
    """The tables of a noun, inside one transaction."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql


def as_records(record: type[Record], rows: Iterable[Row]) -> list[Record]:
    """Return rows as named tuples, in half the time that ``_make`` takes for each."""
    return list(map(partial(tuple.__new__, record), rows))


def as_json(ids: Iterable[int | tuple[int, int]]) -> str:
    """Return ids as one parameter for ``json_each``; their number is not limited.

    Raises:
        StoreDamagedError: one of them is not a number.
    """
    try:
        return json.dumps(list(ids))
    except TypeError as error:
        raise StoreDamagedError(f"The store is damaged ({error}); restore a backup.") from error


def as_object(text: str) -> dict[str, Json]:
    """Read a stored text that must be a JSON object.

    Raises:
        StoreDamagedError: it is not.
    """
    return as_objects([text])[0]


def as_objects(texts: Sequence[str]) -> list[dict[str, Json]]:
    """Read stored texts that must be JSON objects.

    Raises:
        StoreDamagedError: one of them is not.
    """
    try:
        values = loads_all(texts)
    except ValueError as error:
        raise StoreDamagedError(f"The store is damaged ({error}); restore a backup.") from error
    for value, text in zip(values, texts, strict=True):
        if not isinstance(value, dict):
            raise StoreDamagedError(
                f"The store is damaged ({text!r:.80} is not a JSON object); restore a backup."
            )
    return cast("list[dict[str, Json]]", values)


def _blocks(rows: Sequence[Row]) -> Iterator[tuple[Sequence[Row], Row]]:
    for start, size in _spans(len(rows)):
        block = rows[start : start + size]
        yield block, tuple(chain.from_iterable(block))


def _spans(count: int) -> Iterator[tuple[int, int]]:
    start = 0
    for size in _SIZES:
        while count - start >= size:
            yield start, size
            start += size


@lru_cache(maxsize=256)
def _values(
    head: str, columns: int, rows: int, tail: str = "", first: tuple[int | None, ...] = ()
) -> str:
    same = ("NULL" if value is None else f"{value:d}" for value in first)
    row = f"({','.join([*same, *'?' * columns])})"
    return f"{head} {','.join([row] * rows)} {tail}"
