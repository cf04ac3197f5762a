"""Join the results of a model with the ground truths of a dataset's datapoints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from kolena_local.dataset import download_dataset
from kolena_local.dataset.frames import check_name
from kolena_local.errors import IncorrectUsageError, InputValidationError
from kolena_local.plurals import counted
from kolena_local.warn import warn

if TYPE_CHECKING:
    import pandas as pd


class Joined(NamedTuple):
    """The rows of results that have a datapoint."""

    rows: pd.DataFrame
    """The rows as they were given, counted from 0."""

    ground_truths: list[list[Any]]
    """The ground truths of each row."""

    inferences: list[list[Any]]
    """The inferences of each row."""


def joined(
    dataset: str,
    df: pd.DataFrame,
    on: Sequence[str],
    ground_truths_field: str,
    raw_inferences_field: str,
    computed: Iterable[str],
) -> Joined:
    """Find the datapoint of each row.

    Args:
        dataset: the name of the dataset.
        df: the results of a model.
        on: the columns that identify a datapoint.
        ground_truths_field: the column of the dataset that holds lists of ground truths.
        raw_inferences_field: the column of the results that holds lists of inferences.
        computed: the columns that will be added to the results.

    Raises:
        NotFoundError: there is no such dataset.
        IncorrectUsageError: a column is missing, or the results have one that will be added.
        InputValidationError: no row has a datapoint, a cell is not a list, or an argument has
            another type.
    """
    import pandas as pd

    if not isinstance(df, pd.DataFrame):
        raise InputValidationError(f"df must be a DataFrame, not {df!r:.80}.")
    for field in (ground_truths_field, raw_inferences_field):
        check_name(field, "column")
    _check_columns("the results have", df, [*on, raw_inferences_field])
    taken = [name for name in computed if name in df.columns]
    if taken:
        raise IncorrectUsageError(
            f"The results have the column {taken[0]!r}, which is computed; drop or rename it."
        )
    datapoints = download_dataset(dataset)
    _check_columns(f"the dataset {dataset!r} has", datapoints, [*on, ground_truths_field])
    name = ground_truths_field
    while name in df.columns or name in on:
        name = f"_{name}"
    truths = datapoints[[*on, ground_truths_field]].set_axis([*on, name], axis=1)
    rows = df.merge(truths, on=list(on))
    if rows.empty:
        raise InputValidationError(
            f"None of the {counted(len(df), 'row')} has a datapoint in the dataset {dataset!r} with"
            f" the same {', '.join(on)}; nothing is computed."
        )
    if len(rows) < len(df):
        warn(
            f"{len(df) - len(rows)} of {counted(len(df), 'row')} were left out: the dataset"
            f" {dataset!r} has no datapoint with the same {', '.join(on)}."
        )
    return Joined(
        rows.drop(columns=name),
        [_items(cell, ground_truths_field) for cell in rows[name]],
        [_items(cell, raw_inferences_field) for cell in rows[raw_inferences_field]],
    )


def is_ignored(ground_truth: Any, ignore_property: str | None) -> bool:
    """Return whether an attribute of a ground truth says that it is ignored."""
    return ignore_property is not None and getattr(ground_truth, ignore_property, None) is True


def _check_columns(what: str, frame: pd.DataFrame, names: Sequence[str]) -> None:
    for name in names:
        if name not in frame.columns:
            raise IncorrectUsageError(
                f"Missing column {name!r}: {what} {', '.join(repr(it) for it in frame.columns)}."
            )


def _items(cell: Any, field: str) -> list[Any]:
    # DataFrames use NaN for missing values.
    if cell is None or (isinstance(cell, float) and cell != cell):
        return []
    if isinstance(cell, (str, dict)) or not isinstance(cell, Iterable):
        raise InputValidationError(f"A cell of {field!r} must be a list, not {cell!r:.80}.")
    return list(cell)
