"""Metrics of each datapoint of a dataset: detections and labels, in any number of batches."""

from __future__ import annotations

from typing import Any, Iterator, List

import numpy as np
import pandas as pd
import pytest

from kolena_local._experimental.classification import upload_multilabel_classification_results
from kolena_local._experimental.dataset import download_results_by_tag
from kolena_local._experimental.instance_segmentation import upload_instance_segmentation_results
from kolena_local._experimental.object_detection import (
    compute_object_detection_results,
    upload_object_detection_results,
)
from kolena_local._experimental.search import upload_dataset_embeddings, upload_embeddings
from kolena_local.annotation import (
    BoundingBox,
    Label,
    LabeledBoundingBox,
    LabeledPolygon,
    ScoredBoundingBox,
    ScoredLabel,
    ScoredLabeledBoundingBox,
    ScoredLabeledPolygon,
)
from kolena_local.dataset import (
    download_dataset_embeddings,
    download_results,
    upload_dataset,
    upload_results,
)
from kolena_local.dataset.quality_standard import (
    MetricGroup,
    QualityStandard,
    ThresholdedObjectsMetric,
    quality_standard_result,
)
from kolena_local.errors import (
    IncorrectUsageError,
    InputValidationError,
    KolenaWarning,
    NotFoundError,
)
from tests.conftest import sampled
from tests.experimental.scenes import scenes


def box(left: float, kind: Any, *arguments: Any, **extras: Any) -> Any:
    return kind((left, 0), (left + 10, 10), *arguments, **extras)


def frame(**columns: List[Any]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(cells, dtype=object) for name, cells in columns.items()})


@pytest.fixture
def images() -> Iterator[pd.DataFrame]:
    """Upload a dataset of images with objects of three classes, and return a model's results."""
    made, names = scenes(seed=3, images=7), [f"{index}.png" for index in range(7)]
    upload_dataset("d", frame(locator=names, ground_truths=[one.objects for one in made]))
    yield frame(locator=names, raw_inferences=[one.detections for one in made])


@pytest.mark.parametrize("batch_size", sampled([3, 1, 100]))
def test_detections_of_several_classes_do_not_depend_on_batches(
    images: pd.DataFrame, batch_size: int
) -> None:
    found = compute_object_detection_results("d", images, batch_size=batch_size)
    assert list(found.index) == list(range(7))
    assert list(found.locator) == list(images.locator)
    assert list(found.columns[:5]) == ["TP", "FP", "FN", "thresholded", "Confused"]
    truths = [len(one.objects) for one in scenes(seed=3, images=7)]
    for count, row in zip(truths, found.to_dict("records"), strict=True):
        assert row["count_TP"] + row["count_FN"] == count
        assert row["has_FP"] is (row["count_FP"] == len(row["FP"]) > 0)
        thresholds = {one["threshold"] for one in row["thresholded"]}
        lowest = min(thresholds)
        at_lowest = [one for one in row["thresholded"] if one["threshold"] == lowest]
        assert sum(one["tp"] + one["fn"] for one in at_lowest) == count
        assert all("actual_label" in one and "iou" in one for one in row["Confused"])
    assert found.count_Confused.sum() > 0


def test_uploaded_detections_come_back_under_their_configuration(images: pd.DataFrame) -> None:
    computed = compute_object_detection_results("d", images, threshold_strategy=0.5)
    upload_object_detection_results("d", "m", images, threshold_strategy=0.5, batch_size=2)
    _, ((configuration, results),) = download_results("d", "m")
    assert configuration == {
        "iou_threshold": 0.5,
        "threshold_strategy": 0.5,
        "min_confidence_score": 0.01,
    }
    for name in ("count_TP", "count_FP", "count_FN", "count_Confused", "thresholded"):
        assert results[name].tolist() == computed[name].tolist()


def test_counts_at_few_thresholds_give_the_same_metrics(images: pd.DataFrame) -> None:
    metrics = [
        ThresholdedObjectsMetric(
            label=f"{aggregator} {averaging} {threshold}",
            aggregator=aggregator,
            averaging=averaging,
            threshold=threshold,
            thresholded_object_field="thresholded",
        )
        for aggregator in ("average_precision", "precision", "recall", "f1_score")
        for averaging in ("micro", "macro")
        for threshold in (0.0, 0.5)
    ]
    standard = QualityStandard(name="detection", metric_groups=[MetricGroup("detection", metrics)])
    images.at[5, "raw_inferences"] = []  # all objects are missed
    found = [
        compute_object_detection_results("d", images, changes_only=changes_only)
        for changes_only in (None, True)
    ]
    several, few = (
        quality_standard_result(standard, images, {("m", "null"): one}).iloc[0] for one in found
    )
    assert several.notna().all() and (several > 0).all()
    pd.testing.assert_series_equal(several, few)
    several_entries, few_entries = (one.thresholded.map(len).sum() for one in found)
    assert few_entries < several_entries / 3


def one_image(truths: List[Any], found: List[Any], name: str = "one") -> pd.DataFrame:
    upload_dataset(name, frame(locator=["a.png"], ground_truths=[truths]))
    return frame(locator=["a.png"], raw_inferences=[found])


def test_boxes_without_labels_and_ignored_ones() -> None:
    results = one_image(
        [box(0, BoundingBox), box(20, BoundingBox, crowd=True), box(40, BoundingBox, crowd=1)],
        [box(left, ScoredBoundingBox, score) for left, score in ((0, 0.9), (20, 0.8), (60, 0.2))],
    )
    (row,) = compute_object_detection_results("one", results, gt_ignore_property="crowd").to_dict(
        "records"
    )
    assert (row["count_TP"], row["count_FP"], row["count_FN"]) == (1, 0, 1)
    assert row["thresholds"] == 0.9 and "Confused" not in row
    assert row["thresholded"][0] == {"threshold": 0.2, "tp": 1, "fp": 1, "fn": 1}
    assert row["TP"][0]["score"] == 0.9 and row["TP"][0]["iou"] == 1


@pytest.mark.parametrize(
    ("strategy", "hits"), [(1, 0), (0.5, 1), ({"a": 0.3}, 2), (0, 2), ("F1-Optimal", 2)]
)
def test_a_whole_number_is_a_threshold_and_a_dict_has_one_for_each_label(
    strategy: Any, hits: int
) -> None:
    results = one_image(
        [box(0, LabeledBoundingBox, "a"), box(20, LabeledBoundingBox, "a")],
        [
            box(0, ScoredLabeledBoundingBox, "a", 0.9),
            box(20, ScoredLabeledBoundingBox, "a", 0.4),
        ],
    )
    found = compute_object_detection_results("one", results, threshold_strategy=strategy)
    assert found.count_TP.tolist() == [hits]


def test_labels_that_a_dict_does_not_name_have_the_lowest_score() -> None:
    results = one_image(
        [box(0, LabeledBoundingBox, "a"), box(20, LabeledBoundingBox, "b")],
        [
            box(0, ScoredLabeledBoundingBox, "a", 0.9),
            box(20, ScoredLabeledBoundingBox, "b", 0.4),
        ],
    )
    found = compute_object_detection_results("one", results, threshold_strategy={"a": 0.95})
    assert (found.count_TP.tolist(), found.count_FN.tolist()) == ([1], [1])
    assert [(one.label, one.score) for one in found.thresholds[0]] == [("a", 0.95), ("b", 0.01)]


def test_what_cannot_be_computed_is_said(images: pd.DataFrame) -> None:
    def compute(df: pd.DataFrame, **arguments: Any) -> Any:
        return compute_object_detection_results("d", df, **arguments)

    for call, error, why in [
        (lambda: compute(images[["locator"]]), IncorrectUsageError, "column 'raw_inferences'"),
        (lambda: compute(images, ground_truths_field="x"), IncorrectUsageError, "column 'x'"),
        (lambda: compute(images.assign(TP=1)), IncorrectUsageError, "'TP', which is computed"),
        (lambda: compute(images.assign(locator="z")), InputValidationError, "None of the 7 rows"),
        (lambda: compute(images.assign(raw_inferences=1)), InputValidationError, "be a list"),
        (lambda: compute(images, threshold_strategy="best"), InputValidationError, "'best'"),
        (lambda: compute(images, batch_size=0), InputValidationError, "at least 1"),
        (lambda: compute_object_detection_results("x", images), NotFoundError, "x"),
    ]:
        with pytest.raises(error, match=why):
            call()
    unlabeled = one_image([box(0, BoundingBox)], [box(0, ScoredBoundingBox, 0.5)])
    with pytest.raises(IncorrectUsageError, match="has 2 thresholds"):
        compute_object_detection_results("one", unlabeled, threshold_strategy={"a": 0.1, "b": 0.2})
    more = pd.concat([images, frame(locator=["z"], raw_inferences=[[]])])
    with pytest.warns(KolenaWarning, match=r"1 of 8 rows were left out: the dataset 'd'"):
        assert len(compute(more)) == 7


def test_missing_objects_are_none_at_all() -> None:
    upload_dataset("d", frame(locator=["a", "b"], ground_truths=[None, [box(0, BoundingBox)]]))
    results = frame(locator=["b", "a"], raw_inferences=[None, [box(0, ScoredBoundingBox, 0.5)]])
    found = compute_object_detection_results("d", results, threshold_strategy=0.1)
    assert (found.count_FN.tolist(), found.count_FP.tolist()) == ([1, 0], [0, 1])


def test_polygons_are_uploaded() -> None:
    square = [(0, 0), (10, 0), (10, 10), (0, 10)]
    results = one_image([LabeledPolygon(square, "a")], [ScoredLabeledPolygon(square, "a", 0.5)])
    upload_instance_segmentation_results("one", "m", results)
    _, ((_, found),) = download_results("one", "m")
    assert found.count_TP.tolist() == [1]


@pytest.mark.parametrize("batch_size", sampled([2, 1, 10]))
def test_labels_are_matched_in_any_number_of_batches(batch_size: int) -> None:
    truths: List[Any] = [
        ["a", "a", "b"],
        [Label("a", side="left"), Label("b", hidden=True), Label("c")],
        [],
        None,
    ]
    given: List[Any] = [
        ["a", "b", "c"],
        [ScoredLabel("a", 0.2, side="left"), ScoredLabel("a", 0.9, side="right"), Label("b")],
        [],
        ["x"],
    ]
    upload_dataset("d", frame(id=[1, 2, 3, 4], ground_truths=truths))
    upload_multilabel_classification_results(
        "d",
        "m",
        frame(id=[1, 2, 3, 4], raw_inferences=given),
        gt_ignore_property="hidden",
        batch_size=batch_size,
        required_match_fields=["side"],
    )
    _, ((_, results),) = download_results("d", "m")
    metrics = results["multilabel_classification.metrics"].tolist()
    counts = [tuple(one[f"count_{name}"] for name in ("TP", "FP", "FN")) for one in metrics]
    assert counts == [(2, 1, 1), (1, 1, 1), (0, 0, 0), (0, 1, 0)]
    assert [one["is_exact_match"] for one in metrics] == [False, False, True, False]
    first = metrics[0]
    assert (first["TP"], first["FP"], first["FN"]) == (["a", "b"], ["c"], ["a"])
    ratios = [first[name] for name in ("Precision", "Recall", "F1_Score", "Jaccard_Index")]
    assert ratios == pytest.approx([2 / 3, 2 / 3, 2 / 3, 0.5])
    assert metrics[1]["TP"][0].score == 0.2


def test_results_are_found_by_the_only_model_with_a_tag() -> None:
    upload_dataset("d", frame(id=[1], value=[2]))
    for model, tags in (("m", ["new", "both"]), ("n", ["both"])):
        upload_results("d", model, frame(id=[1], answer=[model]), tags=tags)
    _, ((_, results),) = download_results_by_tag("d", "new")
    assert results.answer.tolist() == ["m"]
    with pytest.raises(NotFoundError, match="no models with tag 'old'"):
        download_results_by_tag("d", "old")
    with pytest.raises(IncorrectUsageError, match="multiple models with tag 'both': 'm', 'n'"):
        download_results_by_tag("d", "both")


def test_embeddings_of_locators_go_to_the_datapoints_that_have_them() -> None:
    key, names = "s3://models/clip", [f"s3://images/{name}.png" for name in "abc"]
    upload_dataset("d", frame(locator=names[:2], id=[1, 2]))
    upload_dataset("no locators", frame(id=[1]))
    vectors = [np.array([1.0, place]) for place in range(3)]
    with pytest.warns(KolenaWarning, match=r"1 of 3 embeddings was not stored: .*/c.png"):
        upload_embeddings(key, list(zip(names, vectors, strict=True)))
    found = download_dataset_embeddings("d", key)
    assert [list(it) for it in found.embedding] == [[1, 0], [1, 1]]
    for bad in ("clip", "s3://clip", "ftp://a/b", 3):
        with pytest.raises(InputValidationError, match="The key must look like"):
            upload_embeddings(bad, [])  # type: ignore[arg-type]
        with pytest.raises(InputValidationError, match="A locator must look like"):
            upload_embeddings(key, [(bad, vectors[0])])  # type: ignore[list-item]
    moved = found.assign(embedding=[[2.0, 2.0]] * 2)
    with pytest.warns(DeprecationWarning, match=r"import it from kolena_local\.dataset"):
        upload_dataset_embeddings("d", key, moved)
    assert list(download_dataset_embeddings("d", key).embedding[0]) == [2, 2]
