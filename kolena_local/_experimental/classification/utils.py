"""Plots of labels and scores. What cannot be plotted is None, with a warning that says why."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from kolena_local.annotation import Label, ScoredLabel
from kolena_local.metrics.assignment import in_order
from kolena_local.metrics.detection_curves import Detections
from kolena_local.plurals import counted
from kolena_local.warn import warn
from kolena_local.workflow import ConfusionMatrix, Curve, CurvePlot, Histogram

_BINS_TO_ONE: Final = 50


def get_label_confidence(label: str, inference_labels: Sequence[ScoredLabel]) -> float:
    """Return the score of a label, 0 if it was not inferred.

    Args:
        label: the label.
        inference_labels: the labels that were inferred for a sample.
    """
    return next((it.score for it in inference_labels if it.label == label), 0)


def get_histogram_range(values: Sequence[float]) -> tuple[float, float, int] | None:
    """Choose bins of width 0.02 for a histogram of scores.

    Args:
        values: scores from 0 to 1.

    Returns:
        The lowest edge, the highest edge and the number of bins, at least one; None if there are no
        values, or one is not between 0 and 1.
    """
    if not len(values):
        warn("There is no range for a histogram, because there are no values.")
        return None
    strange = next((value for value in values if not 0 <= value <= 1), None)
    if strange is not None:
        warn(f"There is no range for a histogram of scores, because {strange} is not in [0, 1].")
        return None
    # A value at an edge, give or take a rounding error, does not need the bin beyond it.
    first = math.floor(min(values) * _BINS_TO_ONE + 1e-7)
    last = math.ceil(max(values) * _BINS_TO_ONE - 1e-7)
    if last <= first:
        first, last = (first, first + 1) if 2 * first < _BINS_TO_ONE else (last - 1, last)
    return first / _BINS_TO_ONE, last / _BINS_TO_ONE, last - first


def create_histogram(
    values: Sequence[float],
    range: tuple[float, float, int],
    title: str = "",
    x_label: str = "",
    y_label: str = "",
) -> Histogram:
    """Make a histogram of values; those outside of the range are left out.

    Args:
        values: the values.
        range: the lowest edge, the highest edge and the number of bins.
        title: the title.
        x_label: the label of the x axis.
        y_label: the label of the y axis.
    """
    low, high, bins = range
    frequency, buckets = np.histogram(values, bins=bins, range=(low, high))
    return Histogram(title, x_label, y_label, buckets.tolist(), frequency.tolist())


def compute_confusion_matrix(
    ground_truths: Sequence[str],
    inferences: Sequence[str],
    title: str = "Confusion Matrix",
    labels: Sequence[str] | None = None,
) -> ConfusionMatrix | None:
    """Count which labels were inferred for each actual label.

    Args:
        ground_truths: the actual labels.
        inferences: the inferred labels, as many.
        title: the title.
        labels: the labels to show, in this order; None for all of them, sorted.

    Returns:
        The plot; None if the numbers of labels differ, or there are fewer than two labels.
    """
    if not _same_length(ground_truths, inferences, "confusion matrix", 1):
        return None
    pairs = list(zip(ground_truths, inferences, strict=True))
    shown = list(in_order({*ground_truths, *inferences}) if labels is None else labels)
    if len(shown) < 2:
        warn(f"No confusion matrix is made of {counted(len(shown), 'label')}; it needs two.")
        return None
    place = {label: index for index, label in enumerate(shown)}
    matrix = [[0] * len(shown) for _ in shown]
    for actual, inferred in pairs:
        if actual in place and inferred in place:
            matrix[place[actual]][place[inferred]] += 1
    return ConfusionMatrix(title, shown, matrix)


def compute_roc_curves(
    ground_truths: Sequence[Label | None],
    inferences: Sequence[Sequence[ScoredLabel]],
    labels: Sequence[str] | None = None,
    title: str | None = None,
) -> CurvePlot | None:
    """Plot the ROC curve of each label against all others.

    Args:
        ground_truths: the actual label of each sample, None for none.
        inferences: the inferred labels of each sample with their scores.
        labels: the labels to plot; None for those that are actual labels.
        title: the title; None for a title that says what is shown.

    Returns:
        The plot; None if there are fewer than three samples, or no label has samples with it and
        without it.
    """
    if not _same_length(ground_truths, inferences, "ROC curve", 3):
        return None
    if labels is None:
        labels = in_order({truth.label for truth in ground_truths if truth is not None})
    curves = []
    for label in labels:
        actual = [truth is not None and truth.label == label for truth in ground_truths]
        if 0 < sum(actual) < len(actual):
            scores = [get_label_confidence(label, inferred) for inferred in inferences]
            curves.append(Curve(*_roc(np.array(actual), np.array(scores)), label))
    if not curves:
        return None
    if title is None:
        is_binary = len({it.label for inferred in inferences for it in inferred}) == 1
        title = "Receiver Operating Characteristic" + ("" if is_binary else " (One-vs-Rest)")
    return CurvePlot(title, "False Positive Rate (FPR)", "True Positive Rate (TPR)", curves)


def compute_threshold_curves(
    ground_truths: Sequence[Label | None],
    inferences: Sequence[ScoredLabel],
    thresholds: Sequence[float] | None = None,
) -> list[Curve] | None:
    """Compute precision, recall and F1 of one label over the threshold of its score.

    Args:
        ground_truths: the actual label of each sample, None for none.
        inferences: the score of the same label for each sample.
        thresholds: the thresholds; None for 0.0, 0.1 … 1.0 and all scores that are at least 0.01
            above the threshold before them.

    Returns:
        Three curves; None if the numbers of labels differ, there are none, or the inferences have
        several labels.
    """
    if not _same_length(ground_truths, inferences, "threshold curve", 1):
        return None
    labels = {inference.label for inference in inferences}
    if len(labels) > 1:
        warn(f"No threshold curves are made of the labels {in_order(labels)}; pass one label.")
        return None
    (label,) = labels
    right: list[float] = []
    wrong: list[float] = []
    for truth, inference in zip(ground_truths, inferences, strict=True):
        (right if truth is not None and truth.label == label else wrong).append(inference.score)
    if thresholds is None:
        at = [0.0]
        for threshold in sorted({*np.linspace(0, 1, 11).tolist(), *right, *wrong}):
            if threshold - at[-1] >= 1e-2:
                at.append(threshold)
    else:
        at = sorted(set(thresholds))
    points = Detections.of(right, wrong).points(np.array(at, dtype=np.float64))
    return [
        Curve(list(at), values.tolist(), name)
        for name, values in (
            ("Precision", points.precision),
            ("Recall", points.recall),
            ("F1", points.f1),
        )
    ]


def _same_length(truths: Sequence[Any], inferences: Sequence[Any], plot: str, least: int) -> bool:
    if len(truths) != len(inferences):
        warn(
            f"No {plot} is made of {counted(len(truths), 'ground truth')} and"
            f" {counted(len(inferences), 'inference')}; pass the same number of both."
        )
        return False
    if len(truths) < least:
        warn(f"No {plot} is made of {counted(len(truths), 'sample')}; pass at least {least}.")
        return False
    return True


def _roc(actual: Any, scores: Any) -> tuple[list[float], list[float]]:
    order = np.argsort(-scores, kind="stable")
    falling = scores[order]
    last_of_score = np.append(falling[1:] != falling[:-1], True)
    hits = np.cumsum(actual[order])[last_of_score]
    alarms = np.cumsum(~actual[order])[last_of_score]
    # Points on a straight line between their neighbors add nothing.
    if len(hits) > 2:
        bends = (np.diff(hits, 2) != 0) | (np.diff(alarms, 2) != 0)
        kept = np.concatenate([[True], bends, [True]])
        hits, alarms = hits[kept], alarms[kept]
    x, y = np.append(0, alarms) / alarms[-1], np.append(0, hits) / hits[-1]
    return x.tolist(), y.tolist()
