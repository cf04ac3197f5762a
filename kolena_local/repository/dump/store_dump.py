"""The dump of a store: JSON lines in a fixed order, for reviews and version control.

It leaves out what differs between equal stores: ids, times, and the processes of test runs; and
results that others have taken the place of. An import adds what is missing, leaves what is equal,
and settles the rest as it is told, so importing a file twice is the same as once. The schemas of a
workflow's types, and the embeddings and quality standards of datasets, are taken only where the
store has none. Neither export nor import holds more than
a few lines in memory.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from kolena_local.errors import InputValidationError, KolenaError, NameConflictError
from kolena_local.plurals import enumerated
from kolena_local.repository.dump import line_text, selection
from kolena_local.repository.dump.data_lines import LINE_TYPES
from kolena_local.repository.dump.differences import BY_NAME, HISTORIES, NEVER, ImportPlan
from kolena_local.repository.dump.line_types import Column, LineType
from kolena_local.repository.dump.settling import OnConflict, Settling
from kolena_local.repository.freshness import METADATA, STORED, mark_results_stale
from kolena_local.repository.health.invariants import RULES, LastIds
from kolena_local.repository.names import now
from kolena_local.repository.rows import Repository, Row

_PAGE: Final = 1000

_NEW_INFERENCES: Final = """
    SELECT test_sample_id FROM inference WHERE id >= :inference AND model_id = run.model_id
"""
_NEW_METADATA: Final = """
    SELECT sample.id AS test_sample_id FROM temp.incoming_test_sample AS given
    JOIN workflow ON workflow.name = given.workflow
    JOIN test_sample AS sample
        ON sample.workflow_id = workflow.id AND sample.digest = given.digest
    WHERE given.line IN temp.different_test_sample
"""
# Results that are in the file, too, belong to what the file has.
_NOT_IN_FILE: Final = """
    run.id < :test_run AND (run.superseded_at IS NOT NULL OR NOT EXISTS (
        SELECT 1 FROM temp.incoming_test_run AS given
        JOIN model ON model.name = given.model JOIN test_suite ON test_suite.name = given.test_suite
        WHERE model.id = run.model_id AND test_suite.id = run.test_suite_id
            AND given.test_suite_version = run.test_suite_version
            AND ifnull(given.evaluator, '') = run.evaluator))
"""
_NAMED: Final = 3


class StoreDump(Repository):
    """The export and import of a store, inside one transaction."""

    def lines(
        self, model_ids: Sequence[int] = (), suite_ids: Sequence[int] = (), *, times: bool = False
    ) -> Iterator[str]:
        """Yield the lines without line endings, in an order that depends on the content alone.

        Args:
            model_ids: only these models, with their inferences and test runs; if no test suites
                are given, with those of their test runs.
            suite_ids: only these test suites with their test cases, samples, and ground truths;
                models' inferences for these samples and test runs on these test suites alone.
            times: whether lines have times, which differ between equal stores.
        """
        self._add_functions()
        is_selected = bool(model_ids or suite_ids)
        if is_selected:
            selection.choose(self._sql, model_ids, suite_ids)
        yield line_text.header()
        for line_type in LINE_TYPES:
            order = ", ".join(column.name for column in line_type.keys)
            chosen = f" AND {line_type.chosen}" if is_selected else ""
            cursor = self._sql.driver.execute(
                f"SELECT * FROM ({line_type.select}{chosen}) ORDER BY {order}"
            )
            cursor.arraysize = _PAGE
            while rows := cursor.fetchmany():
                for row in rows:
                    yield line_text.write(line_type, row, times=times)

    def read(
        self, lines: Iterable[bytes], on_conflict: OnConflict = "error", *, refuse: bool = True
    ) -> ImportPlan:
        """Store what is not in the store yet; blank lines are skipped.

        Args:
            lines: what :meth:`lines` yields, encoded.
            on_conflict: what to do with things that have the same name and another content:
                refuse them, keep the store's, take the file's, or give the file's another name.
            refuse: False only returns the plan if something differs and ``on_conflict`` is
                ``"error"``; nothing is stored then.

        Returns:
            What was done.

        Raises:
            InputValidationError: a line is invalid, is there twice, or refers to something that
                does not exist.
            NameConflictError: something differs from what the store has and cannot be settled.
        """
        self._add_functions()
        content = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
        line_text.check_header(next(content, (0, None))[1])
        for line_type in LINE_TYPES:
            columns = ", ".join(column.name for column in line_type.columns)
            self._sql.make_temporary(
                f"incoming_{line_type.name}", f"(line INTEGER PRIMARY KEY, {columns})"
            )
        count = self._gather(content)
        for line_type in LINE_TYPES:
            self._check_once(line_type)
        plan = ImportPlan(count, Settling(self._sql, on_conflict).settle())
        if on_conflict != "error" or not plan.different:
            self._store_all()
        elif refuse:
            raise _conflict(plan)
        self._sql.execute("DROP VIEW IF EXISTS temp.incoming")
        for line_type in LINE_TYPES:
            self._sql.execute(f"DROP TABLE temp.incoming_{line_type.name}")
        return plan

    def _store_all(self) -> None:
        last_ids = LastIds._make(
            self._sql.value(f"SELECT ifnull(max(id), 0) FROM {table}") for table in LastIds._fields
        )
        for noun in HISTORIES:
            # Those that change are checked like new ones.
            first = self._sql.value(
                f"SELECT min(id) FROM {noun} JOIN temp.history_{noun} AS history"
                f" ON history.name = {noun}.name WHERE since < {NEVER} OR ours <> theirs"
            )
            if first is not None:
                last_ids = last_ids._replace(**{noun: first - 1})
        before = {table: self._sql.next_id(table) for table in ("inference", "test_run")}
        for line_type in LINE_TYPES:
            self._store(line_type)
        for reason, samples in ((STORED, _NEW_INFERENCES), (METADATA, _NEW_METADATA)):
            mark_results_stale(self._sql, reason, samples, before, _NOT_IN_FILE)
        for rule in RULES:
            for key, problem in rule.broken(self._sql.driver, last_ids):
                keys = BY_NAME[rule.line_type].keys
                line = self._line(keys, rule.line_type, key)
                if line is not None:
                    raise line_text.refusal(line, problem)

    def _check_once(self, line_type: LineType) -> None:
        """Refuse two lines with the same keys, and a version without its test case or suite."""
        keys = [column.name for column in line_type.keys]
        query = f"""
            SELECT min(line), max(line) FROM temp.incoming_{line_type.name}
            GROUP BY {", ".join(keys)} HAVING count(*) > 1 ORDER BY 2 LIMIT 1
        """
        for first, again in self._sql.fetch(query):
            problem = f"line {first} has the same {enumerated(keys)} already"
            raise line_text.refusal(again, problem)
        noun = line_type.keys[0].name
        if noun in HISTORIES and line_type.name.startswith(f"{noun}_"):
            query = f"""
                SELECT line FROM temp.incoming_{line_type.name}
                WHERE {noun} NOT IN (SELECT name FROM temp.incoming_{noun}) ORDER BY line LIMIT 1
            """
            for (line,) in self._sql.fetch(query):
                raise line_text.refusal(line, f"the file has no line for its {noun}")

    def _add_functions(self) -> None:
        for function in (line_text.normal_json, line_text.locator):
            self._sql.driver.create_function(function.__name__, 1, function, deterministic=True)

    def _gather(self, content: Iterator[tuple[int, bytes]]) -> int:
        waiting: dict[str, tuple[LineType, list[Row]]] = {
            line_type.name: (line_type, []) for line_type in LINE_TYPES
        }
        count = 0
        for number, line in content:
            line_type, row = line_text.read(line, number)
            rows = waiting[line_type.name][1]
            rows.append(row)
            count += 1
            if len(rows) == _PAGE:
                self._put(line_type, rows)
        for line_type, rows in waiting.values():
            self._put(line_type, rows)
        return count

    def _put(self, line_type: LineType, rows: list[Row]) -> None:
        columns = ", ".join(column.name for column in line_type.columns)
        self._sql.insert(f"INSERT INTO incoming_{line_type.name} (line, {columns})", rows)
        rows.clear()

    def _store(self, line_type: LineType) -> None:
        query = f"SELECT min(line), max(line) FROM incoming_{line_type.name}"
        ((first, last),) = self._sql.fetch(query)
        if first is None:
            return
        try:
            self._insert(line_type, first, last)
        except sqlite3.IntegrityError as error:
            problem = f"the store refuses its {line_type.name} ({error})"
            if "NOT NULL" in str(error):
                problem = "it refers to something that is neither in the file nor in the store"
            line = self._first_refused(line_type, first, last)
            raise line_text.refusal(line, problem) from error
        self._verify(line_type)

    def _insert(self, line_type: LineType, first: int, last: int) -> None:
        self._sql.execute("DROP VIEW IF EXISTS temp.incoming")
        self._sql.execute(
            f"CREATE TEMP VIEW incoming AS SELECT * FROM incoming_{line_type.name}"
            f" WHERE line BETWEEN {first:d} AND {last:d}"
        )
        for statement in line_type.inserts():
            self._sql.execute(statement, {"now": now()})

    def _first_refused(self, line_type: LineType, first: int, last: int) -> int:
        """Return the first line that the tables refuse; there is one in the range."""
        while first < last:
            middle = (first + last) // 2
            try:
                self._insert(line_type, first, middle)
                first = middle + 1
            except sqlite3.IntegrityError:
                last = middle
        return first

    def _verify(self, line_type: LineType) -> None:
        """Refuse the import unless the store now has all lines of a type as they are."""
        columns = ", ".join(column.name for column in line_type.compared)
        found = self._sql.fetch(
            f"""
            SELECT {columns} FROM incoming_{line_type.name}
            EXCEPT SELECT {columns} FROM ({line_type.select}) LIMIT 1
            """
        )
        if found:
            raise self._problem(line_type, found[0])

    def _problem(self, line_type: LineType, row: Row) -> KolenaError:
        line = self._line(line_type.compared, line_type.name, row)
        shown = ", ".join(
            value.hex() if isinstance(value, bytes) else repr(value)
            for value in row[: len(line_type.keys)]
        )
        return InputValidationError(
            f"The {line_type.name} {shown} of line {line} refers to something that is neither in"
            " the file nor in the store, or is a second one where only one is allowed. Nothing was"
            " imported."
        )

    def _line(self, columns: Sequence[Column], name: str, values: Row) -> int | None:
        """Return the first line of a type that has these values; None if there is none."""
        same = " AND ".join(f"{column.name} IS ?" for column in columns)
        query = f"SELECT min(line) FROM incoming_{name} WHERE {same}"
        found: int | None = self._sql.value(query, values)
        return found


def _conflict(plan: ImportPlan) -> NameConflictError:
    found = [str(one) for nouns in plan.nouns for one in nouns.differences][:_NAMED]
    more = f"; and {plan.different - _NAMED:,} more" if plan.different > _NAMED else ""
    return NameConflictError(
        f"The store differs from the file: {'; '.join(found)}{more}. Choose --on-conflict keep,"
        " take, or rename; --dry-run shows what that would do. Nothing was imported."
    )
