"""Flags and numbers are what they seem, and a wrong argument is named in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kolena_local import dataset as api
from kolena_local._experimental.classification import upload_multilabel_classification_results
from kolena_local._experimental.dataset import download_results_by_tag
from kolena_local._experimental.object_detection import compute_object_detection_results
from kolena_local._experimental.search import upload_embeddings
from kolena_local._experimental.trace import kolena_trace
from kolena_local.annotation import LabeledBoundingBox, ScoredLabeledBoundingBox
from kolena_local.dataset.dataset import _fetch_dataset_history
from kolena_local.dataset.standards import (
    copy_quality_standards_from_dataset,
    download_quality_standard_result,
    upload_quality_standard,
)
from kolena_local.errors import InputValidationError, KolenaError
from tests.conftest import IS_LONG

ODD = ["no", "", 2, -1, 2.5, float("nan"), None, [], ["a"], {"a": 1}, b"x", object(), pd.NA]
ODD += ["\ud800", 10**400, np.array([1, 2]), pd.DataFrame({"id": [1]}), pd.DataFrame()]
ANSWERS = pd.DataFrame({"id": [1], "truths": [[LabeledBoundingBox((0, 0), (1, 1), "a")]]})
ANSWERS["locator"], ANSWERS["labels"] = "s3://a/b.png", [["a"]]
FOUND = ANSWERS[["id", "locator"]].assign(
    raw_inferences=[[ScoredLabeledBoundingBox((0, 0), (1, 1), "a", 0.5)]]
)
STANDARD: dict[str, Any] = {"name": "s", "version": "1", "stratifications": []}
STANDARD["metric_groups"] = [
    {"name": "g", "metrics": [{"label": "n", "aggregator": "mean", "params": {"key": "ok"}}]}
]
OF_DATASET = {"dataset": "table", "model": "model"}
DETECTION = {
    "dataset_name": "table",
    "df": FOUND,
    "ground_truths_field": "truths",
    "raw_inferences_field": "raw_inferences",
}
CALLS: list[tuple[Callable[..., Any], dict[str, Any], dict[str, Any]]] = [
    # The function, its arguments, and those of its arguments that are flags and numbers.
    (api.upload_dataset, {"name": "table", "df": ANSWERS}, {"append_only": True}),
    (
        api.download_dataset,
        {"name": "table", "commit": None, "filters": None},
        {"include_datapoint_id": False, "include_extracted_properties": False},
    ),
    (api.download_results, OF_DATASET, {"include_extracted_properties": False}),
    (api.upload_results, {**OF_DATASET, "results": FOUND, "tags": [], "metadata": None}, {}),
    (api.get_models, {"dataset": "table"}, {}),
    (api.download_dataset_embeddings, {"dataset_name": "table", "key": "k"}, {}),
    (_fetch_dataset_history, {"name": "table"}, {"descending": True, "limit": 1, "page_size": 1}),
    (
        download_quality_standard_result,
        {"dataset": "table", "models": ["model"], "metric_groups": None, "reference_model": None},
        {"intersect_results": True, "confidence_level": 0.9},
    ),
    (
        download_quality_standard_result,
        {"dataset": "table", "models": ["model"], "reference_eval_config": "first"},
        {},
    ),
    (
        copy_quality_standards_from_dataset,
        {"dataset": "other", "source_dataset": "table"},
        {"include_metric_groups": True, "include_test_cases": True},
    ),
    (download_results_by_tag, {"dataset": "table", "model_tag": "tag"}, {}),
    (upload_embeddings, {"key": "s3://a/b", "embeddings": [("s3://a/b.png", [1.0])]}, {}),
    (
        compute_object_detection_results,
        {**DETECTION, "gt_ignore_property": None},
        {
            "iou_threshold": 0.5,
            "threshold_strategy": {"a": 0.5},
            "min_confidence_score": 0.1,
            "batch_size": 1,
            "changes_only": True,
        },
    ),
    (
        upload_multilabel_classification_results,
        {
            **DETECTION,
            "model_name": "labels",
            "ground_truths_field": "labels",
            "df": FOUND.assign(raw_inferences=[["a"]]),
            "required_match_fields": None,
        },
        {"batch_size": 1},
    ),
]


def is_whole(value: Any, least: int) -> bool:
    return type(value) is int and value >= least


#: What else an argument may be; a flag may only be True or False.
FIT: dict[str, Callable[[Any], bool]] = {
    "batch_size": lambda odd: is_whole(odd, 1),
    "changes_only": lambda odd: odd is None,
    "confidence_level": lambda odd: odd is None,
    "limit": lambda odd: odd is None or is_whole(odd, 0),
    "min_confidence_score": lambda odd: odd is None or (type(odd) in (int, float) and abs(odd) < 9),
    "page_size": lambda odd: is_whole(odd, 1),
    "reference_eval_config": lambda odd: odd is None or odd == {"a": 1},
    "threshold_strategy": lambda odd: odd in (2, -1, 2.5) or odd == {"a": 1},
}


@pytest.mark.parametrize(
    ("function", "others", "checked"), CALLS, ids=[call[0].__name__ for call in CALLS]
)
@pytest.mark.filterwarnings("ignore")
def test_a_wrong_argument_is_refused_in_one_sentence(
    function: Callable[..., Any], others: dict[str, Any], checked: dict[str, Any]
) -> None:
    for name in ("table", "other"):
        api.upload_dataset(name, ANSWERS, id_fields=["id"])
    api.upload_results("table", "model", FOUND[["id"]].assign(ok=True), tags=["tag"])
    api.upload_dataset_embeddings("table", "k", FOUND[["id"]].assign(embedding=[[1.0]]))
    upload_quality_standard("table", STANDARD)
    given = {**others, **checked}
    function(**given)
    for name in given:
        for odd in ODD if IS_LONG else ODD[:: 1 if name in checked else 3]:
            try:
                function(**{**given, name: odd})
            except KolenaError as error:
                # Only a table that does not fit is shown in several lines.
                assert isinstance(odd, pd.DataFrame) or "\n" not in str(error)
            else:
                assert name not in checked or FIT.get(name, lambda _: False)(odd), (name, odd)


@pytest.mark.parametrize(
    "given",
    [
        {"sync_interval": "soon"},
        {"sync_interval": -1},
        {"record_timestamp": "no"},
        {"dataset_name": ["a"]},
        {"model_name": 5},
        {"id_fields": {"a": 1}},
        {"func": "a name"},
    ],
)
def test_a_trace_with_a_wrong_argument_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InputValidationError):
        kolena_trace(**{"func": lambda a: a, **given})
