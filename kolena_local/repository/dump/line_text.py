"""The lines of a dump: written from rows, and parsed into checked rows.

Private to the dump; there is no SQL here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

import pydantic_core

from kolena_local.errors import InputValidationError, StoreDamagedError
from kolena_local.escapes import unescape
from kolena_local.payload import DIGEST_LENGTH
from kolena_local.repository.dump.data_lines import LINE_TYPES
from kolena_local.repository.dump.line_types import JSON_KINDS, Column, LineType
from kolena_local.repository.health.invariants import digest_problem, object_problem
from kolena_local.repository.schema_text import schema_problem

FORMAT: Final = 1
_HEADER: Final = "kolena-local store"
_BY_NAME: Final = {line_type.name: line_type for line_type in LINE_TYPES}
# Far below what the tables can hold, so that there are positions left.
_LARGEST: Final = 2**53

_BYTES: Final = ("digest", "maker", "vector")

Row = tuple[Any, ...]


def header() -> str:
    """Return the first line of every file."""
    return f'{{"kind":"{_HEADER}","format":{FORMAT}}}'


def normal_json(text: str | None) -> str | None:
    """Return JSON in the form that it has in files, None for None."""
    if text is None:
        return None
    try:
        return _written(pydantic_core.from_json(text, allow_inf_nan=False))
    except ValueError:  # nested deeper than the fast reader goes
        return json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"))


def locator(payload: str) -> str | None:
    """Return the locator of a sample as SQLite shows it; None if it has none, or a number."""
    # As it is stored: SQLite takes no text with unpaired surrogates, which are escaped there.
    found = json.loads(payload).get("locator")
    if isinstance(found, (dict, list)):
        return _written(found)
    return found if isinstance(found, str) else None


def write(line_type: LineType, row: Row, *, times: bool = False) -> str:
    """Return the line of a row of the type's query.

    Args:
        times: whether it has times, which differ between equal stores.

    Raises:
        StoreDamagedError: a value does not have the type of its column.
    """
    parts = [f'{{"kind":"{line_type.name}"']
    if line_type.locator and isinstance(row[-1], str):
        # At the front, where readers of a diff see it.
        parts.append(f'"locator":{_written(row[-1])}')
    try:
        for column, value in zip(line_type.columns, row, strict=False):
            if (column.kind == "time" and not times) or (column.kind == "maker" and value is None):
                continue
            if column.kind in _BYTES:
                value = f'"{value.hex()}"'
            elif value is None:
                value = "null"
            elif column.kind not in JSON_KINDS:
                value = _written(value)
            parts.append(f'"{column.name}":{value}')
        return ",".join(parts) + "}"
    except (AttributeError, TypeError) as error:
        raise StoreDamagedError(f"The store is damaged ({error}); restore a backup.") from error


def check_header(line: bytes | None) -> None:
    """Check the first line of a file.

    Raises:
        InputValidationError: it is not a dump, or one of a later version.
    """
    content = _parsed(line) if line is not None else None
    if not isinstance(content, dict) or content.get("kind") != _HEADER:
        raise InputValidationError(
            "The file is not an exported store; write one with `kolena-local export FILE`."
        )
    if content.get("format") != FORMAT:
        raise InputValidationError(
            f"The file has the format {content.get('format')!r}, and this kolena-local knows"
            f" {FORMAT}; run `pip install --upgrade kolena-local`."
        )


def read(line: bytes, number: int) -> tuple[LineType, Row]:
    """Return the type of a line and its row: the line's number, then its columns.

    Raises:
        InputValidationError: the line is invalid; the message has its number.
    """
    try:
        return _read(line, number)
    except RecursionError:
        raise refusal(number, "it is nested too deeply; flatten it") from None


def _read(line: bytes, number: int) -> tuple[LineType, Row]:
    content = _parsed(line)
    if not isinstance(content, dict):
        raise refusal(number, "it is not a JSON object")
    line_type = _BY_NAME.get(str(content.get("kind")))
    if line_type is None:
        raise refusal(number, f"there is no kind {content.get('kind')!r:.80}")
    known = {"kind", "locator", *(column.name for column in line_type.columns)}
    for name in content:
        if name not in known:
            raise refusal(number, f"the kind {line_type.name} has no {name!r:.80}")
    row = [_value(content, column, number) for column in line_type.columns]
    _check_digest(line_type, row, number)
    return line_type, (number, *row)


def _parsed(line: bytes) -> Any:
    try:
        return pydantic_core.from_json(line, allow_inf_nan=False)
    except ValueError:
        try:
            return json.loads(line)
        except (ValueError, RecursionError):
            return None


def _value(content: dict[str, Any], column: Column, number: int) -> Any:
    name = column.name
    if name not in content:
        if column.missing:
            return column.missing[0]
        raise refusal(number, f"{name!r} is missing")
    value = content[name]
    if value is None and column.nullable:
        return None
    if not _FITS[column.kind](value):
        raise refusal(number, f"{name!r} cannot be {value!r:.80}")
    if column.kind in _BYTES:
        return bytes.fromhex(value)
    if column.kind == "names":
        value = sorted(set(value))
    if column.kind not in ("object", "schema", "standard"):
        return _written(value) if column.kind in JSON_KINDS else value
    text = _written(value)
    problem = object_problem(text)
    if problem is None and column.kind == "schema":
        problem = schema_problem(value)
    if problem is not None:
        raise refusal(number, f"{name!r} cannot be {value!r:.80} ({problem})")
    return text


def _is_text(value: Any) -> bool:
    try:
        return isinstance(value, str) and b"\0" not in value.encode()
    except UnicodeEncodeError:
        return False


def _is_name(value: Any) -> bool:
    return _is_text(value) and value.strip() != ""


def _is_number(value: Any) -> bool:
    return type(value) is int and 0 <= value <= _LARGEST


def _is_digest(value: Any) -> bool:
    try:
        return isinstance(value, str) and len(bytes.fromhex(value)) == DIGEST_LENGTH
    except ValueError:
        return False


def _is_vector(value: Any) -> bool:
    try:
        return isinstance(value, str) and value != "" and len(bytes.fromhex(value)) % 4 == 0
    except ValueError:
        return False


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_name, value))


def _are_pins(value: Any) -> bool:
    if not isinstance(value, list):
        return False
    if not all(isinstance(pin, list) and list(map(type, pin)) == [str, int] for pin in value):
        return False
    # A test suite has one version of each test case.
    return _are_names([name for name, _ in value]) and len(dict(value)) == len(value)


def _are_directions(value: Any) -> bool:
    try:
        value = unescape(value)  # names of metrics may be empty, or begin with a dollar sign
    except ValueError:
        return False
    return isinstance(value, dict) and all(
        isinstance(level, dict) and all(better in ("higher", "lower") for better in level.values())
        for level in value.values()
    )


_FITS: Final[dict[str, Callable[[Any], bool]]] = {
    "text": _is_text,
    "time": _is_text,
    "any text": lambda value: isinstance(value, str),
    "name": _is_name,
    "int": _is_number,
    "digest": _is_digest,
    "maker": _is_digest,
    "vector": _is_vector,
    "list": lambda value: isinstance(value, list),
    "standard": lambda value: isinstance(value, dict),
    "object": lambda value: isinstance(value, dict),
    "schema": lambda value: isinstance(value, dict),
    "names": _are_names,
    "pins": _are_pins,
    "directions": _are_directions,
}


def _check_digest(line_type: LineType, row: Sequence[Any], number: int) -> None:
    names = [column.name for column in line_type.columns]
    if "digest" not in names:
        return
    problem = digest_problem(row[names.index("fields")], row[names.index("digest")])
    if problem is not None:
        raise refusal(number, f"{problem}; correct one of them")


def _written(value: Any) -> str:
    try:
        return pydantic_core.to_json(value, inf_nan_mode="constants").decode()
    except pydantic_core.PydanticSerializationError:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def refusal(number: int, problem: str) -> InputValidationError:
    """Return the error that a line cannot be imported."""
    return InputValidationError(
        f"Line {number} of the file cannot be imported: {problem}. Nothing was imported."
    )
