"""Test suites: named, versioned lists of test case versions."""

from __future__ import annotations

import builtins
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

from kolena_local.errors import IncorrectUsageError
from kolena_local.repository.named import LATEST, Versioned
from kolena_local.repository.names import now
from kolena_local.repository.records import CaseChange, Deletion, TestCaseRecord, TestSuiteRecord
from kolena_local.repository.results import result_count
from kolena_local.repository.rows import Parameters, as_json
from kolena_local.repository.test_cases import RECORD_COLUMNS, TestCases

if TYPE_CHECKING:
    from sqlmodel import Session

    from kolena_local.repository.tables import TestSuiteTable

_RECORDS: Final = """
    SELECT noun.id, made.uid, workflow.name, noun.name, made.version, noun.description,
        (SELECT json_group_array(tag) FROM test_suite_tag WHERE test_suite_id = noun.id),
        noun.created_at, noun.updated_at
    FROM test_suite AS noun
    JOIN workflow ON workflow.id = noun.workflow_id
    JOIN test_suite_version AS made ON made.test_suite_id = noun.id
"""


class TestSuites(Versioned[TestSuiteRecord]):
    """The test suites of a store, inside one transaction."""

    __test__ = False
    _noun = "test suite"
    _belongings: ClassVar[dict[str, str]] = {
        "version_count": "(SELECT count(*) FROM test_suite_version WHERE test_suite_id = noun.id)",
        "run_count": "(SELECT count(*) FROM test_run WHERE test_suite_id = noun.id)",
        "result_count": result_count("run.test_suite_id = noun.id"),
    }

    def rename(self, name: str, new_name: str) -> TestSuiteRecord:
        """Give a test suite another name; a dataset's test case goes along.

        Raises:
            NotFoundError: there is none of this name.
            NameConflictError: the new name is taken, in any workflow, or looks like one that is.
            InputValidationError: the new name is blank.
        """
        renamed = super().rename(name, new_name)
        test_case = self._test_case_of_dataset(new_name)
        if test_case == name:
            TestCases(self._sql).rename(name, new_name)
        return renamed

    def delete(self, names: Iterable[str]) -> builtins.list[Deletion]:
        """Delete test suites with their versions and runs; return what was deleted.

        Raises:
            NotFoundError: one of them does not exist; none is deleted.
            IncorrectUsageError: one of them is a dataset, with more to delete.
        """
        names = list(names)
        # All of them, because JSON for names would cut them at NUL.
        rows = self._sql.fetch(
            "SELECT suite.name FROM dataset JOIN test_suite AS suite ON suite.id = test_suite_id"
        )
        datasets = {name for (name,) in rows}
        for name in names:
            if name in datasets:
                raise IncorrectUsageError(
                    f"The test suite '{name}' is a dataset; delete it with delete_dataset() or"
                    " `kolena-local datasets delete`."
                )
        return super().delete(names)

    def _test_case_of_dataset(self, name: str) -> str | None:
        """Return the name of a dataset's test case; None if the test suite is not a dataset."""
        found: str | None = self._sql.value(
            "SELECT test_case.name FROM dataset JOIN test_suite ON test_suite.id = test_suite_id"
            " JOIN test_case ON test_case.id = test_case_id WHERE test_suite.name = ?",
            (name,),
        )
        return found

    def add(
        self, workflow_id: int, name: str, description: str, tags: Iterable[str]
    ) -> TestSuiteRecord:
        """Make a new, empty test suite at version 0.

        Raises:
            NameConflictError: a test suite of that name exists, in whatever workflow.
            InputValidationError: the name or a tag is blank.
        """
        from kolena_local.repository.tables import TestSuiteTable, TestSuiteVersionTable

        id_, moment = self._add_row(
            TestSuiteTable, name, workflow_id=workflow_id, description=description
        )
        with self._sql.session() as session:
            session.add(TestSuiteVersionTable(test_suite_id=id_, version=0, created_at=moment))
        self._put_tags(id_, tags)
        return self.get(name)

    def list(
        self, workflow: str | None = None, tags: Collection[str] = (), pattern: str | None = None
    ) -> builtins.list[TestSuiteRecord]:
        """Return the latest versions in the order of creation.

        Args:
            workflow: only those of the workflow of that name.
            tags: only those that have all of these.
            pattern: only those whose whole name matches it, with ``*``, ``?`` and ``[…]``.
        """
        return self._list(workflow, pattern, tags, versions=LATEST)

    def versions(self, test_suite_id: int) -> builtins.list[TestSuiteRecord]:
        """Return all versions of a test suite, oldest first, each updated when it was made."""
        made = self._sql.fetch(
            "SELECT version, created_at FROM test_suite_version WHERE test_suite_id = ?",
            (test_suite_id,),
        )
        moments: dict[int, str] = dict(made)
        return [
            replace(record, updated_at=moments[record.version])
            for record in self._select(
                "WHERE noun.id = :id ORDER BY made.version", {"id": test_suite_id}
            )
        ]

    def version_sizes(self, test_suite_id: int) -> builtins.list[tuple[int, str, int]]:
        """Return each version with its time and its number of test cases, newest first."""
        rows = self._sql.fetch(
            """
            SELECT version, created_at, (SELECT count(*) FROM test_suite_member AS pinned
                WHERE pinned.test_suite_id = made.test_suite_id AND pinned.version = made.version)
            FROM test_suite_version AS made WHERE test_suite_id = ? ORDER BY version DESC
            """,
            (test_suite_id,),
        )
        return [(version, moment, count) for version, moment, count in rows]

    def diff(self, name: str, before: int, after: int) -> builtins.list[CaseChange]:
        """Return the test cases in which two versions differ; order alone is not a difference.

        Raises:
            NotFoundError: there is no such test suite, or it has no such version.
        """
        old, new = (
            {case.name: case.version for case in self.get(name, version).test_cases}
            for version in (before, after)
        )
        return [
            CaseChange(case, old.get(case), new.get(case))
            for case in {**old, **new}
            if old.get(case) != new.get(case)
        ]

    def set_description(self, test_suite_id: int, description: str) -> None:
        """Give all versions of a test suite another description."""
        with self._sql.session() as session:
            self._touched(session, test_suite_id).description = description

    def set_tags(self, test_suite_id: int, tags: Iterable[str]) -> None:
        """Give all versions of a test suite other tags."""
        with self._sql.session() as session:
            self._touched(session, test_suite_id)
        self._put_tags(test_suite_id, tags)

    def replace_test_cases(
        self, test_suite_id: int, base_version: int, test_cases: Sequence[tuple[int, int]]
    ) -> TestSuiteRecord:
        """Make a new version with other test cases.

        Args:
            base_version: the version that the change was made for.
            test_cases: ids and versions of the test cases, in order.

        Raises:
            NameConflictError: ``base_version`` is not the latest version any more.
            NotFoundError: there is no such test suite, test case or version of it.
            IncorrectUsageError: it is a dataset, and its rows are not among the test cases.
        """
        from kolena_local.repository.tables import TestSuiteVersionTable

        latest = self.latest_for_edit(test_suite_id, base_version)
        rows = self._sql.value(
            "SELECT test_case_id FROM dataset WHERE test_suite_id = ?", (test_suite_id,)
        )
        if rows is not None and rows not in dict(test_cases):
            raise IncorrectUsageError(
                f"The test suite '{latest.name}' is a dataset, and the test case with its rows"
                " cannot be removed; delete the dataset with delete_dataset() or"
                " `kolena-local datasets delete`."
            )
        version = base_version + 1
        with self._sql.session() as session:
            row = self._touched(session, test_suite_id)
            row.version = version
            session.add(
                TestSuiteVersionTable(
                    test_suite_id=test_suite_id, version=version, created_at=row.updated_at
                )
            )
        self._sql.insert(
            "INSERT INTO test_suite_member"
            " (test_suite_id, version, position, test_case_id, test_case_version)",
            [
                (test_suite_id, version, position, *test_case)
                for position, test_case in enumerate(test_cases)
            ],
        )
        return self.get(latest.name)

    def _touched(self, session: Session, test_suite_id: int) -> TestSuiteTable:
        """Return a test suite's row for a change that is made at this moment."""
        from kolena_local.repository.tables import TestSuiteTable

        row = session.get(TestSuiteTable, test_suite_id)
        if row is None:
            raise self._unknown_id(test_suite_id)
        row.updated_at = now()
        return row

    def _select(self, condition: str, parameters: Parameters) -> builtins.list[TestSuiteRecord]:
        rows = self._sql.fetch(_RECORDS + condition, parameters)
        test_cases = self._test_cases([(row[0], row[4]) for row in rows])
        return [
            TestSuiteRecord(
                id_,
                uid,
                workflow,
                name,
                version,
                description,
                frozenset(json.loads(tags)),
                tuple(test_cases.get((id_, version), ())),
                *moments,
            )
            for id_, uid, workflow, name, version, description, tags, *moments in rows
        ]

    def _test_cases(
        self, suites: Sequence[tuple[int, int]]
    ) -> dict[tuple[int, int], builtins.list[TestCaseRecord]]:
        """Return the test cases of all these (suite, version) at once."""
        rows = self._sql.fetch(
            f"""
            SELECT pinned.test_suite_id, pinned.version, {RECORD_COLUMNS}
            FROM json_each(?) AS wanted
            CROSS JOIN test_suite_member AS pinned
                ON pinned.test_suite_id = json_extract(wanted.value, '$[0]')
                AND pinned.version = json_extract(wanted.value, '$[1]')
            JOIN test_case AS noun ON noun.id = pinned.test_case_id
            JOIN workflow ON workflow.id = noun.workflow_id
            JOIN test_case_version AS made
                ON made.test_case_id = pinned.test_case_id
                AND made.version = pinned.test_case_version
            ORDER BY pinned.test_suite_id, pinned.position
            """,
            (as_json(suites),),
        )
        found: dict[tuple[int, int], builtins.list[TestCaseRecord]] = {}
        for suite, version, *record in rows:
            found.setdefault((suite, version), []).append(TestCaseRecord(*record))
        return found
