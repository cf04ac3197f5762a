"""Rules about versions and members that the tables' own constraints cannot express.

Part of ``checks``: each rule looks at the whole store and yields what does not hold.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from kolena_local.repository.findings import Finding, error
from kolena_local.wording import counted

_ADVICE: Final = "restore a backup"


def _versions(connection: sqlite3.Connection) -> Iterator[Finding]:
    """The latest version is there, and so is every version before it."""
    for noun in ("test_case", "test_suite"):
        rows = connection.execute(
            f"""
            SELECT noun.name, noun.version, count(version.version), max(version.version)
            FROM {noun} AS noun
            LEFT JOIN {noun}_version AS version ON version.{noun}_id = noun.id
            GROUP BY noun.id
            HAVING count(version.version) <> noun.version + 1
                OR max(version.version) IS NOT noun.version
            """
        )
        for name, latest, count, newest in rows:
            yield error(
                "versions",
                f'The {noun} "{name}" is at version {latest}, but it has'
                f" {counted(count, 'version')} of which the newest is {newest}; {_ADVICE}.",
            )


def _members(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Members come and go in versions that exist, have their own truth, and are there once."""
    queries = {
        "comes or goes in a version that does not exist": """
            SELECT test_case.name, member.test_sample_id
            FROM test_case_member AS member
            JOIN test_case ON test_case.id = member.test_case_id
            WHERE member.added > test_case.version OR member.removed > test_case.version
        """,
        "has the ground truth of another sample": """
            SELECT test_case.name, member.test_sample_id
            FROM test_case_member AS member
            JOIN ground_truth ON ground_truth.id = member.ground_truth_id
            JOIN test_case ON test_case.id = member.test_case_id
            WHERE ground_truth.test_sample_id <> member.test_sample_id
        """,
        "is there twice in one version": """
            SELECT test_case.name, later.test_sample_id
            FROM test_case_member AS later
            JOIN test_case_member AS earlier
                ON earlier.test_sample_id = later.test_sample_id
                AND earlier.test_case_id = later.test_case_id
                AND (earlier.added, earlier.position) < (later.added, later.position)
                AND (earlier.removed IS NULL OR earlier.removed > later.added)
            JOIN test_case ON test_case.id = later.test_case_id
        """,
        "shares its position with another one": """
            SELECT test_case.name, later.test_sample_id
            FROM test_case_member AS later
            JOIN test_case_member AS earlier
                ON earlier.test_case_id = later.test_case_id
                AND earlier.position = later.position
                AND earlier.added < later.added
                AND (earlier.removed IS NULL OR earlier.removed > later.added)
            JOIN test_case ON test_case.id = later.test_case_id
        """,
    }
    for trouble, query in queries.items():
        for name, sample in connection.execute(query):
            yield error(
                "members", f'The sample {sample} of the test case "{name}" {trouble}; {_ADVICE}.'
            )


def _sample_counts(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Every version of a test case says how many members it has."""
    for _, name, version, stored, found in wrong_counts(connection):
        yield error(
            "sample counts",
            f'The version {version} of the test case "{name}" says that it has'
            f" {counted(stored, 'sample')} and has {found}; --fix counts them anew.",
            fixable=True,
        )


def wrong_counts(
    connection: sqlite3.Connection,
) -> Iterator[tuple[int, str, int, int, int]]:
    """Yield id, name, version, stored and true number of samples, where the two are not one."""
    # What each version adds and takes away, so that members are counted once and not per version.
    changes: Counter[tuple[int, int]] = Counter()
    for column, sign in (("added", 1), ("removed", -1)):
        rows = connection.execute(
            f"SELECT test_case_id, {column}, count(*) FROM test_case_member"
            f" WHERE {column} IS NOT NULL GROUP BY 1, 2"
        )
        for test_case, version, count in rows:
            changes[test_case, version] += sign * count
    current, total = None, 0
    rows = connection.execute(
        "SELECT test_case.id, name, version.version, sample_count FROM test_case_version AS version"
        " JOIN test_case ON test_case.id = version.test_case_id ORDER BY 1, 3"
    )
    for test_case, name, version, stored in rows.fetchall():
        if test_case != current:
            current, total = test_case, 0
        total += changes[test_case, version]
        if total != stored:
            yield test_case, name, version, stored, total


RULES: Final[tuple[Callable[[sqlite3.Connection], Iterator[Finding]], ...]] = (
    _versions,
    _members,
    _sample_counts,
)
