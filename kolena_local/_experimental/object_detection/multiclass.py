"""Metrics of detections of several classes, each with a confidence threshold of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from kolena_local._experimental.object_detection.workflow import (
    ClassMetricsPerTestCase,
    TestCaseMetrics,
    TestSampleMetrics,
)
from kolena_local.annotation import ScoredLabel
from kolena_local.metrics import MulticlassInferenceMatches, f1_score, precision, recall
from kolena_local.metrics.assignment import in_order
from kolena_local.metrics.detection_curves import Detections

Matches = MulticlassInferenceMatches[Any, Any]


class Thresholds(dict[Any, float]):
    """Confidence thresholds by label; ``default`` is that of labels without one."""

    def __init__(self, default: float, known: Mapping[Any, float] | None = None) -> None:
        super().__init__(known or {})
        self.default = default

    def __missing__(self, label: Any) -> float:
        return self.default

    def passes(self, inference: Any) -> bool:
        """Return whether an inference reaches the threshold of its label."""
        return bool(inference.score >= self[inference.label])


def sample_metrics(matches: Matches | None, thresholds: Thresholds) -> TestSampleMetrics:
    """Compute the metrics of an image.

    Args:
        matches: its matches, None if the image is ignored.
        thresholds: the confidence thresholds.
    """
    found = matches or MulticlassInferenceMatches([], [], [])
    tp = [inference for _, inference in found.matched if thresholds.passes(inference)]
    fp = [inference for inference in found.unmatched_inf if thresholds.passes(inference)]
    below = [truth for truth, inference in found.matched if not thresholds.passes(inference)]
    fn = [*(truth for truth, _ in found.unmatched_gt), *below]
    confused = [
        inference
        for _, inference in found.unmatched_gt
        if inference is not None and thresholds.passes(inference)
    ]
    scores = [inference.score for inference in [*tp, *fp]]
    inferred = [inference for _, inference in found.matched] + found.unmatched_inf
    labels = in_order({inference.label for inference in inferred})
    return TestSampleMetrics(
        TP=tp,
        FP=fp,
        FN=fn,
        Confused=confused,
        count_TP=len(tp),
        count_FP=len(fp),
        count_FN=len(fn),
        count_Confused=len(confused),
        has_TP=bool(tp),
        has_FP=bool(fp),
        has_FN=bool(fn),
        has_Confused=bool(confused),
        ignored=matches is None,
        max_confidence_above_t=max(scores, default=None),
        min_confidence_above_t=min(scores, default=None),
        thresholds=[ScoredLabel(label, thresholds[label]) for label in labels],
    )


def class_metrics(
    labels: Sequence[Any],
    matches: Sequence[Matches],
    detections: Mapping[Any, Detections],
    thresholds: Thresholds,
) -> list[ClassMetricsPerTestCase]:
    """Compute the metrics of each class.

    Args:
        labels: the classes.
        matches: the matches of each image.
        detections: the detections of all images by label.
        thresholds: the confidence thresholds.
    """
    images: Counter[Any] = Counter()
    for one in matches:
        images.update({truth.label for truth, _ in [*one.matched, *one.unmatched_gt]})
    return [
        _class_metrics(label, images[label], detections.get(label), thresholds[label])
        for label in labels
    ]


def _class_metrics(
    label: Any, images: int, detections: Detections | None, threshold: float
) -> ClassMetricsPerTestCase:
    found = detections or Detections.read([])
    tp = int((found.right >= threshold).sum())
    fp = int((found.wrong >= threshold).sum())
    fn = found.objects - tp
    return ClassMetricsPerTestCase(
        Class=str(label),
        nImages=images,
        Threshold=threshold,
        Objects=found.objects,
        Inferences=tp + fp,
        TP=tp,
        FN=fn,
        FP=fp,
        Precision=precision(tp, fp),
        Recall=recall(tp, fn),
        F1=f1_score(tp, fp, fn),
        AP=found.average_precision(),
    )


def case_metrics(
    classes: list[ClassMetricsPerTestCase], metrics: Sequence[TestSampleMetrics]
) -> TestCaseMetrics:
    """Compute the metrics of a test case.

    Args:
        classes: the metrics of its classes.
        metrics: the metrics of its images.
    """
    tp, fp, fn = (
        sum(getattr(one, name) for one in metrics) for name in ("count_TP", "count_FP", "count_FN")
    )
    macro_precision, macro_recall, macro_f1, mean_ap = (
        sum(getattr(one, name) for one in classes) / max(len(classes), 1)
        for name in ("Precision", "Recall", "F1", "AP")
    )
    return TestCaseMetrics(
        PerClass=classes,
        Objects=tp + fn,
        Inferences=tp + fp,
        TP=tp,
        FN=fn,
        FP=fp,
        nIgnored=sum(one.ignored for one in metrics),
        macro_Precision=macro_precision,
        macro_Recall=macro_recall,
        macro_F1=macro_f1,
        mean_AP=mean_ap,
        micro_Precision=precision(tp, fp),
        micro_Recall=recall(tp, fn),
        micro_F1=f1_score(tp, fp, fn),
    )


def above(matches: Sequence[Matches], thresholds: Thresholds) -> list[Matches]:
    """Return the matches and confusions whose inference reaches its threshold, for a matrix."""
    return [
        MulticlassInferenceMatches(
            [pair for pair in one.matched if thresholds.passes(pair[1])],
            [
                (truth, inference)
                for truth, inference in one.unmatched_gt
                if inference is not None and thresholds.passes(inference)
            ],
            [],
        )
        for one in matches
    ]
