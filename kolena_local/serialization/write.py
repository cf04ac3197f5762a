"""The general writer: converts objects to JSON values, one at a time.

A value that could not be loaded again as its field's type is refused here, before anything is
stored. Derived fields, and fields that are stored beside the payload, are left out.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import MISSING
from enum import Enum
from functools import partial
from itertools import repeat
from typing import Any

from kolena_local.errors import InputValidationError
from kolena_local.payload import CLASS_KEY, Json
from kolena_local.serialization import type_shapes as shapes
from kolena_local.serialization.classes import Structured, claimant, is_named, name_of
from kolena_local.serialization.conversion import ConversionError, Leniency, at, each, shown
from kolena_local.serialization.fields import attribute, fields_of
from kolena_local.serialization.restore import check_length, chosen, is_exact, missing_field, read
from kolena_local.serialization.scalar import plain, python_scalar, write_scalar
from kolena_local.serialization.type_shapes import Shape
from kolena_local.serialization.union import by_cost, by_keys

_ANY_DICT = shapes.Mapping(dict, shapes.Anything(Any), shapes.Anything(Any))
_AS_IS = frozenset({bool, int, float, str, type(None)})
_read_equal = partial(read, leniency=Leniency.EQUAL)


def write(data_object: Structured, declared: type[Structured] | None = None) -> dict[str, Json]:
    """Convert a data object to the JSON object that is stored.

    Args:
        data_object: any data object.
        declared: the class that it will be read as; None means its own class.

    Returns:
        Fields in order of declaration, then extras, then ``data_type``, then the name of its class
        if it is not the declared one.

    Raises:
        InputValidationError: a value does not fit its field or has no JSON form; the message has
            the class and the path.
    """
    cls = type(data_object)
    with _explained(cls.__name__):
        return _write_declared(data_object, declared or cls)


def write_value(value: Any, name: str) -> Json:
    """Convert a value to JSON: a scalar (including numpy's), list, array, dict or data object.

    Args:
        value: the value.
        name: the name of the value in error messages.

    Raises:
        InputValidationError: the value contains something else; the message has its path.
    """
    with _explained(name):
        return write_anything(value)


def to_dict(data_object: Structured) -> "OrderedDict[str, Any]":
    """Convert a data object to an ordered JSON object that includes derived fields.

    Raises:
        InputValidationError: a value has no JSON form; the message has its path.
    """
    with _explained(type(data_object).__name__):
        return OrderedDict(_write_object(data_object, display=True))


@contextmanager
def _explained(name: str) -> Iterator[None]:
    try:
        yield
    except ConversionError as error:
        raise InputValidationError(f"{name}{error.path}: {error.problem}") from None
    except RecursionError:
        raise InputValidationError(
            f"{name} is nested too deeply to be stored, or holds itself; flatten it"
        ) from None


def _write_declared(value: Any, declared: type[Structured]) -> dict[str, Json]:
    if type(value) is declared:
        return _write_object(value)
    if isinstance(value, declared):
        return _write_named(value)
    # A scored box is accepted where one without a score is declared.
    if not is_of_kind(value, declared) or value._data_type() != declared._data_type():
        raise ConversionError(f"{shown(value)} is not an instance of {declared.__name__}")
    if (missing := missing_field(type(value), declared)) is not None:
        raise ConversionError(f"{missing} is missing")
    return _write_named(value)


def is_of_kind(value: Any, declared: type[Structured]) -> bool:
    """Return whether a value and a declared class are of one kind, such as two inferences."""
    bases = [base for base in reversed(declared.__mro__) if issubclass(base, Structured)]
    return isinstance(value, bases[:3][-1])  # the first two are common to all data objects


def _write_named(value: Structured) -> dict[str, Json]:
    """Convert an object, adding the name of its class."""
    return {**_write_object(value), CLASS_KEY: [*name_of(type(value))]}


def _write_object(data_object: Structured, display: bool = False) -> dict[str, Json]:
    """Convert an object; for ``display`` with derived fields and without checking its values."""
    fields = fields_of(type(data_object))
    values: dict[str, Any] = data_object.__dict__
    result: dict[str, Json] = {}
    must_fit = not (display or fields.cls._is_loose)
    for field in fields.shown if display else fields.payload:
        # Attributes in slots are not in __dict__.
        name = field.name
        value = values[name] if name in values else attribute(data_object, name)
        if type(value) in field.exact_types:
            result[name] = value
        elif value is not MISSING:
            result[name] = at(f".{name}", _write_field, value, field.shape, display, must_fit)
        elif field.init or field.make_default is not None:
            # Loading would set a default, as for objects that are older than the field.
            raise ConversionError(f"{name!r} is missing; set it when the object is made")
    for name in fields.others(values):
        if fields.extras and name not in fields.cls._stored_beside:
            if name == CLASS_KEY or (name == "data_type" and fields.data_type is not None):
                raise ConversionError(f"{name!r} is a reserved name; rename the attribute")
            result[str(name)] = at(f".{name}", write_anything, values[name], display, must_fit)
        elif must_fit and not fields.extras:
            raise ConversionError(
                f"{name!r} is not a field of {fields.cls.__name__} and would be lost; declare it as"
                " field(init=False), or make it a property"
            )
    if fields.data_type is not None:
        result["data_type"] = fields.data_type
    return result


def _write_field(value: Any, shape: Shape, display: bool, must_fit: bool) -> Json:
    if not display:
        try:
            return write_shape(value, shape)
        except ConversionError:
            if must_fit:
                raise
    return write_anything(value, display)


def write_shape(value: Any, shape: Shape) -> Json:
    """Convert a value of a declared type to JSON.

    Raises:
        ConversionError: it could not be loaded again as it is.
    """
    match shape:
        case shapes.Scalar():
            return write_scalar(value, shape)  # type: ignore[no-any-return]  # a JSON scalar
        case shapes.Maybe():
            return None if value is None else write_shape(value, shape.present)
        case shapes.Mapping():
            return _write_mapping(value, shape)
        case shapes.Row():
            items = _as_list(value)
            check_length(items, shape)
            if shape.is_point and {float}.issuperset(map(type, items)):
                return items  # type: ignore[no-any-return]  # a tuple is written as a list
            return each(write_shape, zip(items, shape.items, strict=True))
        case shapes.Items():
            return each(write_shape, zip(_as_list(value), repeat(shape.item)))
        case shapes.Object():
            return _write_declared(value, shape.cls)
        case shapes.OneOf():
            return _write_one_of(value, shape)
        case shapes.Choice():
            option = chosen(value, shape)
            return _loadable(option, write_anything(option), shape)
        case shapes.Null() if value is not None:
            raise ConversionError(f"{shown(value)} is not null")
    written = write_anything(value, must_fit=True)
    if isinstance(written, list) and shape.hint in {*type(value).__mro__} - {*list.__mro__}:
        raise ConversionError(f"{shown(value)} would be loaded as a list; declare List or Tuple")
    return written


def _as_list(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return value
    if is_array(value):
        return value.tolist()
    raise ConversionError(f"{shown(value)} is not a list")


def is_array(value: Any) -> bool:
    """Return whether a value is an array of numpy or the like, which is not imported for it."""
    return hasattr(value, "tolist") and getattr(value, "shape", ()) != ()


def _write_one_of(value: Any, shape: shapes.OneOf) -> Json:
    if type(value) in shapes.exact_types(shape):
        return value  # type: ignore[no-any-return]  # a JSON scalar
    if not isinstance(value, Structured):
        value = value.tolist() if is_array(value) else value
        return _loadable(value, write_shape(value, by_cost(shape, value, _read_equal)), shape)
    content = _write_object(value)
    found = by_keys(shape, content) or by_cost(shape, content, _read_equal)
    is_it = isinstance(found, shapes.Object) and found.cls is type(value)
    return content if is_it else _write_named(value)


def _loadable(value: Any, written: Json, shape: Shape) -> Json:
    """Return what was written of a value, unless it would be loaded as another declared type."""
    if isinstance(value, dict) or _declares_its_class(shape, value):
        loaded = _read_equal(written, shape)
        kind = dict if isinstance(value, dict) else type(value)
        if not isinstance(loaded, kind) or (isinstance(value, Enum) and loaded is not value):
            raise ConversionError(
                f"{shown(value)} would be loaded as {shown(loaded)}, which {shape} declares too;"
                " declare only one of the two types"
            )
    return written


def _declares_its_class(shape: Shape, value: Any) -> bool:
    """Return whether a class that extends a scalar's is declared, or an option that is a member."""
    match shape:
        case shapes.OneOf():
            return any(_declares_its_class(one, value) for one in shape.members)
        case shapes.Choice():
            return isinstance(value, Enum) and any(option is value for option in shape.options)
    return isinstance(shape, shapes.Scalar) and shape.cls is type(value)


def _write_mapping(value: Any, shape: shapes.Mapping) -> Json:
    if not isinstance(value, dict):
        raise ConversionError(f"{shown(value)} is not a dict")
    if is_exact(value, shape):
        return dict(value)
    _check_keys(value, shape)
    return _write_dict(value, write_shape, shape.value)


def _check_keys(value: dict[Any, Any], shape: shapes.Mapping) -> None:
    takes_text = shape.key.hint in (str, Any)
    for key in value:
        if takes_text and type(key) is str:
            continue
        came_back: Any = MISSING
        with suppress(ConversionError):
            came_back = read(_key(key), shape.key, Leniency.LOOSE)
        if came_back != key:
            instead = "a string" if takes_text else "a key of the declared type"
            raise ConversionError(f"{shown(key)} cannot be a key of {shape}; use {instead}")


def write_anything(value: Any, display: bool = False, must_fit: bool = False) -> Json:
    """Convert a value without a declared type, such as an extra, to JSON.

    Tuples and arrays become lists, and instances of scalars' subclasses the scalars they equal.

    Args:
        value: the value.
        display: whether to include derived fields of data objects.
        must_fit: whether to refuse what would come back as something else.

    Raises:
        ConversionError: it has no JSON form, or would come back as something else.
    """
    if type(value) in _AS_IS:
        return value  # type: ignore[no-any-return]  # a JSON scalar
    if isinstance(value, Structured):
        is_known = not must_fit or claimant(value._data_type()) is type(value)
        return _write_object(value, display) if is_known else _write_named(value)
    if isinstance(value, dict):
        if must_fit:
            _check_keys(value, _ANY_DICT)
            if is_named(value):
                raise ConversionError(f"{CLASS_KEY!r} is a reserved key; rename it")
        return _write_dict(value, write_anything, display, must_fit)
    if isinstance(value, (list, tuple)) or is_array(value):
        return each(write_anything, zip(_as_list(value), repeat(display), repeat(must_fit)))
    scalar = plain(python_scalar(value))
    if type(scalar) in _AS_IS:
        return scalar  # type: ignore[no-any-return]  # a JSON scalar
    raise ConversionError(
        f"{shown(value)} cannot be stored; use numbers, strings, lists, dicts, None or data objects"
    )


def _write_dict(value: dict[Any, Any], write_item: Callable[..., Json], *arguments: Any) -> Json:
    result: dict[str, Json] = {}
    for key, item in value.items():
        name = _key(key)
        if name in result:
            raise ConversionError(f"two keys are both written as {name!r}; rename one")
        result[name] = at(f".{name}", write_item, item, *arguments)
    return result


def _key(key: Any) -> str:
    if type(key) is str:
        return key
    scalar = plain(python_scalar(key))
    if type(scalar) not in _AS_IS:
        raise ConversionError(f"{shown(key)} cannot be a key; use a string")
    # The JSON spelling: null, true, 1, 0.5.
    return {"None": "null", "True": "true", "False": "false"}.get(repr(scalar), str(scalar))
