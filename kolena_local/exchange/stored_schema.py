"""Reads the stored schemas of a workflow's types, and trusts none of them.

Anybody may edit the file that the text is in. What ``schema_check`` could not work with is refused
here once, as damage; unknown keywords are ignored.
"""

from __future__ import annotations

import json
from typing import Any

from kolena_local.errors import StoreDamagedError
from kolena_local.exchange.schema_check import Schema

_TYPES = {"string", "number", "integer", "boolean", "null", "array", "object"}
_REFERENCE = "#/$defs/"


def read_schema(text: str, workflow: str, kind: str) -> Schema:
    """Return the schema of one of a workflow's types.

    Args:
        text: as it is stored.
        workflow: the workflow's name, for the message.
        kind: what the type is called, for the message.

    Raises:
        StoreDamagedError: it is not a schema that a workflow's definition has written.
    """
    try:
        schema = json.loads(text)
        _check_root(schema)
    except (_Damage, ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else error
        raise StoreDamagedError(
            f'The stored schema of the {kind} of the workflow "{workflow}" is damaged ({reason});'
            " define the workflow again and make a model or test case of it, or restore a backup."
        ) from None
    assert isinstance(schema, dict)  # it was checked
    return schema


class _Damage(Exception):
    """What is wrong with a schema, in words."""


def _check_root(schema: Any) -> None:
    definitions = schema.get("$defs", {}) if isinstance(schema, dict) else {}
    _demand(isinstance(definitions, dict), "$defs is not an object")
    # What a definition writes are objects throughout; one that is a mere reference could lead round
    # in a circle.
    for name, one in [("the schema", schema), *definitions.items()]:
        _check(one, definitions)
        for key in ("properties", "required"):
            _demand(key in one, f"{name} has no {key}")


def _check(schema: Any, definitions: dict[str, Any]) -> None:
    """Refuse a schema, or one inside it, that is not of the form that the store writes."""
    _demand(isinstance(schema, dict), f"{schema!r:.40} stands where a schema should")
    if "$ref" in schema:
        name = schema["$ref"]
        known = isinstance(name, str) and name.startswith(_REFERENCE)
        _demand(
            known and name.removeprefix(_REFERENCE) in definitions,
            f"there is no definition {name!r:.80}",
        )
    kind = schema.get("type", "object")
    _demand(isinstance(kind, str) and kind in _TYPES, f"there is no type {kind!r:.40}")
    for key in ("minItems", "maxItems"):
        _demand(type(schema.get(key, 0)) is int, f"{key} is not a number")
    properties, required = schema.get("properties", {}), schema.get("required", [])
    _demand(isinstance(properties, dict), "properties is not an object")
    _demand(isinstance(required, list), "required is not a list")
    for name in required:
        _demand(isinstance(name, str) and name in properties, f"no property is {name!r:.80}")
    inner = [*properties.values(), *([schema["items"]] if "items" in schema else [])]
    if not isinstance(schema.get("additionalProperties", True), bool):
        inner.append(schema["additionalProperties"])
    for key in ("anyOf", "prefixItems"):
        members = schema.get(key, [])
        _demand(isinstance(members, list), f"{key} is not a list")
        inner += members
    for one in inner:
        _check(one, definitions)


def _demand(holds: bool, problem: str) -> None:
    if not holds:
        raise _Damage(problem)
