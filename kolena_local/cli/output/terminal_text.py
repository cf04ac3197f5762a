"""Format values as text that is safe on a terminal: no control characters, known widths."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from kolena_local.plurals import UNSAFE, printable

_UNSAFE_IN_JSON = re.compile(f"[{UNSAFE}]")


def printable_json(text: str) -> str:
    """Return equal JSON that is safe on a terminal."""
    import json  # late: help does not need it and must start fast

    return _UNSAFE_IN_JSON.sub(lambda match: json.dumps(match[0])[1:-1], text)


def json_text(value: object, *, indent: int | None = None, ascii_only: bool = False) -> str:
    """Return strict JSON; NaN and infinities, which JSON does not have, become null.

    Args:
        value: a JSON value.
        indent: the number of spaces per level; None writes one line.
        ascii_only: whether to escape everything that is not ASCII.
    """
    import json  # late, as above

    text = json.dumps(_finite(value), indent=indent, ensure_ascii=ascii_only, allow_nan=False)
    return printable_json(text)


def cell(value: object) -> str:
    """Return a value as shown in a table; floats get six digits, None is ``-``."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, float):
        return f"{value:.6g}"
    return json_text(value)


def is_numeric(values: Sequence[object]) -> bool:
    """Return whether all values except None are numbers, and there is at least one."""
    present = [value for value in values if value is not None]
    return bool(present) and all(
        isinstance(value, (int, float)) and not isinstance(value, bool) for value in present
    )


def display_width(text: str) -> int:
    """Return how many columns of a terminal the text takes."""
    return len(text) if text.isascii() else sum(map(_character_width, text))


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
