"""How far predicted numbers are from actual ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Numbers = Sequence[float] | npt.NDArray[np.float64]


def mean_absolute_error(actual: Numbers, predicted: Numbers) -> float:
    """Mean absolute difference of predicted and actual numbers.

    Args:
        actual: the actual numbers, at least one.
        predicted: the predicted numbers, as many.
    """
    return float(np.mean(np.abs(np.subtract(predicted, actual, dtype=np.float64))))


def root_mean_squared_error(actual: Numbers, predicted: Numbers) -> float:
    """Square root of the mean squared difference of predicted and actual numbers.

    Args:
        actual: the actual numbers, at least one.
        predicted: the predicted numbers, as many.
    """
    # Scaled, so that squares of large or small differences neither overflow nor vanish.
    differences = np.abs(np.subtract(predicted, actual, dtype=np.float64))
    largest = float(np.max(differences))
    if not 0 < largest < np.inf:
        return largest
    return float(largest * np.sqrt(np.mean(np.square(differences / largest))))


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
    truth = np.asarray(actual, dtype=np.float64)
    residuals, spread = truth - np.asarray(predicted, dtype=np.float64), truth - truth.mean()
    # Scaled, so that squares neither overflow nor vanish; the ratio stays the same.
    scale = float(max(np.max(np.abs(residuals)), np.max(np.abs(spread)))) or 1.0
    residual, total = (float(np.sum(np.square(it / scale))) for it in (residuals, spread))
    if total == 0:
        return 1.0 if residual == 0 else 0.0
    return 1.0 - residual / total
