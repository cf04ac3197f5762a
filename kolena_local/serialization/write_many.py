"""The fast writer: serializes many objects of one class in one call of pydantic's core.

Most of the time that storing takes is spent here; it is a third of what the general writer
(``write``) and a JSON encoder take. It handles objects whose values are exactly as declared, which
is checked field by field for many objects at once. All other objects go to the general writer,
which handles extras, conversions and errors. Both write the same text.
"""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain
from math import isfinite
from operator import attrgetter, itemgetter
from typing import Any

from pydantic_core import CoreSchema, SchemaSerializer
from pydantic_core import core_schema as core

from kolena_local.payload import (
    Json,
    are_readable,
    dumps,
    followed_by_null,
    from_array,
    needs_escape,
)
from kolena_local.serialization import type_shapes as shapes
from kolena_local.serialization.classes import Structured
from kolena_local.serialization.conversion import ConversionError
from kolena_local.serialization.fields import ClassFields, fields_of, per_class
from kolena_local.serialization.type_shapes import Shape
from kolena_local.serialization.write import write, write_shape

_OBJECTS_AT_ONCE = 400
_SCHEMAS = {cls: getattr(core, f"{cls.__name__}_schema")() for cls in shapes.SCALARS}
_content_of = attrgetter("__dict__")


def write_many(data_objects: Sequence[Any], declared: type[Structured] | None = None) -> list[str]:
    """Serialize objects to the texts that are stored.

    Args:
        data_objects: the objects, of any classes; it is fast if all have the same class.
        declared: the class that they will be read as; None means each object's own class.

    Returns:
        For each object, ``payload.dumps`` of what ``write`` returns.

    Raises:
        InputValidationError: as ``write``, for the first object that cannot be stored.
    """
    texts: list[str] = []
    for start in range(0, len(data_objects), _OBJECTS_AT_ONCE):
        some = data_objects[start : start + _OBJECTS_AT_ONCE]
        cls, *others = set(map(type, some))
        is_one = not others and issubclass(cls, Structured) and declared in (cls, None)
        written = _writer(cls)(some) if is_one else None
        texts += [dumps(write(it, declared)) for it in some] if written is None else written
    return texts


@per_class
def _writer(cls: type[Any]) -> Callable[[Sequence[Any]], list[str] | None]:
    """Return a function that serializes objects of a class, or returns None if it cannot."""
    fields = fields_of(cls)
    if not _core_writes(fields):
        return lambda data_objects: None
    items = core.list_schema(core.nullable_schema(_object_schema(fields)))
    serialize = SchemaSerializer(items, core.CoreConfig(ser_json_inf_nan="constants")).to_json

    def write_some(data_objects: Sequence[Any]) -> list[str] | None:
        try:
            if _are_as_declared(data_objects, fields):
                written = followed_by_null(data_objects)
                array = serialize(written, by_alias=True, warnings="error").decode()
                return from_array(array, len(data_objects))
        except (AttributeError, KeyError, ConversionError, RecursionError, TypeError, ValueError):
            pass  # the general writer says which object is at fault and why
        return None

    return write_some


def _core_writes(fields: ClassFields) -> bool:
    """Return whether pydantic's core can serialize the objects of a class.

    It would use the serializer of a class that pydantic decorated, which omits the data type. And
    it takes the data type from the class attribute ``_type_name``.
    """
    has_type_name = fields.data_type == fields.cls._type_name
    return has_type_name and not (fields.is_pydantic or fields.slots)


def _object_schema(fields: ClassFields, begun: frozenset[type] = frozenset()) -> CoreSchema:
    """Return the core schema that serializes objects of exactly one class.

    Args:
        fields: the fields of the class.
        begun: the enclosing classes, at which the schema of a recursive class stops.
    """
    begun |= {fields.cls}
    schemas = {it.name: core.model_field(_schema(it.shape, begun)) for it in fields.payload}
    computed = []
    if fields.data_type is not None:
        computed = [core.computed_field("_type_name", core.str_schema(), alias="data_type")]
    # With a dataclass schema, the core would look up all fields of each object.
    content = core.model_fields_schema(schemas, computed_fields=computed)
    return core.model_schema(fields.cls, content)


def _schema(shape: Shape, begun: frozenset[type]) -> Any:
    match shape:
        case shapes.Scalar() if shape.cls is shape.base:
            return _SCHEMAS[shape.cls]
        case shapes.Maybe():
            return core.nullable_schema(_schema(shape.present, begun))
        case shapes.Items(is_list=True):
            return core.list_schema(_schema(shape.item, begun))
        case shapes.Row(is_point=True):
            return core.tuple_schema([_schema(item, begun) for item in shape.items])
        case shapes.Object() if shape.cls not in begun and _core_writes(fields_of(shape.cls)):
            return _object_schema(fields_of(shape.cls), begun)
    write_one = core.plain_serializer_function_ser_schema(partial(_write_open, shape=shape))
    return core.any_schema(serialization=write_one)


def _write_open(value: Any, shape: Shape) -> Json:
    content = write_shape(value, shape)
    if needs_escape(content):
        raise ConversionError("only the general writer writes escape objects")
    return content


def _fit(values: list[Any], shape: Shape) -> bool:
    """Return whether the core serializes values of a declared type as ``write_shape`` does.

    The core itself refuses containers other than the declared ones. But it would accept None,
    instances of subclasses, and as numbers values that can be converted, such as a Decimal.
    """
    match shape:
        case shapes.Scalar() if shape.cls is shape.base:
            if not {shape.cls}.issuperset(map(type, values)):
                return False
            if shape.cls is float:
                return isfinite(sum(values))  # a quick check for NaN and infinity
            return shape.cls is not int or are_readable(values)
        case shapes.Maybe():
            return _fit([value for value in values if value is not None], shape.present)
        case shapes.Items(is_list=True):
            return _fit(list(chain.from_iterable(values)), shape.item)
        case shapes.Row(is_point=True):
            have_length = {len(shape.items)}.issuperset(map(len, values))
            return have_length and _fit(list(chain.from_iterable(values)), shape.items[0])
        case shapes.Object():
            are_objects = {shape.cls}.issuperset(map(type, values))
            return are_objects and _are_as_declared(values, fields_of(shape.cls))
    return True  # checked by _write_open, value by value


def _are_as_declared(data_objects: Sequence[Any], fields: ClassFields) -> bool:
    """Return whether objects of a class hold the declared values and nothing else."""
    contents = list(map(_content_of, data_objects))
    if not {len(fields.all)}.issuperset(map(len, contents)):
        return False
    # If a field was never set and another attribute makes up for the count, itemgetter raises.
    columns = ((list(map(itemgetter(it.name), contents)), it.shape) for it in fields.payload)
    return all(_fit(values, shape) for values, shape in columns)
