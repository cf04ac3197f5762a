"""Checks of what users pass to models, test cases and suites, before anything is opened.

Values are converted where the original's client does so: a number becomes a name, a list of tags a
set.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kolena_local.errors import InputValidationError
from kolena_local.payload import Json
from kolena_local.serialization.encode import encode_value


def check_name(value: Any, kind: str) -> str:
    """Return a name as text.

    Args:
        value: what was given.
        kind: what is named, for the message.

    Raises:
        InputValidationError: it is blank, or neither text nor a number.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise InputValidationError(f"the name of a {kind} must be text, not {value!r}")
    name = str(value)
    if not name.strip():
        raise InputValidationError(f"the name of a {kind} is blank; give it one")
    return name


def check_description(value: Any) -> str | None:
    """Return a description as text, None as None.

    Raises:
        InputValidationError: it is neither text nor a number.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (int, float)):
        return str(value)
    raise InputValidationError(f"a description must be text, not {value!r}")


def check_version(value: Any) -> int | None:
    """Return a version as a number; digits in a text (from an environment variable, say) are one.

    Raises:
        InputValidationError: it is no whole number.
    """
    if value is None:
        return None
    try:
        version = int(value)
    except (TypeError, ValueError):
        version = -1
    if isinstance(value, bool) or version < 0 or version != float(value):
        raise InputValidationError(f"a version must be 0, 1, 2 …, not {value!r}")
    return version


def check_tags(value: Any) -> set[str] | None:
    """Return tags as a set, None as None.

    Raises:
        InputValidationError: it is no collection of texts, or a tag is blank.
    """
    if value is None:
        return None
    if isinstance(value, (str, bytes, dict)) or not isinstance(value, Iterable):
        raise InputValidationError(f"tags must be a set of texts, not {value!r}")
    tags = set(value)
    for tag in tags:
        if not isinstance(tag, str) or not tag.strip():
            raise InputValidationError(f"a tag must be text that is not blank, not {tag!r}")
    return tags


def check_metadata(value: Any) -> dict[str, Json]:
    """Return metadata as a JSON object, None as an empty one.

    Raises:
        InputValidationError: it is no dict with texts as keys, or a value in it is nothing that
            JSON can hold; the
            message has its path.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InputValidationError(f"metadata must be a dict, not {value!r:.80}")
    for key in value:
        if not isinstance(key, str):
            raise InputValidationError(f"metadata: the key {key!r} must be text")
    encoded = encode_value(value, "metadata")
    assert isinstance(encoded, dict)  # a dict is written as an object
    return encoded
