"""What is said about an upload of datapoints, in the log and in warnings."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from kolena_local.dataset.frames import listed
from kolena_local.log import logger
from kolena_local.plurals import agreeing, counted
from kolena_local.warn import warn

if TYPE_CHECKING:
    from kolena_local.repository.dataset_records import CommitRecord, DatasetRecord


def warn_of_missing_columns(dataset: DatasetRecord, columns: Collection[str]) -> None:
    """Warn if a dataset has columns that the uploaded datapoints lack.

    Args:
        dataset: the dataset before the upload.
        columns: the columns that are uploaded.
    """
    missing = [name for name in dataset.columns if name not in columns]
    if missing:
        warn(
            f"The uploaded datapoints lack the {agreeing(len(missing), 'column', 'columns')}"
            f" {listed(missing)}, which the dataset '{dataset.name}' had, and have no values there"
            " now; if they should, upload them with all columns."
        )


def log_upload(name: str, commit: CommitRecord | None) -> None:
    """Log what an upload did.

    Args:
        name: the name of the dataset.
        commit: what it made; None if nothing was changed.
    """
    if commit is None:
        logger.info("dataset %r is as it was; there is no new commit", name)
    else:
        logger.info(
            "uploaded dataset %r: %s, %d added, %d removed; commit %s",
            name,
            counted(commit.n_rows, "datapoint"),
            commit.n_added,
            commit.n_removed,
            commit.hash,
        )
