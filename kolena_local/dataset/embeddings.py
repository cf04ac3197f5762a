"""Embeddings of datapoints: one vector each, by a key that says what computed them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from kolena_local import repository
from kolena_local.dataset.cells import columns_of
from kolena_local.dataset.dataset import object_frame
from kolena_local.dataset.frames import (
    Frames,
    check_id_fields,
    check_name,
    each_frame,
    identified,
    listed,
    named_columns,
)
from kolena_local.errors import InputValidationError
from kolena_local.log import logger
from kolena_local.plurals import agreeing, counted
from kolena_local.warn import warn

if TYPE_CHECKING:
    import pandas as pd

_EMBEDDING = "embedding"


def upload_dataset_embeddings(dataset_name: str, key: str, df_embedding: pd.DataFrame) -> None:
    """Store a vector for each of some datapoints of a dataset.

    Vectors of other datapoints stay, unless they have another length.

    Args:
        dataset_name: the name of the dataset.
        key: what computed the vectors, such as the name of a model.
        df_embedding: the id fields of the dataset, and the column ``embedding`` with arrays, or
            lists, of numbers. They are stored as floats of four bytes.

    Raises:
        NotFoundError: there is no such dataset.
        InputValidationError: the key is blank, a column is missing, or the vectors are not numbers,
            too large to be stored, or not equally long.
        DuplicateDatapointIdError: several rows have the same id.
    """
    check_name(dataset_name, "dataset")
    check_name(key, "key of embeddings")
    store = repository.open_store(create=False)
    with store.read() as unit:
        dataset = unit.datasets.get(dataset_name)
    vectors: list[bytes] = []
    frames = _id_columns(df_embedding, dataset.id_fields, vectors)
    keys = [
        key
        for rows in identified(frames, lambda _: dataset.id_fields, ids_are_fixed=True)
        for key in rows.keys
    ]
    lengths = sorted({len(vector) // 4 for vector in vectors})
    if len(lengths) > 1:
        raise InputValidationError(
            f"The embeddings are not equally long: they have {lengths[0]} to {lengths[-1]} numbers;"
            " compute all of them with the same model."
        )
    with store.read() as unit:
        current = unit.datasets.get(dataset_name)
        current.check_id_fields(dataset.id_fields)
        present = unit.datasets.latest_ids(current)
    matched = [place for place, one in enumerate(keys) if one in present]
    if len(matched) < len(keys):
        warn(
            f"{len(keys) - len(matched)} of {counted(len(keys), 'embedding')}"
            f" {agreeing(len(keys) - len(matched), 'was', 'were')} not stored: the dataset"
            f" '{dataset_name}' has no datapoints of the other ids."
        )
    if matched:
        with store.write() as unit:
            unit.dataset_embeddings.put(
                unit.datasets.get(dataset_name),
                key,
                [keys[place] for place in matched],
                [vectors[place] for place in matched],
            )
    logger.info("uploaded %s of dataset %r", counted(len(matched), "embedding"), dataset_name)


def get_dataset_embedding_keys(dataset_name: str) -> list[str]:
    """Return the keys of a dataset's embeddings, sorted.

    Args:
        dataset_name: the name of the dataset.

    Raises:
        NotFoundError: there is no such dataset.
    """
    check_name(dataset_name, "dataset")
    with repository.open_store(create=False).read() as unit:
        return unit.dataset_embeddings.keys(unit.datasets.get(dataset_name))


def download_dataset_embeddings(dataset_name: str, key: str) -> pd.DataFrame:
    """Return the vectors of a dataset's datapoints, with their id fields.

    Args:
        dataset_name: the name of the dataset.
        key: what computed the vectors.

    Returns:
        The id fields and the column ``embedding``, for the datapoints that have a vector.

    Raises:
        NotFoundError: there is no such dataset, or no embeddings with this key.
    """
    import numpy as np

    check_name(dataset_name, "dataset")
    check_name(key, "key of embeddings")
    with repository.open_store(create=False).read() as unit:
        dataset = unit.datasets.get(dataset_name)
        rows = unit.dataset_embeddings.of_rows(dataset, key)
    cells: dict[str, list[Any]] = columns_of([ids for ids, _ in rows], dataset.id_fields)
    cells[_EMBEDDING] = [np.frombuffer(vector, "<f4").astype(np.float32) for _, vector in rows]
    return object_frame(cells)


def _id_columns(
    frames: Frames, id_fields: Sequence[str], vectors: list[bytes]
) -> Iterator[pd.DataFrame]:
    """Yield the id fields of each frame, and collect the vectors."""
    for frame in each_frame(frames):
        names = named_columns(frame)
        check_id_fields(id_fields, names)
        if _EMBEDDING not in names:
            raise InputValidationError(
                f"The DataFrame has no column {_EMBEDDING!r}; it has {listed(names)}."
            )
        vectors += _vectors(frame.iloc[:, names.index(_EMBEDDING)].tolist())
        yield frame.iloc[:, [names.index(field) for field in id_fields]]


def _vectors(values: list[Any]) -> list[bytes]:
    import numpy as np

    vectors = []
    for value in values:
        try:
            array = np.asarray(value)
        except ValueError:
            array = np.empty(0)
        if array.ndim != 1 or not array.size or array.dtype.kind not in "biuf":
            raise InputValidationError(
                f"An embedding must be an array of numbers, not {value!r:.80}."
            )
        with np.errstate(over="ignore"):
            stored = array.astype("<f4")
        if (np.isinf(stored) & np.isfinite(array)).any():
            raise InputValidationError(
                "The numbers of an embedding are stored as floats of four bytes, which end at"
                f" 3.4e38, and one has {np.abs(array[np.isfinite(array)]).max()}; scale them."
            )
        vectors.append(stored.tobytes())
    return vectors
