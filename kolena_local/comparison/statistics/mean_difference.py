"""The test and the confidence interval of a mean difference, one the inversion of the other.

The units are single samples, or clusters of samples that belong together (the images of one
patient). A unit has the sum of its samples' differences and their number; a single sample is a unit
of size 1.

Student's t test promises too much if differences are skewed: where a few samples lose much, they
may by chance be missing. So the p-value is the largest of

- that of Student's t test;
- the same with t corrected for skewness;
- the probability that a sample of this size misses all of a share of the population that is large
  enough to turn the sign of the mean, see :func:`_missed`;
- that of the sign test if all units that differ have the same sign, the least that is possible.

If at least half of the units have the same difference, such as zero, the test is repeated with the
others alone, because the former say nothing about how the latter are distributed.

Sources: P. Hall, "On the removal of skewness by transformation", J. R. Stat. Soc. B 54 (1992)
221-228, for the correction; J. A. Hanley and A. Lippman-Hand, "If nothing goes wrong, is everything
all right?", JAMA 249 (1983) 1743-1745, for what a sample misses; A. C. Davison and D. V. Hinkley,
"Bootstrap Methods and Their Application" (1997), section 3.8, for the standard error with clusters.
The constants below are ours: tests/comparison/test_simulation.py shows what they achieve.

Pure functions. Differences are squared and cubed, so they must come from ``scaling.scaled``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from scipy.special import stdtr, stdtrit

from kolena_local.comparison.statistics.scaling import Floats

#: Differences that differ by less than this part of the largest one differ by rounding only.
_ROUNDING: Final = 1e-6
#: How many times larger than the mean gain an unseen loss may be, if no loss was seen.
_LARGEST_LOSS: Final = 25.0
#: How much longer than the other one a tail of a symmetric distribution looks in a small sample.
_USUAL_RATIO: Final = 1.8
#: So many units hardly tell how skewed their distribution is, and so many that differ among others.
_FEW: Final = 10.0
_FEW_APART: Final = 12.0
#: Below this probability, differences that are even farther away are thought of.
_RARE: Final = 0.005


class MeanDifference(NamedTuple):
    """A test and an interval.

    Attributes:
        p_value: the two-sided p-value.
        plain_p_value: that of Student's t test alone.
        low: the lower end of the interval; NaN with a single unit, which has no spread.
        high: the upper end.
    """

    p_value: float
    plain_p_value: float
    low: float
    high: float


def mean_difference(
    sums: Floats, sizes: Floats, confidence: float, possible: float
) -> MeanDifference:
    """Test whether the mean difference is zero, and return its confidence interval.

    Args:
        sums: the sum of the differences of each unit, shape ``(units,)``.
        sizes: the number of samples of each unit, shape ``(units,)``.
        confidence: the confidence level, such as 0.95.
        possible: how large a loss may be if none was seen.
    """
    if len(sums) < 2:
        return MeanDifference(1.0, 1.0, math.nan, math.nan)
    if math.fsum(sums) > 0:
        # Which model is the base must not even change the rounding.
        turned = mean_difference(-sums, sizes, confidence, possible)
        return turned._replace(low=-turned.high, high=-turned.low)
    order = np.lexsort((sizes, sums))
    sums, sizes = sums[order], sizes[order]
    tail = (1 - confidence) / 2
    plain, p_value = _tails(sums, sizes, possible)
    high = _upper_end(sums, sizes, tail, possible)
    low = -_upper_end(-sums[::-1], sizes[::-1], tail, possible)
    return MeanDifference(min(1.0, 2 * p_value), min(1.0, 2 * plain), low, high)


def standard_error(sums: Floats, sizes: Floats) -> float:
    """Return the standard error of the mean difference; NaN with a single unit.

    Source: Davison and Hinkley (1997), section 3.8: the linear approximation of a ratio of sums.
    """
    n_units, n_samples = len(sums), sizes.sum()
    if n_units < 2:
        return math.nan
    residuals = sums - sizes * (sums.sum() / n_samples)
    return float(np.sqrt((residuals**2).sum() * n_units / (n_units - 1)) / n_samples)


class _Half(NamedTuple):
    """What is to know of units to judge how far above the observed mean the true one may be.

    Attributes:
        n: the number of units; if their sizes differ, of equal ones that would say as much.
        mean: the mean.
        error: its standard error.
        bend: the skewness divided by 3 times the square root of n.
        far: how large a difference may be that was not seen.
        farther: the same below a probability of :data:`_RARE`.
    """

    n: float
    mean: float
    error: float
    bend: float
    far: float
    farther: float


def _half(sums: Floats, sizes: Floats, few: float = _FEW) -> _Half:
    """Summarize units.

    An unseen difference may be as far above the median as the largest one that was seen, or farther
    by a factor that grows with the ratio of the upper tail to the lower one: that is how skewed
    distributions show in a sample that lacks their largest values. It is larger, too, for fewer
    units than about ``few``, from which the ratio is hardly known.
    """
    units = len(sums)
    mean = float(sums.sum() / sizes.sum())
    deviations = (sums - mean * sizes) * (units / sizes.sum())
    n = max(2.0, float(sizes.sum() ** 2 / (sizes**2).sum()))
    variance = float((deviations**2).mean())
    means = sums / sizes
    if variance <= (_ROUNDING * float(np.abs(means).max())) ** 2:
        return _Half(n, mean, 0.0, 0.0, mean, mean)
    # Not of the deviations, whose tails tell the sizes of clusters, too.
    center = float(np.median(means))
    up, down = float(means.max()) - center, center - float(means.min())
    most = 4 + 100 / n
    # Where half of the units are alike and the lowest, there is no lower tail to compare with.
    ratio = max(1.0, min(up / down, most) / _USUAL_RATIO) if down else 1.0
    median = float(np.median(deviations))
    reach = (float(deviations.max()) - median) * min((1 + (few / n) ** 4) * ratio**2, most)
    return _Half(
        n,
        mean,
        math.sqrt(variance / (units - 1)),
        float((deviations**3).mean()) / math.pow(variance, 1.5) / (3 * math.sqrt(n)),
        mean + median + reach,
        mean + median + reach * (1 + 20 / n),
    )


def _tails(sums: Floats, sizes: Floats, possible: float) -> tuple[float, float]:
    """Return the p-value of Student's t test that the mean is not below zero, and the largest one.

    Args:
        sums: as for :func:`mean_difference`; their sum is not above zero.
        sizes: as there.
        possible: as there.
    """
    whole = _half(sums, sizes)
    if whole.mean >= 0:
        return 1.0, 1.0
    plain = _student(whole, 0.0)
    tails = [2.0 ** -int(np.count_nonzero(sums)), _tail(whole, 0.0)]
    if sums.max() < 0:
        tails.append(_missed(whole.n, -whole.mean, min(possible, -_LARGEST_LOSS * whole.mean)))
    for usual, others, share in _apart(sums, sizes):
        if usual >= 0:
            tails.append(2.0 ** -len(others[0]))
        if len(others[0]) > 1:
            tails.append(_tail(_half(*others, _FEW_APART), -usual / share))
    return plain, max(tails)


def _upper_end(sums: Floats, sizes: Floats, tail: float, possible: float) -> float:
    """Return the lowest number above the mean for which no tail exceeds ``tail``."""
    whole = _half(sums, sizes)
    ends = [_end(whole, tail)]
    if whole.error == 0 and whole.mean < 0:
        least = min(possible, -_LARGEST_LOSS * whole.mean)
        ends.append(whole.mean + _share_missed(whole.n, tail) * (least - whole.mean))
    for usual, others, share in _apart(sums, sizes):
        if 2.0 ** -len(others[0]) > tail:
            ends.append(usual)
        if len(others[0]) > 1:
            ends.append(usual + share * _end(_half(*others, _FEW_APART), tail))
    return max(ends)


def _apart(sums: Floats, sizes: Floats) -> Iterator[tuple[float, tuple[Floats, Floats], float]]:
    """Yield the difference that half of the units have, and the others' distance from it.

    The third is the share of samples that the others have. Nothing is yielded if there is no such
    difference, or if all units have it.
    """
    usual = float(np.median(sums / sizes))
    distances = sums - usual * sizes
    others = np.abs(distances) > _ROUNDING * np.abs(sums).max()
    if 0 < 2 * np.count_nonzero(others) <= len(sums):
        yield (
            usual,
            (distances[others], sizes[others]),
            float(sizes[others].sum() / sizes.sum()),
        )


def _student(half: _Half, null: float, corrected: bool = False) -> float:
    """Return the probability of a mean as low as that if the true one is ``null``."""
    if half.error == 0:
        return 0.0
    t = (half.mean - null) / half.error
    if corrected:
        bend = half.bend
        t = max(t, t + bend / 2 + bend * t**2 + bend**2 * t**3 / 3)
    return float(stdtr(half.n - 1, t))


def _tail(half: _Half, null: float) -> float:
    """Return the largest of the tails of a mean as low as that if the true one is ``null``."""
    if null <= half.mean:
        return 1.0
    gain = null - half.mean
    return max(
        _student(half, null, corrected=True),
        _missed(half.n, gain, half.far - null),
        min(_missed(half.n, gain, half.farther - null), _RARE),
    )


def _end(half: _Half, tail: float) -> float:
    """Return the lowest number above the mean for which :func:`_tail` does not exceed ``tail``."""
    t = lowest = float(stdtrit(half.n - 1, tail))
    if half.bend:
        bent = 3 * half.bend * (lowest - half.bend / 2)
        # The cube root of 1 + bent, less 1, of which few digits would be left if bent is small.
        root = math.expm1(math.log1p(bent) / 3) if bent > -1 else float(np.cbrt(1 + bent)) - 1
        t = min(lowest, root / half.bend)
    far = half.farther if tail < _RARE else half.far
    missed = _share_missed(half.n, tail) * (far - half.mean)
    return half.mean + max(-t * half.error, missed)


def _missed(n: float, gain: float, loss: float) -> float:
    """Return the probability of missing so many losses that they turn the sign of the mean.

    If a share u of the population loses ``loss``, the mean of all is (1 - u) * gain - u * loss.
    """
    return math.pow(max(0.0, loss) / (gain + max(0.0, loss)), n)


def _share_missed(n: float, tail: float) -> float:
    """Return the share that ``n`` units miss with the probability ``tail``."""
    return -math.expm1(math.log(tail) / n)
