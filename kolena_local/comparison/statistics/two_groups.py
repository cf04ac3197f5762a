"""Tests and intervals for the difference between some samples and all others. Pure functions.

The tests ask how likely a sum as low as that of the group is among all groups of that size: the
sum over a random subset of a finite population. Values must come from ``scaling.scaled``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from scipy.special import ndtr, ndtri, stdtrit

from kolena_local.comparison.statistics.resampling import sign_flip_p_value
from kolena_local.comparison.statistics.scaling import Floats, Mask

_DRAWS: Final = 9_999
_FEWEST_DRAWS: Final = 999
#: A p-value that so many draws exceed is known well enough.
_ENOUGH: Final = 100
#: How many values are drawn at most, which takes about half a second.
_DRAWN: Final = 20_000_000
#: From here on, 9,999 permutations could say no more than "less than one in ten thousand".
_FAR: Final = 4.0
#: Up to so many values, signs are flipped.
_FLIPPED: Final = 1_000


def lower_tails(values: Floats, groups: Sequence[Mask], seed: int) -> list[float]:
    """Return for each group the p-value of the test that its mean is not lower than elsewhere.

    If values are of two kinds, such as 0 and 1, it is Fisher's exact test. Otherwise it is the
    permutation test, by its normal tail corrected for skewness where that is accurate, else by
    random permutations, in which the observed group counts as one more. They end early if all
    p-values are large, and are fewer the larger the groups are, so that the time is bounded.

    Sources: R. A. Fisher, "Statistical Methods for Research Workers" (1934), section 21.02;
    E. J. G. Pitman, "Significance tests which may be applied to samples from any populations",
    Suppl. J. R. Stat. Soc. 4 (1937) 119-130; B. Phipson and G. K. Smyth, "Permutation p-values
    should never be zero", Stat. Appl. Genet. Mol. Biol. 9 (2010) article 39; J. Besag and P.
    Clifford, "Sequential Monte Carlo p-values", Biometrika 78 (1991) 301-304, for ending early.

    Args:
        values: the values of all samples, shape ``(n,)``.
        groups: for each group which samples are in it, each of shape ``(n,)``; none is empty or
            has all samples.
        seed: the seed of the permutations.
    """
    kinds = np.unique(values)
    if len(kinds) == 1:
        return [1.0] * len(groups)
    if len(kinds) == 2:
        return [_fisher(values == kinds[1], group) for group in groups]
    gaps = np.diff(kinds)
    step = float(gaps.min()) if bool((gaps % gaps.min() == 0).all()) else 0.0
    found = [_corrected_normal_tail(values, group, step) for group in groups]
    left = [number for number, p_value in enumerate(found) if p_value is None]
    drawn = _permutation_tails(values, [groups[number] for number in left], seed)
    for number, p_value in zip(left, drawn, strict=True):
        found[number] = p_value
    return [p_value for p_value in found if p_value is not None]


def difference_interval(inside: Floats, outside: Floats, confidence: float) -> tuple[float, float]:
    """Return the confidence interval of the mean inside minus the mean outside.

    It is Welch's. For 0 and 1 it is Agresti and Caffo's, which adds a success and a failure to
    each side and takes the normal quantile.

    Sources: B. L. Welch, "The generalization of Student's problem when several different population
    variances are involved", Biometrika 34 (1947) 28-35; A. Agresti and B. Caffo, "Simple and
    effective confidence intervals for proportions and differences of proportions", The American
    Statistician 54 (2000) 280-288.

    Args:
        inside: the values of one group, at least two.
        outside: those of the other, at least two.
        confidence: the confidence level, such as 0.95.
    """
    boolean = all(np.isin(side, (0.0, 1.0)).all() for side in (inside, outside))
    if boolean:
        inside, outside = (np.concatenate([side, [0.0, 1.0]]) for side in (inside, outside))
    sides = (inside, outside)
    parts = [float(side.var(ddof=0 if boolean else 1)) / len(side) for side in sides]
    difference, error = float(inside.mean() - outside.mean()), math.sqrt(sum(parts))
    if error == 0:
        return difference, difference
    if boolean:
        reach = -float(ndtri((1 - confidence) / 2)) * error
        return max(-1.0, difference - reach), min(1.0, difference + reach)
    shares = [
        (part / sum(parts)) ** 2 / (len(side) - 1) for part, side in zip(parts, sides, strict=True)
    ]
    reach = -float(stdtrit(1 / sum(shares), (1 - confidence) / 2)) * error
    return difference - reach, difference + reach


def negative_mean_tail(values: Floats, seed: int) -> float:
    """Return the one-sided p-value of the test that the mean of values is not below zero.

    It is the sign-flip test (see :func:`sign_flip_p_value`), by its normal tail if many values
    differ from zero: sums of random signs have no skewness.

    Args:
        values: the values, shape ``(n,)``.
        seed: the seed of the sign flips.
    """
    differing = values[values != 0]
    total = float(differing.sum())
    if len(differing) > _FLIPPED:
        return float(ndtr(total / math.sqrt(float((differing**2).sum()))))
    half = sign_flip_p_value(differing, seed) / 2
    return half if total < 0 else 1 - half


def _fisher(ones: Mask, group: Mask) -> float:
    """Return the probability of at most as many ones in a random group of that size."""
    n, size, total = len(ones), int(group.sum()), int(ones.sum())
    observed, least = int(ones[group].sum()), max(0, size + total - n)
    counts = np.arange(observed, least, -1, dtype=np.float64)
    # In logarithms, each from the one before, as the probabilities themselves underflow.
    ratios = counts * (n - size - total + counts) / ((size - counts + 1) * (total - counts + 1))
    logarithms = np.concatenate([[0.0], np.cumsum(np.log(ratios))])
    first = _log_choose(total, observed) + _log_choose(n - total, size - observed)
    terms = np.exp(logarithms + first - _log_choose(n, size))
    return min(1.0, float(terms.sum()))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _corrected_normal_tail(values: Floats, group: Mask, step: float) -> float | None:
    """Return the tail of the permutation distribution to first order; None if it is inaccurate.

    The normal quantile is moved by the skewness of the sum, as the inverse Cornish-Fisher expansion
    does. How far out that is accurate follows from the next terms, of skewness and of kurtosis;
    farther out, the p-value of the farthest place is an upper bound, good enough if it is tiny.

    Sources: E. A. Cornish and R. A. Fisher, "Moments and cumulants in the specification of
    distributions", Rev. Int. Stat. Inst. 5 (1938) 307-320; P. J. Bickel and W. R. van Zwet,
    "Asymptotic expansions for the power of distribution free tests in the two-sample problem", Ann.
    Stat. 6 (1978) 937-1004, for the cumulants of the sum over a random subset.
    """
    n, size = len(values), int(group.sum())
    standard = (values - values.mean()) / values.std()
    share = size / n
    spread = share * (1 - share)
    # Sums of whole steps, such as those of -1, 0 and 1, are halfway between two of them.
    total = float(standard[group].sum()) + step / float(values.std()) / 2
    z = total / math.sqrt(spread * n * n / (n - 1))
    skewness = float((standard**3).mean()) * (1 - 2 * share) / math.sqrt(n * spread)
    kurtosis = float((standard**4).mean()) * (1 - 6 * spread) - 3 * (1 - 4 * spread)
    kurtosis /= n * spread
    reach = min(
        math.sqrt(0.5 / max(abs(skewness), 1e-9)),
        math.pow(2.4 / max(abs(kurtosis), 1e-9), 0.25),
    )
    if reach < min(max(-z, 1.0), _FAR):
        return None
    z = max(z, -reach)
    return float(ndtr(z - skewness * (z**2 - 1) / 6))


def _permutation_tails(values: Floats, groups: Sequence[Mask], seed: int) -> list[float]:
    """Return one-sided p-values by random permutations, the same ones for all groups."""
    if not groups:
        return []
    n = len(values)
    # Of each group or its complement, whichever is smaller, the beginning of a random order is
    # a random subset.
    sizes = np.array([int(group.sum()) for group in groups])
    smaller = np.minimum(sizes, n - sizes)
    total, flipped = float(values.sum()), smaller != sizes
    observed = np.array([float(values[group].sum()) for group in groups])
    tolerance = 1e-12 * float(np.abs(values).sum())
    longest = int(smaller.max())
    draws = max(_FEWEST_DRAWS, min(_DRAWS, _DRAWN // longest))
    generator = np.random.default_rng([seed, 3])
    below = np.zeros(len(groups), dtype=np.int64)
    drawn = 0
    while drawn < draws and below.min() < _ENOUGH:
        drawn += 1
        sums = values[generator.choice(n, longest, replace=False)].cumsum()[smaller - 1]
        below += np.where(flipped, total - sums, sums) <= observed + tolerance
    return [(1 + count) / (1 + drawn) for count in below.tolist()]
