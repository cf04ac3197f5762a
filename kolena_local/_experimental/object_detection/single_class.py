"""Metrics of detections whose labels do not matter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kolena_local._experimental.object_detection.workflow import (
    TestCaseMetricsSingleClass,
    TestSampleMetricsSingleClass,
)
from kolena_local.metrics import InferenceMatches, f1_score, precision, recall


def sample_metrics(
    matches: InferenceMatches[Any, Any] | None, threshold: float
) -> TestSampleMetricsSingleClass:
    """Compute the metrics of an image.

    Args:
        matches: its matches, None if the image is ignored.
        threshold: the confidence threshold.
    """
    found = matches or InferenceMatches([], [], [])
    tp = [inference for _, inference in found.matched if inference.score >= threshold]
    fp = [inference for inference in found.unmatched_inf if inference.score >= threshold]
    below = [truth for truth, inference in found.matched if not inference.score >= threshold]
    fn = [*found.unmatched_gt, *below]
    scores = [inference.score for inference in [*tp, *fp]]
    return TestSampleMetricsSingleClass(
        TP=tp,
        FP=fp,
        FN=fn,
        count_TP=len(tp),
        count_FP=len(fp),
        count_FN=len(fn),
        has_TP=bool(tp),
        has_FP=bool(fp),
        has_FN=bool(fn),
        ignored=matches is None,
        max_confidence_above_t=max(scores, default=None),
        min_confidence_above_t=min(scores, default=None),
        thresholds=threshold,
    )


def case_metrics(
    metrics: Sequence[TestSampleMetricsSingleClass], average_precision: float
) -> TestCaseMetricsSingleClass:
    """Compute the metrics of a test case.

    Args:
        metrics: the metrics of its images.
        average_precision: the average precision of all of them.
    """
    tp, fp, fn = (
        sum(getattr(one, name) for one in metrics) for name in ("count_TP", "count_FP", "count_FN")
    )
    return TestCaseMetricsSingleClass(
        Objects=tp + fn,
        Inferences=tp + fp,
        TP=tp,
        FN=fn,
        FP=fp,
        nIgnored=sum(one.ignored for one in metrics),
        Precision=precision(tp, fp),
        Recall=recall(tp, fn),
        F1=f1_score(tp, fp, fn),
        AP=average_precision,
    )
