"""What is said about an upload of datapoints, in the log and in warnings."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from kolena_local.dataset.frames import listed
from kolena_local.log import logger
from kolena_local.plurals import agreeing, counted, few
from kolena_local.warn import warn

if TYPE_CHECKING:
    from kolena_local.repository import Unit
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


def remarks_on_upload(
    unit: Unit, known: DatasetRecord | None, dataset: DatasetRecord, commit: CommitRecord | None
) -> list[str]:
    """Return what to warn of after an upload.

    Args:
        unit: the transaction of the upload.
        known: the dataset before the upload; None if there was none.
        dataset: the dataset after it.
        commit: what the upload made; None if nothing was changed.
    """
    if known is None or commit is None:
        return []
    remarks: list[str] = []
    if commit.n_removed:
        count, models = unit.dataset_results.of_changed_rows(dataset, commit)
        if count:
            remarks.append(_on_earlier_results(dataset.name, count, models))
        slices = unit.datasets.outdated_slices(dataset)
        if slices:
            remarks.append(_on_outdated_slices(dataset.name, slices))
    if known.id_fields != dataset.id_fields:
        models = unit.dataset_results.left_behind(dataset)
        if models:
            names = few([f"'{name}'" for name in models], 3)
            remarks.append(
                f"The datapoints of the dataset '{dataset.name}' are now identified by"
                f" {listed(dataset.id_fields)} instead of {listed(known.id_fields)}, so the"
                f" results of the {agreeing(len(models), 'model', 'models')} {names} do not belong"
                " to any of them; upload these results again."
            )
    return remarks


def _on_earlier_results(dataset: str, count: int, models: Sequence[str]) -> str:
    names = few([f"'{name}'" for name in models], 3)
    noun = agreeing(len(models), "model", "models")
    return (
        f"{counted(count, 'changed datapoint')} of the dataset '{dataset}'"
        f" {agreeing(count, 'has', 'have')} results of the {noun} {names} that were computed before"
        " the change; upload these results again if they depend on what changed."
    )


def _on_outdated_slices(dataset: str, slices: Sequence[str]) -> str:
    names = few([f"'{name}'" for name in slices], 3)
    return (
        f"The {agreeing(len(slices), 'test case', 'test cases')} {names} in the test suite"
        f" '{dataset}' {agreeing(len(slices), 'has', 'have')} datapoints that were changed or"
        " removed but still count in comparisons. To rebuild a test case NAME, run"
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
