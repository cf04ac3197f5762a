"""Conversion of scalars: bool, int, float, str and their subclasses."""

import enum
import math
from contextlib import suppress
from functools import cache
from typing import Any

from kolena_local.serialization.conversion import ConversionError, Leniency, shown
from kolena_local.serialization.type_shapes import SCALARS, Scalar


def to_scalar(value: Any, shape: Scalar, leniency: Leniency) -> Any:
    """Convert a value to the declared scalar type.

    Raises:
        ConversionError: the leniency does not allow the conversion.
    """
    cls, base = shape.cls, shape.base
    if type(value) is cls or (cls is not base and isinstance(value, cls)):
        return value
    converted = None
    with suppress(ValueError, OverflowError):
        converted = _CONVERSIONS[base](python_scalar(value), leniency)
    if converted is None:
        # Some integers are between two floats, or beyond all of them.
        is_number = base is float and isinstance(python_scalar(value), int)
        what = "equal to any float" if is_number else _NAMES[base]
        raise ConversionError(f"{shown(value)} is not {what}, but {cls.__name__} is declared")
    if cls is base:
        return converted
    restored = _restored(cls, base, converted)
    # A flag takes -1 for all of its bits, and an enumeration's own _missing_ anything.
    must_equal = leniency is Leniency.EQUAL and issubclass(cls, enum.Enum)
    if must_equal and converted == converted and plain(restored) != plain(converted):
        raise ConversionError(f"{shown(value)} is not equal to {shown(restored)}; use a member")
    return restored


def write_scalar(value: Any, shape: Scalar) -> Any:
    """Convert a scalar to JSON: one of a subclass (an enumeration, numpy's float64) to its base.

    Raises:
        ConversionError: it is not of the declared type, or could not be loaded again as it is.
    """
    scalar = to_scalar(value, shape, Leniency.EQUAL)
    written = plain(scalar)
    if issubclass(shape.cls, enum.Enum) and _restored(shape.cls, shape.base, written) is not scalar:
        raise ConversionError(
            f"{shown(value)} is stored as {written!r}, as another member is; give each member a"
            " different value"
        )
    return written


def plain(value: Any) -> Any:
    """Return a scalar as the type of ``SCALARS`` that it inherits from; other values as they are.

    Those of enumerations and of numpy inherit from them.
    """
    base = next((base for base in SCALARS if isinstance(value, base)), None)
    if base is None or type(value) is base:
        return value
    return str.__str__(value) if base is str else base(value)


def _restored(cls: type[Any], base: type[Any], value: Any) -> Any:
    try:
        if issubclass(cls, enum.Enum):
            # A member's `value` may differ from the string or number that the member equals.
            found = _members(cls).get(_same_if_nan(value))
            return cls(value) if found is None else found
        # The constructor may change its argument; the stored value has been changed already.
        return base.__new__(cls, value)
    except TypeError:
        return cls(value)  # numpy's scalars have constructors of their own
    except ValueError as error:
        raise ConversionError(str(error).rstrip(".")) from None


def _to_str(value: Any, leniency: Leniency) -> str | None:
    if isinstance(value, str):
        return value if isinstance(value, enum.Enum) else str(value)
    # Data frames use NaN for missing values; it must not become the string "nan".
    spelled = leniency and isinstance(value, (int, float)) and value == value
    return str(value) if spelled else None


def _to_float(value: Any, leniency: Leniency) -> float | None:
    if not isinstance(value, (int, float)) and not (leniency and isinstance(value, str)):
        return None
    number = float(value)
    # Large integers may have no exact float.
    return number if leniency or number == value or value != value else None


def _to_int(value: Any, leniency: Leniency) -> int | None:
    if isinstance(value, int):
        return value
    whole = isinstance(value, float) and (value.is_integer() or leniency is Leniency.LOOSE)
    return int(value) if whole or (leniency and isinstance(value, str)) else None


def _to_bool(value: Any, leniency: Leniency) -> bool | None:
    if leniency is Leniency.LOOSE and isinstance(value, str):
        return {"true": True, "false": False}.get(value)
    return bool(value) if isinstance(value, (int, float)) and value in (0, 1) else None


@cache
def _members(cls: type[enum.Enum]) -> dict[Any, enum.Enum]:
    return {_same_if_nan(plain(member)): member for member in cls}


def _same_if_nan(value: Any) -> Any:
    """Return NaN as the one object that is found in a dict, other values as they are."""
    return value if value == value else math.nan


_CONVERSIONS = {bool: _to_bool, int: _to_int, float: _to_float, str: _to_str}
_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


def python_scalar(value: Any) -> Any:
    """Return numpy scalars as Python scalars, other values as they are; never imports numpy."""
    if isinstance(value, SCALARS):
        return value
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        return value.item()
    return value
