"""The dataset API of Kolena's client on a local store: DataFrames in, DataFrames out.

``upload_dataset`` keeps a table of datapoints, ``upload_results`` what a model said about them. A
dataset is a test suite and its results are a test run, so the commands and the page that list,
compare and report results do so with these. See ``README.md`` in this folder.
"""

from __future__ import annotations

from kolena_local.dataset.dataset import (
    DatasetEntity,
    delete_dataset,
    download_dataset,
    list_datasets,
    upload_dataset,
)
from kolena_local.dataset.embeddings import (
    download_dataset_embeddings,
    get_dataset_embedding_keys,
    upload_dataset_embeddings,
)
from kolena_local.dataset.evaluation import (
    EvalConfigResults,
    ModelEntity,
    download_results,
    get_models,
    upload_results,
)
from kolena_local.dataset.filters import Filters, GeneralFieldFilter
from kolena_local.dataset.standards import download_quality_standard, upload_quality_standard

__all__ = [
    "DatasetEntity",
    "EvalConfigResults",
    "Filters",
    "GeneralFieldFilter",
    "ModelEntity",
    "delete_dataset",
    "download_dataset",
    "download_dataset_embeddings",
    "download_quality_standard",
    "download_results",
    "get_dataset_embedding_keys",
    "get_models",
    "list_datasets",
    "upload_dataset",
    "upload_dataset_embeddings",
    "upload_quality_standard",
    "upload_results",
]
