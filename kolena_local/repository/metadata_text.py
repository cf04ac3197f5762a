"""A model's metadata as the JSON text that people edit, with NaN and infinities as words."""

from __future__ import annotations

import json
import math
import re
from typing import Final

from kolena_local.errors import InputValidationError
from kolena_local.payload import DIGITS_READ, Json
from kolena_local.plurals import UNSAFE

_UNSAFE: Final = re.compile(f"[{UNSAFE}]")


def as_text(metadata: dict[str, Json]) -> str:
    """Return metadata as JSON to edit, with NaN and infinities as Python's JSON writes them."""
    text = json.dumps(metadata, indent=2, ensure_ascii=False) + "\n"
    try:
        text.encode()
    except UnicodeEncodeError:
        text = json.dumps(metadata, indent=2) + "\n"
    return text


def as_visible_text(value: Json) -> str:
    """Return a value as JSON on several lines, in which characters that nobody sees are escaped."""
    try:
        text = json.dumps(value, indent=2, ensure_ascii=False)
    except RecursionError:
        # The writer that makes lines reaches less deep than the one that does not.
        text = json.dumps(value, ensure_ascii=False)
    return _UNSAFE.sub(lambda match: json.dumps(match[0])[1:-1], text)


def read_metadata(text: str) -> dict[str, Json]:
    """Parse metadata from JSON.

    Raises:
        InputValidationError: it is not a JSON object, or has a key twice.
    """
    try:
        metadata = json.loads(text, object_pairs_hook=_without_duplicates, parse_float=read_float)
    except json.JSONDecodeError as error:
        raise InputValidationError(
            f"The metadata is not JSON ({error.msg} in line {error.lineno}, column {error.colno});"
            " correct it."
        ) from error
    except RecursionError as error:
        raise InputValidationError("The metadata is nested too deeply; flatten it.") from error
    except InputValidationError:
        raise
    except ValueError as error:
        raise InputValidationError(
            f"The metadata has an integer of more than {DIGITS_READ} digits; store it as text."
        ) from error
    if not isinstance(metadata, dict):
        raise InputValidationError("The metadata is not a JSON object; start it with {.")
    return metadata


def read_float(text: str) -> float:
    """Parse a number with a fraction or an exponent.

    Raises:
        InputValidationError: it is larger than the largest float.
    """
    number = float(text)
    if math.isinf(number):
        raise InputValidationError(
            f"The number {text:.40} is too large; infinity is written as Infinity."
        )
    return number


def _without_duplicates(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for key, value in pairs:
        if key in found:
            raise InputValidationError(f"The metadata has the key '{key}' twice; keep one.")
        found[key] = value
    return found
