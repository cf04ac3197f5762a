"""The values that the repository returns and takes for datasets."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from kolena_local.errors import NameConflictError, StoreDamagedError
from kolena_local.payload import loads
from kolena_local.plurals import enumerated
from kolena_local.repository.records import StoredRecord

#: The workflow of all datasets, and of the models whose results are uploaded.
WORKFLOW: Final = "Dataset"
#: The evaluator of the test runs that have uploaded results.
EVALUATOR: Final = "uploaded results"


@dataclass(frozen=True)
class DatasetRecord(StoredRecord):
    """A dataset at its latest commit; its id and versions are those of its test suite and case."""

    id: int
    name: str
    description: str
    tags: frozenset[str]
    test_case_id: int
    number: int
    id_fields: tuple[str, ...]
    columns: tuple[str, ...]
    created_at: str
    updated_at: str

    def check_id_fields(self, fields: Sequence[str]) -> None:
        """Refuse rows that were prepared before an upload under other id fields.

        Raises:
            NameConflictError: the rows of the dataset are identified by other fields.
        """
        if self.id_fields != tuple(fields):
            raise NameConflictError(
                f"The datapoints of '{self.name}' were uploaded with the id fields"
                f" {enumerated(list(self.id_fields))} while others were being prepared; upload"
                " these again."
            )


@dataclass(frozen=True)
class CommitRecord(StoredRecord):
    """A state of a dataset; ``columns`` are all columns in their order."""

    number: int
    hash: str
    test_case_version: int
    test_suite_version: int
    id_fields: tuple[str, ...]
    columns: tuple[str, ...]
    tags: tuple[str, ...]
    n_added: int
    n_removed: int
    n_rows: int
    created_at: str


class NewRows(NamedTuple):
    """Some rows of an upload, in columns.

    Attributes:
        digests: the digests of the rows.
        payloads: the rows as JSON objects.
        keys: the digests of the id fields' values.
        ids: the id fields' values as JSON objects.
    """

    digests: Sequence[bytes]
    payloads: Sequence[str]
    keys: Sequence[bytes]
    ids: Sequence[str]


class Upload(NamedTuple):
    """What an upload says about a dataset as a whole.

    Attributes:
        id_fields: the fields that identify a row.
        columns: all columns of the rows, in their order.
        content: a digest of all rows, in their order.
        append_only: whether rows that are not among them stay.
        commit_tags: labels of the commit.
        dataset_tags: labels to add to the dataset.
        description: of the dataset; None keeps it.
    """

    id_fields: tuple[str, ...]
    columns: tuple[str, ...]
    content: bytes
    append_only: bool
    commit_tags: Sequence[str]
    dataset_tags: Sequence[str]
    description: str | None


class ResultCounts(NamedTuple):
    """How many results of an upload are new, and how many were changed."""

    inserted: int
    updated: int


def names_of(text: str) -> tuple[str, ...]:
    """Return the names in a JSON array that is stored.

    Raises:
        StoreDamagedError: it does not hold names, each once.
    """
    names: Any = None
    with suppress(ValueError):
        names = loads(text)
    if not isinstance(names, list) or {*map(type, names)} - {str} or len({*names}) < len(names):
        raise StoreDamagedError(
            f"The store is damaged ({text!r:.80} is not a list of different names); restore a"
            " backup."
        )
    return tuple(names)


def fields_of(id_fields: str, columns: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the stored names of the fields that identify rows, and of all columns.

    Raises:
        StoreDamagedError: they are not names, or no columns identify rows.
    """
    ids, names = names_of(id_fields), names_of(columns)
    if not ids or not {*ids} <= {*names}:
        raise StoreDamagedError(
            f"The store is damaged (the id fields {id_fields!r:.80} are not columns of a dataset);"
            " restore a backup."
        )
    return ids, names
