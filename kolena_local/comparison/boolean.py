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


def proportion_interval(losses: int, gains: int, n: int, confidence: float) -> tuple[float, float]:
    """Return the interval of the difference between two shares of the same samples.

    One loss and one gain are added before Wald's formula. Unlike a bootstrap it has its coverage
    with few discordant samples too, and a length with none.

    Source: D. G. Bonett and R. M. Price, "Adjusted Wald confidence interval for a difference of
    binomial proportions based on paired data", J. Educ. Behav. Stat. 37 (2012) 479-488; found good
    at all sizes by M. W. Fagerland et al., Statistics in Medicine 33 (2014) 2850-2875.

    Args:
        losses: samples on which only the first is true.
        gains: samples on which only the second is.
        n: all samples; at least one.
        confidence: such as 0.95.
    """
    lost, gained = (losses + 1) / (n + 2), (gains + 1) / (n + 2)
    centre = gained - lost
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    reach = z * math.sqrt((gained + lost - centre**2) / (n + 2))
    return max(-1.0, centre - reach), min(1.0, centre + reach)
