"""Text of messages: numbers with nouns, lists in words, full stops, and escaped characters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

# Invisible characters: marks of the writing direction, joiners, fillers, variation selectors, tags.
INVISIBLE: Final = (
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
# Control characters and unpaired surrogates too: a name must not control the terminal or look like
# another name.
UNSAFE: Final = f"\x7f-\x9f\ud800-\udfff{INVISIBLE}"
_NOT_PRINTABLE = re.compile(f"[\\x00-\\x1f{UNSAFE}]")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def printable(text: str) -> str:
    r"""Return the text on one line; control and invisible characters are escaped."""
    return _NOT_PRINTABLE.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def no_formula(text: str) -> str:
    """Return the text of a cell so that no spreadsheet runs it as a formula; numbers stay."""
    if not text.startswith(_FORMULA):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


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


def few(things: Sequence[str], most: int = 5) -> str:
    """Return things as a list in words; of many, the first few and how many more there are.

    Args:
        things: the things; ``none`` is returned if there are none.
        most: how many are listed at most.
    """
    more = len(things) - most
    return enumerated([*things[:most], f"{more} more"] if more > 0 else things or ["none"])


def quoted(names: Iterable[str]) -> str:
    """Return names in quotes as a list in words; of many, the first few, as by :func:`few`."""
    return few([f"'{name}'" for name in names])


def sentence(text: object) -> str:
    """Return a message with exactly one full stop at its end."""
    return f"{str(text).rstrip('.')}."
