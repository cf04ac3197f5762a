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


class MacroAverages(NamedTuple):
    """The unweighted means over all classes."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class Confusions:
    """How often each label was predicted for each actual label.

    Args:
        labels: all labels, sorted. None stands for no label: a sample without a class, or a model
            that did not answer.
        matrix: a row for each actual label, a column for each predicted one.
    """

    labels: list[Any]
    matrix: npt.NDArray[np.int64]

    @classmethod
    def count(cls, actual: Sequence[Hashable], predicted: Sequence[Hashable]) -> Confusions:
        """Count pairs of an actual and a predicted label.

        Args:
            actual: the actual labels, None for no label.
            predicted: the predicted labels, as many.
        """
        labels: list[Any] = in_order(dict.fromkeys([*actual, *predicted]))
        place = {label: index for index, label in enumerate(labels)}
        matrix = np.zeros((len(labels), len(labels)), dtype=np.int64)
        rows, columns = ([place[label] for label in side] for side in (actual, predicted))
        np.add.at(matrix, (rows, columns), 1)
        return cls(labels, matrix)

    def macro_averages(self) -> MacroAverages:
        """Average precision, recall and F1 over the classes; no label is not a class.

        Returns:
            Three numbers from 0.0 to 1.0; all are 0.0 without classes.
        """
        classes = [index for index, label in enumerate(self.labels) if label is not None]
        if not classes:
            return MacroAverages(0.0, 0.0, 0.0)
        right: Any = self.matrix.diagonal()
        wrong: Any = self.matrix.sum(axis=0) - right
        missed: Any = self.matrix.sum(axis=1) - right
        scores: tuple[Any, ...] = (
            precision(right, wrong),
            recall(right, missed),
            f1_score(right, wrong, missed),
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
