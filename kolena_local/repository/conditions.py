"""``metadata.seed >= 3``: a condition on models, as a person writes it and as SQLite gets it.

The grammar is small on purpose: a field, an operator, one JSON value. What a person wrote only ever
reaches SQLite as a bound parameter; the SQL around it is put together from this module's own texts.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final, NamedTuple

from kolena_local.errors import InputValidationError
from kolena_local.repository.metadata_paths import PATH, Path, parse_path, sqlite_path

_COLUMNS: Final = {
    "name": "model.name",
    "workflow": "workflow.name",
    "created_at": "model.created_at",
    "updated_at": "model.updated_at",
}
_CONDITION: Final = re.compile(rf"\s*({PATH})\s*(<=|>=|!=|==|=|<|>)\s*(?!=)(.*\S)\s*", re.DOTALL)
_SQL_OPERATORS: Final = {"==": "=", "=": "=", "!=": "=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}

Scalar = None | bool | int | float | str
Sql = tuple[str, dict[str, Any]]


class Condition(NamedTuple):
    """One comparison of a field with a value."""

    path: Path
    operator: str
    value: Scalar


def parse(text: str) -> Condition:
    """Read a condition.

    Raises:
        InputValidationError: it is none; the sentence says what is wrong.
    """
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise InputValidationError(
            f"'{text}' is no condition; write a field, one of = != < <= > >= and a JSON value,"
            " such as metadata.seed >= 3."
        )
    path, operator, value = parse_path(match[1]), match[2], _parse_value(match[3])
    if not _is_metadata(path) and not isinstance(value, str):
        raise InputValidationError(f"{match[1]} is text; compare it with text in double quotes.")
    if operator not in ("=", "==", "!=") and (value is None or isinstance(value, bool)):
        raise InputValidationError(f"{match[3]} has no order; compare with it by = or != only.")
    return Condition(path, operator, value)


def _parse_value(text: str) -> Scalar:
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        value = ...
    if value is ... or isinstance(value, (dict, list)):
        raise InputValidationError(
            f"'{text}' is no value to compare with; give a number, true, false, null, or text in"
            " double quotes."
        )
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
        # SQLite has such numbers as floats only.
        return float(text)
    return value  # type: ignore[no-any-return]  # a scalar that the parser made


def _refuse(name: str) -> None:
    raise ValueError(name)


def _is_metadata(path: Path) -> bool:
    """Tell a path into the metadata from a column.

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


def condition_sql(condition: Condition, number: int) -> Sql:
    """Write a condition in SQL; ``!=`` holds exactly where ``=`` does not.

    Parameters:
        number: makes the names of the parameters different from those of other conditions.
    """
    path, operator, value = condition
    at, to = f"where_{number}_path", f"where_{number}_value"
    kind = f"json_type(model.metadata, :{at})"
    if not _is_metadata(path):
        text = f"{_COLUMNS[str(path[0])]} {_SQL_OPERATORS[operator]} :{to}"
        parameters = {to: value}
    elif value is None or isinstance(value, bool):
        # Missing is as good as null.
        text = f"ifnull({kind}, 'null') = :{to}"
        parameters = {at: sqlite_path(path[1:]), to: json.dumps(value)}
    else:
        # SQLite finds every text greater than any number; here they do not compare.
        kinds = "('text')" if isinstance(value, str) else "('integer', 'real')"
        text = (
            f"CASE WHEN {kind} IN {kinds} THEN json_extract(model.metadata, :{at})"
            f" {_SQL_OPERATORS[operator]} :{to} ELSE 0 END"
        )
        parameters = {at: sqlite_path(path[1:]), to: value}
    return f"NOT ({text})" if operator == "!=" else f"({text})", parameters


def order_sql(field: str | None) -> Sql:
    """Write an order in SQL: a field, with ``-`` before it for the greatest first; else by age.

    Raises:
        InputValidationError: there is no such field.
    """
    if field is None:
        return "ORDER BY model.id", {}
    path = parse_path(field.removeprefix("-"))
    parameters = {}
    if _is_metadata(path):
        key = "json_extract(model.metadata, :sort)"
        parameters["sort"] = sqlite_path(path[1:])
    else:
        key = _COLUMNS[str(path[0])]
    direction = "DESC" if field.startswith("-") else "ASC"
    return f"ORDER BY {key} IS NULL, {key} {direction}, model.id", parameters
