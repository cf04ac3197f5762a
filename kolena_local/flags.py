"""Arguments that are True or False.

Any other object would count as true, or fail somewhere inside with a message about something else:
an array and a Series have no truth value.
"""

from __future__ import annotations

from typing import Any

from kolena_local.errors import InputValidationError


def is_bool(value: Any) -> bool:
    """Return whether a value is a bool of Python or NumPy."""
    return type(value).__name__ in ("bool", "bool_")


def check_bool(value: Any, name: str) -> bool:
    """Return a flag as a bool.

    Raises:
        InputValidationError: it is not a bool, of Python or NumPy.
    """
    if not is_bool(value):
        raise not_a_flag(value, name)
    return bool(value)


def not_a_flag(value: Any, name: str) -> InputValidationError:
    """Return the error for a flag with another value; in one line, even if it is a Series."""
    shown = " ".join(repr(value).split())
    return InputValidationError(f"{name} must be True or False, not {shown:.80}.")
