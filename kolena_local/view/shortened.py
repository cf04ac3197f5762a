"""Stored values made short enough for a cell of a table: text is cut, numbers never are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from kolena_local.payload import Json
from kolena_local.plurals import counted

_TEXT: Final = 300
_NAME: Final = 60
_ITEMS: Final = 20
_FIELDS: Final = 40


def shortened(text: str, longest: int = _TEXT) -> str:
    """Return a text, or its beginning and how long it is."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)"


def label(name: str) -> str:
    """Return a name as the title of a column, or where it is repeated."""
    return name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"


def short_value(value: Json) -> Json:
    """Return a value with its long texts cut, and with the first items of long lists."""
    if isinstance(value, str):
        return shortened(value)
    if isinstance(value, list):
        more = len(value) - _ITEMS
        return [*map(short_value, value[:_ITEMS]), *([f"… {more:,} more"] if more > 0 else [])]
    if isinstance(value, dict):
        return {shortened(name): short_value(item) for name, item in value.items()}
    return value


def fields(value: Json) -> list[tuple[str, Json]]:
    """Return the fields of an object with dotted names, each short, without their types.

    A value that is not an object, or has a single field, is one without a name.
    """
    if not isinstance(value, dict):
        return [] if value is None else [("", short_value(value))]
    found = without_types(value)
    short = [(shortened(name), short_value(item)) for name, item in found[:_FIELDS]]
    if len(found) == 1:
        return [("", short[0][1])]
    more = len(found) - len(short)
    return [*short, *([("…", f"{counted(more, 'more field')}")] if more else [])]


def without_types(values: Mapping[str, Any]) -> list[tuple[str, Json]]:
    """Return the fields of nested objects under dotted names, without their types."""
    return [(name, item) for name, item in flat(values) if name.rpartition(".")[2] != "data_type"]


def flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Json]]:
    """Yield the fields of nested objects under dotted names."""
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
