"""Statistics of paired values: means, difference, confidence interval and p-value."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from kolena_local.comparison.statistics.boolean import mcnemar_p_value, proportion_interval
from kolena_local.comparison.statistics.correction import HOLM
from kolena_local.comparison.statistics.mean_difference import mean_difference, standard_error
from kolena_local.comparison.statistics.pairs import Ids, Pairs
from kolena_local.comparison.statistics.scaling import Floats, mean, scaled, unscaled

_POWER = 0.8
_FARTHEST = 100
_FEWEST_UNITS = 5


@dataclass(frozen=True)
class Settings:
    """How a comparison is computed.

    Attributes:
        confidence: the level of the confidence intervals; 1 - confidence is the significance level.
        correction: the name of the correction for multiple comparisons.
        seed: the seed of a search for slices; nothing else is drawn at random.
    """

    confidence: float
    correction: str = HOLM
    seed: int = 0


@dataclass(frozen=True)
class Estimate:
    """The statistics of one metric on one set of samples; NaN where there are no samples.

    A difference that is too large for a float is infinite, and one that is too small is zero;
    ``sign`` and ``relative_error`` are right even then.

    Attributes:
        n: the number of samples.
        units: the number of independent units: samples, or clusters of samples.
        sign: 1 if the mean of the candidate is higher, -1 if it is lower, else 0.
        base: the mean of the base.
        candidate: the mean of the candidate.
        difference: candidate minus base.
        ci_low: the lower end of its confidence interval.
        ci_high: the upper end.
        p_value: the p-value of the test for a difference.
        plain_p_value: that of Student's t test, which overlooks skewness; for bools the same.
        relative_error: the standard error divided by the absolute difference.
    """

    n: int
    units: int
    sign: int
    base: float
    candidate: float
    difference: float
    ci_low: float
    ci_high: float
    p_value: float
    plain_p_value: float
    relative_error: float


_NOTHING = Estimate(0, 0, 0, *[math.nan] * 8)


def estimate(pairs: Pairs, boolean: bool, clusters: Ids | None, settings: Settings) -> Estimate:
    """Compare two models on paired samples.

    Args:
        pairs: the paired values.
        boolean: whether the values are 0 and 1 for false and true.
        clusters: the cluster number of each pair, shape ``(n,)``; None if samples are independent.
        settings: how to compute.
    """
    n = len(pairs.ids)
    if n == 0:
        return _NOTHING
    differences, exponent = scaled_differences(pairs)
    difference = mean(differences)
    sums, sizes = _units(differences, clusters)
    # Not even rounding may depend on the ids of samples, which equal stores need not share.
    order = np.lexsort((sizes, sums))
    sums, sizes = sums[order], sizes[order]
    if boolean and clusters is None:
        losses, gains = int((differences < 0).sum()), int((differences > 0).sum())
        both = int(pairs.base.sum()) - losses
        neither = n - both - losses - gains
        low, high = proportion_interval(both, losses, gains, neither, settings.confidence)
        p_value = plain_p_value = mcnemar_p_value(losses, gains)
    else:
        possible = _possible_loss(pairs, differences, exponent)
        p_value, plain_p_value, low, high = mean_difference(
            sums, sizes, settings.confidence, possible
        )
        # The mean is in its interval despite rounding errors.
        low, high = (
            unscaled(end, exponent) for end in (min(low, difference), max(high, difference))
        )
    p_value = max(p_value, sys.float_info.min)  # it is small, but not zero
    if p_value > 1 - settings.confidence:
        # Where the test finds that zero is possible, the interval must not deny it.
        low, high = min(low, 0.0), max(high, 0.0)
    # Adding zero takes the sign off negative zero, which nobody wants to read.
    return Estimate(
        n,
        len(sums),
        (difference > 0) - (difference < 0),
        mean(pairs.base.astype(np.float64)) + 0.0,
        mean(pairs.candidate.astype(np.float64)) + 0.0,
        unscaled(difference, exponent) + 0.0,
        low + 0.0,
        high + 0.0,
        p_value,
        plain_p_value,
        standard_error(sums, sizes) / abs(difference) if difference else math.inf,
    )


def samples_to_decide(found: Estimate, level: float) -> int | None:
    """Estimate how many more samples like the present ones would decide.

    With them, a difference as large as the observed one would be significant with a probability
    (power) of 80 %: n grows by the factor ((z of the level + z of the power) x standard error /
    difference) squared.

    Source: S.-C. Chow, J. Shao and H. Wang, "Sample Size Calculations in Clinical Research" (2008),
    section 3.1, for one mean.

    Args:
        found: the statistics of the present samples.
        level: the significance level.

    Returns:
        The number, rounded up to two digits; None if it cannot be estimated: no difference, no
        spread, fewer than five samples or clusters, or more than 100 times as many samples needed.
    """
    if found.units < _FEWEST_UNITS or not 0 < found.relative_error < 1e9:
        return None
    wanted = float(ndtri(_POWER) - ndtri(level / 2))
    factor = (wanted * found.relative_error) ** 2
    if not 1 < factor <= _FARTHEST:
        return None
    more = math.ceil(found.n * (factor - 1))
    unit: int = 10 ** max(0, len(str(more)) - 2)
    return math.ceil(more / unit) * unit


def scaled_differences(pairs: Pairs) -> tuple[Floats, int]:
    """Return candidate minus base times a power of two, and the exponent for ``unscaled``."""
    differences, exponent = pairs.differences, 0
    if np.isinf(differences).any():
        # Halves, so that their difference is finite; what halving rounds away is negligible.
        base, candidate = (
            np.ldexp(side.astype(np.float64), -1) for side in (pairs.base, pairs.candidate)
        )
        differences, exponent = candidate - base, 1
    differences, further = scaled(differences)
    return differences, exponent + further


def _units(differences: Floats, clusters: Ids | None) -> tuple[Floats, Floats]:
    if clusters is None:
        return differences, np.ones(len(differences))
    _, codes = np.unique(clusters, return_inverse=True)
    return (
        np.bincount(codes, weights=differences).astype(np.float64),
        np.bincount(codes).astype(np.float64),
    )


def _possible_loss(pairs: Pairs, differences: Floats, exponent: int) -> float:
    """Return how large a loss may be if none was seen, to the scale of the differences.

    If all values are from 0 to 1, the better model may fall to 0, or the other one rise to 1. If
    all differences are the same, and so say nothing of others, it is what the values suggest; else
    the largest difference.
    """
    base, candidate = (side.astype(np.float64) for side in (pairs.base, pairs.candidate))
    least = float(min(base.min(), candidate.min()))
    most = float(max(base.max(), candidate.max()))
    largest = float(np.abs(differences).max())
    with np.errstate(over="ignore"):
        if least >= 0 and most <= 1:
            lower, higher = sorted([mean(base), mean(candidate)])
            return float(np.ldexp(max(lower, 1 - higher), -exponent))
        if np.ptp(differences) <= 1e-6 * largest:
            span = max(most / 2 - least / 2, most / 2, -least / 2)
            return max(largest, float(np.ldexp(span, 1 - exponent)))
    return largest
