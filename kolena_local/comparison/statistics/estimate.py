"""What the pairs of one metric say: means, difference, interval, p-value. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from kolena_local.comparison.statistics.boolean import mcnemar_p_value, proportion_interval
from kolena_local.comparison.statistics.pairs import Ids, Pairs
from kolena_local.comparison.statistics.resampling import (
    bootstrap_interval,
    sign_flip_p_value,
    standard_error,
)
from kolena_local.comparison.statistics.scaling import Floats, mean, scaled, unscaled

_POWER = 0.8
_FARTHEST = 100
_FEWEST_UNITS = 5


@dataclass(frozen=True)
class Settings:
    """How a comparison is computed.

    Attributes:
        confidence: of the intervals; verdicts have a risk of 1 - confidence of being false.
        resamples: how many times the bootstrap draws.
        seed: what its and the sign flips' random numbers start from.
        correction: how p-values allow for the number of comparisons.
    """

    confidence: float
    resamples: int
    seed: int
    correction: str


@dataclass(frozen=True)
class Estimate:
    """The outcome for one metric on one set of samples; NaN where there is nothing to tell from.

    A difference that is too large for a float is infinite. Its sign and its relative error are
    right then too, and where it is so small that it is rounded to zero.

    Attributes:
        n: how many samples there are.
        units: how many of them, or clusters of them, stand by themselves.
        sign: 1 if the candidate's mean is higher, -1 if it is lower, else 0.
        base: the base's mean.
        candidate: the candidate's.
        difference: candidate minus base.
        ci_low: lower end of its interval.
        ci_high: upper end.
        p_value: of the test whether there is a difference.
        relative_error: the standard error as a multiple of the difference.
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
    relative_error: float


_NOTHING = Estimate(0, 0, 0, *[math.nan] * 7)


def estimate(pairs: Pairs, boolean: bool, clusters: Ids | None, settings: Settings) -> Estimate:
    """Compare two models on paired samples.

    Args:
        pairs: their values.
        boolean: the values are 0 and 1 for false and true.
        clusters: for each pair, a number that samples which belong together share; None if each
            stands by itself.
        settings: how to compute.
    """
    n = len(pairs.ids)
    if n == 0:
        return _NOTHING
    differences, exponent = _scaled_differences(pairs)
    sums, sizes = _units(differences, clusters)
    if boolean and clusters is None:
        losses, gains = int((differences < 0).sum()), int((differences > 0).sum())
        both = int(pairs.base.sum()) - losses
        neither = n - both - losses - gains
        interval = proportion_interval(both, losses, gains, neither, settings.confidence)
        p_value = mcnemar_p_value(losses, gains)
    else:
        low, high = bootstrap_interval(
            sums, sizes, settings.confidence, settings.resamples, settings.seed
        )
        interval = unscaled(low, exponent), unscaled(high, exponent)
        p_value = sign_flip_p_value(sums, settings.seed)
    difference = mean(differences)
    return Estimate(
        n,
        len(sums),
        (difference > 0) - (difference < 0),
        mean(pairs.base.astype(np.float64)),
        mean(pairs.candidate.astype(np.float64)),
        unscaled(difference, exponent),
        *interval,
        p_value,
        standard_error(sums, sizes) / abs(difference) if difference else math.inf,
    )


def samples_to_decide(found: Estimate, level: float) -> int | None:
    """Return about how many more samples would decide, if they are like those that there are.

    So many that a difference as large and as spread as the one observed is found with a probability
    of 80 %: n grows by the square of (z of the level + z of the power) x standard error /
    difference.

    Source: S.-C. Chow, J. Shao and H. Wang, "Sample Size Calculations in Clinical Research" (2008),
    section 3.1, for one mean.

    Args:
        found: what the samples say now.
        level: the p-value that decides.

    Returns:
        Two digits of it; None where it cannot be said: no difference, no spread, fewer than five
        samples or clusters, or more than a hundred times as many samples needed as there are.
    """
    if found.units < _FEWEST_UNITS or not 0 < found.relative_error < 1e9:
        return None
    normal = NormalDist()
    wanted = normal.inv_cdf(_POWER) - normal.inv_cdf(level / 2)
    factor = (wanted * found.relative_error) ** 2
    if not 1 < factor <= _FARTHEST:
        return None
    more = math.ceil(found.n * (factor - 1))
    unit: int = 10 ** max(0, len(str(more)) - 2)
    return math.ceil(more / unit) * unit


def _scaled_differences(pairs: Pairs) -> tuple[Floats, int]:
    differences, exponent = pairs.differences, 0
    if np.isinf(differences).any():
        # Half of each, and what that rounds away is nothing beside the largest.
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
