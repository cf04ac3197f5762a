"""Datasets: DataFrames in, DataFrames out, with a commit for each upload that changed something."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kolena_local import repository
from kolena_local.collector import collector_paused
from kolena_local.dataset.arguments import check_count
from kolena_local.dataset.cells import RowWriter, columns_of
from kolena_local.dataset.datapoint_type import DatapointType, _infer_datatype
from kolena_local.dataset.filters import Filters
from kolena_local.dataset.frames import (
    Frames,
    check_name,
    check_names,
    each_frame,
    identified,
    inferred_id_fields,
)
from kolena_local.dataset.staged import Staged
from kolena_local.dataset.upload_report import (
    log_upload,
    remarks_on_upload,
    warn_of_missing_columns,
)
from kolena_local.errors import InputValidationError, NotFoundError
from kolena_local.flags import check_bool
from kolena_local.log import logger
from kolena_local.payload import canonical_digests, loads_all
from kolena_local.plurals import enumerated
from kolena_local.repository.dataset_records import CommitRecord, DatasetRecord, NewRows, Upload
from kolena_local.repository.names import moment
from kolena_local.warn import warn

if TYPE_CHECKING:
    import pandas as pd

    from kolena_local.repository import Unit

__all__ = [
    "CommitData",
    "DatapointType",
    "DatasetEntity",
    "_fetch_dataset_history",
    "_infer_datatype",
    "_load_dataset_metadata",
    "_upload_dataset",
    "delete_dataset",
    "download_dataset",
    "list_datasets",
    "upload_dataset",
]

DATAPOINT_ID: Final = "kolena_datapoint_id"
_PAGE: Final = 2_000


@dataclass(frozen=True)
class DatasetEntity:
    """A dataset.

    Attributes:
        id: its number in the store.
        name: its name.
        description: what it is about.
        id_fields: the columns that identify a datapoint.
    """

    id: int
    name: str
    description: str
    id_fields: list[str]


class CommitData(NamedTuple):
    """A commit of a dataset.

    Attributes:
        commit: its hash.
        timestamp: when it was made, in seconds since 1970.
        user: an empty string: a local store has no accounts.
        n_removed: how many datapoints it removed or changed.
        n_added: how many datapoints it added or changed.
    """

    commit: str
    timestamp: int
    user: str
    n_removed: int
    n_added: int


def upload_dataset(
    name: str,
    df: Frames,
    *,
    id_fields: Sequence[str] | None = None,
    commit_tags: Sequence[str] | None = None,
    dataset_tags: Sequence[str] | None = None,
    append_only: bool = False,
    description: str | None = None,
) -> DatasetEntity:
    """Create a dataset, or replace its datapoints.

    An upload that changes something makes a commit; one that changes nothing does not. If it fails,
    nothing is stored. A KolenaWarning says if the datapoints lack columns that the dataset has, if
    results were computed from datapoints that are changed or had other ids, and which slices have
    datapoints that are not there any more.

    Args:
        name: the name of the dataset.
        df: the datapoints: a DataFrame, or an iterator of DataFrames, which are read one by one.
        id_fields: the columns that identify a datapoint. None means those of the existing dataset;
            for a new one ``id``, else all columns that begin with ``id_`` or end with ``_id``, else
            ``locator``, else ``text``.
        commit_tags: labels of the commit.
        dataset_tags: labels to add to the dataset.
        append_only: keep the datapoints that are not in ``df``, and update or add those that are.
        description: what the dataset is about; None keeps what is known.

    Returns:
        The dataset.

    Raises:
        InputValidationError: the name is blank, there are no rows, an id field is missing or has
            values that cannot identify a row, a cell cannot be stored, or ``append_only`` comes
            with other id fields.
        DuplicateDatapointIdError: several rows have the same id; the message has the first ten.
        NameConflictError: a test suite or test case that is not a dataset has the name, or another
            process changed the id fields of the dataset meanwhile.
    """
    return committed(
        name,
        df,
        id_fields=id_fields,
        commit_tags=commit_tags,
        dataset_tags=dataset_tags,
        append_only=append_only,
        description=description,
    )[0]


_upload_dataset = upload_dataset


def committed(
    name: str,
    df: Frames,
    *,
    id_fields: Sequence[str] | None,
    append_only: bool,
    description: str | None,
    commit_tags: Sequence[str] | None = None,
    dataset_tags: Sequence[str] | None = None,
    warns: bool = True,  # of missing columns, and of results and slices from before
) -> tuple[DatasetEntity, CommitRecord | None]:
    """Do what :func:`upload_dataset` does, and return the commit too; None: nothing changed."""
    check_name(name, "dataset")
    check_bool(append_only, "append_only")
    tags = check_names(commit_tags, "commit_tags"), check_names(dataset_tags, "dataset_tags")
    given = None if id_fields is None else check_names(id_fields, "id_fields")
    if given == ():
        raise InputValidationError("id_fields is empty; name at least one column.")
    is_text = isinstance(description, str) and "\0" not in description
    if description is not None and not is_text:
        raise InputValidationError(
            f"The description must be a string without NUL characters, not {description!r:.80}."
        )
    store = repository.open_store()
    with store.read() as unit:
        known = unit.datasets.find(name)
    if known is not None and given is not None:
        given = _reconciled_id_fields(known, given, append_only)
    fields: list[str] = []

    def id_fields_for(names: Sequence[str]) -> Sequence[str]:
        fields.extend(given or (known.id_fields if known else inferred_id_fields(names)))
        return fields

    columns: dict[str, None] = {}
    content = blake2b(digest_size=32)
    with ExitStack() as stack:
        staged = Staged(stack)
        for rows in identified(each_frame(df), id_fields_for):
            columns.update(dict.fromkeys(rows.columns))
            writer = RowWriter(list(rows.columns))
            with collector_paused():
                cells = list(rows.columns.values())
                digests = canonical_digests(writer.canonical(cells))
                staged.add((digests, writer.stored(cells), rows.keys, rows.ids))
            content.update(b"".join(digests))
        upload = Upload(
            tuple(fields), tuple(columns), content.digest(), append_only, *tags, description
        )
        if known is not None and warns:
            warn_of_missing_columns(known, columns)
        with collector_paused(), store.write() as unit:
            commit = unit.datasets.put(name, (NewRows(*page) for page in staged.pages()), upload)
            dataset = unit.datasets.get(name)
            remarks = remarks_on_upload(unit, known, dataset, commit) if warns else []
    log_upload(name, commit)
    for remark in remarks:
        warn(remark)
    return _entity(dataset), commit


def _reconciled_id_fields(
    known: DatasetRecord, given: tuple[str, ...], append_only: bool
) -> tuple[str, ...]:
    if {*given} == {*known.id_fields}:
        return known.id_fields  # the order does not matter
    if append_only:
        raise InputValidationError(
            f"The datapoints of '{known.name}' are identified by"
            f" {enumerated(list(known.id_fields))}; to identify them by"
            f" {enumerated(list(given))}, upload all of them without append_only (--append)."
        )
    return given


def download_dataset(
    name: str,
    *,
    commit: str | None = None,
    include_extracted_properties: bool = False,
    filters: Filters | None = None,
    include_datapoint_id: bool = False,
) -> pd.DataFrame:
    """Return the datapoints of a dataset, in the order in which they were uploaded.

    Args:
        name: the name of the dataset.
        commit: the hash of a commit, or the beginning of one; None is the latest.
        include_extracted_properties: a local store extracts no properties; True is a warning.
        filters: only datapoints that satisfy these conditions.
        include_datapoint_id: whether to add the column ``kolena_datapoint_id``.

    Returns:
        A DataFrame whose columns have the dtype ``object``. It is empty if there are no datapoints.

    Raises:
        NotFoundError: there is no such dataset or commit.
        InputValidationError: a flag is not a bool, ``filters`` are not Filters, or the dataset has
            a column ``kolena_datapoint_id`` of its own.
    """
    check_name(name, "dataset")
    warn_of_properties(include_extracted_properties)
    check_bool(include_datapoint_id, "include_datapoint_id")
    if filters is not None and not isinstance(filters, Filters):
        raise InputValidationError(f"filters must be Filters(...), not {filters!r:.80}.")
    with repository.open_store(create=False).read() as unit:
        dataset = unit.datasets.get(name)
        found = unit.dataset_commits.get(dataset, commit)
        if include_datapoint_id and DATAPOINT_ID in found.columns:
            raise InputValidationError(
                f"The dataset '{name}' has a column {DATAPOINT_ID!r} of its own; download it"
                " without include_datapoint_id, or rename the column."
            )
        return datapoints(unit, dataset, found, filters, with_ids=include_datapoint_id)[0]


def datapoints(
    unit: Unit,
    dataset: DatasetRecord,
    commit: CommitRecord,
    filters: Filters | None = None,
    *,
    with_ids: bool = False,
) -> tuple[pd.DataFrame, list[bytes]]:
    """Return a commit's datapoints, and the digests of their ids."""
    names = [DATAPOINT_ID, *commit.columns] if with_ids else [*commit.columns]
    cells: dict[str, list[Any]] = {name: [] for name in names}
    keys: list[bytes] = []
    for page in unit.datasets.pages(dataset, commit, _PAGE):
        with collector_paused():
            if filters is not None:
                contents: list[Any] = loads_all([payload for *_, payload in page])
                kept = map(filters.hold, contents)
                page = [row for row, holds in zip(page, kept, strict=True) if holds]
            if not page:
                continue
            ids, some_keys, payloads = zip(*page, strict=True)
            for name, values in columns_of(payloads, commit.columns).items():
                cells[name] += values
            keys += some_keys
            if with_ids:
                cells[DATAPOINT_ID] += ids
    return object_frame(cells), keys


def object_frame(cells: dict[str, list[Any]]) -> pd.DataFrame:
    """Return a DataFrame of Python objects; an empty one has no columns."""
    import numpy as np
    import pandas as pd

    names = [name for name, values in cells.items() if values]
    columns: dict[int, pd.Series[Any]] = {}
    for number, name in enumerate(names):
        values = cells.pop(name)
        array = np.fromiter(values, object, len(values))
        columns[number] = pd.Series(array, dtype=object, copy=False)
    frame: pd.DataFrame = pd.DataFrame(columns, copy=False)
    # Not as a dict: newer versions of pandas refuse unpaired surrogates in what they take for text.
    frame.columns = pd.Index(names, dtype=object)
    return frame


def list_datasets() -> list[str]:
    """Return the names of all datasets, in the order of their creation."""
    store = repository.find_store()
    if store is None:
        return []
    with store.read() as unit:
        return [dataset.name for dataset in unit.datasets.list()]


def delete_dataset(name: str) -> None:
    """Delete a dataset with its commits, embeddings, and all results on it; models stay.

    Args:
        name: the name of the dataset.

    Raises:
        NotFoundError: there is no such dataset.
        IncorrectUsageError: another test suite has its test case.
    """
    check_name(name, "dataset")
    with repository.open_store(create=False).write() as unit:
        unit.datasets.delete([name])
    logger.info("deleted dataset %r", name)


def _load_dataset_metadata(
    name: str, raise_error_if_not_found: bool = True
) -> DatasetEntity | None:
    """Return a dataset without its datapoints.

    Raises:
        NotFoundError: there is none, unless None may be returned.
    """
    check_bool(raise_error_if_not_found, "raise_error_if_not_found")
    try:
        with repository.open_store(create=False).read() as unit:
            return _entity(unit.datasets.get(check_name(name, "dataset")))
    except NotFoundError:
        if raise_error_if_not_found:
            raise
        return None


def _fetch_dataset_history(
    name: str, *, descending: bool = False, limit: int | None = None, page_size: int = 50
) -> tuple[int, list[CommitData]]:
    """Return the number of a dataset's commits, and the commits.

    Args:
        name: the name of the dataset.
        descending: whether the newest comes first.
        limit: the largest number of commits to return; None is all.
        page_size: has no effect; it is a parameter of the original.

    Returns:
        The number of all commits, whatever ``limit`` is, and the commits.

    Raises:
        NotFoundError: there is no such dataset.
        InputValidationError: ``descending`` is not a bool, or a number is not one.
    """
    check_bool(descending, "descending")
    check_count(page_size, "page_size")
    limit = None if limit is None else check_count(limit, "limit", 0)
    with repository.open_store(create=False).read() as unit:
        commits = unit.dataset_commits.list(unit.datasets.get(check_name(name, "dataset")))
    data = [
        CommitData(
            one.hash, int(moment(one.created_at).timestamp()), "", one.n_removed, one.n_added
        )
        for one in (reversed(commits) if descending else commits)
    ]
    return len(data), data[:limit]


def warn_of_properties(wanted: bool) -> None:
    """Warn that no properties are extracted if they are wanted.

    Raises:
        InputValidationError: that is not said with a bool.
    """
    if check_bool(wanted, "include_extracted_properties"):
        warn("A local store extracts no properties; include_extracted_properties was ignored.")


def _entity(dataset: DatasetRecord) -> DatasetEntity:
    return DatasetEntity(dataset.id, dataset.name, dataset.description, list(dataset.id_fields))
