"""What all conversions share: their leniency, and errors with the path of the value at fault."""

from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import Any


class Leniency(IntEnum):
    """How freely values are converted."""

    #: Only between equal numbers: values that are written to the store or read from it.
    EQUAL = 0
    #: Also between numbers and strings that spell them: arguments of ``_from_dict``.
    SPELLED = 1
    #: Also from "true" and "false", and to int with a fraction lost: arguments of a constructor.
    LOOSE = 2


class ConversionError(Exception):
    """A value does not fit its type; ``path`` is completed while the error propagates."""

    def __init__(self, problem: str, path: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.path = path

    def under(self, step: str) -> "ConversionError":
        """Return the error with a step put before its path."""
        return ConversionError(self.problem, step + self.path)


def at(step: str, convert: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function, putting a step before the path of its error."""
    try:
        return convert(*arguments)
    except ConversionError as error:
        raise error.under(step) from None


def each(convert: Callable[..., Any], items: Iterable[tuple[Any, ...]]) -> list[Any]:
    """Call a function with each tuple of arguments; the path of an error has the position."""
    converted: list[Any] = []
    try:
        for arguments in items:
            converted.append(convert(*arguments))
    except ConversionError as error:
        raise error.under(f"[{len(converted)}]") from None
    return converted


def shown(value: Any) -> str:
    """Return the repr of a value for a message, shortened, with the name of its type."""
    try:
        text = repr(value)
    except Exception:  # very long integers have no repr, and a user's __repr__ may fail
        text = "a value"
    return f"{text if len(text) <= 60 else text[:57] + '...'} ({type(value).__name__})"
