"""McNemar's exact test and Newcombe's interval for paired bools. Pure functions on counts."""

from __future__ import annotations

import math

from scipy.special import bdtr, ndtri


def mcnemar_p_value(losses: int, gains: int) -> float:
    """Return the two-sided p-value of McNemar's test in its exact form.

    If the models are equally good, each discordant sample is a loss or a gain with probability 1/2,
    so the smaller count is binomial; the p-value is twice its lower tail.

    Source: Q. McNemar, "Note on the sampling error of the difference between correlated proportions
    or percentages", Psychometrika 12 (1947) 153-157; the exact form is the sign test.

    Args:
        losses: the number of samples on which only the first is true.
        gains: the number of samples on which only the second is true.
    """
    discordant, fewer = losses + gains, min(losses, gains)
    if losses == gains:
        return 1.0
    return min(1.0, 2.0 * float(bdtr(fewer, discordant, 0.5)))


def proportion_interval(
    both: int, losses: int, gains: int, neither: int, confidence: float
) -> tuple[float, float]:
    """Return the confidence interval of the difference between two paired proportions.

    It combines Wilson's intervals of the two proportions. Unlike a bootstrap interval, it has the
    right coverage with few discordant samples, and is not empty with none.

    Source: R. G. Newcombe, "Improved confidence intervals for the difference between binomial
    proportions based on paired data", Statistics in Medicine 17 (1998) 2635-2650, method 10.

    Args:
        both: the number of samples on which both are true.
        losses: the number of samples on which only the first is true.
        gains: the number of samples on which only the second is true.
        neither: the number of samples on which neither is true; the four sum to at least 1.
        confidence: the confidence level, such as 0.95.

    Returns:
        The lower and the upper end of the second proportion minus the first.
    """
    n = both + losses + gains + neither
    z = -float(ndtri((1 - confidence) / 2))  # 1 + confidence might be rounded to 2
    first, second = (both + losses) / n, (both + gains) / n
    first_low, first_high = wilson_interval(both + losses, n, z)
    second_low, second_high = wilson_interval(both + gains, n, z)
    correlation = _correlation(both, losses, gains, neither)

    def reach(one: float, other: float) -> float:
        return math.sqrt(max(0.0, one**2 - 2 * correlation * one * other + other**2))

    difference = second - first
    return (
        max(-1.0, difference - reach(second - second_low, first_high - first)),
        min(1.0, difference + reach(second_high - second, first - first_low)),
    )


def wilson_interval(hits: int, n: int, z: float) -> tuple[float, float]:
    """Return Wilson's interval of one proportion; rounding may put its ends just beyond 0 or 1.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    JASA 22 (1927) 209-212.

    Args:
        hits: the number of samples that are true.
        n: the number of samples, at least 1.
        z: the normal quantile of the confidence level, such as 1.96.
    """
    center = (hits + z**2 / 2) / (n + z**2)
    reach = z * math.sqrt(hits * (n - hits) / n + z**2 / 4) / (n + z**2)
    return center - reach, center + reach


def _correlation(both: int, losses: int, gains: int, neither: int) -> float:
    """Return the correlation of the two, corrected for continuity as Newcombe does."""
    margins = (both + losses) * (both + gains) * (neither + losses) * (neither + gains)
    if margins == 0:
        return 0.0
    product = float(both * neither - losses * gains)
    if product > 0:
        product = max(0.0, product - (both + losses + gains + neither) / 2)
    return product / math.sqrt(margins)
