"""Confidence intervals and p-values of a mean difference by resampling: bootstrap and sign flips.

The units of resampling are single samples, or clusters of samples that belong together (the images
of one patient). A unit has the sum of its samples' differences and their number; a single sample is
a unit of size 1. SciPy has both methods for any statistic; for a mean they can be much cheaper (its
BCa interval computes n x n numbers). Pure functions; blocks bound the memory. Differences are
squared and cubed, so they must come from ``scaling.scaled``.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from kolena_local.comparison.statistics.scaling import Floats

FLIPS = 9_999
"""The number of random sign flips if there are too many to try all; then p is at least 1e-4."""

_BLOCK = 1_000_000
_NORMAL = NormalDist()
_BITS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)
_SIGNS: Floats = _BITS.astype(np.float64) * 2 - 1
"""The 256 ways to flip eight signs."""


def bootstrap_interval(
    sums: Floats, sizes: Floats, confidence: float, resamples: int, seed: int
) -> tuple[float, float]:
    """Return the BCa bootstrap interval of the mean difference of paired samples.

    Units are drawn with replacement. The bias is estimated from the share of resampled means below
    the observed mean, the acceleration by the jackknife over units. The normal quantile is expanded
    to Student's, without which the interval is too short with few units. With fewer than six units
    (at a confidence of 95 %), it is Student's t interval.

    Sources: B. Efron, "Better bootstrap confidence intervals", JASA 82 (1987) 171-185, for BCa;
    A. C. Davison and D. V. Hinkley, "Bootstrap Methods and Their Application" (1997), section 3.8,
    for drawing clusters; T. C. Hesterberg, "What teachers should know about the bootstrap", The
    American Statistician 69 (2015) 371-386, section 5.3, for the expanded quantile.

    Args:
        sums: the sum of the differences of each unit, shape ``(units,)``.
        sizes: the number of samples of each unit, shape ``(units,)``.
        confidence: the confidence level, such as 0.95.
        resamples: the number of resamples.
        seed: the seed; the same seed gives the same interval.

    Returns:
        The lower and the upper end; NaN with a single unit, which has no spread.
    """
    n_units = len(sums)
    if n_units < 2:
        return math.nan, math.nan
    of_units = sums / sizes
    if of_units.min() == of_units.max():
        return float(of_units[0]), float(of_units[0])
    mean = float(sums.sum() / sizes.sum())
    if 2.0 ** (1 - n_units) > 1 - confidence:
        # With so few units, the true mean is outside of their range too often.
        reach = student(confidence, n_units - 1) * standard_error(sums, sizes)
        return mean - reach, mean + reach
    means = _resampled_means(sums, sizes, resamples, np.random.default_rng([seed, 0]))
    # Equal means may differ by rounding errors.
    tolerance = 1e-12 * np.abs(sums).sum() / sizes.sum()
    below = np.count_nonzero(means < mean - tolerance)
    level = np.count_nonzero(means <= mean + tolerance) - below
    share = (below + level / 2) / resamples
    bias = _NORMAL.inv_cdf(min(max(share, 0.5 / resamples), 1 - 0.5 / resamples))
    acceleration = _acceleration(sums, sizes)
    reach = math.sqrt(n_units / (n_units - 1)) * student(confidence, n_units - 1)
    ends = [_adjusted(bias, bias + end, acceleration) for end in (-reach, reach)]
    # Only rounding errors put an end outside of the range of the units.
    low, high = np.clip(np.quantile(means, ends), of_units.min(), of_units.max())
    return float(low), float(high)


def sign_flip_p_value(sums: Floats, seed: int) -> float:
    """Return the two-sided p-value of the sign-flip permutation test of a mean difference.

    If the models are equally good, each unit's difference could as well have had the opposite sign.
    With up to 13 units that differ, all flips are tried and the p-value is exact. Otherwise
    :data:`FLIPS` random flips are drawn, and the observed signs count as one more. The null
    hypothesis is a symmetric distribution: if the means are equal but one model has many small
    errors and the other a few large ones, the test rejects too often. With exponential differences
    in eight test cases, most of 60 samples, it did so in 11 % of 1,000 simulated suites instead of
    5 %.

    Sources: R. A. Fisher, "The Design of Experiments" (1935), section 21; for counting the observed
    signs B. Phipson and G. K. Smyth, "Permutation p-values should never be zero", Stat. Appl.
    Genet. Mol. Biol. 9 (2010) article 39.

    Args:
        sums: the sum of the differences of each unit, shape ``(units,)``.
        seed: the seed; the same seed gives the same p-value.
    """
    differing = sums[sums != 0]
    if len(differing) == 0:
        return 1.0
    observed = abs(differing.sum()) - 1e-12 * np.abs(differing).sum()
    # Without their signs, so that the p-value does not depend on which model is the base.
    differing = np.sort(np.abs(differing))
    if 2 ** len(differing) <= FLIPS:
        flips = np.arange(2 ** len(differing))[:, None] >> np.arange(len(differing)) & 1
        return float(np.mean(np.abs((2.0 * flips - 1.0) @ differing) >= observed))
    generator = np.random.default_rng([seed, 1])
    padding = np.zeros(-len(differing) % 8)
    totals = np.zeros(FLIPS)
    # One random byte flips the signs of eight units.
    for eight in np.concatenate([differing, padding]).reshape(-1, 8):
        drawn = generator.integers(256, size=FLIPS, dtype=np.uint8)
        totals += (_SIGNS @ eight)[drawn]
    return float(1 + np.count_nonzero(np.abs(totals) >= observed)) / (1 + FLIPS)


def standard_error(sums: Floats, sizes: Floats) -> float:
    """Return the standard error of the mean difference; NaN with a single unit.

    Source: Davison and Hinkley (1997), section 3.8: the linear approximation of a ratio of sums.
    """
    n_units, n_samples = len(sums), sizes.sum()
    if n_units < 2:
        return math.nan
    residuals = sums - sizes * (sums.sum() / n_samples)
    return float(np.sqrt((residuals**2).sum() * n_units / (n_units - 1)) / n_samples)


def _resampled_means(
    sums: Floats, sizes: Floats, resamples: int, generator: np.random.Generator
) -> Floats:
    n_units = len(sums)
    equal_sizes = bool(np.all(sizes == sizes[0]))
    means = np.empty(resamples)
    step = max(1, _BLOCK // n_units)
    for start in range(0, resamples, step):
        shape = (min(step, resamples - start), n_units)
        drawn = generator.integers(n_units, size=shape, dtype=np.int32)
        totals = sums[drawn].sum(axis=1)
        samples = n_units * sizes[0] if equal_sizes else sizes[drawn].sum(axis=1)
        means[start : start + step] = totals / samples
    return means


def _acceleration(sums: Floats, sizes: Floats) -> float:
    """Return the BCa acceleration, by the jackknife over units."""
    without = (sums.sum() - sums) / (sizes.sum() - sizes)
    deviations = without.mean() - without
    spread = float((deviations**2).sum())
    # If the units are alike, only rounding errors are left.
    if spread <= (1e-12 * float(np.abs(without).max())) ** 2 * len(sums):
        return 0.0
    return float((deviations**3).sum()) / (6 * math.pow(spread, 1.5))


def _adjusted(bias: float, end: float, acceleration: float) -> float:
    """Return the quantile of the resampled means that is an end of the interval."""
    divisor = 1 - acceleration * end
    if divisor <= 0:  # too skewed for the formula: use the outermost mean
        return float(end > 0)
    return _NORMAL.cdf(bias + end / divisor)


def student(confidence: float, degrees: float) -> float:
    """Return the two-sided quantile of Student's t distribution.

    Source: M. Abramowitz and I. A. Stegun, "Handbook of Mathematical Functions" (1964), 26.7.5,
    for three or more degrees of freedom: within 0.2 % at a confidence of 95 %, 1 % at 99 %.

    Args:
        confidence: the confidence level, such as 0.95.
        degrees: the degrees of freedom: 1, 2, or at least 3.
    """
    # From the tail, because 1 + confidence would be rounded.
    tail = (1 - confidence) / 2
    z = -_NORMAL.inv_cdf(tail)
    if degrees == 1:
        return 1 / math.tan(math.pi * tail)
    if degrees == 2:
        return confidence / math.sqrt(2 * tail * (1 - tail))
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / math.pow(degrees, power) for power, term in enumerate(terms, start=1))
