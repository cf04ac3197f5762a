"""Scale numbers so that their squares and cubes neither overflow nor underflow. Pure functions.

Factors are powers of two, so scaling rounds nothing.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_SCALE = 300
"""The cube of 2**300 is a float, and so is the cube of a sum of 2**20 such numbers."""


def scaled(values: Floats) -> tuple[Floats, int]:
    """Return finite values times a power of two, and the exponent for :func:`unscaled`."""
    largest = float(np.abs(values).max(initial=0.0))
    if largest == 0:
        return values, 0
    exponent = math.frexp(largest)[1] - _SCALE
    return np.ldexp(values, -exponent), exponent


def unscaled(value: float, exponent: int) -> float:
    """Return a value before scaling; infinite if it is beyond the range of a float."""
    with np.errstate(over="ignore"):
        return float(np.ldexp(value, exponent))


def mean(values: Floats) -> float:
    """Return the mean of finite values, within their range despite rounding errors."""
    inside, exponent = scaled(values)
    average = math.fsum(inside) / len(inside)
    return unscaled(float(np.clip(average, inside.min(), inside.max())), exponent)
