"""Checks JSON values against the schemas that the store keeps of a workflow's types.

It knows the part of JSON Schema (draft 2020-12) that ``serialization.schema`` writes and nothing
beyond: ``type``, ``properties``, ``required``, ``items``, ``prefixItems`` with ``minItems`` and
``maxItems``, ``anyOf``, ``const``, ``additionalProperties`` and ``$ref`` into ``$defs``. What a
fitting value comes back as is what storing an object would have written: numbers are floats, and
each object has its ``data_type``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from kolena_local.errors import InputValidationError
from kolena_local.payload import LARGEST_EXACT, Json
from kolena_local.plurals import counted

Schema = dict[str, Any]
Fit = Callable[[Json], Json]

NEVER_A_FLOAT = "a whole number without a decimal point (floats of this size are rounded)"

#: The property by which the store tells boxes from labels; it is not a field.
DATA_TYPE = "data_type"

_NAMES = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "null",
    "array": "a list",
    "object": "an object",
}


class SchemaError(ValueError):
    """A value is not what its schema says.

    Attributes:
        expected: what would fit, in words.
        found: the value; None with ``is_missing``.
        path: where the value is, ``.boxes[2].score``.
        is_missing: whether there is no value.
    """

    def __init__(
        self, expected: str, found: Json = None, path: str = "", *, is_missing: bool = False
    ) -> None:
        super().__init__(expected, found, path)
        self.expected = expected
        self.found = found
        self.path = path
        self.is_missing = is_missing

    def under(self, step: str) -> SchemaError:
        """Return the same error as seen from one level further out."""
        return SchemaError(self.expected, self.found, step + self.path, is_missing=self.is_missing)

    def __str__(self) -> str:
        found = "nothing" if self.is_missing else shown(self.found)
        where = f" at ${self.path}" if self.path else ""
        return f"{self.expected} is expected{where}, not {found}"


def fitting(schema: Schema, *, exact: bool = False) -> Fit:
    """Return the function that checks values of a schema.

    Args:
        schema: a schema with its ``$defs``.
        exact: whether integers that no float is equal to are refused where floats belong, and not
            rounded.

    Returns:
        A function of a JSON value that returns it as it is stored, or raises :class:`SchemaError`.
    """
    return _Compiler(schema, exact).compile(schema)


def resolved(schema: Schema, root: Schema) -> Schema:
    """Return what a reference into the root's definitions stands for; others as they are.

    Raises:
        InputValidationError: it stands for nothing, or for itself.
    """
    passed: set[str] = set()
    while "$ref" in schema:
        name = _name(schema)
        if name in passed or name not in root.get("$defs", {}):
            raise InputValidationError(
                f"The definition {name!r:.80} of the stored schema stands for nothing; define the"
                " workflow again and make a model or test case of it."
            )
        passed.add(name)
        schema = root["$defs"][name]
    return schema


def without_null(schema: Schema, root: Schema) -> tuple[Schema, bool]:
    """Return the schema of the values that are there, and whether null is allowed besides."""
    schema = resolved(schema, root)
    members = [resolved(member, root) for member in schema.get("anyOf", ())]
    present = [member for member in members if member.get("type") != "null"]
    if len(present) == len(members):
        return schema, _takes_null(schema, root)
    return (present[0] if len(present) == 1 else {"anyOf": present}), True


def _takes_null(schema: Schema, root: Schema) -> bool:
    schema = resolved(schema, root)
    # Members may be unions themselves: of a Literal.
    is_member = any(_takes_null(member, root) for member in schema.get("anyOf", ()))
    return not schema or schema.get("type") == "null" or is_member


def described(schema: Schema) -> str:
    """Return in words what a schema takes."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(map(described, schema["anyOf"])))
    if "const" in schema:
        return shown(schema["const"])
    if "$ref" in schema:
        return f"an object ({_name(schema)})"
    if "minItems" in schema:
        return f"a list of {counted(schema['minItems'], 'value')}"
    return _NAMES.get(schema.get("type", ""), "any value")


class _Compiler:
    def __init__(self, root: Schema, exact: bool) -> None:
        self._root = root
        self._exact = exact
        self._made: dict[str, Fit] = {}

    def compile(self, schema: Schema) -> Fit:
        if "$ref" in schema:
            return self._reference(schema)
        if "anyOf" in schema:
            return self._any_of(schema)
        if "const" in schema:
            return _constant(schema)
        kind = schema.get("type")
        if kind == "array":
            return self._array(schema)
        if kind == "object":
            return self._object(schema)
        return _scalar(schema, self._exact) if kind is not None else _as_it_is

    def _reference(self, schema: Schema) -> Fit:
        name = _name(schema)

        # Looked up when a value comes: a definition may refer to itself.
        def fit(value: Json) -> Json:
            made = self._made.get(name)
            if made is None:
                made = self._made[name] = self.compile(resolved(schema, self._root))
            return made(value)

        return fit

    def _any_of(self, schema: Schema) -> Fit:
        allows_null = any(member.get("type") == "null" for member in schema["anyOf"])
        members = [self.compile(one) for one in schema["anyOf"] if one.get("type") != "null"]
        expected = described(schema)

        def fit(value: Json) -> Json:
            if value is None and allows_null:
                return None
            results, errors = [], []
            for member in members:
                try:
                    results.append(member(value))
                except SchemaError as error:
                    errors.append(error)
            # A member that takes the value unchanged fits best: 5 is not a float beside an int.
            for result in results:
                if _same(result, value):
                    return result
            if results:
                return results[0]
            # Among several, the one that got furthest into the value was probably meant.
            deepest = max(errors, key=lambda error: len(error.path), default=None)
            says_more = deepest and (deepest.path or deepest.expected == NEVER_A_FLOAT)
            raise deepest if deepest and says_more else SchemaError(expected, value)

        return fit

    def _array(self, schema: Schema) -> Fit:
        expected = described(schema)
        prefix = [self.compile(one) for one in schema.get("prefixItems", ())]
        fit_item = self.compile(schema.get("items", {}))
        least, most = schema.get("minItems", 0), schema.get("maxItems", math.inf)

        def fit(value: Json) -> Json:
            # Tuples are what encoding leaves of points until they are written.
            if not isinstance(value, (list, tuple)) or not least <= len(value) <= most:
                raise SchemaError(expected, value)
            result: list[Json] = []
            for index, item in enumerate(value):
                try:
                    result.append((prefix[index] if index < len(prefix) else fit_item)(item))
                except SchemaError as error:
                    raise error.under(f"[{index}]") from None
            return result

        return fit

    def _object(self, schema: Schema) -> Fit:
        properties = schema.get("properties", {})
        fields = {name: self.compile(inner) for name, inner in properties.items()}
        # Only this one is never anybody's choice.
        constants = {
            name: one["const"]
            for name, one in properties.items()
            if name == DATA_TYPE and "const" in one
        }
        required = [(name, described(properties[name])) for name in schema.get("required", ())]
        additional = schema.get("additionalProperties", True)
        fit_other = self.compile(additional) if isinstance(additional, dict) else _as_it_is

        def fit(value: Json) -> Json:
            if not isinstance(value, dict):
                raise SchemaError("an object", value)
            for name, expected in required:
                if name not in value:
                    raise SchemaError(expected, path=f".{name}", is_missing=True)
            result: dict[str, Json] = {}
            for name, item in value.items():
                try:
                    result[name] = fields.get(name, fit_other)(item)
                except SchemaError as error:
                    raise error.under(f".{name}") from None
            for name, constant in constants.items():
                result.setdefault(name, constant)
            return result

        return fit


def _name(schema: Schema) -> str:
    return str(schema["$ref"]).removeprefix("#/$defs/")


def _as_it_is(value: Json) -> Json:
    return value


def _constant(schema: Schema) -> Fit:
    constant = schema["const"]

    def fit(value: Json) -> Json:
        is_equal = value == constant or (value != value and constant != constant)  # both are NaN
        if type(value) is not type(constant) or not is_equal:
            raise SchemaError(described(schema), value)
        return value

    return fit


def _scalar(schema: Schema, is_exact: bool) -> Fit:
    kind, expected = schema["type"], described(schema)
    exact = {"string": str, "number": float, "integer": int, "boolean": bool, "null": type(None)}

    def fit(value: Json) -> Json:
        # As in Python, true and false are integers; an object may hold them where one is declared.
        if type(value) is exact[kind] or (kind == "integer" and type(value) is bool):
            return value
        try:
            if kind == "number" and type(value) is int:
                number = float(value)
                if number == value or not is_exact:
                    return number
            if kind == "integer" and type(value) is float and value.is_integer():
                if abs(value) < LARGEST_EXACT:
                    return int(value)
                raise SchemaError(NEVER_A_FLOAT, value)
        except OverflowError:
            pass
        raise SchemaError(expected, value)

    return fit


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, list):
        return len(left) == len(right) and all(map(_same, left, right))
    if isinstance(left, dict):
        return len(left) == len(right) and all(_same(left[key], right[key]) for key in right)
    return type(left) is type(right)


def shown(value: Json, length: int = 60) -> str:
    """Return a value as messages have it, cut to a length."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = repr(value)
    return text if len(text) <= length else text[: length - 3] + "..."
