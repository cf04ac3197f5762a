"""What a classifier confuses, and how well its confidence predicts that it is right.

Precision, recall and F1 of many classes are the unweighted means of those of each class (macro
averages), as in scikit-learn with ``zero_division=0``.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kolena_local.metrics.assignment import in_order
from kolena_local.metrics.formula import f1_score, precision, recall

Numbers = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]


class MacroAverages(NamedTuple):
    """The unweighted means over all classes."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class Confusions:
    """Which labels were predicted for which actual ones.

    Args:
        labels: all labels, sorted. None stands for no label: a sample without a class, or a model
            that did not answer.
        actual: the position of each actual label in ``labels``.
        predicted: the position of each predicted label.
    """

    labels: list[Any]
    actual: Integers
    predicted: Integers

    @classmethod
    def read(cls, actual: Sequence[Hashable], predicted: Sequence[Hashable]) -> Confusions:
        """Collect pairs of an actual and a predicted label.

        Args:
            actual: the actual labels, None for no label.
            predicted: the predicted labels, as many.
        """
        labels: list[Any] = in_order(dict.fromkeys([*actual, *predicted]))
        place = {label: index for index, label in enumerate(labels)}
        sides = ([place[label] for label in side] for side in (actual, predicted))
        return cls(labels, *(np.array(side, dtype=np.intp) for side in sides))

    def matrix(self) -> Integers:
        """Count the predicted labels (columns) of each actual label (rows)."""
        size = len(self.labels)
        pairs = np.bincount(self.actual * size + self.predicted, minlength=size * size)
        return pairs.reshape(size, size)

    def macro_averages(self) -> MacroAverages:
        """Average precision, recall and F1 over the classes; no label is not a class.

        Returns:
            Three numbers from 0.0 to 1.0; all are 0.0 without classes.
        """
        classes = [index for index, label in enumerate(self.labels) if label is not None]
        if not classes:
            return MacroAverages(0.0, 0.0, 0.0)
        right, predicted, actual = (
            np.bincount(places, minlength=len(self.labels))
            for places in (
                self.actual[self.actual == self.predicted],
                self.predicted,
                self.actual,
            )
        )
        wrong: Any = predicted - right
        missed: Any = actual - right
        hits: Any = right
        scores: tuple[Any, ...] = (
            precision(hits, wrong),
            recall(hits, missed),
            f1_score(hits, wrong, missed),
        )
        return MacroAverages(*(float(np.mean(score[classes])) for score in scores))


class Calibration(NamedTuple):
    """The bins of a calibration curve that have predictions."""

    confidence: list[float]
    """The mean confidence of each bin."""

    accuracy: list[float]
    """The share of right predictions in each bin."""

    size: list[int]
    """The number of predictions in each bin."""


def calibration(
    is_correct: Sequence[bool], confidence: Sequence[float], bins: int = 10
) -> Calibration:
    """Compare a model's confidence with how often it is right.

    Args:
        is_correct: for each prediction, whether it is right.
        confidence: the confidence of each prediction, from 0.0 to 1.0.
        bins: the number of bins of equal width; a value on an edge is in the lower bin.
    """
    edges = np.linspace(0.0, 1.0, bins + 1)
    scores: Numbers = np.asarray(confidence, dtype=np.float64)
    which = np.searchsorted(edges[1:-1], scores)
    count = np.bincount(which, minlength=bins)
    used = count > 0
    means = (
        np.bincount(which, weights=values, minlength=bins)[used] / count[used]
        for values in (scores, np.asarray(is_correct, dtype=np.float64))
    )
    mean_confidence, accuracy = means
    return Calibration(mean_confidence.tolist(), accuracy.tolist(), count[used].tolist())
