"""Whether predictions are right: the metric that a table of labels and one of predictions have."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from kolena_local.dataset.dataset import download_dataset
from kolena_local.dataset.frames import listed
from kolena_local.errors import InputValidationError, NotFoundError

if TYPE_CHECKING:
    import pandas as pd

CORRECT = "correct"


def with_correct(
    results: pd.DataFrame,
    dataset: str,
    id_fields: list[str],
    field: str,
    column: str,
    source: str,
) -> pd.DataFrame:
    """Add the column ``correct``: whether a prediction is what the dataset says.

    Args:
        results: predictions, with the id fields of the dataset.
        dataset: the name of the dataset.
        id_fields: the columns that identify a datapoint.
        field: the column of the dataset with the right answers.
        column: the column of the results with the predictions.
        source: the file with the results, for messages.

    Returns:
        A DataFrame with the new column; None where the answer is null. No prediction is wrong:
        otherwise a model would get better by not answering.

    Raises:
        NotFoundError: there is no such dataset, or it or the results have no such column.
        InputValidationError: the results have a column ``correct`` already.
    """
    datapoints = download_dataset(dataset)
    for frame, name, owner in (
        (datapoints, field, f"The dataset '{dataset}'"),
        (results, column, f"'{source}'"),
    ):
        if name not in frame:
            names = [*map(str, frame)]
            near = get_close_matches(name, names, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"it has {listed(names)}."
            raise NotFoundError(f"{owner} has no column '{name}'; {hint}")
    if CORRECT in results:
        raise InputValidationError(f"The results have a column '{CORRECT}' already; rename it.")
    missing = [name for name in id_fields if name not in results]
    if missing:
        return results  # uploading says so
    answers = dict(zip(_keys(datapoints, id_fields), datapoints[field], strict=True))
    found = [
        None if _is_null(answer) else not _is_null(prediction) and bool(answer == prediction)
        for answer, prediction in zip(
            map(answers.get, _keys(results, id_fields)), results[column], strict=True
        )
    ]
    changed: pd.DataFrame = results.copy()
    changed[CORRECT] = found
    return changed


def _is_null(value: object) -> bool:
    return value is None or value != value


def _keys(frame: pd.DataFrame, names: list[str]) -> list[tuple[object, ...]]:
    return list(zip(*(frame[name].tolist() for name in names), strict=True))
