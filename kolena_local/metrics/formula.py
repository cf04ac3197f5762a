"""The ratios of the confusion matrix, with one rule for division by zero.

They are defined in Fawcett, "An introduction to ROC analysis", Pattern Recognition Letters 27
(2006). A ratio whose denominator is zero, negative or NaN is ``0``: a test case without positives
has a recall of 0. Counts are neither checked nor rounded. They may also be arrays or pandas Series,
for which ratios are computed element by element. Numpy integers of any size are converted to 64-bit
floats, so that they do not overflow.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np


def accuracy(
    true_positives: int, false_positives: int, false_negatives: int, true_negatives: int
) -> float:
    """Share of all decisions that are right: ``(TP + TN) / (TP + FP + FN + TN)``.

    Args:
        true_positives: positives that were predicted as positives.
        false_positives: negatives that were predicted as positives.
        false_negatives: positives that were predicted as negatives.
        true_negatives: negatives that were predicted as negatives.

    Returns:
        A number from 0 to 1; ``0`` if all counts are 0 or a count is NaN.
    """
    return _share((true_positives, true_negatives), (false_positives, false_negatives))


def precision(true_positives: int, false_positives: int) -> float:
    """Share of predicted positives that are positives: ``TP / (TP + FP)``.

    Args:
        true_positives: positives that were predicted as positives.
        false_positives: negatives that were predicted as positives.

    Returns:
        A number from 0 to 1; ``0`` if there are no predicted positives or a count is NaN.
    """
    return _share((true_positives,), (false_positives,))


def recall(true_positives: int, false_negatives: int) -> float:
    """Share of positives that were found, also called sensitivity: ``TP / (TP + FN)``.

    Args:
        true_positives: positives that were predicted as positives.
        false_negatives: positives that were predicted as negatives.

    Returns:
        A number from 0 to 1; ``0`` if there are no positives or a count is NaN.
    """
    return _share((true_positives,), (false_negatives,))


def f1_score(true_positives: int, false_positives: int, false_negatives: int) -> float:
    """Harmonic mean of precision and recall: ``2 * P * R / (P + R)``.

    The effectiveness measure of van Rijsbergen, "Information Retrieval" (1979), with equal weights.

    Args:
        true_positives: positives that were predicted as positives.
        false_positives: negatives that were predicted as positives.
        false_negatives: positives that were predicted as negatives.

    Returns:
        A number from 0 to 1; ``0`` if precision and recall are both 0.
    """
    p = precision(true_positives, false_positives)
    r = recall(true_positives, false_negatives)
    return _ratio(2 * p * r, p + r)


def fpr(true_negatives: int, false_positives: int) -> float:
    """False positive rate, the share of negatives predicted as positives: ``FP / (TN + FP)``.

    Args:
        true_negatives: negatives that were predicted as negatives.
        false_positives: negatives that were predicted as positives.

    Returns:
        A number from 0 to 1; ``0`` if there are no negatives or a count is NaN.
    """
    return _share((false_positives,), (true_negatives,))


def specificity(true_negatives: int, false_positives: int) -> float:
    """True negative rate, the share of negatives predicted as negatives: ``TN / (TN + FP)``.

    Args:
        true_negatives: negatives that were predicted as negatives.
        false_positives: negatives that were predicted as positives.

    Returns:
        A number from 0 to 1; ``0`` if there are no negatives or a count is NaN.
    """
    return _share((true_negatives,), (false_positives,))


def _share(counts: Iterable[Any], others: Iterable[Any]) -> float:
    with np.errstate(all="ignore"):
        part = sum(map(_wide, counts))
        return _ratio(part, part + sum(map(_wide, others)))


def _wide(count: Any) -> Any:
    return count.astype("float64") if hasattr(count, "astype") else count


def _ratio(numerator: Any, denominator: Any) -> float:
    # `> 0` instead of `!= 0`: NaN and negative denominators must give 0, too.
    if np.ndim(denominator) == 0:
        return numerator / denominator if denominator > 0 else 0
    with np.errstate(all="ignore"):
        ratio: Any = numerator / denominator
    ratio[~(denominator > 0)] = 0
    return ratio  # type: ignore[no-any-return]
