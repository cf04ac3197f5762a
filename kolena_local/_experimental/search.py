"""Embeddings, by the original's module path."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from kolena_local import dataset
from kolena_local.errors import InputValidationError
from kolena_local.plurals import agreeing, counted
from kolena_local.warn import warn

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["upload_dataset_embeddings", "upload_embeddings"]

_LOCATOR: Final = re.compile(r"(s3|gs|https)://.+/.+")


def upload_embeddings(key: str, embeddings: Sequence[tuple[str, Any]]) -> None:
    """Store a vector for each of some locators, on all datapoints that have the locator.

    Here, only datapoints of datasets have embeddings. Use
    :func:`kolena_local.dataset.upload_dataset_embeddings` if you know the dataset.

    Args:
        key: what computed the vectors; a locator, such as that of a model's weights.
        embeddings: pairs of a locator and an array of numbers.

    Raises:
        InputValidationError: the key or a locator does not begin with ``s3://``, ``gs://`` or
            ``https://`` and a folder, or the vectors are not numbers or not equally long.
    """
    import pandas as pd

    _check_locator("The key", key)
    if isinstance(embeddings, (str, Mapping)) or not isinstance(embeddings, Iterable):
        raise InputValidationError(
            f"embeddings must be pairs of locator and array, not {embeddings!r:.80}."
        )
    vectors: dict[str, Any] = {}
    for pair in embeddings:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise InputValidationError(
                f"Each embedding must be a pair of a locator and an array, not {pair!r:.80}."
            )
        _check_locator("A locator", pair[0])
        vectors[pair[0]] = pair[1]
    stored: set[str] = set()
    for name in dataset.list_datasets():
        rows = dataset.download_dataset(name)
        if "locator" in rows.columns:
            rows = rows[rows["locator"].isin(list(vectors))].drop(
                columns="embedding", errors="ignore"
            )
            if not rows.empty:
                column = pd.Series(
                    [vectors[it] for it in rows["locator"]], rows.index, dtype=object
                )
                dataset.upload_dataset_embeddings(name, key, rows.assign(embedding=column))
                stored.update(rows["locator"])
    missing = len(vectors) - len(stored)
    if missing:
        left = next(locator for locator in vectors if locator not in stored)
        were = agreeing(missing, "was", "were")
        warn(
            f"{missing} of {counted(len(vectors), 'embedding')} {were} not stored: no dataset has a"
            f" datapoint with the locator {left!r:.80}; upload the dataset first."
        )


def upload_dataset_embeddings(dataset_name: str, key: str, df_embedding: pd.DataFrame) -> None:
    """Call :func:`kolena_local.dataset.upload_dataset_embeddings`, which replaces this function.

    Args:
        dataset_name: the name of the dataset.
        key: what computed the vectors.
        df_embedding: the id fields of the dataset, and the column ``embedding``.
    """
    warnings.warn(
        "upload_dataset_embeddings has moved; import it from kolena_local.dataset.",
        DeprecationWarning,
        stacklevel=2,
    )
    dataset.upload_dataset_embeddings(dataset_name, key, df_embedding)


def _check_locator(what: str, locator: Any) -> None:
    if not isinstance(locator, str) or not _LOCATOR.fullmatch(locator):
        raise InputValidationError(
            f"{what} must look like 's3://bucket/name', 'gs://…' or 'https://…', not"
            f" {locator!r:.80}."
        )
