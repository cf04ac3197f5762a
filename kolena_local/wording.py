"""Grammar of messages: numbers with nouns, lists in words, and full stops."""

from __future__ import annotations

from collections.abc import Iterable


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun, ``1 sample`` or ``2 samples``.

    Args:
        number: how many there are.
        noun: what one of them is called.
        plural: what several are called, if not the same with an s.
    """
    return f"{number} {agreeing(number, noun, plural or f'{noun}s')}"


def agreeing(number: int, one: str, several: str) -> str:
    """Return the form of a word that goes with a number of things."""
    return one if number == 1 else several


def enumerated(things: Iterable[str]) -> str:
    """Return things as a list in words, ``a, b and c``."""
    *others, last = things
    return f"{', '.join(others)} and {last}" if others else last


def sentence(text: object) -> str:
    """Return a message with exactly one full stop at its end."""
    return f"{str(text).rstrip('.')}."
