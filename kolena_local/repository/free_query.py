"""Run an SQL query that a user wrote: it may read everything and change nothing.

Two safeguards: SQLite's authorizer allows only queries, and ``query_only`` refuses to write.
Attaching other files and loading extensions are refused as well.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Final

from kolena_local.errors import InputValidationError
from kolena_local.plurals import enumerated
from kolena_local.repository.file.interrupts import shielded
from kolena_local.repository.records import QueryResult

_READING: Final = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE}
_PRAGMAS: Final = {"table_list", "table_info", "table_xinfo", "index_list", "index_info"}
_REFUSED: Final = ("not authorized", "prohibited", "readonly", "may not be modified")
_STEPS_BETWEEN_LOOKS: Final = 100_000


def query(
    raw: sqlite3.Connection,
    question: str,
    parameters: Mapping[str, str | int | float | None],
    limit: int | None,
) -> QueryResult:
    """Run a query; see :meth:`Unit.query`."""
    question.encode()  # Python 3.10 has an obscure error for text that is not valid Unicode
    with _reading_only(raw):
        try:
            cursor = raw.execute(question, parameters)
            rows = cursor.fetchall() if limit is None else cursor.fetchmany(limit + 1)
        except (sqlite3.Error, sqlite3.Warning, OverflowError) as error:
            raise _explained(error, raw, question) from error
    if cursor.description is None:
        raise InputValidationError("The query returns nothing; write one that begins with SELECT.")
    columns = _distinct([name for name, *_ in cursor.description])
    more = limit is not None and len(rows) > limit
    return QueryResult(columns, rows[:limit], more)


@shielded
def _reading_only(raw: sqlite3.Connection) -> Iterator[None]:
    raw.execute("PRAGMA query_only = ON")
    raw.set_authorizer(_authorize)
    # Python hears of an interrupt between two of its own steps only; a long query has none.
    raw.set_progress_handler(lambda: 0, _STEPS_BETWEEN_LOOKS)
    try:
        yield
    finally:
        raw.set_progress_handler(None, 0)
        raw.set_authorizer(_authorize_everything)
        raw.execute("PRAGMA query_only = OFF")


def _authorize(action: int, first: str | None, second: str | None, *_: object) -> int:
    if action in _READING:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION and second != "load_extension":
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_PRAGMA and first in _PRAGMAS:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_UPDATE and first == "sqlite_master":
        # json_each looks like this at its first use. SQLite refuses a real UPDATE of that table.
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def _authorize_everything(*_: object) -> int:
    # Before Python 3.11 an authorizer cannot be taken off again.
    return sqlite3.SQLITE_OK


def _explained(error: Exception, raw: sqlite3.Connection, question: str) -> BaseException:
    text = str(error)
    if "interrupted" in text:
        return KeyboardInterrupt()
    if any(word in text for word in _REFUSED):
        return InputValidationError(
            "The query does more than read, which is not allowed; change the store with commands"
            " or in Python."
        )
    if isinstance(error, OverflowError):
        return InputValidationError(
            "A parameter is a whole number of more than 64 bits, which SQLite does not have; give"
            f" one from {-(2**63)} to {2**63 - 1}, or a number with a decimal point."
        )
    if isinstance(error, sqlite3.DatabaseError) and type(error) not in (
        sqlite3.DataError,
        sqlite3.OperationalError,
        sqlite3.ProgrammingError,
    ):
        return error
    advice = "correct it."
    if text.startswith("no such table"):
        views = raw.execute("SELECT name FROM sqlite_master WHERE type = 'view' ORDER BY name")
        advice = (
            f"the views {enumerated(name for (name,) in views)} are made for queries, and"
            ' `kolena-local sql "SELECT name FROM sqlite_master"` lists all tables.'
        )
    elif text.startswith("no such column"):
        words = set(re.findall(r"\w+", question.lower()))
        columns = raw.execute(
            "SELECT made.name, group_concat(field.name, ', ') FROM sqlite_master AS made"
            " JOIN pragma_table_info(made.name) AS field"
            " WHERE made.type IN ('table', 'view') GROUP BY made.name"
        )
        advice = "; ".join(f"{name} has {fields}" for name, fields in columns if name in words)
        advice = f"{advice}." if advice else "correct it."
    return InputValidationError(
        f"SQLite does not understand the query: {text.rstrip('.')}; {advice}"
    )


def _distinct(names: list[str]) -> list[str]:
    """Number the columns that have the name of an earlier one, since objects have a key once."""
    found: list[str] = []
    for name in names:
        number, distinct = 1, name
        while distinct in found:
            number += 1
            distinct = f"{name}_{number}"
        found.append(distinct)
    return found
