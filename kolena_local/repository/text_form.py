"""A store as text: JSON lines in a fixed order, which people review and git compares.

Left out is what differs from one making to the next without meaning anything: ids, all times, and
which process runs a test. So are the descriptions of a workflow's types, which its next definition
stores anew. Importing adds what is missing, leaves what is there and equal, and refuses the rest;
who imports twice has imported once. Neither holds more than a few lines in memory.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any, Final, cast

from sqlalchemy import Connection

from kolena_local.errors import InputValidationError, KolenaError, NameConflictError
from kolena_local.repository import text_lines
from kolena_local.repository.names import now
from kolena_local.repository.rows import Row, execute, fetch, insert
from kolena_local.repository.text_kind import Kind
from kolena_local.repository.text_kinds import KINDS

_PAGE: Final = 1000
_COUNTED: Final = ("model", "test_case", "test_suite")

# Whatever a person may have changed in a file by hand that no constraint of the tables refuses.
_UNSOUND: Final = {
    """
    SELECT test_case.name FROM test_case LEFT JOIN test_case_version AS latest
        ON latest.test_case_id = test_case.id AND latest.version = test_case.version
    WHERE test_case.id > :test_case AND (latest.version IS NULL OR test_case.version + 1 <> (
        SELECT count(*) FROM test_case_version WHERE test_case_id = test_case.id))
    """: "the test case {0!r} lacks a version, or has one too many",
    """
    SELECT suite.name FROM test_suite AS suite LEFT JOIN test_suite_version AS latest
        ON latest.test_suite_id = suite.id AND latest.version = suite.version
    WHERE suite.id > :test_suite AND (latest.version IS NULL OR suite.version + 1 <> (
        SELECT count(*) FROM test_suite_version WHERE test_suite_id = suite.id))
    """: "the test suite {0!r} lacks a version, or has one too many",
    """
    SELECT test_case.name, made.version, made.sample_count FROM test_case_version AS made
    JOIN test_case ON test_case.id = made.test_case_id
    WHERE test_case.id > :test_case AND made.sample_count <> (
        SELECT count(*) FROM test_case_member AS member
        WHERE member.test_case_id = made.test_case_id AND member.added <= made.version
            AND (member.removed IS NULL OR member.removed > made.version))
    """: "version {1} of the test case {0!r} has another number of samples than its line says, {2}",
    """
    SELECT test_case.name FROM test_case_member AS member
    JOIN test_case ON test_case.id = member.test_case_id
    WHERE test_case.id > :test_case
        AND (member.added > test_case.version OR member.removed > test_case.version)
    """: "a sample of the test case {0!r} comes or goes in a version that is not there",
    """
    SELECT test_case.name FROM test_case_member AS later JOIN test_case_member AS earlier
        ON earlier.test_sample_id = later.test_sample_id
        AND earlier.test_case_id = later.test_case_id
        AND (earlier.added, earlier.position) < (later.added, later.position)
        AND (earlier.removed IS NULL OR earlier.removed > later.added)
    JOIN test_case ON test_case.id = later.test_case_id
    WHERE test_case.id > :test_case
    """: "a sample of the test case {0!r} is there twice in one version",
    """
    SELECT test_case.name FROM test_case_member AS later JOIN test_case_member AS earlier
        ON earlier.test_case_id = later.test_case_id AND earlier.position = later.position
        AND earlier.added < later.added
        AND (earlier.removed IS NULL OR earlier.removed > later.added)
    JOIN test_case ON test_case.id = later.test_case_id
    WHERE test_case.id > :test_case
    """: "two samples of the test case {0!r} have the same position in one version",
}


class TextForm:
    """The export and import of a whole store, inside one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._driver = cast("sqlite3.Connection", connection.connection.driver_connection)
        for function in (text_lines.normal_json, text_lines.locator):
            self._driver.create_function(function.__name__, 1, function, deterministic=True)

    def lines(self) -> Iterator[str]:
        """Yield the lines, without their ends, in an order that depends on the content alone."""
        yield text_lines.header()
        for kind in KINDS:
            order = ", ".join(column.name for column in kind.keys)
            cursor = self._driver.execute(f"SELECT * FROM ({kind.select}) ORDER BY {order}")
            cursor.arraysize = _PAGE
            while rows := cursor.fetchmany():
                for row in rows:
                    yield text_lines.write(kind, row)

    def read(self, lines: Iterable[bytes]) -> int:
        """Store what the lines say and the store has not; blank lines are passed over.

        Returns:
            How many lines with content there were.

        Raises:
            InputValidationError: a line is wrong, or refers to something that is in neither.
            NameConflictError: something is in the store already, and is not the same.
        """
        content = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
        text_lines.check_header(next(content, (0, None))[1])
        for kind in KINDS:
            columns = ", ".join(column.name for column in kind.columns)
            execute(self._connection, f"DROP TABLE IF EXISTS temp.incoming_{kind.name}")
            execute(
                self._connection,
                f"CREATE TEMP TABLE incoming_{kind.name} (line INTEGER PRIMARY KEY, {columns})",
            )
        count = self._gather(content)
        before: dict[str, Any] = {
            table: fetch(self._connection, f"SELECT ifnull(max(id), 0) FROM {table}")[0][0]
            for table in _COUNTED
        }
        for kind in KINDS:
            self._store(kind, before)
            execute(self._connection, f"DROP TABLE temp.incoming_{kind.name}")
        for query, problem in _UNSOUND.items():
            names = {name: before[name] for name in before if f":{name}" in query}
            found = fetch(self._connection, f"{query} LIMIT 1", names)
            if found:
                raise InputValidationError(
                    f"The file cannot be imported: {problem.format(*found[0])}."
                    " Nothing was imported."
                )
        return count

    def _gather(self, content: Iterator[tuple[int, bytes]]) -> int:
        waiting: dict[str, tuple[Kind, list[Row]]] = {kind.name: (kind, []) for kind in KINDS}
        count = 0
        for number, line in content:
            kind, row = text_lines.read(line, number)
            rows = waiting[kind.name][1]
            rows.append(row)
            count += 1
            if len(rows) == _PAGE:
                self._put(kind, rows)
        for kind, rows in waiting.values():
            self._put(kind, rows)
        return count

    def _put(self, kind: Kind, rows: list[Row]) -> None:
        columns = ", ".join(column.name for column in kind.columns)
        insert(self._connection, f"INSERT INTO incoming_{kind.name} (line, {columns})", rows)
        rows.clear()

    def _store(self, kind: Kind, before: dict[str, Any]) -> None:
        incoming = f"temp.incoming_{kind.name}"
        (wanted,) = fetch(self._connection, f"SELECT count(*) FROM {incoming}")[0]
        if not wanted:
            return
        parameters = {**before, "now": now()}
        execute(
            self._connection, f"CREATE TEMP VIEW incoming AS SELECT * FROM incoming_{kind.name}"
        )
        try:
            for statement in kind.insert:
                used = {name: parameters[name] for name in parameters if f":{name}" in statement}
                execute(self._connection, statement, used)
        except sqlite3.IntegrityError as error:
            raise InputValidationError(
                f"The file cannot be imported: the store refuses a {kind.name} in it ({error})."
                " Nothing was imported."
            ) from error
        self._verify(kind)
        execute(self._connection, "DROP VIEW temp.incoming")

    def _verify(self, kind: Kind) -> None:
        """Refuse the import unless the store now has all that came, exactly as it came."""
        columns = ", ".join(column.name for column in kind.compared)
        found = fetch(
            self._connection,
            f"""
            SELECT {columns} FROM incoming EXCEPT SELECT {columns} FROM ({kind.select}) LIMIT 1
            """,
        )
        if found:
            raise self._problem(kind, found[0])

    def _problem(self, kind: Kind, row: Row) -> KolenaError:
        same = " AND ".join(f"{column.name} IS ?" for column in kind.compared)
        (line,) = fetch(self._connection, f"SELECT min(line) FROM incoming WHERE {same}", row)[0]
        same_keys = " AND ".join(f"{column.name} IS ?" for column in kind.keys)
        keys = row[: len(kind.keys)]
        shown = ", ".join(
            value.hex() if isinstance(value, bytes) else repr(value) for value in keys
        )
        # Another of the same keys: in the store before, or further up in the file.
        if fetch(
            self._connection, f"SELECT 1 FROM ({kind.select}) WHERE {same_keys} LIMIT 1", keys
        ):
            return NameConflictError(
                f"The {kind.name} {shown} of line {line} is there already and is not the same;"
                " import into another store, or correct the file. Nothing was imported."
            )
        return InputValidationError(
            f"The {kind.name} {shown} of line {line} refers to something that is neither in the"
            " file nor in the store. Nothing was imported."
        )
