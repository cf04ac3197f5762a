"""The fast reader: restores many objects of one class in one call of pydantic's core.

Most of the time that loading takes is spent here; it is half of what a JSON parser and the general
reader (``restore``) take. It handles texts whose content is exactly as declared. All others go to
the general reader, which handles extras, conversions and errors. Both return equal objects.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from pydantic_core import CoreSchema, SchemaValidator, ValidationError
from pydantic_core import core_schema as core

from kolena_local.payload import LARGEST_EXACT, as_array, loads_all
from kolena_local.serialization import type_shapes as shapes
from kolena_local.serialization.classes import Structured
from kolena_local.serialization.conversion import ConversionError, Leniency
from kolena_local.serialization.fields import ClassFields, Field, fields_of, per_class
from kolena_local.serialization.restore import read, restore
from kolena_local.serialization.type_shapes import Shape

StructuredType = TypeVar("StructuredType", bound=Structured)

# Few enough that the parsed texts stay in the processor's cache.
_TEXTS_AT_ONCE = 100
_SCHEMAS = {cls: getattr(core, f"{cls.__name__}_schema")() for cls in shapes.SCALARS}
# The core takes integers, too, and would round large ones; the general reader refuses these.
_SCHEMAS[float] = core.float_schema(gt=-LARGEST_EXACT, lt=LARGEST_EXACT)
_STRICT = core.CoreConfig(strict=True, allow_inf_nan=False)


def restore_many(cls: type[StructuredType], texts: Sequence[str]) -> list[StructuredType]:
    """Restore objects of a class from their stored texts.

    Args:
        cls: the class.
        texts: what ``write_many`` returned.

    Raises:
        InputValidationError: a text is not JSON, or a value is missing or does not fit; the message
            has its path.
    """
    read_some = _reader(cls)
    made: list[StructuredType] = []
    for start in range(0, len(texts), _TEXTS_AT_ONCE):
        made += read_some(texts[start : start + _TEXTS_AT_ONCE])
    return made


@per_class
def _reader(cls: type[Any]) -> Callable[[Sequence[str]], list[Any]]:
    def read_each(texts: Sequence[str]) -> list[Any]:
        return [restore(cls, value, Leniency.EQUAL) for value in loads_all(texts)]

    if not _core_restores(cls):
        return read_each
    schema = core.list_schema(core_schema_of(shapes.Object(cls, cls)))
    validate = SchemaValidator(schema, _STRICT).validate_json

    def read_some(texts: Sequence[str]) -> list[Any]:
        text = as_array(texts)
        # The core would accept these words, which are not strict JSON.
        if text is not None and "NaN" not in text and "Infinity" not in text:
            try:
                made: list[Any] = validate(text)
            except (ValidationError, ConversionError, RecursionError, TypeError):
                return read_each(texts)
            # Damaged texts may be valid JSON once they are joined.
            if len(made) == len(texts):
                return made
        return read_each(texts)

    return read_some


@per_class
def _core_restores(cls: type[Any]) -> bool:
    # The core would use the validator of a class that pydantic decorated, even of a base class, and
    # call __new__ without arguments, which only those of this package's types allow.
    maker = next(base for base in cls.__mro__ if "__new__" in vars(base))
    makes_itself = maker is not object and "_type_name" not in vars(maker)
    fields = fields_of(cls)
    return not (fields.is_pydantic or fields.slots or fields.marks or makes_itself)


def core_schema_of(shape: Shape, begun: frozenset[type] = frozenset()) -> Any:
    """Return the core schema that restores values of a declared type.

    Args:
        shape: the shape of the type.
        begun: the enclosing classes, at which the schema of a recursive class stops.
    """
    match shape:
        case shapes.Scalar() if shape.cls is shape.base:
            return _SCHEMAS[shape.cls]
        case shapes.Maybe():
            return core.nullable_schema(core_schema_of(shape.present, begun))
        case shapes.Items(is_list=True):
            return core.list_schema(core_schema_of(shape.item, begun))
        case shapes.Row():
            return core.tuple_schema([core_schema_of(item, begun) for item in shape.items])
        case shapes.Object() if shape.cls not in begun and _core_restores(shape.cls):
            return _object_schema(fields_of(shape.cls), begun | {shape.cls})
        case shapes.Mapping() if shape.key.hint in (str, Any):
            return core.dict_schema(core.str_schema(), core_schema_of(shape.value, begun))
    exact = shapes.exact_types(shape)
    if int not in exact:
        exact -= {float}  # for which the core would take integers, too
    scalars = [schema for cls, schema in _SCHEMAS.items() if cls in exact]
    reader = partial(read, shape=shape, leniency=Leniency.EQUAL)
    any_other = core.no_info_plain_validator_function(reader)
    return core.union_schema([*scalars, any_other], mode="left_to_right")


def _object_schema(fields: ClassFields, begun: frozenset[type]) -> CoreSchema:
    schemas = [core.dataclass_field(it.name, _field_schema(it, begun)) for it in fields.stored]
    if fields.data_type is not None:
        # Checked, but not an attribute.
        name = core.literal_schema([fields.data_type])
        schemas.append(core.dataclass_field("data_type", name, init_only=True))
    arguments = core.dataclass_args_schema(
        fields.cls.__name__, schemas, collect_init_only=True, extra_behavior="forbid"
    )
    names = [field.name for field in fields.stored]
    # Said for each class: what it is a part of does not pass its configuration on.
    schema = core.dataclass_schema(fields.cls, arguments, names, config=_STRICT)
    if not fields.derived:
        return schema
    derive = fields.cls._derive

    def add_derived(made: Any) -> Any:
        derive(made.__dict__)
        return made

    return core.no_info_after_validator_function(add_derived, schema)


def _field_schema(field: Field, begun: frozenset[type]) -> Any:
    schema = core_schema_of(field.shape, begun)
    if field.make_default is None:
        return schema
    # Given as a value, an unhashable default would be copied by the core.
    return core.with_default_schema(schema, default_factory=field.make_default)
