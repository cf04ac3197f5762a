"""Conditions such as ``metadata.seed >= 3``; those on models, and fields to sort models by.

A condition is a field, an operator and one JSON value. Values are compared in Python, because
SQLite's JSON functions cut text at NUL and convert integers beyond 2^63 to floats. Conditions on
test samples are in ``sample_conditions``.
"""

from __future__ import annotations

import json
import math
import operator
import re
from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from kolena_local.errors import InputValidationError
from kolena_local.payload import Json, dumps
from kolena_local.repository.metadata_paths import PATH, Path, parse_path, path_text, value_at

_COLUMNS: Final = ("name", "workflow", "created_at", "updated_at")
_CONDITION: Final = re.compile(rf"\s*({PATH})\s*(<=|>=|!=|==|=|<|>)\s*(?!=)(.*\S)\s*", re.DOTALL)
_OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Described(Protocol):
    """A model as far as conditions and sorting go; it has the other columns as well."""

    @property
    def metadata(self) -> dict[str, Json]:
        """Its metadata."""


Model = TypeVar("Model", bound=Described)
Scalar = None | bool | int | float | str


class Condition(NamedTuple):
    """One comparison of a field with a value."""

    path: Path
    operator: str
    value: Scalar

    def holds(self, model: Described) -> bool:
        """Return whether a model satisfies it."""
        return self.admits(_found(model, self.path))

    def admits(self, found: Json) -> bool:
        """Return whether a value satisfies it; ``!=`` is true exactly where ``=`` is false."""
        if self.operator == "!=":
            return not self._replace(operator="=").admits(found)
        return is_finite(found) and (
            kind_of(found) == kind_of(self.value) and _OPERATORS[self.operator](found, self.value)
        )

    def __str__(self) -> str:
        """Return the text that :func:`read` reads."""
        return f"{path_text(self.path)} {self.operator} {scalar_text(self.value)}"


def parse(text: str) -> Condition:
    """Read a condition on models.

    Raises:
        InputValidationError: it is not a condition; the message says why.
    """
    condition = read(text)
    if not _is_metadata(condition.path) and not isinstance(condition.value, str):
        raise InputValidationError(
            f"{path_text(condition.path)} is text; compare it with text in double quotes."
        )
    return condition


def read(text: str) -> Condition:
    """Read a condition on whatever has fields.

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
    if operator not in ("=", "==", "!=") and (value is None or isinstance(value, bool)):
        raise InputValidationError(f"{match[3]} has no order; compare it with = or != only.")
    return Condition(path, "=" if operator == "==" else operator, value)


def in_order(models: Iterable[Model], field: str) -> list[Model]:
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
            found.append((rank(value), model))
    found.sort(key=itemgetter(0), reverse=field.startswith("-"))
    return [model for _, model in found] + missing


def _parse_value(text: str) -> Scalar:
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        value = ...
    if value is ... or isinstance(value, (dict, list)):
        words = {word.lower() for word in text.split()}
        hint = " There is no 'or'; ask for each alternative by itself." if "or" in words else ""
        if "and" in words:
            hint += " Give conditions that must all hold one by one."
        raise InputValidationError(
            f"'{text}' is not a value to compare with; use a number, true, false, null, or text in"
            f" double quotes.{hint}"
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


def _found(model: Described, path: Path) -> Json:
    if path[0] != "metadata":
        column: str = getattr(model, str(path[0]))
        return column
    found: Json = value_at(model.metadata, path[1:])
    return found


def is_finite(value: Json) -> bool:
    """Return False for NaN and infinities, which JSON cannot express: nothing equals them."""
    return not isinstance(value, float) or math.isfinite(value)


def kind_of(value: Json) -> str:
    """Return the kind of values that a value is compared with; missing counts as null."""
    if isinstance(value, bool):
        return "truth"
    if isinstance(value, (int, float)):
        return "number"
    return "text" if isinstance(value, str) else "null" if value is None else "other"


def scalar_text(value: Scalar) -> str:
    """Return a value as a condition spells it."""
    if not is_finite(value):
        return "1e999" if value == math.inf else "-1e999"  # which the parser reads as infinity
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() else json.dumps(value)


def rank(value: Json) -> tuple[int, Any]:
    """Return a sort key for values of any kind: numbers, then texts, then others as JSON."""
    if isinstance(value, (int, float)) and is_finite(value):
        return 0, value
    return (1, value) if isinstance(value, str) else (2, dumps(value))
