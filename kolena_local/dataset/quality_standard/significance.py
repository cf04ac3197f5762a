"""Whether a model does better than another on a test case, by the margin of error of its size."""

from __future__ import annotations

import math
import sys
from numbers import Real

from kolena_local.errors import InputValidationError


def margin_of_error(n_samples: int, confidence_level: float = 0.95) -> float:
    """Return the margin of error of a proportion of one half, in percent.

    Args:
        n_samples: the number of datapoints.
        confidence_level: the probability that the true proportion is within the margin.

    Returns:
        The margin; zero without datapoints.

    Raises:
        InputValidationError: the confidence level is not from 0 to below 1. It is a ``ValueError``.
    """
    if not (isinstance(confidence_level, Real) and 0 <= confidence_level < 1):
        raise InputValidationError(
            f"confidence_level must be a number from 0 to below 1, and {confidence_level!r} is not."
        )
    if n_samples <= 0:
        return 0.0
    from scipy.special import ndtri

    return float(100 * ndtri((1 + confidence_level) / 2) * math.sqrt(0.25 / n_samples))


def verdict(
    value: float,
    reference: float,
    largest: float,
    margin: float,
    higher_is_better: bool | None,
) -> str:
    """Return how a value compares with that of the reference model.

    The difference is taken in percent of the scale of the metric: the power of ten from
    ``largest`` on, or ``largest`` itself if that power is 1,000 or more.

    Args:
        value: of the model.
        reference: of the reference model.
        largest: the reference model's largest value in the stratification.
        margin: the margin of error, in percent.
        higher_is_better: the metric's direction.

    Returns:
        ``improved``, ``regressed`` or ``similar``; ``unknown`` without a direction or a value.
    """
    if higher_is_better is None or not (math.isfinite(value) and math.isfinite(reference)):
        return "unknown"
    if not math.isfinite(largest) or largest == 0:
        largest = max(value, reference)
    delta = 100 * (value - reference) / _scale(value, largest)
    delta = delta if higher_is_better else -delta
    return "improved" if delta > margin else "regressed" if delta < -margin else "similar"


def _scale(value: float, largest: float) -> float:
    if largest <= 0:
        # The sign of the value must not turn the verdict around.
        return abs(value) + sys.float_info.epsilon
    return largest if largest > 100 else 10.0 ** math.ceil(math.log10(largest))
