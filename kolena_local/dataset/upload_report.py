"""What is said about an upload of datapoints, in the log and in warnings."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from kolena_local.dataset.frames import listed
from kolena_local.log import logger
from kolena_local.plurals import agreeing, counted, few
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


def warn_of_earlier_results(dataset: str, count: int, models: Sequence[str]) -> None:
    """Warn if changed datapoints have results, which were computed before the change.

    Args:
        dataset: the name of the dataset.
        count: how many of the changed datapoints have results.
        models: the names of the models that have them.
    """
    if count:
        names = few([f"'{name}'" for name in models], 3)
        noun = agreeing(len(models), "model", "models")
        warn(
            f"{counted(count, 'changed datapoint')} of the dataset '{dataset}'"
            f" {agreeing(count, 'has', 'have')} results of the {noun} {names} that were"
            " computed before the change; upload these results again if they depend on what"
            " changed."
        )


def warn_of_outdated_slices(dataset: str, slices: Mapping[str, int]) -> None:
    """Warn if slices in a dataset's test suite have datapoints that it no longer has.

    Args:
        dataset: the name of the dataset.
        slices: how many such datapoints test cases have, by their names.
    """
    if slices:
        names = few([f"'{name}'" for name in slices], 3)
        warn(
            f"The {agreeing(len(slices), 'test case', 'test cases')} {names} in the test suite"
            f" '{dataset}' {agreeing(len(slices), 'has', 'have')} datapoints that were changed or"
            " removed, and that count in comparisons. To make a test case NAME again, run"
            " `kolena-local test-cases create NAME --reset` and `kolena-local test-suites edit"
            f" {shlex.quote(dataset)} --add NAME`, then upload the results again."
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
