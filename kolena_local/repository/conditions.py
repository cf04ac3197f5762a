"""Conditions on models, such as ``metadata.seed >= 3``, and fields to sort them by.

A condition is a field, an operator and one JSON value. Values are compared in Python, because
SQLite's JSON functions cut text at NUL and convert integers beyond 2^63 to floats.
"""

from __future__ import annotations

import json
import math
import operator
import re
from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any, Final, NamedTuple

from kolena_local.errors import InputValidationError
from kolena_local.payload import Json, dumps
from kolena_local.repository.metadata_paths import PATH, Path, parse_path, value_at
from kolena_local.repository.records import ModelRecord

_COLUMNS: Final = ("name", "workflow", "created_at", "updated_at")
_CONDITION: Final = re.compile(rf"\s*({PATH})\s*(<=|>=|!=|==|=|<|>)\s*(?!=)(.*\S)\s*", re.DOTALL)
_OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": operator.eq,
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

Scalar = None | bool | int | float | str


class Condition(NamedTuple):
    """One comparison of a field with a value."""

    path: Path
    operator: str
    value: Scalar

    def holds(self, model: ModelRecord) -> bool:
        """Return whether a model satisfies it; ``!=`` is true exactly where ``=`` is false."""
        if self.operator == "!=":
            return not self._replace(operator="=").holds(model)
        found = _found(model, self.path)
        if isinstance(found, float) and not math.isfinite(found):
            return False  # JSON cannot express it, so it never compares equal
        return _kind(found) == _kind(self.value) and _OPERATORS[self.operator](found, self.value)


def parse(text: str) -> Condition:
    """Read a condition.

    Raises:
        InputValidationError: it is not a condition; the message says why.
    """
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise InputValidationError(
            f"'{text}' is not a condition; write a field, one of = != < <= > >= and a JSON value,"
            " such as metadata.seed >= 3."
        )
    path, operator, value = parse_path(match[1]), match[2], _parse_value(match[3])
    if not _is_metadata(path) and not isinstance(value, str):
        raise InputValidationError(f"{match[1]} is text; compare it with text in double quotes.")
    if operator not in ("=", "==", "!=") and (value is None or isinstance(value, bool)):
        raise InputValidationError(f"{match[3]} has no order; compare it with = or != only.")
    return Condition(path, operator, value)


def in_order(models: Iterable[ModelRecord], field: str) -> list[ModelRecord]:
    """Sort models by a field, descending with ``-`` before it; models without it come last.

    Raises:
        InputValidationError: there is no such field.
    """
    path = parse_path(field.removeprefix("-"))
    _is_metadata(path)
    found, missing = [], []
    for model in models:
        value = _found(model, path)
        if value is None:
            missing.append(model)
        else:
            found.append((_rank(value), model))
    found.sort(key=itemgetter(0), reverse=field.startswith("-"))
    return [model for _, model in found] + missing


def _parse_value(text: str) -> Scalar:
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        value = ...
    if value is ... or isinstance(value, (dict, list)):
        raise InputValidationError(
            f"'{text}' is not a value to compare with; use a number, true, false, null, or text in"
            " double quotes."
        )
    return value  # type: ignore[no-any-return]  # a scalar that the parser made


def _refuse(name: str) -> None:
    raise ValueError(name)


def _is_metadata(path: Path) -> bool:
    """Return whether a path is in the metadata; False for a column of the model.

    Raises:
        InputValidationError: it is neither.
    """
    if len(path) == 1 and path[0] in _COLUMNS:
        return False
    if len(path) > 1 and path[0] == "metadata":
        return True
    known = ", ".join(_COLUMNS)
    raise InputValidationError(
        f"There is no field '{'.'.join(map(str, path))}'; there are {known} and metadata.KEY."
    )


def _found(model: ModelRecord, path: Path) -> Json:
    if path[0] != "metadata":
        column: str = getattr(model, str(path[0]))
        return column
    return value_at(model.metadata, path[1:])


def _kind(value: Json) -> str:
    """Return the kind of values that a value is compared with; missing counts as null."""
    if isinstance(value, bool):
        return "truth"
    if isinstance(value, (int, float)):
        return "number"
    return "text" if isinstance(value, str) else "null" if value is None else "other"


def _rank(value: Json) -> tuple[int, Any]:
    """Return a sort key for values of any kind: numbers, then texts, then others as JSON."""
    if isinstance(value, (int, float)) and math.isfinite(value):
        return 0, value
    return (1, value) if isinstance(value, str) else (2, dumps(value))
