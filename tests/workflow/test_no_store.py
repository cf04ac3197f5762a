"""Reading where nothing was stored finds nothing, and makes no file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import kolena_local
from kolena_local import dataset
from kolena_local.dataset.dataset import _fetch_dataset_history, _load_dataset_metadata
from kolena_local.dataset.standards import download_quality_standard_result
from kolena_local.errors import NotFoundError, StoreNotFoundError
from tests.files.make import AnimalCase, AnimalModel, AnimalSuite

FRAME = pd.DataFrame({"id": [1], "embedding": [[1.0]]})
READS: list[Callable[[], Any]] = [
    lambda: AnimalModel.load("a"),
    lambda: AnimalCase.load("a"),
    lambda: AnimalSuite.load("a"),
    lambda: dataset.download_dataset("a"),
    lambda: dataset.delete_dataset("a"),
    lambda: dataset.get_models("a"),
    lambda: dataset.download_results("a", "b"),
    lambda: dataset.upload_results("a", "b", FRAME),
    lambda: dataset.get_dataset_embedding_keys("a"),
    lambda: dataset.download_dataset_embeddings("a", "b"),
    lambda: dataset.upload_dataset_embeddings("a", "b", FRAME),
    lambda: dataset.download_quality_standard("a"),
    lambda: download_quality_standard_result("a", ["b"]),
    lambda: _fetch_dataset_history("a"),
    lambda: _load_dataset_metadata("a"),
]


def test_reading_where_nothing_was_stored_makes_no_file(tmp_path: Path) -> None:
    with kolena_local.session(db=tmp_path / "store.db"):
        for read in READS:
            with pytest.raises(NotFoundError, match="created when something is stored") as raised:
                read()
            assert type(raised.value) is StoreNotFoundError
        assert _load_dataset_metadata("a", raise_error_if_not_found=False) is None
        assert dataset.list_datasets() == AnimalModel.load_all() == AnimalSuite.load_all() == []
        assert AnimalModel.list_dataframe().empty
    with kolena_local.session(db=tmp_path / "mistyped" / "store.db"):
        for listing in (dataset.list_datasets, AnimalModel.load_all, AnimalSuite.load_all):
            with pytest.raises(StoreNotFoundError, match="mistyped"):
                listing()
    assert [*tmp_path.iterdir()] == []
