r"""Converts values to the text of one cell and back, without losing anything.

A column's schema says how its cells are spelled. Strings are written as they are, numbers as Python
writes them (``nan`` and ``inf`` too), booleans as ``true`` and ``false``, everything else as JSON.
In a column of strings and other values, a string that would read as JSON gets JSON's quotes. A
string that no file can hold (NUL, unpaired surrogates), or that reads like an escape, becomes
``{"$": ...}``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from enum import Enum

from kolena_local.exchange.schema_check import (
    NEVER_A_FLOAT,
    Schema,
    SchemaError,
    described,
    resolved,
)
from kolena_local.payload import LARGEST_EXACT, Json, dumps, loads, loads_foreign

EMPTY_TEXT = '""'
"""How a CSV file spells the empty string; an empty cell is null."""

_ESCAPE = '{"$"'
_KEY = "$"
_NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*([eE][-+]?\d+)?|\.\d+([eE][-+]?\d+)?)\s*", re.ASCII)
_DECIMAL_COMMA = re.compile(r"\s*[-+]?\d*,\d+\s*", re.ASCII)
_DIGITS = re.compile(r"\s*[-+]?\d+\s*", re.ASCII)
_INTEGER = re.compile(r"\s*[-+]?\d+(\.0*)?\s*", re.ASCII)
_NOT_FINITE = {"nan", "inf", "-inf", "+inf", "infinity", "-infinity", "+infinity"}
_TRUTH = {"true": True, "false": False, "1": True, "0": False}
_MAY_BEGIN_JSON = frozenset('{["-0123456789tfn \t\r\n')


class Kind(Enum):
    """How the cells of a column are spelled."""

    TEXT = "string"
    NUMBER = "number"
    INTEGER = "integer"
    TRUTH = "boolean"
    JSON = "json"
    JSON_OR_TEXT = "any"


def kind_of(schema: Schema, root: Schema) -> Kind:
    """Return how values of a schema are spelled."""
    try:
        return Kind(schema.get("type"))
    except ValueError:
        return Kind.JSON_OR_TEXT if _takes_text(schema, root) else Kind.JSON


def _takes_text(schema: Schema, root: Schema) -> bool:
    schema = resolved(schema, root)
    if "anyOf" in schema:
        return any(_takes_text(member, root) for member in schema["anyOf"])
    return schema.get("type") == "string" or isinstance(schema.get("const"), str) or not schema


def spelled(kind: Kind, value: Json) -> str | None:
    """Return the text of a value; None for null."""
    if value is None:
        return None
    if isinstance(value, str):
        if kind is Kind.TEXT:
            return value if is_plain(value) else dumps({_KEY: value})
        if kind is Kind.JSON_OR_TEXT and value and is_plain(value) and not _is_json(value):
            return value
    elif isinstance(value, bool):
        return "true" if value else "false"
    elif isinstance(value, (int, float)) and kind in (Kind.NUMBER, Kind.INTEGER):
        return repr(value)
    return dumps(value)


def read(kind: Kind, text: str, schema: Schema) -> Json:
    """Return the value that a text spells.

    Raises:
        SchemaError: it is not a value of this kind.
    """
    try:
        return _READERS[kind](text)
    except SchemaError:
        raise
    except (KeyError, ValueError):
        raise SchemaError(described(schema), text) from None


def _text(text: str) -> str:
    if text == EMPTY_TEXT:
        return ""
    if text.startswith(_ESCAPE):
        try:
            value = loads(text)
        except ValueError:
            return text
        if isinstance(value, dict) and list(value) == [_KEY] and isinstance(value[_KEY], str):
            return str(value[_KEY])
    return text


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        if _DECIMAL_COMMA.fullmatch(text):
            raise SchemaError("a number with a decimal point", text) from None
        raise
    if text.strip().lower() in _NOT_FINITE:
        return number
    if not _NUMBER.fullmatch(text):  # Python reads more, such as 1_000
        raise ValueError(text)
    if math.isinf(number):
        raise SchemaError("a number of at most 1.8e308 (infinity is written inf)", text)
    if abs(number) >= LARGEST_EXACT and _DIGITS.fullmatch(text):
        return int(text)  # whether it may be rounded is for the schema to say
    return number


def _integer(text: str) -> int:
    text = text.strip()
    if text in ("true", "false"):
        # A bool is an int to Python, so one may be stored where an int is declared.
        return text == "true"
    if not _INTEGER.fullmatch(text):
        raise ValueError(text)
    digits, point, _ = text.partition(".")
    number = int(digits)  # refuses thousands of digits
    if point and abs(number) >= LARGEST_EXACT:
        raise SchemaError(NEVER_A_FLOAT, text)
    return number


def _json(text: str) -> Json:
    return float(text) if text.strip().lower() in _NOT_FINITE else loads_foreign(text)


def _json_or_text(text: str) -> Json:
    try:
        return loads_foreign(text, words=False)
    except ValueError:
        return text


_READERS: dict[Kind, Callable[[str], Json]] = {
    Kind.TEXT: _text,
    Kind.NUMBER: _number,
    Kind.INTEGER: _integer,
    Kind.TRUTH: lambda text: _TRUTH[text.strip().lower()],
    Kind.JSON: _json,
    Kind.JSON_OR_TEXT: _json_or_text,
}


def is_plain(text: str) -> bool:
    """Say whether every file can hold a text, and nothing else reads like it."""
    if "\x00" in text or text.startswith(_ESCAPE) or text == EMPTY_TEXT:
        return False
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


def _is_json(text: str) -> bool:
    if text[0] not in _MAY_BEGIN_JSON:
        return False
    try:
        loads(text)
    except ValueError:
        return False
    return True
