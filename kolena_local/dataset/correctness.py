"""Whether predictions are right: the metric that a table of labels and one of predictions have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kolena_local.dataset.dataset import download_dataset
from kolena_local.errors import InputValidationError
from kolena_local.repository.names import unknown

if TYPE_CHECKING:
    import pandas as pd

CORRECT = "correct"


def with_correct(
    results: pd.DataFrame, dataset: str, id_fields: list[str], field: str, column: str
) -> pd.DataFrame:
    """Add the column ``correct``: whether a prediction is what the dataset says.

    Args:
        results: predictions, with the id fields of the dataset.
        dataset: the name of the dataset.
        id_fields: the columns that identify a datapoint.
        field: the column of the dataset with the right answers.
        column: the column of the results with the predictions.

    Returns:
        A DataFrame with the new column; None where the answer is null. No prediction is wrong:
        otherwise a model would get better by not answering.

    Raises:
        NotFoundError: there is no such dataset, or it or the results have no such column.
        InputValidationError: the results have a column ``correct`` already.
    """
    datapoints = download_dataset(dataset)
    for frame, name, what in ((datapoints, field, "column"), (results, column, "result column")):
        if name not in frame:
            raise unknown(what, name, frame.columns)
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
