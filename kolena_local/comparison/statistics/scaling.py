"""Numbers from the ends of what a float holds, brought to its middle and back. Pure.

Factors are powers of two, so that nothing is rounded on the way. In the middle the squares and
cubes of differences, and sums of many of them, neither overflow nor vanish.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_MIDDLE = 300
"""The cube of 2**300 is a float, and so is that of the sum of 2**20 such numbers."""


def scaled(values: Floats) -> tuple[Floats, int]:
    """Return finite values times a power of two, and the exponent for :func:`unscaled`."""
    largest = float(np.abs(values).max(initial=0.0))
    if largest == 0:
        return values, 0
    exponent = math.frexp(largest)[1] - _MIDDLE
    return np.ldexp(values, -exponent), exponent


def unscaled(value: float, exponent: int) -> float:
    """Return a value as it was before scaling; infinite if it is beyond the range of a float."""
    with np.errstate(over="ignore"):
        return float(np.ldexp(value, exponent))


def mean(values: Floats) -> float:
    """Return the mean of finite values; rounding never takes it beyond them."""
    inside, exponent = scaled(values)
    average = math.fsum(inside) / len(inside)
    return unscaled(float(np.clip(average, inside.min(), inside.max())), exponent)
