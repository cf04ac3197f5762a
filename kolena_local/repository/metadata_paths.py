"""Where a value is in a model's metadata: ``crop.flip``, ``"learning rate"``, ``sizes[0]``.

Pure functions on texts and JSON values. Nothing that is passed in is changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from kolena_local.errors import InputValidationError, NotFoundError
from kolena_local.payload import Json

Path = tuple[str | int, ...]

# Like SQLite's own paths, they cannot express a quotation mark or a backslash in a key.
_BARE: Final = r"""[^\s."'\[\]=<>!\\\x00-\x1f]+"""
SEGMENT: Final = rf"""(?:"[^"\\\x00-\x1f]+"|{_BARE})"""
PATH: Final = rf"{SEGMENT}(?:\.{SEGMENT}|\[[0-9]{{1,9}}\])*"

_PATH: Final = re.compile(PATH)
_STEP: Final = re.compile(rf"\[([0-9]+)\]|\.?({SEGMENT})")


def parse_path(text: str) -> Path:
    """Read a path: keys with dots between them, places in lists in brackets.

    Raises:
        InputValidationError: it is not a path.
    """
    if not _PATH.fullmatch(text):
        raise InputValidationError(
            f"'{text}' is not a field; write keys with dots between them, and a key with other"
            ' characters than letters, digits, - and _ in double quotes, as in a."learning rate".'
        )
    return tuple(
        int(index) if index else key.strip('"') for index, key in _STEP.findall(text.strip())
    )


def path_text(path: Path) -> str:
    """Return the text that :func:`parse_path` reads."""
    steps = (
        f"[{step}]"
        if isinstance(step, int)
        else f".{step}"
        if re.fullmatch(_BARE, step)
        else f'."{step}"'
        for step in path
    )
    return "".join(steps).removeprefix(".")


def is_path(text: str) -> bool:
    """Return whether what :func:`path_text` returned is a path; some keys have none."""
    try:
        text.encode()  # for addresses and names of test cases
        return path_text(parse_path(text)) == text
    except ValueError:
        return False


def sqlite_path(path: Path) -> str:
    """Return a path as SQLite's JSON functions read it."""
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f'."{step}"' for step in path)


def value_at(value: Json, path: Path, otherwise: Any = None) -> Any:
    """Return what is at a path; ``otherwise`` if there is nothing."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step, otherwise)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return otherwise
    return value


def assigned(metadata: Mapping[str, Json], path: Path, value: Json) -> dict[str, Json]:
    """Return metadata in which the value is at the path; missing objects are created.

    Raises:
        InputValidationError: the path goes through a value that is not an object.
    """
    first, rest = path[0], path[1:]
    if isinstance(first, int) or any(isinstance(step, int) for step in rest):
        raise InputValidationError("An item of a list cannot be set; set the whole list instead.")
    if not rest:
        return {**metadata, first: value}
    inner = metadata.get(first, {})
    if not isinstance(inner, dict):
        raise InputValidationError(
            f"The metadata '{first}' is not an object, so it has no '{rest[0]}'; unset it first."
        )
    return {**metadata, first: assigned(inner, rest, value)}


def removed(metadata: Mapping[str, Json], path: Path) -> dict[str, Json]:
    """Return metadata without what is at the path.

    Raises:
        NotFoundError: there is nothing.
    """
    first, rest = path[0], path[1:]
    inner = metadata.get(first) if isinstance(first, str) else None
    if first not in metadata or (rest and not isinstance(inner, dict)):
        known = ", ".join(f"'{key}'" for key in metadata) or "none"
        raise NotFoundError(f"There is no metadata '{first}' to unset; there is {known}.")
    if rest and isinstance(inner, dict):
        return {**metadata, str(first): removed(inner, rest)}
    return {key: value for key, value in metadata.items() if key != first}
