"""What all parts of a quality standard have in common: what is not of the type is an error.

An unknown key is one too, and it is named. Nothing is converted: ``true`` is neither 1 nor "true".
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ConfigDict, ValidationError, model_validator
from pydantic.dataclasses import dataclass
from pydantic_core import ArgsKwargs, ErrorDetails, PydanticCustomError

CONFIG = ConfigDict(extra="forbid")


def _filled(name: str) -> str:
    if not name.strip():
        raise ValueError("a name must not be blank.")
    return name


def _value(given: Any) -> Any:
    plain = given.item() if hasattr(given, "item") else given  # NumPy's
    if not isinstance(plain, (bool, int, float, str)) or plain != plain:
        raise ValueError(f"{given!r:.80} is not text, a number, true, or false.")
    return plain


def _null(given: Any) -> Any:
    return None if isinstance(given, float) and given != given else given


def _number(given: Any) -> Any:
    plain = given.item() if hasattr(given, "item") else given
    if isinstance(plain, bool) or not isinstance(plain, (int, float)) or plain != plain:
        raise ValueError(f"{given!r:.80} is not a number.")
    return plain


def _bool(given: Any) -> Any:
    if not isinstance(given, bool):
        raise ValueError(f"{given!r:.80} is not true or false.")
    return given


Name = Annotated[str, AfterValidator(_filled)]
Value = Annotated[bool | int | float | str, BeforeValidator(_value)]
Scalar = Annotated[Value | None, BeforeValidator(_null)]
Number = Annotated[float, BeforeValidator(_number)]
Whole = Annotated[int, BeforeValidator(_number)]
Bool = Annotated[bool, BeforeValidator(_bool)]


@dataclass(frozen=True, config=CONFIG)
class Strict:
    """A part of a quality standard."""

    @model_validator(mode="before")
    @classmethod
    def _keys_are_known(cls, given: Any) -> Any:
        keys = given.kwargs if isinstance(given, ArgsKwargs) else given
        known = [field.name for field in fields(cls)]
        for key in keys if isinstance(keys, Mapping) else ():
            if key not in known:
                raise PydanticCustomError("unknown_key", "{text}", {"text": unknown(key, known)})
        return given


def unknown(name: object, known: list[str], what: str = "key") -> str:
    """Say that a name is unknown, and which one is nearest, or else which there are."""
    near = difflib.get_close_matches(str(name), known, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"choose one of {', '.join(known)}."
    return f"unknown {what} '{name}'; {hint}"


def first_problem(error: ValidationError, given: object) -> str:
    """Return the first problem that pydantic found, and where, as one sentence.

    Args:
        error: what pydantic raised.
        given: what it validated; it tells the keys of a location from the names of types.
    """
    problem = error.errors(include_url=False)[0]
    path, here = "", given
    for part in problem["loc"]:
        if isinstance(here, Mapping) and part in here:
            path, here = f"{path}.{part}" if path else str(part), here[part]
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            path, here = f"{path}[{part}]", here[part]
    message = _message(problem)
    return f"{path}: {message}" if path else message


def _message(problem: ErrorDetails) -> str:
    context = problem.get("ctx", {})
    match problem["type"]:
        case "missing" if problem["loc"]:
            return f"the key '{problem['loc'][-1]}' is missing."
        case "union_tag_not_found":
            return f"the key {context['discriminator']} is missing."
        case "union_tag_invalid":
            known = context["expected_tags"].strip("'").split("', '")
            return unknown(context["tag"], known, "kind")
        case "dataclass_type" | "model_attributes_type" | "dict_type":
            return f"{problem['input']!r:.80} is not a table of keys."
        case "list_type":
            return f"{problem['input']!r:.80} is not a list."
        case "string_type":
            return f"{problem['input']!r:.80} is not text."
        case "literal_error":
            return f"{problem['input']!r} is not one of {context['expected']}."
    message = problem["msg"].removeprefix("Value error, ")
    return message if message.endswith((".", "?")) else f"{message}."
