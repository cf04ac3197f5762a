"""The interval of a share, such as that of answers that differ when a model is asked again."""

from __future__ import annotations

from scipy.special import betaincinv


def exact_interval(hits: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the Clopper-Pearson bounds of a share, each of which holds with ``confidence``.

    They are one-sided: the share is above the lower bound, and below the upper one, each with this
    confidence; both at once with 2 * ``confidence`` - 1. With 0 of 60, the upper bound at 95 % is
    0.0487. Source: Clopper and Pearson, Biometrika 26 (1934), 404-413.

    Args:
        hits: how many there are.
        n: of how many; 0 gives (0, 1).
        confidence: the confidence of each bound.
    """
    if not n:
        return 0.0, 1.0
    risk = 1 - confidence
    low = float(betaincinv(hits, n - hits + 1, risk)) if hits else 0.0
    return low, float(betaincinv(hits + 1, n - hits, 1 - risk)) if hits < n else 1.0
