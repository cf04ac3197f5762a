"""The interval of a share, such as that of answers that differ when a model is asked again."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


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
    log_factorials = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    low = 0.0 if not hits else _share_with_tail(n - hits, n, risk, log_factorials)
    high = 1.0 if hits == n else _share_with_tail(hits, n, risk, log_factorials)
    return (1 - low if hits else 0.0), high


def _share_with_tail(hits: int, n: int, risk: float, log_factorials: NDArray[np.float64]) -> float:
    """Return the share under which at most ``hits`` of ``n`` have this probability."""
    counts = np.arange(hits + 1)
    choices = log_factorials[n] - log_factorials[counts] - log_factorials[n - counts]
    below, above = 0.0, 1.0
    while above - below > 1e-12:
        share = (below + above) / 2
        logs = choices + counts * math.log(share) + (n - counts) * math.log1p(-share)
        if float(np.exp(logs).sum()) > risk:
            below = share
        else:
            above = share
    return above
