"""What every conversion has in common: how freely it is done, and where it has failed."""

from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import Any


class Leniency(IntEnum):
    """How freely values are converted."""

    #: Only between numbers that are equal: what goes into the store, and what comes out of it.
    EQUAL = 0
    #: Also between texts and the numbers that they spell: what ``_from_dict`` is given.
    SPELLED = 1
    #: Also what loses a fraction, and the words for true and false: what a constructor is given.
    LOOSE = 2


class ConversionError(Exception):
    """A value does not fit its type; ``path`` is filled on the way out."""

    def __init__(self, problem: str, path: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.path = path

    def under(self, step: str) -> "ConversionError":
        """Return the same error as seen from one level further out."""
        return ConversionError(self.problem, step + self.path)


def at(step: str, convert: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function; the path of its error goes on from a step."""
    try:
        return convert(*arguments)
    except ConversionError as error:
        raise error.under(step) from None


def each(convert: Callable[..., Any], items: Iterable[tuple[Any, ...]]) -> list[Any]:
    """Call a function with the arguments of each item; the path of its error has the position."""
    converted: list[Any] = []
    try:
        for arguments in items:
            converted.append(convert(*arguments))
    except ConversionError as error:
        raise error.under(f"[{len(converted)}]") from None
    return converted


def shown(value: Any) -> str:
    """Return a value as messages show it: cut short, with its type."""
    try:
        text = repr(value)
    except Exception:  # the longest integers cannot be shown, nor what has a repr that fails
        text = "a value"
    return f"{text if len(text) <= 60 else text[:57] + '...'} ({type(value).__name__})"
