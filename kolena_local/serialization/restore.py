"""From JSON values to objects: one function per type, composed once and kept.

A value that does not fit is an error with its path (``$.boxes[2].score``); only a value that is
absent takes its field's default. What can be converted without loss is (the text "5" for an int,
3.0 for an int, 5 for a text). Constructors of undecorated classes convert with the same functions,
a little more freely (``lax``).
"""

import types
import typing
from collections.abc import Iterable
from collections.abc import Sequence as AbstractSequence
from typing import Any, TypeVar, Union

from kolena_local.errors import InputValidationError
from kolena_local.serialization.compiled import types_kept
from kolena_local.serialization.hints import is_class
from kolena_local.serialization.layout import Layout, Structured, layout_of, per_class
from kolena_local.serialization.scalar import (
    SCALARS,
    Converter,
    Mismatch,
    convert_none,
    instance_converter,
    literal_converter,
    scalar_converter,
    shown,
)

StructuredType = TypeVar("StructuredType", bound=Structured)

MISSING: Any = object()

#: The class that first claimed a data type: extras and data frames come back as objects of these.
_BY_DATA_TYPE: dict[str, type[Structured]] = {}

_UNIONS = (Union, types.UnionType)


def decode(cls: type[StructuredType], value: Any) -> StructuredType:
    """Make an object of a data object's class.

    Args:
        cls: the class.
        value: the JSON value that ``encode`` or ``_to_dict`` made, or an object of the class, which
            comes back as it is.

    Raises:
        InputValidationError: a value is missing or does not fit; the message has its path.
    """
    try:
        return _structured(cls)(value)  # type: ignore[no-any-return]  # what cls's converter makes
    except Mismatch as mismatch:
        raise InputValidationError(
            f"this is no {cls.__name__}: {mismatch.problem} at ${mismatch.path}"
        ) from None
    except RecursionError:
        raise InputValidationError(
            f"this {cls.__name__} is nested too deeply to be read; flatten it"
        ) from None


def decode_all(cls: type[StructuredType], values: Iterable[Any]) -> list[StructuredType]:
    """Make many objects of a class.

    Args:
        cls: the class.
        values: as for :func:`decode`.

    Raises:
        InputValidationError: as :func:`decode`, for the first that does not fit.
    """
    values = list(values)
    try:
        return list(map(_structured(cls), values))
    except (Mismatch, RecursionError):
        return [decode(cls, value) for value in values]


def register(cls: type[Structured]) -> None:
    """Let values of a data type, where no type is declared, come back as objects of this class."""
    data_type = cls._data_type()
    if data_type is not None:
        _BY_DATA_TYPE.setdefault(data_type, cls)


def claimant(data_type: str | None) -> type[Structured] | None:
    """Return the class that first claimed a data type."""
    return None if data_type is None else _BY_DATA_TYPE.get(data_type)


def data_types() -> dict[str, type[Structured]]:
    """Return the known data types with the classes that first claimed them."""
    return dict(_BY_DATA_TYPE)


def revive(value: Any) -> Any:
    """Make every JSON object of a known data type an object of that type's base class."""
    if isinstance(value, list):
        return [revive(item) for item in value]
    if not isinstance(value, dict):
        return value
    data_type = value.get("data_type")
    cls = _BY_DATA_TYPE.get(data_type) if isinstance(data_type, str) else None
    if cls is not None:
        try:
            return _structured(cls)(value)
        except Mismatch:
            pass  # somebody's own object that happens to use the name; nothing of it may be lost
    return {key: revive(item) for key, item in value.items()}


def converter_for(hint: Any, lax: bool = False) -> Converter:
    """Compose the function that makes values of a type.

    Args:
        hint: the type, as an annotation names it.
        lax: whether numbers may lose their fraction and words may become truth values, as
            constructors allow.

    Returns:
        A function of one value that returns the converted value or raises :class:`Mismatch`.
    """
    # Not cached: two unions that differ in order alone are equal, and their first member counts.
    origin, arguments = typing.get_origin(hint) or hint, typing.get_args(hint)
    if origin is typing.Annotated:
        return converter_for(arguments[0], lax)
    if origin in _UNIONS:
        return _union(arguments, lax)
    if origin is typing.Literal:
        return literal_converter(arguments)
    if origin is list:
        return _list(converter_for(arguments[0] if arguments else Any, lax))
    if origin is AbstractSequence:
        return _sequence(converter_for(arguments[0] if arguments else Any, lax))
    if origin is tuple:
        return _tuple(arguments or (Any, ...), lax)
    if origin is dict:
        key_hint, item_hint = arguments or (Any, Any)
        return _dict(key_hint, item_hint, lax)
    if hint is None or hint is type(None):
        return convert_none
    if hint in (Any, object) or not is_class(hint):  # Any is a class from Python 3.11 on
        return _as_given if lax else revive
    return _class(hint, lax)


def _as_given(value: Any) -> Any:
    return value


def _class(cls: type, lax: bool) -> Converter:
    if issubclass(cls, Structured):
        return _structured(cls)
    convert_field = getattr(cls, "_convert_field", None)
    if convert_field is not None:
        return typing.cast(Converter, convert_field)
    if issubclass(cls, SCALARS):
        return scalar_converter(cls, lax)
    return instance_converter(cls)


def _items(value: Any, convert: Converter) -> list[Any]:
    try:
        return [convert(item) for item in value]
    except Mismatch:
        # Positions are counted only once something is wrong.
        for index, item in enumerate(value):
            try:
                convert(item)
            except Mismatch as mismatch:
                raise mismatch.under(f"[{index}]") from None
        raise


def _list(convert_item: Converter) -> Converter:
    def convert(value: Any) -> list[Any]:
        if isinstance(value, (list, tuple)):
            return _items(value, convert_item)
        if isinstance(value, (set, frozenset, types.GeneratorType)):
            return _items(list(value), convert_item)
        raise Mismatch(f"{shown(value)} is no list")

    return convert


def _sequence(convert_item: Converter) -> Converter:
    def convert(value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            items = _items(value, convert_item)
            return tuple(items) if isinstance(value, tuple) else items
        raise Mismatch(f"{shown(value)} is no list or tuple")

    return convert


def _tuple(hints: tuple[Any, ...], lax: bool) -> Converter:
    if len(hints) == 2 and hints[1] is Ellipsis:
        convert_items = _list(converter_for(hints[0], lax))
        return lambda value: tuple(convert_items(value))
    converters = tuple(converter_for(hint, lax) for hint in hints if hint != ())
    length = len(converters)
    all_float = all(hint is float for hint in hints)

    def convert(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, (list, tuple)):
            raise Mismatch(f"{shown(value)} is no tuple")
        if len(value) != length:
            raise Mismatch(f"{shown(value)} has {len(value)} values where {length} belong")
        # Points are most of what is loaded.
        if all_float:
            for item in value:
                if type(item) is not float:
                    break
            else:
                return tuple(value)
        result = []
        for index, item in enumerate(value):
            try:
                result.append(converters[index](item))
            except Mismatch as mismatch:
                raise mismatch.under(f"[{index}]") from None
        return tuple(result)

    return convert


def _dict(key_hint: Any, item_hint: Any, lax: bool) -> Converter:
    convert_key, convert_item = converter_for(key_hint, lax), converter_for(item_hint, lax)
    keys_kept, items_kept = types_kept(key_hint), types_kept(item_hint)

    def convert(value: Any) -> dict[Any, Any]:
        if not isinstance(value, dict):
            raise Mismatch(f"{shown(value)} is no object")
        # Most of it is metadata: texts and scalars.
        if items_kept.issuperset(map(type, value.values())) and keys_kept.issuperset(
            map(type, value)
        ):
            return dict(value)
        result = {}
        for key, item in value.items():
            try:
                result[convert_key(key)] = convert_item(item)
            except Mismatch as mismatch:
                raise mismatch.under(f".{key}") from None
        return result

    return convert


def _union(hints: tuple[Any, ...], lax: bool) -> Converter:
    if len(hints) == 2 and type(None) in hints:
        convert_present = converter_for(hints[0] if hints[1] is type(None) else hints[1], lax)
        return lambda value: None if value is None else convert_present(value)
    # Late, because it asks this module for its members' converters.
    from kolena_local.serialization.union import best_fit

    return best_fit(hints, lax)


@per_class
def _structured(cls: type[Any]) -> Converter:
    # The layout waits for the first value: a class may name itself, or one that is defined further
    # down.
    build: Converter | None = None

    def convert(value: Any) -> Any:
        nonlocal build
        # Asked first, because asking an abstract class for its objects is slow.
        if type(value) is not dict:
            if isinstance(value, cls):
                return value
            if not isinstance(value, dict):
                raise Mismatch(f"{shown(value)} is no {cls.__name__}")
        if build is None:
            build = _builder(layout_of(cls))
        return build(value)

    return convert


#: A field as the builders walk it: its name, the type that needs no converting, the converter, and
#: the default.
Step = tuple[str, type | None, Converter, Any]


def steps(layout: Layout, lax: bool = False) -> tuple[Step, ...]:
    """Return what there is to do for each field of a class, in order.

    Returns:
        For each field its name, the exact type that is taken as it is, its converter, and the
        layout's field.
    """
    return tuple(
        (
            field.name,
            field.hint if field.hint in SCALARS else None,
            converter_for(field.hint, lax),
            field,
        )
        for field in layout.fields
    )


def _builder(layout: Layout) -> Converter:
    cls, plain_init, extras = layout.cls, layout.plain_init, layout.extras
    data_type = None if "data_type" in layout.names else layout.data_type
    field_steps = steps(layout)
    post_init = getattr(cls, "__post_init__", None)
    none_by_default = {field.name for field in layout.fields if field.default is None}

    def build(value: dict[str, Any]) -> Any:
        result: Any = object.__new__(cls) if plain_init else None
        values: dict[str, Any] = result.__dict__ if plain_init else {}
        used = 0
        for name, exact, convert, field in field_steps:
            raw = value.get(name, MISSING)
            if raw is MISSING:
                if field.required:
                    raise Mismatch(f"{name} is missing")
                values[name] = field.make_default()
                continue
            used += 1
            if type(raw) is exact:
                values[name] = raw
                continue
            try:
                values[name] = convert(raw)
            except Mismatch as mismatch:
                raise mismatch.under(f".{name}") from None
        if data_type is not None and "data_type" in value:
            used += 1
            if value["data_type"] != data_type:
                raise Mismatch(f"{shown(value['data_type'])} is stored, not {data_type},")
        if extras and used != len(value):
            for name in _extra_names(value, layout):
                values[name] = revive(value[name])
        try:
            if not plain_init:
                # pydantic takes no None for "score: float = None", unless it is left out.
                left_out = {name for name in none_by_default if values[name] is None}
                return cls(**{name: values[name] for name in values if name not in left_out})
            for field in layout.derived_defaults:
                values[field.name] = field.make_default()
            if post_init is not None:
                post_init(result)
        except (TypeError, ValueError) as error:
            raise Mismatch(str(error).rstrip(".")) from error
        return result

    return build


def _extra_names(value: dict[str, Any], layout: Layout) -> list[str]:
    known = {*layout.names, *(("data_type",) if layout.data_type is not None else ())}
    return [name for name in value if name not in known]
