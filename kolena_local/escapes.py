"""Escape objects: how values that strict JSON does not have are written in it.

They are JSON objects whose first key is ``$``. Only this module knows their forms:

==============================  =========================================================
value                           written as
==============================  =========================================================
NaN, infinity, minus infinity   ``{"$": "nan"}``, ``{"$": "inf"}``, ``{"$": "-inf"}``
text, unpaired surrogates       ``{"$": "text", "utf-16-le": "<hexadecimal>"}``
text, two of which would pair   ``{"$": "text", "utf-16-le": ["<hexadecimal>", ...]}``
object with a key that is ``$`` ``{"$": "object", "items": [[key, value], ...]}``
or has unpaired surrogates
==============================  =========================================================
"""

from __future__ import annotations

import math
import re
from typing import Any, Union

Json = Union[None, bool, int, float, str, list["Json"], dict[str, "Json"]]  # noqa: UP007 - a name in quotes
"""A JSON value."""

_ESCAPE = "$"
_MARK = '"$"'
# Encoded together, these two would come back as the one character that they stand for in UTF-16.
_IN_A_PAIR = re.compile("(?<=[\ud800-\udbff])(?=[\udc00-\udfff])")
_NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def may_have_escapes(text: str) -> bool:
    """Return whether JSON text may have an escape object; if not, it has none."""
    # Searching for one character first is faster.
    return _ESCAPE in text and _MARK in text


def escape(value: Json) -> Json:
    """Return a JSON value with escape objects instead of what strict JSON does not have."""
    if isinstance(value, str):
        return _escape_text(value)
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        return {_ESCAPE: "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"}
    if isinstance(value, dict):
        if all(key != _ESCAPE and _is_utf8(key) for key in value):
            return {key: escape(item) for key, item in value.items()}
        return {
            _ESCAPE: "object",
            "items": [[_escape_text(key), escape(item)] for key, item in value.items()],
        }
    if isinstance(value, (list, tuple)):
        return [escape(item) for item in value]
    return value


def unescape(value: Any) -> Json:
    """Return the value whose escaped form was read.

    Raises:
        ValueError: an escape object has an unknown form.
    """
    if isinstance(value, list):
        return [unescape(item) for item in value]
    if not isinstance(value, dict):
        return value  # type: ignore[no-any-return]  # a scalar that the parser made
    if _ESCAPE not in value:
        return {key: unescape(item) for key, item in value.items()}
    form = value[_ESCAPE]
    try:
        if form == "text":
            pieces = value["utf-16-le"]
            return "".join(map(_decoded, [pieces] if isinstance(pieces, str) else pieces))
        if form == "object":
            return {str(unescape(key)): unescape(item) for key, item in value["items"]}
        return _NOT_FINITE[form]
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"the stored JSON holds an unknown escape object, {value!r:.80}") from None


def _escape_text(text: str) -> Json:
    if _is_utf8(text):
        return text
    pieces: list[Json] = [
        piece.encode("utf-16-le", "surrogatepass").hex() for piece in _IN_A_PAIR.split(text)
    ]
    return {_ESCAPE: "text", "utf-16-le": pieces if len(pieces) > 1 else pieces[0]}


def _decoded(piece: str) -> str:
    return bytes.fromhex(piece).decode("utf-16-le", "surrogatepass")


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
