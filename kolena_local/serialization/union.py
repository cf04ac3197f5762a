"""The choice of the union member that a value fits best, which need not be the first that fits.

The *cost* of a member counts, from most to least important: keys that would be lost, keys that
would become extras, fields that would get their default, values that would be converted. The member
with the lowest cost is chosen; if several have it, the first of them.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from inspect import isabstract
from itertools import repeat
from typing import Any

from kolena_local.serialization import type_shapes as shapes
from kolena_local.serialization.classes import Structured
from kolena_local.serialization.conversion import ConversionError, shown
from kolena_local.serialization.fields import fields_of
from kolena_local.serialization.scalar import python_scalar
from kolena_local.serialization.type_shapes import Shape

#: Keys lost, keys kept as extras, fields that get their default, values converted.
Cost = tuple[int, int, int, int]

#: Converts a value to a shape, or raises ``ConversionError``.
Read = Callable[[Any, Shape], Any]

_FREE: Cost = (0, 0, 0, 0)
_RESTORED: Cost = (0, 0, 0, 1)
_CONVERTED: Cost = (0, 0, 0, 2)
_READ_OTHERWISE: Cost = (0, 0, 0, 4)
_FAR: Cost = (0, 0, 0, 6)
_CHOICES_KEPT = 10_000


def by_keys(union: shapes.OneOf, value: dict[str, Any]) -> Shape | None:
    """Return the member that the keys of an object determine, or None if they do not."""
    data_type = value.get("data_type")
    return _by_keys(union, data_type if isinstance(data_type, str) else None, *value)


def by_cost(union: shapes.OneOf, value: Any, read: Read) -> Shape:
    """Return the member that a value fits best.

    Args:
        union: the shape of the union.
        value: the value.
        read: the general reader.

    Raises:
        ConversionError: it fits none.
    """
    return union.members[_best(union, value, read)[1]]


# Most objects are told apart by their keys alone, and few sets of keys occur.
@lru_cache(_CHOICES_KEPT)
def _by_keys(union: shapes.OneOf, data_type: str | None, *keys: str) -> Shape | None:
    objects = [it for it in union.members if isinstance(it, shapes.Object)]
    costs = [_cost_of_keys(member.cls, data_type, keys) for member in objects]
    fitting = sorted((cost, at) for at, cost in enumerate(costs) if cost is not None)
    if not fitting or (len(fitting) > 1 and fitting[0][0] == fitting[1][0]):
        return None
    # A key lost in an inner object costs more than a default in this one.
    if len(fitting) > 1 and any(_holds_objects(objects[at].cls) for _, at in fitting):
        return None
    return objects[fitting[0][1]]


def _best(union: shapes.OneOf, value: Any, read: Read) -> tuple[Cost, int]:
    """Return the lowest cost, and which member has it."""
    fitting = []
    for place, member in enumerate(union.members):
        with suppress(ConversionError):
            fitting.append((_cost(member, value, read), place))
    if not fitting:
        names = ", ".join(map(str, union.members))
        raise ConversionError(f"{shown(value)} is not one of {names}")
    return min(fitting)


def _cost(shape: Shape, value: Any, read: Read) -> Cost:
    """Return the cost of converting a value to a shape.

    Raises:
        ConversionError: it does not fit.
    """
    match shape:
        case shapes.Maybe() if value is not None:
            return _cost(shape.present, value, read)
        case shapes.Items() if not isinstance(value, (list, tuple)):
            # A set is accepted as a list only where no union is declared.
            raise ConversionError(f"{shown(value)} is not a list")
        case shapes.Items() if shapes.exact_types(shape.item).issuperset(map(type, value)):
            return _FREE
        case shapes.Items():
            return _total(_cost(shape.item, part, read) for part in value)
        case shapes.Row() if isinstance(value, (list, tuple)) and len(value) == len(shape.items):
            return _total(map(_cost, shape.items, value, repeat(read)))
        case shapes.Mapping() if isinstance(value, dict) and shape.key.hint in (str, Any):
            return _total(_cost(shape.value, part, read) for part in value.values())
        case shapes.OneOf():
            return _best(shape, value, read)[0]
        case shapes.Object() if isinstance(value, dict):
            return _cost_of_object(shape.cls, value, read)
    read(value, shape)
    return _cost_of_scalar(shape, value) if isinstance(shape, shapes.Scalar) else _FREE


def _cost_of_object(cls: type[Structured], value: dict[str, Any], read: Read) -> Cost:
    keys = _cost_of_keys(cls, value.get("data_type"), value)
    if keys is None:
        raise ConversionError(f"{shown(value)} has other keys than {cls.__name__}")
    given = [field for field in fields_of(cls).stored if field.name in value]
    return _total([keys, *(_cost(it.shape, value[it.name], read) for it in given)])


def _total(costs: Iterable[Cost]) -> Cost:
    return tuple(map(sum, zip(_FREE, *costs, strict=True)))  # type: ignore[return-value]


def _holds_objects(cls: type[Structured]) -> bool:
    return any(any(field.shape.objects()) for field in fields_of(cls).stored)


def _cost_of_keys(cls: type[Structured], data_type: Any, keys: Iterable[str]) -> Cost | None:
    if isabstract(cls):
        return None  # its objects name their class
    fields = fields_of(cls)
    absent = [field for field in fields.stored if field.name not in keys]
    if any(field.is_required for field in absent) or (
        None not in (data_type, fields.data_type) and data_type != fields.data_type
    ):
        return None
    unknown = len({*keys} - fields.names - {"data_type" if fields.data_type else None})
    return (0, unknown, len(absent), 0) if fields.extras else (unknown, 0, len(absent), 0)


def _cost_of_scalar(shape: shapes.Scalar, value: Any) -> Cost:
    # numpy's float64 and str_, and string enumerations, inherit from these two.
    if type(value) is shape.cls or (shape.cls in (float, str) and isinstance(value, shape.cls)):
        return _FREE
    # A numpy integer is rather a number than a str or bool, and numpy's True rather a bool.
    scalar = python_scalar(value)
    if type(scalar) is shape.base and shape.cls is not shape.base:
        return _RESTORED  # an enumeration's member, which is stored as the scalar
    if isinstance(scalar, bool):
        return {bool: _CONVERTED, int: _READ_OTHERWISE, float: _READ_OTHERWISE}.get(shape.cls, _FAR)
    if shape.cls in (int, float) and isinstance(scalar, (int, float)):
        if isinstance(scalar, shape.cls):
            return _FREE  # a numpy integer is an int, however large; a float might not hold it
        return _READ_OTHERWISE if shape.cls is int else _CONVERTED
    return _FAR
