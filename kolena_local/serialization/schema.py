"""What a class's stored values look like, as a JSON schema (draft 2020-12).

The store keeps the schemas of a workflow's types, so that values can be checked where the user's
classes are not. ``kolena_local.schema`` reads what is written here; whoever writes another keyword
must teach it there.
"""

import enum
import types
import typing
from collections.abc import Sequence as AbstractSequence
from typing import Any, Union

from kolena_local.serialization.hints import is_class
from kolena_local.serialization.layout import Structured, layout_of
from kolena_local.serialization.scalar import SCALARS

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}
_UNIONS = (Union, types.UnionType)


def schema_of(cls: type[Structured]) -> Schema:
    """Return the schema of what ``encode`` writes of objects of a class.

    Args:
        cls: a data object's class; fields that are computed or stored apart are left out.

    Raises:
        InputValidationError: an annotation names something that cannot be found.
    """
    definitions = _Definitions()
    schema = {"$schema": DIALECT, "title": cls.__name__, **definitions.object_schema(cls)}
    if definitions.schemas:
        schema["$defs"] = definitions.schemas
    return schema


class _Definitions:
    """The data objects that a schema mentions, each once under a name of its own."""

    def __init__(self) -> None:
        self.schemas: dict[str, Schema] = {}
        self._names: dict[type, str] = {}

    def object_schema(self, cls: type[Structured]) -> Schema:
        layout = layout_of(cls)
        fields = [field for field in layout.fields if field.name not in layout.apart]
        properties = {field.name: self.schema(field.hint) for field in fields}
        if layout.data_type is not None and "data_type" not in layout.names:
            properties["data_type"] = {"const": layout.data_type}
        return {
            "type": "object",
            "properties": properties,
            "required": [field.name for field in fields if field.required],
            # Also where the class itself takes no more: a subclass with more fields may stand here.
            "additionalProperties": True,
        }

    def schema(self, hint: Any) -> Schema:
        """Return the schema of a declared type."""
        origin, arguments = typing.get_origin(hint) or hint, typing.get_args(hint)
        if origin is typing.Annotated:
            return self.schema(arguments[0])
        if origin in _UNIONS:
            return _any_of([self.schema(argument) for argument in arguments])
        if origin is typing.Literal:
            return _any_of([{"const": option} for option in arguments])
        if origin in (list, AbstractSequence):
            return {"type": "array", "items": self.schema(arguments[0] if arguments else Any)}
        if origin is tuple:
            return self._tuple(arguments or (Any, ...))
        if origin is dict:
            values = self.schema(arguments[1]) if arguments else {}
            return {"type": "object", "additionalProperties": values or True}
        if hint is None or hint is type(None):
            return {"type": "null"}
        return self._class(hint) if is_class(hint) else {}

    def _class(self, cls: type) -> Schema:
        if issubclass(cls, Structured):
            return self._reference(cls)
        stands_for = getattr(cls, "_stands_for", None)
        if stands_for is not None:
            return self.schema(stands_for)
        scalar = next((scalar for scalar in SCALARS if issubclass(cls, scalar)), None)
        if scalar is None:
            return {}
        if issubclass(cls, enum.Enum):
            written: Any = str.__str__ if scalar is str else scalar
            return _any_of([{"const": written(member)} for member in cls])
        return {"type": _TYPES[scalar]}

    def _reference(self, cls: type[Structured]) -> Schema:
        if cls not in self._names:
            name = cls.__name__
            while name in self.schemas:
                name += "_"
            self._names[cls] = name
            self.schemas[name] = {}  # the name is taken: the class may have itself as a field
            self.schemas[name] = self.object_schema(cls)
        return {"$ref": f"#/$defs/{self._names[cls]}"}

    def _tuple(self, hints: tuple[Any, ...]) -> Schema:
        if len(hints) == 2 and hints[1] is Ellipsis:
            return {"type": "array", "items": self.schema(hints[0])}
        items = [self.schema(hint) for hint in hints if hint != ()]
        length = len(items)
        return {"type": "array", "prefixItems": items, "minItems": length, "maxItems": length}


def _any_of(members: list[Schema]) -> Schema:
    unique = [one for index, one in enumerate(members) if one not in members[:index]]
    return unique[0] if len(unique) == 1 else {"anyOf": unique}
