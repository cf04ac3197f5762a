"""The commits of datasets: a row for each upload that changed something."""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

from kolena_local.errors import NotFoundError, StoreDamagedError
from kolena_local.payload import dumps
from kolena_local.repository.dataset_members import Change
from kolena_local.repository.dataset_records import (
    CommitRecord,
    DatasetRecord,
    Upload,
    fields_of,
    names_of,
)
from kolena_local.repository.names import checked, now
from kolena_local.repository.rows import Repository

_RECORDS: Final = """
    SELECT number, hash, test_case_version, test_suite_version, id_fields, columns, made.tags,
        n_added, n_removed, version.sample_count, made.created_at
    FROM dataset_commit AS made JOIN dataset USING (test_suite_id)
    JOIN test_case_version AS version ON version.test_case_id = dataset.test_case_id
        AND version.version = made.test_case_version
    WHERE made.test_suite_id = ? ORDER BY number
"""


class DatasetCommits(Repository):
    """The commits of a store's datasets, inside one transaction."""

    def list(self, dataset: DatasetRecord) -> builtins.list[CommitRecord]:
        """Return all commits of a dataset, oldest first.

        Raises:
            StoreDamagedError: there is none, or the version of none is stored.
        """
        rows = self._sql.fetch(_RECORDS, (dataset.id,))
        if not rows:
            raise StoreDamagedError(
                f"The store is damaged (the dataset '{dataset.name}' has no complete commit);"
                " restore a backup."
            )
        return [
            CommitRecord(
                number, hash_, case, suite, *fields_of(ids, columns), names_of(tags), *rest
            )
            for number, hash_, case, suite, ids, columns, tags, *rest in rows
        ]

    def get(self, dataset: DatasetRecord, hash_: str | None = None) -> CommitRecord:
        """Return a commit by its hash, or by the beginning of it; None is the latest.

        Raises:
            NotFoundError: there is none, or there are several.
            StoreDamagedError: the dataset has no commit at all.
        """
        commits = self.list(dataset)
        if hash_ is None:
            return commits[-1]
        is_hash = isinstance(hash_, str) and len(hash_) >= 7
        found = [one for one in commits if is_hash and one.hash.startswith(hash_)]
        if len(found) != 1:
            known = ", ".join(f"'{one.hash}'" for one in commits[-3:])
            raise NotFoundError(
                f"The dataset '{dataset.name}' has no commit '{hash_}'; its latest commits are"
                f" {known}."
            )
        return found[0]

    def add(
        self,
        suite_id: int,
        parent: CommitRecord | None,
        upload: Upload,
        change: Change,
        test_case_id: int,
    ) -> None:
        """Add a commit of the present versions of a dataset's test suite and test case.

        Raises:
            InputValidationError: a tag is blank.
        """
        content = dumps([upload.append_only, [*upload.id_fields], [*upload.columns]])
        before = "" if parent is None else parent.hash
        hasher = blake2b(f"{before} {content} ".encode(), digest_size=20)
        hasher.update(upload.content)
        self._sql.execute(
            """
            INSERT INTO dataset_commit (test_suite_id, number, hash, test_case_version,
                test_suite_version, id_fields, columns, tags, n_added, n_removed, created_at)
            SELECT suite.id, ?, ?, test_case.version, suite.version, ?, ?, ?, ?, ?, ?
            FROM test_suite AS suite, test_case WHERE suite.id = ? AND test_case.id = ?
            """,
            (
                1 if parent is None else parent.number + 1,
                hasher.hexdigest(),
                as_array(upload.id_fields),
                as_array(upload.columns),
                as_array(dict.fromkeys(checked("tag", tag) for tag in upload.commit_tags)),
                len(change.added),
                len(change.removed),
                now(),
                suite_id,
                test_case_id,
            ),
        )

    def add_tags(self, suite_id: int, commit: CommitRecord, tags: Iterable[str]) -> None:
        """Add labels to a commit.

        Raises:
            InputValidationError: one is blank.
        """
        new = dict.fromkeys([*commit.tags, *(checked("tag", tag) for tag in tags)])
        self._sql.execute(
            "UPDATE dataset_commit SET tags = ? WHERE test_suite_id = ? AND number = ?",
            (as_array(new), suite_id, commit.number),
        )


def as_array(names: Iterable[str]) -> str:
    """Return names as the JSON text that is stored."""
    return dumps([*names])
