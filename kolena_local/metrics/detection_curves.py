"""Precision, recall and F1 of detections for each confidence threshold, and average precision.

Detections are matched once, and a threshold then only decides which of them count: those that score
lower do not influence the matches of those that score higher.

The average precision is that of the PASCAL VOC challenge since 2010: the area below the precision
that is reached at each recall or a higher one, summed over all recalls (Everingham et al., "The
PASCAL Visual Object Classes (VOC) Challenge", 2010). COCO averages the same curve at 101 recalls.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kolena_local.metrics.assignment import in_order
from kolena_local.metrics.formula import f1_score, precision, recall
from kolena_local.metrics.matches import InferenceMatches, MulticlassInferenceMatches

Matches = InferenceMatches[Any, Any] | MulticlassInferenceMatches[Any, Any]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Points:
    """Metrics at several thresholds, which ascend."""

    threshold: Floats
    precision: Floats
    recall: Floats
    f1: Floats
    true_positives: Integers

    def take(self, which: Any) -> Points:
        """A selection of the points."""
        return Points(*(values[which] for values in vars(self).values()))


@dataclass(frozen=True)
class Detections:
    """The scores of detections, and how many objects there were to detect.

    Args:
        right: the scores of matched inferences, ascending.
        wrong: the scores of unmatched inferences, ascending.
        objects: the number of ground truths.
    """

    right: Floats
    wrong: Floats
    objects: int

    @classmethod
    def read(cls, matches: Iterable[Matches]) -> Detections:
        """Collect the detections of several images, whatever their labels."""
        right: list[float] = []
        wrong: list[float] = []
        missed = 0
        for one in matches:
            right.extend(inference.score for _, inference in one.matched)
            wrong.extend(inference.score for inference in one.unmatched_inf)
            missed += len(one.unmatched_gt)
        return cls.of(right, wrong, missed)

    @classmethod
    def read_by_label(
        cls, matches: Iterable[MulticlassInferenceMatches[Any, Any]]
    ) -> dict[Any, Detections]:
        """Collect the detections of several images for each label, in the order of the labels."""
        found: dict[Any, tuple[list[float], list[float], list[Any]]] = {}

        def of(label: Any) -> tuple[list[float], list[float], list[Any]]:
            return found.setdefault(label, ([], [], []))

        for one in matches:
            for ground_truth, inference in one.matched:
                of(ground_truth.label)[0].append(inference.score)
            for inference in one.unmatched_inf:
                of(inference.label)[1].append(inference.score)
            for ground_truth, _ in one.unmatched_gt:
                of(ground_truth.label)[2].append(None)
        return {
            label: cls.of(found[label][0], found[label][1], len(found[label][2]))
            for label in in_order(found)
        }

    @classmethod
    def of(cls, right: list[Any], wrong: list[Any], missed: int = 0) -> Detections:
        """Make detections from scores in any order.

        Args:
            right: the scores of matched inferences.
            wrong: the scores of unmatched inferences.
            missed: the number of unmatched ground truths.
        """
        # None becomes NaN, which no threshold lets pass.
        scores = (np.array(side, dtype=np.float64) for side in (right, wrong))
        hits, false_alarms = (np.sort(side[~np.isnan(side)]) for side in scores)
        return cls(hits, false_alarms, len(right) + missed)

    def thresholds(self) -> Floats:
        """The different scores of at least 0, ascending."""
        scores = np.unique(np.concatenate([self.right, self.wrong]))
        return scores[scores >= 0]

    def points(self, thresholds: Floats | None = None) -> Points:
        """Compute the metrics at each threshold; by default, at :meth:`thresholds`."""
        at = self.thresholds() if thresholds is None else thresholds
        hits: Any = len(self.right) - np.searchsorted(self.right, at)
        false_alarms: Any = len(self.wrong) - np.searchsorted(self.wrong, at)
        missed: Any = self.objects - hits
        p: Any = precision(hits, false_alarms)
        r: Any = recall(hits, missed)
        f1: Any = f1_score(hits, false_alarms, missed)
        return Points(at, p, r, f1, hits)

    def average_precision(self) -> float:
        """Average precision over all scores of at least 0; 0.0 without objects or detections."""
        points = self.points()
        return average_precision(points.precision, points.recall)

    def optimal_threshold(self) -> float:
        """Return the lowest score with the highest F1; 0.0 if no score has one above 0."""
        points = self.points()
        if not points.f1.size or points.f1.max() == 0:
            return 0.0
        return float(points.threshold[points.f1.argmax()])


def average_precision(
    precisions: Sequence[float] | Floats, recalls: Sequence[float] | Floats
) -> float:
    """Area below a precision-recall curve, whose precision is first made to fall with recall.

    Args:
        precisions: the precision of each point, in any order.
        recalls: the recall of each point.

    Returns:
        A number from 0.0 to 1.0; 0.0 without points.

    Raises:
        ValueError: there are not as many precisions as recalls.
    """
    if len(precisions) != len(recalls):
        raise ValueError(
            f"There are {len(precisions)} precisions and {len(recalls)} recalls; give the same"
            " number of both."
        )
    order = np.argsort(np.asarray(recalls, dtype=np.float64), kind="stable")
    x = np.concatenate([[0.0], np.asarray(recalls, dtype=np.float64)[order]])
    y = np.asarray(precisions, dtype=np.float64)[order]
    reached = np.maximum.accumulate(y[::-1])[::-1]
    return float(np.sum(np.diff(x) * reached))
