"""Which JSON values are schemas of a workflow's types, as a definition of the workflow writes them.

They lie in files that anybody may edit: the store, and its text form. Keywords that nothing here
knows are passed over.
"""

from __future__ import annotations

from typing import Any

_TYPES = {"string", "number", "integer", "boolean", "null", "array", "object"}
_REFERENCE = "#/$defs/"


class _Damage(Exception):
    """What is wrong with a schema, in words."""


def schema_problem(schema: Any) -> str | None:
    """Return why a JSON value is not a schema that a definition has written, or None if it is."""
    try:
        _check_root(schema)
    except _Damage as problem:
        return str(problem)
    except RecursionError:
        return "it is nested too deeply"
    return None


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
