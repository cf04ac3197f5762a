"""What a number of paired samples can show, before they are tested. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Callable

from scipy import special

_FARTHEST = 10**9
"""What needs more samples is infeasible."""
_LARGE = 100.0
"""Above this critical value of t, the normal part of noncentral t hardly matters."""


def smallest_difference(n: int, spread: float, level: float, power: float) -> float:
    """Return the smallest mean difference that a paired t-test shows with this probability.

    Its noncentrality parameter is the difference divided by the standard error; the tail on the
    other side is neglected. The tests of numbers here have nearly the same power, unless
    differences are skewed.

    Source: J. Cohen, "Statistical Power Analysis for the Behavioral Sciences" (1988), section 2.3.

    Args:
        n: the number of samples.
        spread: the standard deviation of the differences, above 0.
        level: the significance level, two-sided.
        power: the probability to show it.

    Returns:
        The difference; NaN with fewer than two samples.
    """
    if n < 2:
        return math.nan
    critical = -float(special.stdtrit(n - 1, level / 2))
    if critical > _LARGE:
        # SciPy's function may never end here; only the spread's estimate is uncertain, the mean is
        # not in comparison.
        noncentrality = critical * math.sqrt(float(special.chdtri(n - 1, 1 - power)) / (n - 1))
    else:
        noncentrality = float(special.nctdtrinc(n - 1, 1 - power, critical))
    if not math.isfinite(noncentrality):  # with a few samples at a high confidence
        return math.nan
    return noncentrality * spread / math.sqrt(n)


def smallest_change(n: int, discordant: float, level: float, power: float) -> float:
    """Return the smallest difference of two paired proportions that McNemar's test shows.

    If it is larger than the share of samples on which the models differ at present, all of them
    have to differ in one direction. The exact test needs a number of them in any case.

    Source: R. J. Connor, "Sample size for testing differences in proportions for the paired-sample
    design", Biometrics 43 (1987) 207-211, solved for the difference.

    Args:
        n: the number of samples.
        discordant: the share of samples on which one model is right and the other is not.
        level: the significance level, two-sided.
        power: the probability to show it.

    Returns:
        The difference; NaN if not even a change of all samples would be significant.
    """
    fewest = math.ceil(math.log2(2 / level))
    if n < fewest:
        return math.nan
    z_level, z_power = (-float(special.ndtri(tail)) for tail in (level / 2, 1 - power))
    reach = z_level * math.sqrt(discordant)
    square = n * reach**2 - (n + z_power**2) * (reach**2 - z_power**2 * discordant)
    difference = math.inf  # with so few samples, the approximation has no solution
    if square >= 0:
        difference = (reach * math.sqrt(n) + math.sqrt(square)) / (n + z_power**2)
    if difference > discordant:
        # So many samples differ with the wanted probability, which is a binomial one.
        return max(discordant, float(special.betaincinv(fewest, n - fewest + 1, power)))
    return max(difference, fewest / n)


def samples_for_difference(
    difference: float, spread: float, level: float, power: float
) -> int | None:
    """Return how many samples :func:`smallest_difference` needs for a difference.

    It is None for more than a billion.
    """
    return _fewest(lambda n: smallest_difference(n, spread, level, power) <= difference)


def samples_for_change(
    difference: float, discordant: float, level: float, power: float
) -> int | None:
    """Return how many samples :func:`smallest_change` needs for a difference, as above."""
    return _fewest(lambda n: smallest_change(n, discordant, level, power) <= difference)


def _fewest(is_enough: Callable[[int], bool]) -> int | None:
    """Return the smallest number that is enough, by bisection."""
    most = 2
    while not is_enough(most):
        most *= 2
        if most > _FARTHEST:
            return None
    least = most // 2
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (least, middle) if is_enough(middle) else (middle, most)
    return most
