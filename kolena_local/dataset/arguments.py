"""Checks of arguments that are numbers.

Anything else would count as true, or fail somewhere inside with a message about something else.
"""

from __future__ import annotations

import math
from numbers import Integral
from typing import Any

from kolena_local.errors import InputValidationError
from kolena_local.real_numbers import as_float


def check_number(value: Any, name: str, least: float = -math.inf, most: float = math.inf) -> float:
    """Return a number as a float.

    Raises:
        InputValidationError: it is not a finite number from ``least`` to ``most``.
    """
    number = as_float(value)
    if number is None or not least <= number <= most or math.isinf(number):  # nor is NaN
        limits = "" if math.isinf(least) else f" of at least {least:g}"
        limits = limits if math.isinf(most) else f" from {least:g} to {most:g}"
        raise InputValidationError(f"{name} must be a number{limits}, not {value!r:.80}.")
    return number


def check_count(value: Any, name: str, least: int = 1) -> int:
    """Return a whole number as an int.

    Raises:
        InputValidationError: it is not one, or less than ``least``.
    """
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise InputValidationError(
            f"{name} must be a whole number of at least {least}, not {value!r:.80}."
        )
    return int(value)
