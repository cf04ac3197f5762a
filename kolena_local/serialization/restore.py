"""The general reader: converts JSON values to objects, one at a time.

Loading restores what was stored: it sets the fields and does not construct. ``__init__``,
``__post_init__``, validators, aliases and default factories do not run again, because they may
change the values. Only a missing field gets its default.

The same functions convert the arguments of ``_from_dict`` and of the constructors of undecorated
classes, with more :class:`Leniency`. Errors have the path of the value at fault
(``$.boxes[2].score``).
"""

import enum
import types
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import MISSING
from functools import partial
from inspect import isabstract
from itertools import repeat
from typing import Any, TypeVar

from kolena_local.errors import InputValidationError
from kolena_local.payload import CLASS_KEY
from kolena_local.serialization import type_shapes as shapes
from kolena_local.serialization.classes import Structured, claimant, find_class, is_named
from kolena_local.serialization.conversion import ConversionError, Leniency, at, each, shown
from kolena_local.serialization.fields import (
    ClassFields,
    ExtraName,
    Field,
    attributes,
    fields_of,
    set_values,
)
from kolena_local.serialization.scalar import plain, python_scalar, to_scalar
from kolena_local.serialization.type_shapes import Shape
from kolena_local.serialization.union import by_cost, by_keys

StructuredType = TypeVar("StructuredType", bound=Structured)

#: What constructors accept as a list or tuple, and what is accepted elsewhere.
_LISTS = (list, tuple, set, frozenset, types.GeneratorType)
_SEQUENCES = (list, tuple)


class UnreadableError(InputValidationError):
    """A stored value does not fit its type, for example because the type has changed since."""

    def __init__(self, cls: type, problem: str) -> None:
        super().__init__(f"cannot be read as {cls.__name__}: {problem}")
        self.cls = cls


def restore(
    cls: type[StructuredType], value: Any, leniency: Leniency = Leniency.SPELLED
) -> StructuredType:
    """Convert a JSON value to an object.

    Args:
        cls: the class of the object.
        value: what ``write`` or ``_to_dict`` returned, or an object of the class, which is returned
            as it is.
        leniency: how freely values are converted.

    Raises:
        UnreadableError: a value is missing or does not fit; the message has its path. It is an
            ``InputValidationError``.
    """
    try:
        return read_object(value, cls, leniency)  # type: ignore[no-any-return]  # one of cls
    except ConversionError as error:
        problem = f"{error.problem} at ${error.path}"
    except RecursionError:
        problem = "the value is nested too deeply; flatten it"
    raise UnreadableError(cls, problem)


def revive(value: Any, is_stored: bool = False) -> Any:
    """Convert every JSON object with a known data type to the class registered for it.

    Args:
        value: the JSON value.
        is_stored: whether it was read from the store, where an object may name its class.

    Raises:
        ConversionError: a stored object does not fit the class that it names.
    """
    if isinstance(value, list):
        return [revive(item, is_stored) for item in value]
    if not isinstance(value, dict):
        return value
    if is_stored and is_named(value):
        return read_object(value, Structured, Leniency.EQUAL)
    cls = claimant(value.get("data_type"))
    if cls is not None:
        # It may be a user's own dict that happens to have this key, which must stay as it is.
        with suppress(ConversionError):
            return read_object(value, cls, Leniency.SPELLED)
    return {key: revive(item, is_stored) for key, item in value.items()}


def read(value: Any, shape: Shape, leniency: Leniency) -> Any:
    """Convert a JSON value to a declared type.

    Raises:
        ConversionError: it does not fit.
    """
    match shape:
        case shapes.Scalar():
            return to_scalar(value, shape, leniency)
        case shapes.Maybe():
            return None if value is None else read(value, shape.present, leniency)
        case shapes.Mapping():
            return _read_mapping(value, shape, leniency)
        case shapes.Row():
            return _read_row(value, shape, leniency)
        case shapes.Items():
            return _read_items(value, shape, leniency)
        case shapes.Object():
            return read_object(value, shape.cls, leniency)
        case shapes.OneOf():
            return _read_one_of(value, shape, leniency)
        case shapes.Choice():
            return chosen(value, shape)
        case shapes.Null() if value is not None:
            raise ConversionError(f"{shown(value)} is not null")
    return value if leniency is Leniency.LOOSE else revive(value, is_stored=True)


def _read_row(value: Any, shape: shapes.Row, leniency: Leniency) -> tuple[Any, ...]:
    if not isinstance(value, _SEQUENCES):
        raise ConversionError(f"{shown(value)} is not a tuple")
    check_length(value, shape)
    # A shortcut, because most loaded values are points.
    if shape.is_point and {float}.issuperset(map(type, value)):
        return tuple(value)
    return tuple(each(read, zip(value, shape.items, repeat(leniency))))


def check_length(value: Any, shape: shapes.Row) -> None:
    """Refuse a sequence that does not have the length of the declared tuple.

    Raises:
        ConversionError: it is longer or shorter.
    """
    if len(value) != len(shape.items):
        raise ConversionError(f"{shown(value)} has length {len(value)}, not {len(shape.items)}")


def _read_items(value: Any, shape: shapes.Items, leniency: Leniency) -> Any:
    container = shape.container
    is_loose = leniency is Leniency.LOOSE and container in (list, tuple)
    if not isinstance(value, _LISTS if is_loose else _SEQUENCES):
        raise ConversionError(f"{shown(value)} is not a list")
    items = each(read, zip(value, repeat(shape.item), repeat(leniency)))
    is_tuple = container is tuple or (container is not list and isinstance(value, tuple))
    return tuple(items) if is_tuple else items


def _read_mapping(value: Any, shape: shapes.Mapping, leniency: Leniency) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise ConversionError(f"{shown(value)} is not an object")
    if is_exact(value, shape):
        # What was just read from the store is not shared, so it need not be copied.
        return dict(value) if leniency else value
    result = {}
    for key, item in value.items():
        read_key = at(f".{key}", read, key, shape.key, Leniency.LOOSE)  # JSON keys are strings
        result[read_key] = at(f".{key}", read, item, shape.value, leniency)
    return result


def is_exact(value: dict[Any, Any], shape: shapes.Mapping) -> bool:
    """Return whether a dict needs no conversion, as is the case for most metadata."""
    kept = shapes.exact_types(shape.value)
    return (
        shape.key.hint in (str, Any)
        and kept.issuperset(map(type, value.values()))
        and {str}.issuperset(map(type, value))
    )


def chosen(value: Any, shape: shapes.Choice) -> Any:
    """Return the option of a ``Literal`` that equals a value.

    Raises:
        ConversionError: there is none.
    """
    if not isinstance(value, enum.Enum):
        value = plain(python_scalar(value))
    equal = [it for it in shape.options if isinstance(it, type(value)) and it == value]
    # A member of an enumeration is stored as the value that it is equal to.
    for option in sorted(equal, key=lambda it: type(it) is not type(value)):
        if type(option) is type(value) or isinstance(option, enum.Enum):
            return option
    raise ConversionError(f"{shown(value)} is not one of {', '.join(map(repr, shape.options))}")


def _read_one_of(value: Any, shape: shapes.OneOf, leniency: Leniency) -> Any:
    if type(value) in shapes.exact_types(shape):
        return value
    if isinstance(value, dict):
        if is_named(value):
            return read_object(value, Structured, leniency)
        found = by_keys(shape, value)
        if found is not None:
            # If the keys fit but a value does not, another member may fit.
            with suppress(ConversionError):
                return read(value, found, leniency)
    return read(value, by_cost(shape, value, partial(read, leniency=leniency)), leniency)


def read_object(value: Any, cls: type[Any], leniency: Leniency) -> Any:
    """Convert a JSON object to an object of a class, or of the class that it names itself.

    Raises:
        ConversionError: it does not fit.
    """
    # The cheap check first: isinstance() is slow for classes with ABCMeta.
    if type(value) is not dict and not isinstance(value, dict):
        if isinstance(value, cls):
            return value
        raise ConversionError(f"{shown(value)} is not an instance of {cls.__name__}")
    if is_named(value):
        cls = _named_class(value, cls)
        value = {key: item for key, item in value.items() if key != CLASS_KEY}
    if isabstract(cls):
        raise ConversionError(f"{shown(value)} does not say which {cls.__name__} it is")
    fields = fields_of(cls)
    stored_type = value.get("data_type")
    if None not in (stored_type, fields.data_type) and stored_type != fields.data_type:
        raise ConversionError(
            f"the data type {fields.data_type!r} is expected, not {shown(stored_type)}"
        )
    if leniency is Leniency.LOOSE:
        return _construct(value, fields)
    return _restore(value, fields, leniency)


def _named_class(value: dict[str, Any], declared: type[Structured]) -> type[Structured]:
    found = find_class(value[CLASS_KEY], declared)
    if not issubclass(found, declared) and missing_field(found, declared) is not None:
        raise ConversionError(
            f"an instance of {declared.__name__} is expected, not of {found.__name__}"
        )
    return found


def missing_field(cls: type[Structured], declared: type[Structured]) -> str | None:
    """Return the name of a required field of another class that this class lacks, or None."""
    needed = (field.name for field in fields_of(declared).stored if field.is_required)
    return next((name for name in needed if name not in fields_of(cls).names), None)


def _restore(value: dict[str, Any], fields: ClassFields, leniency: Leniency) -> Any:
    cls = fields.cls
    # In the order in which a constructor would set them.
    values = read_fields(value, fields.given, leniency)
    if fields.extras:
        for name in value:
            if name not in fields.names and (name != "data_type" or fields.data_type is None):
                kept = ExtraName(name) if name.startswith("_") else name
                values[kept] = at(f".{name}", revive, value[name], True)
    values.update(fields.marks)
    if fields.derived:
        cls._derive(values)
    if fields.computed:
        values.update(read_fields(value, fields.computed, leniency))
    made = object.__new__(cls)
    set_values(made, values, fields)
    if any(field.name not in values for field in fields.computed):
        _compute(made, fields)
    if leniency and cls._check is not None:
        try:
            made._check()
        except ValueError as error:
            raise ConversionError(str(error).rstrip(".")) from None
    return made


def read_fields(
    value: dict[str, Any], fields: Iterable[Field], leniency: Leniency
) -> dict[str, Any]:
    """Return the values of fields, with defaults for missing ones.

    Raises:
        ConversionError: a value does not fit, or a required field is missing.
    """
    values = {}
    for field in fields:
        name, raw = field.name, value.get(field.name, MISSING)
        if type(raw) in field.exact_types:
            values[name] = raw
        elif raw is not MISSING:
            try:
                values[name] = read(raw, field.shape, leniency)
            except ConversionError as error:
                raise error.under(f".{name}") from None
        elif field.is_required:
            raise ConversionError(f"{name} is missing")
        elif field.make_default is not None:
            values[name] = field.make_default()
    return values


def _compute(made: Any, fields: ClassFields) -> None:
    """Set the fields that ``__post_init__`` computes and that are not stored.

    They are missing where an inference was imported from a file, and in older stores. Fields that
    are stored stay as they are.
    """
    stored = attributes(made, fields)
    copy: Any = object.__new__(fields.cls)
    set_values(copy, stored, fields)
    try:
        if hasattr(fields.cls, "__post_init__"):
            copy.__post_init__()
    except (TypeError, ValueError) as error:
        raise ConversionError(f"__post_init__ did not compute what is missing: {error}") from None
    set_values(made, {**attributes(copy, fields), **stored}, fields)


def _construct(value: dict[str, Any], fields: ClassFields) -> Any:
    """Call the constructor with the items of a dict that was given in place of an object."""
    values = {**value, **read_fields(value, fields.given, Leniency.LOOSE)}
    if fields.data_type is not None:
        values.pop("data_type", None)
    try:
        return fields.cls(**values)
    except (TypeError, ValueError) as error:
        raise ConversionError(str(error).rstrip(".")) from None
