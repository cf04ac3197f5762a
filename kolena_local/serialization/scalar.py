"""Converters of single values: bool, int, float, text, None, enumerations, literals.

Each takes a value and returns it as its type, or raises :class:`Mismatch`. Nothing is lost on the
way, except where a constructor (``lax``) may drop a fraction or read a word as a truth value.
"""

import enum
from collections.abc import Callable
from typing import Any

Converter = Callable[[Any], Any]

SCALARS = (bool, int, float, str)


class Mismatch(Exception):
    """A value does not fit its type; ``path`` is filled on the way out."""

    def __init__(self, problem: str, path: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.path = path

    def under(self, step: str) -> "Mismatch":
        """Return the same mismatch as seen from one level further out."""
        return Mismatch(self.problem, step + self.path)


def scalar_converter(cls: type, lax: bool) -> Converter:
    """Return the converter of bool, int, float, str or a subclass (an enumeration, say)."""
    scalar = next(scalar for scalar in SCALARS if issubclass(cls, scalar))
    convert_base = {bool: _to_bool, int: _to_int, float: _to_float, str: _to_str}[scalar](lax)
    if cls is scalar:
        return convert_base

    def convert(value: Any) -> Any:
        if isinstance(value, cls):
            return value
        try:
            return cls(convert_base(value))
        except ValueError as error:
            raise Mismatch(str(error).rstrip(".")) from None

    return convert


def _to_str(lax: bool) -> Converter:
    def convert(value: Any) -> str:
        if isinstance(value, str):
            return value if type(value) is str or isinstance(value, enum.Enum) else str(value)
        number = plain(value)
        # NaN is how data frames say "nothing there"; it must not become the word.
        if isinstance(number, (int, float)) and number == number:
            return str(number)
        raise Mismatch(f"{shown(value)} is no text")

    return convert


def _to_float(lax: bool) -> Converter:
    def convert(value: Any) -> float:
        if type(value) is float:
            return value
        number = plain(value)
        try:
            if isinstance(number, (int, float)) or (isinstance(number, str) and number.strip()):
                return float(number)
        except (ValueError, OverflowError):
            pass
        raise Mismatch(f"{shown(value)} is no number")

    return convert


def _to_int(lax: bool) -> Converter:
    def convert(value: Any) -> int:
        if isinstance(value, int):
            return value
        number = plain(value)
        try:
            if isinstance(number, (int, str)) or (isinstance(number, float) and lax):
                return int(number)
            if isinstance(number, float) and number.is_integer():
                return int(number)
        except (ValueError, OverflowError):
            pass
        raise Mismatch(f"{shown(value)} is no whole number")

    return convert


_WORDS = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}
_WORDS.update({"on": True, "off": False, "t": True, "f": False, "y": True, "n": False})


def _to_bool(lax: bool) -> Converter:
    def convert(value: Any) -> bool:
        truth = plain(value)
        if isinstance(truth, bool):
            return truth
        if isinstance(truth, (int, float)) and truth in (0, 1):
            return bool(truth)
        if lax and isinstance(truth, str) and truth.lower() in _WORDS:
            return _WORDS[truth.lower()]
        raise Mismatch(f"{shown(value)} is neither true nor false")

    return convert


def plain(value: Any) -> Any:
    """Return numpy's scalars as Python's; numpy need not be there for it."""
    if isinstance(value, (bool, int, float, str)):
        return value
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        return value.item()
    return value


def convert_none(value: Any) -> None:
    """Take None and nothing else."""
    if value is not None:
        raise Mismatch(f"{shown(value)} is not null")


def instance_converter(cls: type) -> Converter:
    """Return the converter of a class this package knows nothing of: only its objects pass."""

    def convert(value: Any) -> Any:
        if isinstance(value, cls):
            return value
        raise Mismatch(f"{shown(value)} is no {cls.__name__}")

    return convert


def literal_converter(options: tuple[Any, ...]) -> Converter:
    """Return the converter that passes the options of a ``Literal``."""

    def convert(value: Any) -> Any:
        for option in options:
            if type(option) is type(value) and option == value:
                return option
        raise Mismatch(f"{shown(value)} is none of {', '.join(map(repr, options))}")

    return convert


def shown(value: Any) -> str:
    """Return a value as messages show it: cut short, with its type."""
    text = repr(value)
    return f"{text if len(text) <= 60 else text[:57] + '...'} ({type(value).__name__})"
