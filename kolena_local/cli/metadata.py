"""Parse metadata as users type it: ``KEY=VALUE`` pairs, conditions, and JSON."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from kolena_local.cli.output.printing import say
from kolena_local.errors import InputValidationError

if TYPE_CHECKING:
    from kolena_local.payload import Json
    from kolena_local.repository.conditions import Condition
    from kolena_local.repository.metadata_paths import Path


_PYTHON: dict[str, Json] = {
    "True": True,
    "False": False,
    "None": None,
    "nan": math.nan,
    "inf": math.inf,
    "-inf": -math.inf,
}
_SHORT_NUMBER = re.compile(r"[-+]?(\d+\.|\.\d+)([eE][-+]?\d+)?", re.ASCII)


class _Parsed(click.ParamType):  # type: ignore[type-arg]  # generic in newer versions of click
    """A parameter that a function parses; an invalid value is a usage error."""

    def __init__(self, name: str, parse: Callable[[str], Any]) -> None:
        self.name = name
        self._parse = parse

    def convert(
        self, value: Any, parameter: click.Parameter | None, context: click.Context | None
    ) -> Any:
        try:
            return self._parse(value)
        except InputValidationError as error:
            self.fail(str(error), parameter, context)


def _condition(text: str) -> Condition:
    from kolena_local.repository.conditions import parse

    return parse(text)


def _sample_conditions(text: str) -> list[Condition]:
    from kolena_local.repository.sample_conditions import read_all

    return read_all([text])


def _key(text: str) -> Path:
    from kolena_local.repository.metadata_paths import parse_path

    return parse_path(text)


def _assignment(text: str) -> tuple[Path, Json]:
    from kolena_local.repository.metadata_paths import SEGMENT

    match = re.fullmatch(rf"({SEGMENT}(?:\.{SEGMENT})*)=(.*)", text, re.DOTALL)
    if match is None:
        raise InputValidationError(
            f"'{text}' is not KEY=VALUE; put a key that has characters other than letters, digits,"
            """ - and _ in double quotes, as in '"learning rate"=0.1'."""
        )
    return _key(match[1]), _assigned_value(match[1], match[2])


def _assigned_value(key: str, text: str) -> Json:
    """Return a value that is typed as in JSON or in Python; other text is a string."""
    value = value_of(text)
    if value is not text:
        return value
    if text in _PYTHON:
        return _PYTHON[text]
    if _SHORT_NUMBER.fullmatch(text):
        return float(text)
    remark = _remark(text)
    if remark is not None:
        say(f"Warning: {key} is stored as the string '{text}', {remark}.")
    return text


def _remark(text: str) -> str | None:
    """Return how a string differs from what was probably meant; None if it does not."""
    if text.lower() in ("true", "false"):
        return f"not as {text.lower()}"
    if text.lower() in ("none", "null"):
        return "not as null"
    if text.startswith(("[", "{", '"')):
        return "because it is not valid JSON"
    try:
        float(text.replace(",", ".", 1))
    except ValueError:
        return None
    return "not as a number"


CONDITION = _Parsed("condition", _condition)
SAMPLE_CONDITIONS = _Parsed("condition", _sample_conditions)
KEY = _Parsed("key", _key)
ASSIGNMENT = _Parsed("assignment", _assignment)


def value_of(text: str) -> Json:
    """Parse a value as JSON with NaN and infinities; return text that is not JSON itself."""
    try:
        value: Json = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value
