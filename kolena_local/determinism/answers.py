"""Compare two JSON values: identical, within a tolerance, or different. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any, Final, NamedTuple

from kolena_local.errors import InputValidationError
from kolena_local.payload import CLASS_KEY, Json, is_class_name
from kolena_local.real_numbers import as_float

IDENTICAL, WITHIN_TOLERANCE, DIFFERENT = "identical", "within tolerance", "different"

_MISSING: Final = object()


class Tolerance(NamedTuple):
    """How much floats may differ: by ``absolute`` plus ``relative`` times the stored value.

    Stored JSON does not say which precision a float was computed in. The defaults are those of
    ``torch.testing.assert_close`` for float32, in which most models compute.
    """

    relative: float = 1.3e-6
    absolute: float = 1e-5

    def allows(self, stored: float, again: float) -> bool:
        """Return whether two floats differ by no more than the tolerance."""
        allowed = self.absolute + self.relative * abs(stored)
        return math.isfinite(stored) and abs(again - stored) <= allowed


class Leaf(NamedTuple):
    """A field in which two values are not identical.

    Attributes:
        path: where it is, such as ``boxes[2].score``.
        stored: one value; None if it is missing.
        again: the other.
        difference: their absolute difference; None if they are not both numbers, or one is NaN.
        is_allowed: whether the tolerance allows it.
        missing: ``stored`` or ``again`` if that value is missing.
    """

    path: str
    stored: Json
    again: Json
    difference: float | None
    is_allowed: bool
    missing: str | None = None


def check_tolerance(tolerance: Any) -> Tolerance:
    """Return the tolerance that a caller asked for; None is the default.

    Raises:
        InputValidationError: it is not a finite number of at least 0.
    """
    if tolerance is None:
        return Tolerance()
    number = as_float(tolerance)
    if number is None or not 0 <= number < math.inf:
        raise InputValidationError(
            f"tolerance must be a finite number of at least 0, such as 1e-5, not {tolerance!r:.80}."
        )
    return Tolerance(number, number)


def outcome(leaves: list[Leaf]) -> str:
    """Return what the differing fields of two values make of them."""
    if not leaves:
        return IDENTICAL
    return WITHIN_TOLERANCE if all(leaf.is_allowed for leaf in leaves) else DIFFERENT


def worst(leaves: list[Leaf]) -> Leaf:
    """Return the field that differs the most; what is not a difference of numbers comes first."""
    return max(
        leaves,
        key=lambda one: (not one.is_allowed, one.difference is None, one.difference or 0.0),
    )


def differing(stored: Json, again: Json, tolerance: Tolerance, path: str = "") -> Iterator[Leaf]:
    """Yield each field in which two values are not identical.

    Numbers are identical if they are equal, whether written as ``1`` or ``1.0``; NaN equals NaN.
    The tolerance is for pairs of numbers of which one is a float; everything else must be the same.
    """
    if isinstance(stored, dict) and isinstance(again, dict):
        for key in dict.fromkeys([*stored, *again]):
            below = f"{path}.{key}" if path else key
            pair: tuple[Any, Any] = (stored.get(key, _MISSING), again.get(key, _MISSING))
            if key == CLASS_KEY and all(map(is_class_name, pair)):
                # A script's module has another name once it is imported.
                pair = (pair[0][1], pair[1][1])
            yield from _below(*pair, tolerance, below)
    elif isinstance(stored, list) and isinstance(again, list):
        for place, items in enumerate(zip_longest(stored, again, fillvalue=_MISSING)):
            yield from _below(*items, tolerance, f"{path}[{place}]")
    elif _is_number(stored) and _is_number(again):
        yield from _numbers(stored, again, tolerance, path)
    elif type(stored) is not type(again) or stored != again:
        yield Leaf(path, stored, again, None, False)


def _below(stored: Any, again: Any, tolerance: Tolerance, path: str) -> Iterator[Leaf]:
    if stored is _MISSING or again is _MISSING:
        left, right = (None if one is _MISSING else one for one in (stored, again))
        yield Leaf(path, left, right, None, False, "stored" if stored is _MISSING else "again")
    else:
        yield from differing(stored, again, tolerance, path)


def _numbers(stored: Any, again: Any, tolerance: Tolerance, path: str) -> Iterator[Leaf]:
    if stored == again or (stored != stored and again != again):
        return
    allowed = False
    try:
        difference = abs(float(again - stored))
        if isinstance(stored, float) or isinstance(again, float):
            allowed = tolerance.allows(float(stored), float(again))
    except OverflowError:  # an integer beyond the range of a float
        difference = math.inf
    yield Leaf(path, stored, again, None if math.isnan(difference) else difference, allowed)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
