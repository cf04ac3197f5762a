"""From objects straight to the texts that are stored, in one step of pydantic's core.

Storing is mostly this, and it takes a third of the time of making JSON values first and writing
them afterwards. Objects go this way if they are exactly as declared, which is asked of many at
once, attribute by attribute. Whatever differs goes the general way (``encode``), which knows
extras, conversions, and what to say about errors: nothing about them is decided here, and no text
is different for being written fast.
"""

import types
import typing
from collections import deque
from collections.abc import Callable, Sequence
from itertools import chain
from math import isfinite
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple, Union

from pydantic_core import CoreSchema, SchemaSerializer
from pydantic_core import core_schema as core

from kolena_local.payload import apart, dumps, from_array
from kolena_local.serialization.encode import encode, encoder_for
from kolena_local.serialization.hints import is_class
from kolena_local.serialization.layout import Layout, Structured, layout_of, per_class
from kolena_local.serialization.scalar import Mismatch

Writer = Callable[[Sequence[Any]], list[str]]
Check = Callable[[list[Any]], bool]

_OBJECTS_AT_ONCE = 200
_UNIONS = (Union, types.UnionType)
_DATA_TYPE = "__kolena_local_data_type__"
_FLOAT = frozenset({float})
_content_of = attrgetter("__dict__")


def write_all(cls: type[Any], data_objects: Sequence[Any]) -> list[str]:
    """Return the stored texts of many objects of exactly one class.

    Args:
        cls: the class.
        data_objects: its objects.

    Returns:
        What ``payload.dumps`` writes of what ``encode`` returns.

    Raises:
        InputValidationError: as ``encode``, for the first that cannot be stored.
    """
    write = _writer(cls)
    texts: list[str] = []
    for start in range(0, len(data_objects), _OBJECTS_AT_ONCE):
        texts += write(data_objects[start : start + _OBJECTS_AT_ONCE])
    return texts


def write_each(data_objects: Sequence[Any]) -> list[str]:
    """Return the stored texts of objects of any classes, fast if all are of one.

    Raises:
        InputValidationError: as ``encode``, for the first that cannot be stored.
    """
    classes = set(map(type, data_objects))
    if len(classes) == 1:
        return write_all(classes.pop(), data_objects)
    return _write_slowly(data_objects)


def _write_slowly(data_objects: Sequence[Any]) -> list[str]:
    return [dumps(encode(data_object)) for data_object in data_objects]


@per_class
def _writer(cls: type[Any]) -> Writer:
    layout = layout_of(cls)
    if not _is_plain(layout):
        return _write_slowly
    composer = _Composer()
    schema, fits = composer.object_of(layout)
    items = core.list_schema(core.nullable_schema(schema))
    serialize = SchemaSerializer(items, core.CoreConfig(ser_json_inf_nan="constants")).to_json

    def write(data_objects: Sequence[Any]) -> list[str]:
        try:
            if fits(list(data_objects)):
                array = serialize(apart(data_objects), by_alias=True, warnings="error").decode()
                texts = from_array(array, len(data_objects), is_finite=not composer.is_open)
                if texts is not None:
                    return texts
        except (AttributeError, KeyError, Mismatch, RecursionError, TypeError, ValueError):
            pass  # what is wrong, and with which one, is said below
        return _write_slowly(data_objects)

    return write


def _is_plain(layout: Layout) -> bool:
    # The core would take a pydantic class's own serializer, which knows no data types.
    own_serializer = hasattr(layout.cls, "__pydantic_serializer__")
    return not (layout.unkept or own_serializer or "data_type" in layout.names)


class _Way(NamedTuple):
    """How values of one type are written."""

    schema: CoreSchema
    #: Whether all of many values are such that the schema writes them as ``encode`` would; None if
    #: the schema sees to that itself.
    fits: Check | None = None


class _Composer:
    """Composes the schema and the check of one class and of those that it holds."""

    def __init__(self) -> None:
        self._begun: set[type] = set()
        #: Whether a field takes values that no check looks at.
        self.is_open = False

    def object_of(self, layout: Layout) -> tuple[CoreSchema, Check]:
        """Return how objects of exactly one class are written."""
        # A class that holds objects of its own kind holds them without end.
        self._begun.add(layout.cls)
        ways = {
            field.name: self._of(field.hint)
            for field in layout.fields
            if field.name not in layout.apart
        }
        self._begun.discard(layout.cls)
        fields = [core.dataclass_field(name, way.schema) for name, way in ways.items()]
        computed = []
        if layout.data_type is not None:
            setattr(layout.cls, _DATA_TYPE, layout.data_type)
            name = core.computed_field(_DATA_TYPE, core.str_schema(), alias="data_type")
            computed.append(name)
        arguments = core.dataclass_args_schema(
            layout.cls.__name__, fields, computed_fields=computed
        )
        schema = core.dataclass_schema(layout.cls, arguments, list(ways))
        checks = {name: way.fits for name, way in ways.items() if way.fits is not None}
        return schema, _object_check(layout, checks)

    def _of(self, hint: Any) -> _Way:
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        # The core would also take None, and as a number what can be made one, such as a Decimal.
        if hint is str:
            return _Way(core.str_schema(), _type_check(str))
        if hint is bool:
            return _Way(core.bool_schema(), _type_check(bool))
        if hint is int:
            return _Way(core.int_schema(), _type_check(int))
        if hint is float:
            return _Way(core.float_schema(), _are_finite)
        if origin in _UNIONS and len(arguments) == 2 and type(None) in arguments:
            schema, fits = self._of(arguments[arguments[0] is type(None)])
            return _Way(core.nullable_schema(schema), fits and _present_check(fits))
        if origin is list and arguments:
            schema, fits = self._of(arguments[0])
            return _Way(core.list_schema(schema), _items_check(list, fits))
        if origin is tuple and arguments and all(argument is float for argument in arguments):
            schema = core.tuple_schema([core.float_schema()] * len(arguments))
            return _Way(schema, _items_check(tuple, _are_finite, len(arguments)))
        if is_class(hint, Structured) and hint not in self._begun and _is_plain(layout_of(hint)):
            return _Way(*self.object_of(layout_of(hint)))
        self.is_open = True
        write = core.plain_serializer_function_ser_schema(encoder_for(hint))
        return _Way(core.any_schema(serialization=write))


def _type_check(cls: type) -> Check:
    only = {cls}
    return lambda values: only.issuperset(map(type, values))


def _are_finite(values: list[Any]) -> bool:
    # A sum is quick, and tells of NaN and infinity among its numbers.
    return _FLOAT.issuperset(map(type, values)) and isfinite(sum(values))


def _present_check(fits: Check) -> Check:
    return lambda values: fits([value for value in values if value is not None])


def _items_check(cls: type, fits: Check | None, length: int | None = None) -> Check:
    is_sequence = _type_check(cls)
    lengths = {length}

    def check(values: list[Any]) -> bool:
        return (
            is_sequence(values)
            and (length is None or lengths.issuperset(map(len, values)))
            and (fits is None or fits(list(chain.from_iterable(values))))
        )

    return check


def _object_check(layout: Layout, checks: dict[str, Check]) -> Check:
    is_exact = _type_check(layout.cls)
    columns = [(itemgetter(name), fits) for name, fits in checks.items()]
    unchecked = [name for name in layout.names if name not in checks]
    # Extras are in an object's __dict__ beside its fields.
    lengths = {len(layout.names)} if layout.extras else None

    def check(values: list[Any]) -> bool:
        if not is_exact(values):
            return False
        contents = list(map(_content_of, values))
        if lengths is not None:
            # As many as there are fields may also be one never set and one that is no field.
            if unchecked:
                deque(map(itemgetter(*unchecked), contents), maxlen=0)  # a KeyError tells
            if not lengths.issuperset(map(len, contents)):
                return False
        return all(fits(list(map(column, contents))) for column, fits in columns)

    return check
