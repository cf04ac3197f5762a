"""Two models that are right or wrong on the same samples: the exact test and the interval.

Only samples on which exactly one of the two is right say which is better. Pure functions on counts.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np


def mcnemar_p_value(losses: int, gains: int) -> float:
    """Return the two-sided p-value of McNemar's test in its exact form.

    If neither model is better, each discordant sample is a loss or a gain with probability 1/2, so
    that the smaller count is binomial; twice its lower tail is the p-value.

    Source: Q. McNemar, "Note on the sampling error of the difference between correlated proportions
    or percentages", Psychometrika 12 (1947) 153-157; the exact form is the sign test.

    Args:
        losses: samples on which only the first is true.
        gains: samples on which only the second is.
    """
    discordant, fewer = losses + gains, min(losses, gains)
    if losses == gains:
        return 1.0
    # The logarithm of each binomial coefficient from that of the one before: the coefficients
    # themselves leave the range of floats at 1,030 discordant samples.
    steps = np.arange(1, fewer + 1)
    logarithms = np.cumsum(np.log((discordant - steps + 1) / steps))
    terms = np.concatenate([[0.0], logarithms]) - discordant * math.log(2)
    return min(1.0, 2.0 * float(np.exp(terms).sum()))


def proportion_interval(
    both: int, losses: int, gains: int, neither: int, confidence: float
) -> tuple[float, float]:
    """Return the interval of the difference between two shares of the same samples.

    Wilson's intervals of the two shares are put together as if the shares were the sides of a
    triangle. Unlike a bootstrap it has its coverage with few discordant samples too, and a length
    with none.

    Source: R. G. Newcombe, "Improved confidence intervals for the difference between binomial
    proportions based on paired data", Statistics in Medicine 17 (1998) 2635-2650, method 10.

    Args:
        both: samples on which both are true.
        losses: samples on which only the first is.
        gains: samples on which only the second is.
        neither: samples on which neither is; with the others at least one.
        confidence: such as 0.95.
    """
    n = both + losses + gains + neither
    z = -NormalDist().inv_cdf((1 - confidence) / 2)  # 1 + confidence might be rounded to 2
    first, second = (both + losses) / n, (both + gains) / n
    first_low, first_high = _wilson(both + losses, n, z)
    second_low, second_high = _wilson(both + gains, n, z)
    correlation = _correlation(both, losses, gains, neither)

    def reach(one: float, other: float) -> float:
        return math.sqrt(max(0.0, one**2 - 2 * correlation * one * other + other**2))

    difference = second - first
    return (
        max(-1.0, difference - reach(second - second_low, first_high - first)),
        min(1.0, difference + reach(second_high - second, first - first_low)),
    )


def _wilson(hits: int, n: int, z: float) -> tuple[float, float]:
    """Return Wilson's interval of one share.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    JASA 22 (1927) 209-212.
    """
    centre = (hits + z**2 / 2) / (n + z**2)
    reach = z * math.sqrt(hits * (n - hits) / n + z**2 / 4) / (n + z**2)
    return centre - reach, centre + reach


def _correlation(both: int, losses: int, gains: int, neither: int) -> float:
    """Return the correlation of the two, corrected for continuity as Newcombe does."""
    margins = (both + losses) * (both + gains) * (neither + losses) * (neither + gains)
    if margins == 0:
        return 0.0
    product = float(both * neither - losses * gains)
    if product > 0:
        product = max(0.0, product - (both + losses + gains + neither) / 2)
    return product / math.sqrt(margins)
