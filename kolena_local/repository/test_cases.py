"""Test cases: named, versioned lists of test samples with ground truths.

A version is not a copy: membership rows say in which version they came and in which they went, so
an edit costs what it changes. See the table ``test_case_member``.
"""

from __future__ import annotations

import builtins
from array import array
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import ClassVar, Final

from kolena_local.errors import IncorrectUsageError
from kolena_local.plurals import agreeing, enumerated
from kolena_local.repository.held import new_uid
from kolena_local.repository.membership import Membership
from kolena_local.repository.named import LATEST, Versioned
from kolena_local.repository.names import now
from kolena_local.repository.records import (
    Deletion,
    MemberChange,
    PairRow,
    SampleChange,
    TestCaseRecord,
)
from kolena_local.repository.rows import Parameters, as_records

RECORD_COLUMNS: Final = """
    noun.id, made.uid, workflow.name, noun.name, made.version, made.description, made.sample_count,
    noun.created_at, made.created_at
"""
_RECORDS: Final = f"""
    SELECT {RECORD_COLUMNS}
    FROM test_case AS noun
    JOIN workflow ON workflow.id = noun.workflow_id
    JOIN test_case_version AS made ON made.test_case_id = noun.id
"""


class TestCases(Versioned[TestCaseRecord]):
    """The test cases of a store, inside one transaction."""

    __test__ = False
    _noun = "test case"
    _belongings: ClassVar[dict[str, str]] = {
        "version_count": "(SELECT count(*) FROM test_case_version WHERE test_case_id = noun.id)",
        # The samples themselves stay.
        "sample_count": """
            (SELECT count(DISTINCT test_sample_id) FROM test_case_member
            WHERE test_case_id = noun.id)
        """,
    }

    def add(self, workflow_id: int, name: str, description: str) -> TestCaseRecord:
        """Make a new, empty test case at version 0.

        Raises:
            NameConflictError: a test case of that name exists, in whatever workflow.
            InputValidationError: the name is blank.
        """
        from kolena_local.repository.tables import TestCaseTable

        id_, moment = self._add_row(TestCaseTable, name, workflow_id=workflow_id)
        self._add_version(id_, 0, description, 0, moment)
        return self.get(name)

    def list(
        self, workflow: str | None = None, pattern: str | None = None
    ) -> builtins.list[TestCaseRecord]:
        """Return the latest versions in the order of creation.

        Args:
            workflow: only those of the workflow of that name.
            pattern: only those whose whole name matches it, with ``*``, ``?`` and ``[…]``.
        """
        return self._list(workflow, pattern, versions=LATEST)

    def deletion(
        self, names: Iterable[str], with_suites: Collection[str] = ()
    ) -> builtins.list[Deletion]:
        """Return what deleting test cases by their names would delete; nothing is deleted.

        Args:
            with_suites: test suites that are deleted before them.

        Raises:
            NotFoundError: one of them does not exist.
            IncorrectUsageError: another test suite has one of them, in whatever version.
        """
        deletions = super().deletion(names)
        for one in deletions:
            self._refuse_used(one.name, with_suites)
        return deletions

    def versions(self, test_case_id: int) -> builtins.list[TestCaseRecord]:
        """Return all versions of a test case, oldest first."""
        return self._select("WHERE noun.id = :id ORDER BY made.version", {"id": test_case_id})

    def diff(self, name: str, before: int, after: int) -> builtins.list[SampleChange]:
        """Return the samples in which two versions differ; a new place alone is not a difference.

        Raises:
            NotFoundError: there is no such test case, or it has no such version.
        """
        return self.first_changes(name, before, after, limit=-1)[0]

    def first_changes(
        self, name: str, before: int, after: int, *, limit: int
    ) -> tuple[builtins.list[SampleChange], int]:
        """Return the first samples in which two versions differ, and the number of all of them.

        Args:
            limit: at most so many samples; -1 for all.

        Raises:
            NotFoundError: there is no such test case, or it has no such version.
        """
        self.get(name, before)
        rows = self._sql.fetch(
            """
            WITH member AS (
                SELECT test_sample_id, ground_truth_id, position,
                    added <= :before AND ifnull(removed > :before, 1) AS is_before,
                    added <= :after AND ifnull(removed > :after, 1) AS is_after
                FROM test_case_member WHERE test_case_id = :id)
            SELECT change.number, sample.id, sample.payload, truth_before.payload,
                truth_after.payload
            FROM (
                SELECT test_sample_id, place, before, after, count(*) OVER () AS number FROM (
                    SELECT test_sample_id, max(position) AS place,
                        max(iif(is_before, ground_truth_id, NULL)) AS before,
                        max(iif(is_after, ground_truth_id, NULL)) AS after
                    FROM member WHERE is_before <> is_after
                    GROUP BY test_sample_id HAVING before IS NOT after)
                ORDER BY place LIMIT :limit) AS change
            JOIN test_sample AS sample ON sample.id = change.test_sample_id
            LEFT JOIN ground_truth AS truth_before ON truth_before.id = change.before
            LEFT JOIN ground_truth AS truth_after ON truth_after.id = change.after
            ORDER BY change.place
            """,
            {
                "id": self.get(name, after).id,
                "before": before,
                "after": after,
                "limit": limit,
            },
        )
        return [SampleChange._make(row[1:]) for row in rows], rows[0][0] if rows else 0

    def uses(self, name: str) -> builtins.list[tuple[str, int, int]]:
        """Return the versions of test suites that have a test case.

        Returns:
            The name of the suite, its version, and the version of the test case; by suite.
        """
        rows = self._sql.fetch(
            """
            SELECT suite.name, pinned.version, pinned.test_case_version
            FROM test_suite_member AS pinned JOIN test_suite AS suite ON suite.id = test_suite_id
            WHERE test_case_id = (SELECT id FROM test_case WHERE name = ?)
            ORDER BY suite.id, pinned.version
            """,
            (name,),
        )
        return [(suite, version, of_case) for suite, version, of_case in rows]

    def edit(
        self,
        test_case_id: int,
        base_version: int,
        *,
        description: str | None,
        reset: bool,
        changes: Sequence[MemberChange],
    ) -> TestCaseRecord:
        """Make a new version, unless nothing changes.

        Args:
            base_version: the version that the edit was made for.
            description: the new one; None keeps it.
            reset: the changes are the whole new content; else they are applied to the present one.
            changes: at most one for each sample, in the order of the edit.

        Returns:
            The new version, or the latest if content, order and description stay as they are.

        Raises:
            NotFoundError: there is no such test case.
            NameConflictError: ``base_version`` is not the latest version any more.
            IncorrectUsageError: it has the rows of a dataset, which has commits of its own.
        """
        latest = self.latest_for_edit(test_case_id, base_version)
        members = Membership(self._sql, test_case_id, base_version + 1, latest.sample_count)
        count = members.reset(changes) if reset else members.change(changes)
        if count is None and description in (None, latest.description):
            return latest
        name = self._sql.value(
            "SELECT name FROM dataset JOIN test_suite ON test_suite.id = test_suite_id"
            " WHERE test_case_id = ?",
            (latest.id,),
        )
        if name is not None:
            raise IncorrectUsageError(
                f"The test case '{latest.name}' belongs to the dataset '{name}'; change its rows or"
                " description with upload_dataset() or `kolena-local datasets upload`."
            )
        return self.add_version(latest, count, description)

    def add_version(
        self,
        latest: TestCaseRecord,
        sample_count: int | None = None,
        description: str | None = None,
    ) -> TestCaseRecord:
        """Make a new version, whose members are changed by the caller.

        Args:
            latest: the latest version.
            sample_count: the number of samples in the new one; None keeps it.
            description: that of the new one; None keeps it.
        """
        edited = replace(
            latest,
            version=latest.version + 1,
            description=latest.description if description is None else description,
            sample_count=latest.sample_count if sample_count is None else sample_count,
            updated_at=now(),
        )
        self._sql.execute(
            "UPDATE test_case SET version = ?, updated_at = ? WHERE id = ?",
            (edited.version, edited.updated_at, latest.id),
        )
        uid = self._add_version(
            latest.id, edited.version, edited.description, edited.sample_count, edited.updated_at
        )
        return replace(edited, uid=uid)

    def pairs(
        self, test_case_id: int, version: int, *, after: int, limit: int
    ) -> builtins.list[PairRow]:
        """Return a page of samples with ground truths, in order.

        Args:
            after: the position of the last row of the page before; -1 for the first page.
            limit: at most so many rows.
        """
        rows = self._sql.fetch(
            """
            SELECT member.position, sample.id, sample.payload, sample.metadata, truth.payload
            FROM test_case_member AS member
            CROSS JOIN test_sample AS sample ON sample.id = member.test_sample_id
            CROSS JOIN ground_truth AS truth ON truth.id = member.ground_truth_id
            WHERE member.test_case_id = :test_case AND member.position > :after
                AND member.added <= :version
                AND (member.removed IS NULL OR member.removed > :version)
            ORDER BY member.position LIMIT :limit
            """,
            {"test_case": test_case_id, "version": version, "after": after, "limit": limit},
        )
        return as_records(PairRow, rows)

    def contents(self, test_case_id: int, version: int) -> builtins.list[tuple[bytes, bytes, str]]:
        """Return the digests of all samples and their ground truths, and the samples' metadata."""
        rows = self._sql.fetch(
            """
            SELECT sample.digest, truth.digest, sample.metadata
            FROM test_case_member AS member
            CROSS JOIN test_sample AS sample ON sample.id = member.test_sample_id
            CROSS JOIN ground_truth AS truth ON truth.id = member.ground_truth_id
            WHERE member.test_case_id = :test_case AND member.added <= :version
                AND (member.removed IS NULL OR member.removed > :version)
            """,
            {"test_case": test_case_id, "version": version},
        )
        return [(sample, truth, metadata) for sample, truth, metadata in rows]

    def sample_ids(self, test_case_id: int, version: int) -> array[int]:
        """Return the ids of all samples of a version, in order."""
        return self._sql.fetch_ids(
            """
            SELECT test_sample_id FROM test_case_member
            WHERE test_case_id = :test_case AND added <= :version
                AND (removed IS NULL OR removed > :version)
            ORDER BY position
            """,
            {"test_case": test_case_id, "version": version},
        )

    def _refuse_used(self, name: str, but_by: Collection[str]) -> None:
        versions_by_suite: dict[str, builtins.list[int]] = {}
        for suite, version, _ in self.uses(name):
            if suite not in but_by:
                versions_by_suite.setdefault(suite, []).append(version)
        if versions_by_suite:
            suites = _some(
                [
                    f"'{suite}' ({agreeing(len(versions), 'version', 'versions')}"
                    f" {_some([*map(str, versions)])})"
                    for suite, versions in versions_by_suite.items()
                ]
            )
            one = len(versions_by_suite) == 1
            raise IncorrectUsageError(
                f"The test case '{name}' is used by the test {'suite' if one else 'suites'}"
                f" {suites}; delete {'that' if one else 'those'} first."
            )

    def _add_version(
        self, test_case_id: int, version: int, description: str, sample_count: int, moment: str
    ) -> int:
        """Add the row of a version, and return its random number."""
        uid = new_uid()
        # By SQL: cases are edited sample by sample, and a session takes longer than such an edit.
        self._sql.execute(
            "INSERT INTO test_case_version"
            " (test_case_id, version, description, sample_count, created_at, uid)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (test_case_id, version, description, sample_count, moment, uid),
        )
        return uid

    def _select(self, condition: str, parameters: Parameters) -> builtins.list[TestCaseRecord]:
        rows = self._sql.fetch(_RECORDS + condition, parameters)
        return [TestCaseRecord(*row) for row in rows]


def _some(things: Sequence[str]) -> str:
    """Return things in words, not more than four."""
    return enumerated([*things[:3], f"{len(things) - 3} more"] if len(things) > 4 else things)
