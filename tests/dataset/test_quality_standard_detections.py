"""The values of metrics of detected objects, against their definitions."""

from __future__ import annotations

from typing import Any, Dict, List

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from kolena_local.dataset.quality_standard import (
    MulticlassMetric,
    ObjectDetectionMetric,
    ThresholdedObjectsMetric,
)
from tests.conftest import few_examples
from tests.dataset.computed import SEEDS, labels_of, parts, values


def detections_of(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)

    def objects() -> List[Dict[str, Any]]:
        return [
            {"label": str(rng.choice(["cat", "dog"])), "score": float(round(rng.random(), 1))}
            for _ in range(rng.integers(0, 4))
        ]

    frame = pd.DataFrame({"part": rng.choice(["a", "b"], 12)})
    for name in ("TP", "FP", "FN"):
        frame[name] = [objects() for _ in range(12)]
    frame["thresholded"] = [
        [
            {
                "threshold": threshold,
                "label": label,
                "tp": sum(o["score"] >= threshold for o in of_label(row.TP, label)),
                "fp": sum(o["score"] >= threshold for o in of_label(row.FP, label)),
                "fn": len(of_label(row.FN, label))
                + sum(o["score"] < threshold for o in of_label(row.TP, label)),
            }
            for threshold in rng.permutation(np.arange(0, 11) / 10)
            for label in ("cat", "dog")
        ]
        for row in frame.itertuples()
    ]
    return frame


def of_label(objects: Any, label: str) -> List[Dict[str, Any]]:
    return [each for each in objects if each["label"] == label]


def expected_detection(rows: pd.DataFrame, name: str, labels: List[str], threshold: float) -> Any:
    """Count by loops, and integrate the precision over the recall point by point.

    A label that does not occur, or has no average precision, does not take part in the mean.
    """
    per_label = []
    for label in labels:
        tp, fp, fn = (
            [o["score"] for objects in rows[column] for o in objects if label in (o["label"], "")]
            for column in ("TP", "FP", "FN")
        )
        if name != "average_precision":
            n_tp, n_fp = (sum(score >= threshold for score in scores) for scores in (tp, fp))
            wholes = {
                "precision": n_tp + n_fp,
                "recall": len(tp) + len(fn),
                "f1_score": (n_tp + n_fp + len(tp) + len(fn)) / 2,
            }
            if n_fp + len(tp) + len(fn):
                per_label.append(n_tp / wholes[name] if wholes[name] else 0.0)
            continue
        if not tp + fn:
            continue
        points = [(0.0, 0.0)]
        for cut in sorted(set(tp + fp), reverse=True):
            n_tp, n_fp = (sum(score >= cut for score in scores) for scores in (tp, fp))
            points.append((n_tp / (len(tp) + len(fn)), n_tp / (n_tp + n_fp)))
        per_label.append(
            sum(
                (recall - points[i][0]) * max(precision for _, precision in points[i + 1 :])
                for i, (recall, _) in enumerate(points[1:])
            )
        )
    return np.mean(per_label) if per_label else np.nan


@few_examples
@given(SEEDS)
def test_objects_and_their_thresholded_counts_give_the_same_metrics(seed: int) -> None:
    frame = detections_of(seed)
    fields = {"tp_field": "TP", "fp_field": "FP", "fn_field": "FN"}
    metrics: List[Any] = []
    for name in labels_of(ObjectDetectionMetric):
        for averaging in ("macro", "micro"):
            metrics += [
                ObjectDetectionMetric(
                    label=f"{name} {averaging}",
                    aggregator=name,
                    averaging=averaging,
                    label_field="label",
                    **fields,
                ),
                ThresholdedObjectsMetric(
                    label=f"counted {name} {averaging}",
                    aggregator=name,
                    averaging=averaging,
                    threshold=0.25,
                    thresholded_object_field="thresholded",
                ),
            ]
        metrics.append(ObjectDetectionMetric(label=f"one {name}", aggregator=name, **fields))
    found = values(metrics, frame, frame)
    for name in labels_of(ObjectDetectionMetric):
        assert found[f"one {name}"] == pytest.approx(found[f"{name} micro"], nan_ok=True)
        for averaging, labels in (("macro", ["cat", "dog"]), ("micro", [""])):
            for place, rows in enumerate(parts(frame)[:3]):
                for prefix, threshold in (("", 0.0), ("counted ", 0.25)):
                    expected = expected_detection(rows, name, labels, threshold)
                    actual = found[f"{prefix}{name} {averaging}"][place]
                    assert actual == pytest.approx(expected, nan_ok=True)
            assert np.isnan(found[f"{name} {averaging}"][3])
            assert np.isnan(found[f"counted {name} {averaging}"][3])


def test_a_threshold_above_all_counts_finds_nothing() -> None:
    frame = detections_of(2)
    metrics = [
        ThresholdedObjectsMetric(
            label=name,
            aggregator=name,
            averaging="micro",
            threshold=1.5,
            thresholded_object_field="thresholded",
            object_label="cat",
        )
        for name in ("precision", "recall")
    ]
    found = values(metrics, frame, frame)
    assert np.isnan(found["precision"][0]) and found["recall"][0] == 0


def test_labels_of_objects_with_a_score_below_the_threshold_are_missed() -> None:
    from kolena_local.annotation import Label, ScoredLabel

    frame = pd.DataFrame(
        {
            "part": "a",
            "truth": [Label("cat"), Label("cat"), Label("dog"), None],
            "found": [ScoredLabel("cat", 0.9), ScoredLabel("cat", 0.1), {"label": "cat"}, None],
        }
    )
    metrics = [
        MulticlassMetric(
            label=name,
            aggregator=name,
            averaging="micro",
            ground_truth_field="truth",
            inference_field="found",
            threshold=0.5,
        )
        for name in ("accuracy", "precision", "recall")
    ]
    found = values(metrics, frame, frame)
    assert {name: column[0] for name, column in found.items()} == pytest.approx(
        {"accuracy": 1 / 3, "precision": 1 / 2, "recall": 1 / 3}
    )


def test_objects_of_any_shape_are_counted_without_an_exception() -> None:
    odd = [{"label": ["x"], "score": "high"}, {"score": 0.5}, "text", 3, None]
    frame = pd.DataFrame({"part": "a", "tp": [odd, None, 7], "fp": [[], [{"score": 0.9}], "x"]})
    frame["entries"] = [odd, [{"threshold": 0.5, "tp": 1}, {"threshold": None, "fp": 2}], None]
    metrics: List[Any] = [
        ObjectDetectionMetric(
            label=name, aggregator=name, tp_field="tp", fp_field="fp", fn_field="fp"
        )
        for name in ("average_precision", "precision")
    ]
    metrics += [
        ThresholdedObjectsMetric(
            label=f"counted {name}",
            aggregator=name,
            threshold=0.1,
            thresholded_object_field="entries",
        )
        for name in ("average_precision", "recall")
    ]
    metrics.append(
        MulticlassMetric(
            label="labels", aggregator="accuracy", ground_truth_field="tp", inference_field="part"
        )
    )
    found = values(metrics, frame, frame)
    assert found["precision"][0] == pytest.approx(5 / 6)
    assert 0 < found["average_precision"][0] < 1
    assert found["counted recall"][0] == found["counted average_precision"][0] == 1
    assert found["labels"][0] == 0  # of the one row that has something like a label
