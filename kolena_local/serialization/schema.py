"""JSON schemas (draft 2020-12) of the stored objects of a class.

The store keeps the schemas of a workflow's types, so that values can be checked without the user's
classes. ``kolena_local.exchange.schema_check`` checks values against them; it must know every
keyword that is written here.
"""

import enum
from typing import Any

from kolena_local.payload import dumps
from kolena_local.serialization import type_shapes as shapes
from kolena_local.serialization.classes import Structured
from kolena_local.serialization.fields import fields_of
from kolena_local.serialization.scalar import plain
from kolena_local.serialization.type_shapes import Scalar, Shape

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}
_NULL: Schema = {"type": "null"}


def schema_of(cls: type[Structured]) -> Schema:
    """Return the schema of what ``write`` returns for objects of a class.

    Args:
        cls: the class; fields that are derived or stored beside the payload are left out.

    Raises:
        InputValidationError: an annotation names something that cannot be found.
    """
    definitions = _Definitions()
    schema = {"$schema": DIALECT, "title": cls.__name__, **definitions.object_schema(cls)}
    if definitions.schemas:
        schema["$defs"] = definitions.schemas
    return schema


class _Definitions:
    """The definitions of a schema: one for each class, under a unique name."""

    def __init__(self) -> None:
        self.schemas: dict[str, Schema] = {}
        self._names: dict[type, str] = {}

    def object_schema(self, cls: type[Structured]) -> Schema:
        fields = fields_of(cls)
        properties = {field.name: self.schema(field.shape) for field in fields.payload}
        if fields.data_type is not None:
            properties["data_type"] = {"const": fields.data_type}
        required = [it.name for it in fields.payload if it.is_required]
        return {
            "type": "object",
            "properties": properties,
            "required": required,
            # Even if the class has no extras: an object of a subclass may have more fields.
            "additionalProperties": True,
        }

    def schema(self, shape: Shape) -> Schema:
        """Return the schema of a shape."""
        match shape:
            case shapes.Maybe():
                return _any_of([self.schema(shape.present), _NULL])
            case shapes.OneOf():
                return _any_of(list(map(self.schema, shape.members)))
            case shapes.Choice():
                constants = (
                    {"const": plain(it)} if it is not None else _NULL for it in shape.options
                )
                return _any_of(list(constants))
            case shapes.Items():
                return {"type": "array", "items": self.schema(shape.item)}
            case shapes.Row():
                items = list(map(self.schema, shape.items))
                count = len(items)
                return {"type": "array", "prefixItems": items, "minItems": count, "maxItems": count}
            case shapes.Mapping():
                return {"type": "object", "additionalProperties": self.schema(shape.value) or True}
            case shapes.Null():
                return _NULL
            case shapes.Object():
                return self._reference(shape.cls)
            case shapes.Scalar():
                return _scalar(shape)
        return {}

    def _reference(self, cls: type[Structured]) -> Schema:
        if cls not in self._names:
            name = cls.__name__
            while name in self.schemas:
                name += "_"
            self._names[cls] = name
            self.schemas[name] = {}  # reserves the name, as the class may be recursive
            self.schemas[name] = self.object_schema(cls)
        return {"$ref": f"#/$defs/{self._names[cls]}"}


def _scalar(shape: Scalar) -> Schema:
    # Flags can be combined.
    if issubclass(shape.cls, enum.Enum) and not issubclass(shape.cls, enum.Flag):
        return _any_of([{"const": plain(member)} for member in shape.cls])
    return {"type": _TYPES[shape.base]}


def _any_of(members: list[Schema]) -> Schema:
    unique = list({dumps(member): member for member in members}.values())  # 1 is not True
    return unique[0] if len(unique) == 1 else {"anyOf": unique}
