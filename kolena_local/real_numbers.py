"""Numbers that a caller gives, of whatever library they are."""

from __future__ import annotations

import math
import operator
from numbers import Real
from typing import Any


def as_float(value: Any) -> float | None:
    """Return a number of any library as a float, or None if it is not a real number.

    Numbers are compared with bounds after this: a bound may be too large for NumPy's smaller types.
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if operator.gt(value, 0) else -math.inf
