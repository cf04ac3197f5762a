"""Stored values as text that a terminal can show: no control characters, known widths."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from kolena_local.plurals import UNSAFE, printable

_UNSAFE_IN_JSON = re.compile(f"[{UNSAFE}]")


def printable_json(text: str) -> str:
    """Return JSON that means the same, and that a terminal can show."""
    import json  # help shows no values, and must not wait for it

    return _UNSAFE_IN_JSON.sub(lambda match: json.dumps(match[0])[1:-1], text)


def json_text(value: object, *, indent: int | None = None, ascii_only: bool = False) -> str:
    """Write strict JSON; NaN and infinities, which it does not have, become null.

    Args:
        value: a JSON value.
        indent: how far to indent; None for one line.
        ascii_only: escape everything that is not ASCII.
    """
    import json  # as above

    text = json.dumps(_finite(value), indent=indent, ensure_ascii=ascii_only, allow_nan=False)
    return printable_json(text)


def cell(value: object) -> str:
    """Return a value as it stands in a table: text as it is, six digits of a number, None as -."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, float):
        return f"{value:.6g}"
    return json_text(value)


def is_numeric(values: Sequence[object]) -> bool:
    """Say whether all values that are there are numbers, and some are."""
    present = [value for value in values if value is not None]
    return bool(present) and all(
        isinstance(value, (int, float)) and not isinstance(value, bool) for value in present
    )


def display_width(text: str) -> int:
    """Return how many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    return sum(map(_character_width, text))


def shorten(text: str, width: int) -> str:
    """Return the text, cut to ``width`` columns with an ellipsis at the end if it has more."""
    if display_width(text) <= width:
        return text
    kept, used = [], 1
    for character in text:
        used += _character_width(character)
        if used > width:
            break
        kept.append(character)
    return "".join(kept) + "…"


def _character_width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _finite(value: object) -> object:
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return value
