"""How far predicted numbers are from actual ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Numbers = Sequence[float] | Floats


def mean_absolute_error(actual: Numbers, predicted: Numbers) -> float:
    """Mean absolute difference of predicted and actual numbers.

    Args:
        actual: the actual numbers, at least one.
        predicted: the predicted numbers, as many.
    """
    found = _differences(predicted, actual)
    return found.unscaled(float(np.mean(np.abs(found.scaled))))


def root_mean_squared_error(actual: Numbers, predicted: Numbers) -> float:
    """Square root of the mean squared difference of predicted and actual numbers.

    Args:
        actual: the actual numbers, at least one.
        predicted: the predicted numbers, as many.
    """
    found = _differences(predicted, actual)
    return found.unscaled(float(np.sqrt(np.mean(np.square(found.scaled)))))


def r_squared(actual: Numbers, predicted: Numbers) -> float | None:
    """Share of the variance of the actual numbers that the predicted ones explain.

    The coefficient of determination, ``1 - sum((actual - predicted)**2) / sum((actual -
    mean)**2)``. It is negative for predictions that are worse than the mean. As in scikit-learn, if
    all actual numbers are equal, it is 1.0 for perfect predictions and 0.0 for others.

    Args:
        actual: the actual numbers.
        predicted: the predicted numbers, as many.

    Returns:
        A number up to 1.0; None for fewer than two numbers, for which it is not defined.
    """
    if len(actual) < 2:
        return None
    residuals, distances = _differences(predicted, actual), _differences(actual, actual[:1])
    with np.errstate(all="ignore"):
        spread = distances.scaled - distances.scaled.mean()
    residual, total = (float(np.sum(np.square(it))) for it in (residuals.scaled, spread))
    if residual == 0:
        return 1.0
    if total == 0:
        return 0.0
    size = residuals.largest / distances.largest * (residuals.factor / distances.factor)
    return 1.0 - residual / total * size * size


class _Differences(NamedTuple):
    """Differences whose squares and sums neither overflow nor vanish.

    Attributes:
        scaled: the differences divided by the largest one; that one alone if it is zero or not
            finite.
        largest: what they are divided by.
        factor: by what the largest one was divided to be finite.
    """

    scaled: Floats
    largest: float
    factor: float

    def unscaled(self, value: float) -> float:
        """Return a value in the unit of the numbers; infinite beyond the range of a float."""
        return value * self.largest * self.factor


def _differences(numbers: Numbers, others: Numbers) -> _Differences:
    left, right = (np.asarray(side, dtype=np.float64) for side in (numbers, others))
    factor = 1.0
    with np.errstate(all="ignore"):
        differences = left - right
        if np.isinf(differences).any():
            factor = 2.0
            differences = left / factor - right / factor
        largest = float(np.max(np.abs(differences)))
        if not 0 < largest < np.inf:
            return _Differences(np.array([largest]), 1.0, factor)  # which all of them amount to
        return _Differences(differences / largest, largest, factor)
