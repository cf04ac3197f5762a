"""Curves, plots and thresholds from matched detections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal

import numpy as np

from kolena_local.log import logger
from kolena_local.metrics import MulticlassInferenceMatches
from kolena_local.metrics.assignment import in_order
from kolena_local.metrics.detection_curves import Detections, Matches, average_precision
from kolena_local.workflow import ConfusionMatrix, Curve, CurvePlot

MulticlassMatches = MulticlassInferenceMatches[Any, Any]

_MOST_POINTS: Final = 501


def filter_inferences(
    inferences: Sequence[Any],
    confidence_score: float | None = None,
    labels: set[str] | None = None,
) -> list[Any]:
    """Return the inferences that score at least a threshold and have one of some labels.

    Args:
        inferences: scored, labeled boxes or polygons.
        confidence_score: the threshold; None or 0 keeps all.
        labels: the labels to keep; None keeps all.
    """
    return [
        inference
        for inference in inferences
        if (not confidence_score or inference.score >= confidence_score)
        and (labels is None or inference.label in labels)
    ]


def compute_average_precision(precisions: Sequence[float], recalls: Sequence[float]) -> float:
    """Compute average precision as PASCAL VOC does, over all points of a curve.

    Args:
        precisions: the precision of each point.
        recalls: the recall of each point.

    Returns:
        A number from 0.0 to 1.0; 0.0 without points.

    Raises:
        ValueError: there are not as many precisions as recalls.
    """
    return average_precision(precisions, recalls)


def compute_optimal_f1_threshold(all_matches: Sequence[Matches]) -> float:
    """Return the confidence threshold with the highest F1.

    Args:
        all_matches: the matches of each image.

    Returns:
        The threshold; 0.0 if F1 is 0 whatever the threshold.
    """
    return Detections.read(all_matches).optimal_threshold()


def compute_optimal_f1_threshold_multiclass(
    all_matches: Sequence[MulticlassMatches],
) -> dict[str, float]:
    """Return the confidence threshold with the highest F1 for each label.

    Args:
        all_matches: the matches of each image.

    Returns:
        The threshold of each label; 0.0 if its F1 is 0 whatever the threshold.
    """
    found = Detections.read_by_label(all_matches)
    return {label: detections.optimal_threshold() for label, detections in found.items()}


def compute_pr_curve(
    all_matches: Sequence[Matches], curve_label: str | None = None
) -> Curve | None:
    """Compute a curve of precision over recall.

    Args:
        all_matches: the matches of each image.
        curve_label: the label of the curve.

    Returns:
        The curve, with at most 501 thresholds; None if there are fewer than two points.
    """
    return _curve(Detections.read(all_matches), "pr", curve_label)


def compute_pr_plot(
    all_matches: Sequence[Matches], curve_label: str | None = None
) -> CurvePlot | None:
    """Plot precision over recall.

    Args:
        all_matches: the matches of each image.
        curve_label: the label of the curve.

    Returns:
        The plot; None if there are fewer than two points.
    """
    return plot({curve_label: Detections.read(all_matches)}, "pr")


def compute_f1_plot(
    all_matches: Sequence[Matches], curve_label: str | None = None
) -> CurvePlot | None:
    """Plot F1 over the confidence threshold.

    Args:
        all_matches: the matches of each image.
        curve_label: the label of the curve.

    Returns:
        The plot; None if there are fewer than two points.
    """
    return plot({curve_label: Detections.read(all_matches)}, "f1")


def compute_pr_plot_multiclass(all_matches: Sequence[MulticlassMatches]) -> CurvePlot | None:
    """Plot precision over recall, a curve for each label.

    Args:
        all_matches: the matches of each image.

    Returns:
        The plot; None if no label has two points.
    """
    return plot(Detections.read_by_label(all_matches), "pr", " Per Class")


def compute_f1_plot_multiclass(all_matches: Sequence[MulticlassMatches]) -> CurvePlot | None:
    """Plot F1 over the confidence threshold, a curve for each label.

    Args:
        all_matches: the matches of each image.

    Returns:
        The plot; None if no label has two points.
    """
    return plot(Detections.read_by_label(all_matches), "f1", " Per Class")


def compute_confusion_matrix_plot(
    all_matches: Sequence[MulticlassMatches], plot_title: str = "Confusion Matrix"
) -> ConfusionMatrix | None:
    """Plot which labels were inferred for objects of each label; missed objects do not count.

    Args:
        all_matches: the matches of each image.
        plot_title: the title.

    Returns:
        The plot; None if there are fewer than two labels.
    """
    counts: Counter[tuple[Any, Any]] = Counter()
    labels: set[Any] = set()
    for one in all_matches:
        counts.update((truth.label, truth.label) for truth, _ in one.matched)
        labels.update(truth.label for truth, _ in one.unmatched_gt)
        counts.update(
            (truth.label, inference.label)
            for truth, inference in one.unmatched_gt
            if inference is not None
        )
    labels.update(label for pair in counts for label in pair)
    if len(labels) < 2:
        logger.info("No confusion matrix is made, because there are fewer than two labels.")
        return None
    ordered = in_order(labels)
    matrix = [[counts[actual, predicted] for predicted in ordered] for actual in ordered]
    return ConfusionMatrix(plot_title, list(map(str, ordered)), matrix)


def plot(
    detections: dict[Any, Detections], kind: Literal["pr", "f1"], suffix: str = ""
) -> CurvePlot | None:
    """Plot precision over recall, or F1 over the threshold.

    Args:
        detections: the detections by the label of their curve.
        kind: ``"pr"`` or ``"f1"``.
        suffix: the end of the title.

    Returns:
        The plot; None if no curve has two points.
    """
    curves = list(_curves(detections, kind))
    if not curves:
        return None
    title, x_label, y_label = {
        "pr": ("Precision vs. Recall", "Recall", "Precision"),
        "f1": ("F1-Score vs. Confidence Threshold", "Confidence Threshold", "F1-Score"),
    }[kind]
    return CurvePlot(title + suffix, x_label, y_label, curves)


def _curves(detections: dict[Any, Detections], kind: Literal["pr", "f1"]) -> Iterable[Curve]:
    for label, one in detections.items():
        curve = _curve(one, kind, None if label is None else str(label))
        if curve is not None:
            yield curve


def _curve(detections: Detections, kind: Literal["pr", "f1"], label: str | None) -> Curve | None:
    thresholds = detections.thresholds()
    if len(thresholds) >= _MOST_POINTS:
        thresholds = np.linspace(thresholds[0], thresholds[-1], _MOST_POINTS)
    points = detections.points(thresholds)
    # Of points with the same recall, the last has the highest precision.
    hits = points.true_positives
    points = points.take(np.append(np.diff(hits) != 0, True) if len(hits) else slice(0))
    if kind == "pr" and len(hits) and points.recall[-1] > 0:
        # The curve begins at the vertical axis.
        last = np.append(np.arange(len(points.recall)), -1)
        points = points.take(last)
        points.recall[-1] = 0.0
    if len(points.threshold) < 2:
        return None
    threshold, precision, recall, f1, _ = (values.tolist() for values in vars(points).values())
    if kind == "f1":
        return Curve(threshold, f1, label, {"Precision": precision, "Recall": recall})
    return Curve(recall, precision, label, {"F1": f1, "Threshold": threshold})
