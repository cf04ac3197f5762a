"""The ratios of the confusion matrix, with one rule for division by zero.

They are defined in Fawcett, "An introduction to ROC analysis", Pattern Recognition Letters 27
(2006). A ratio whose denominator is zero, negative or NaN is ``0``: a test case without positives
has a recall of 0. Counts are neither checked nor rounded. They may also be arrays or pandas Series,
for which ratios are computed element by element. Numpy integers of any size are converted to 64-bit
floats, so that they do not overflow.

Sums beyond the range of a float and integers of any size beside floats give the right ratio. A
ratio that is itself beyond that range, and such an integer beside an array, is an
:class:`~kolena_local.errors.InputValidationError`.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from kolena_local.errors import InputValidationError


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
    with np.errstate(all="ignore"):
        product = 2 * p * r
        # The product of two tiny shares underflows, but their mean does not.
        tiny = (product < 1e-290) & (p > 0) & (r > 0)
        f1: float = _ratio(product, p + r)
        if tiny is not False and np.any(tiny):
            f1 = _choose(tiny, _ratio(2 * p, p + r) * r, f1)
    return f1


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


def _share(counts: Sequence[Any], others: Sequence[Any]) -> float:
    every, size = [*counts, *others], len(counts)
    try:
        with np.errstate(all="ignore"):
            ratio: float
            ratio, too_large = _divide(every, size)
            if too_large is False or not np.any(too_large):
                return ratio
            if np.ndim(ratio) > 0:
                smaller, _ = _divide([_wide(count) / 4 for count in every], size)
                ratio = _choose(too_large, smaller, ratio)
                return ratio
    except OverflowError:
        if any(map(np.ndim, every)):
            raise _beyond_floats("An integer beside an array") from None
    try:
        return _exact_share(every, size)
    except OverflowError:
        raise _beyond_floats("A ratio") from None


def _beyond_floats(what: str) -> InputValidationError:
    return InputValidationError(
        f"{what} is beyond the range of a float, up to 1.8e308; check the counts."
    )


def _divide(every: Sequence[Any], size: int) -> tuple[Any, Any]:
    """Divide the sum of the first counts by that of all; tell which of the latter are infinite."""
    every = list(map(_wide, every))
    part = sum(every[:size])
    whole = part + sum(every[size:])
    return _ratio(part, whole), whole == math.inf


def _exact_share(every: Sequence[Any], size: int) -> float:
    numbers: list[Any] = [count.item() if hasattr(count, "item") else count for count in every]
    finite = [abs(number) < math.inf for number in numbers]
    if all(finite):
        numbers = [Fraction(*number.as_integer_ratio()) for number in numbers]
    else:
        # Beside an infinite count, it does not matter how large a finite one is.
        numbers = [1.0 if known else count for known, count in zip(finite, numbers, strict=True)]
    return float(_ratio(sum(numbers[:size]), sum(numbers)))


def _choose(condition: Any, then: Any, otherwise: Any) -> Any:
    if np.ndim(condition) == 0:
        return then if condition else otherwise
    otherwise[condition] = then[condition]
    return otherwise


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
