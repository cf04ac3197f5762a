"""Takes the sample logs of lm-evaluation-harness apart: the documents, and what a model said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kolena_local.dataset.dataset import download_dataset
from kolena_local.errors import InputValidationError

if TYPE_CHECKING:
    import pandas as pd

#: Metrics whose direction the harness knows, but does not write down.
HIGHER_IS_BETTER: Final = ("acc", "acc_norm", "exact_match", "f1")
_ID: Final = "doc_id"
_DOCUMENT: Final = (_ID, "doc", "target")
_NOT_OF_THE_MODEL: Final = {
    *("doc", "target", "doc_hash", "prompt_hash", "target_hash"),
    *("filter", "metrics"),  # "metrics" has the names of the columns with metrics
}


def is_sample_log(frame: pd.DataFrame) -> bool:
    """Return whether a table of JSON Lines is a sample log of lm-evaluation-harness."""
    return {*_DOCUMENT, "arguments", "resps"} <= {*frame.columns}


def documents(frame: pd.DataFrame, path: str) -> pd.DataFrame:
    """Return the documents of a sample log.

    Args:
        frame: the log, which has a document once for each filter.
        path: its file.

    Returns:
        A DataFrame with ``doc_id``, ``doc`` and ``target``.

    Raises:
        InputValidationError: a ``doc_id`` is missing, or is that of two documents.
    """
    first: dict[Any, Any] = {}
    for place, (key, doc) in enumerate(_documents(frame, path), start=1):
        if first.setdefault(key, doc) != doc:
            raise InputValidationError(
                f"'{path}': sample {place} has the doc_id {key!r:.80} of another doc; make a"
                " dataset of each task."
            )
    found: pd.DataFrame = frame.loc[~frame[_ID].duplicated(), list(_DOCUMENT)]
    return found


def by_filter(
    frame: pd.DataFrame, path: str, dataset: str, config: dict[str, Any] | None
) -> list[tuple[dict[str, Any] | None, pd.DataFrame]]:
    """Return what a sample log says about a model.

    Args:
        frame: the log.
        path: its file.
        dataset: the name of the dataset with the documents.
        config: the configuration that the user gave.

    Returns:
        For each filter the configuration, which has its name as ``filter`` unless ``none`` is the
        only one, and a DataFrame with ``doc_id``, the arguments, the responses and the metrics.

    Raises:
        NotFoundError: there is no such dataset.
        InputValidationError: a ``doc_id`` is missing, or is that of another document in the
            dataset, which has results of another task then.
    """
    datapoints = download_dataset(dataset)
    if {_ID, "doc"} <= {*datapoints}:
        known = dict(zip(datapoints[_ID], datapoints["doc"], strict=True))
        for place, (key, doc) in enumerate(_documents(frame, path), start=1):
            if known.get(key, doc) != doc:
                raise InputValidationError(
                    f"'{path}': sample {place} has the doc_id {key!r:.80} of another doc in the"
                    f" dataset '{dataset}'; the log is of another task or version."
                )
    columns = [name for name in frame.columns if name not in _NOT_OF_THE_MODEL]
    frame = frame.where(frame.notna(), None)
    if "filter" not in frame or {*frame["filter"]} == {"none"}:
        return [(config, frame[columns])]
    return [
        ({**(config or {}), "filter": name}, rows[columns])
        for name, rows in frame.groupby("filter", sort=False)
    ]


def _documents(frame: pd.DataFrame, path: str) -> list[tuple[int | str, Any]]:
    for place, key in enumerate(frame[_ID], start=1):
        if isinstance(key, bool) or not isinstance(key, (int, str)):
            raise InputValidationError(
                f"'{path}': sample {place} needs a whole number or a string as doc_id, not"
                f" {key!r:.80}."
            )
    return list(zip(frame[_ID], frame["doc"], strict=True))
