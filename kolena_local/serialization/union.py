"""Which member of a union a stored value is: the one that fits best, never the first that fits.

A member's *cost* counts, in this order of weight: keys that would be lost, keys that would become
extras, fields that would take a default, values that would be converted. The cheapest member wins;
between equals, the first declared.
"""

import types
import typing
from collections.abc import Iterable
from collections.abc import Sequence as AbstractSequence
from typing import Any, Union

from kolena_local.serialization.decode import converter_for
from kolena_local.serialization.hints import is_class, shown_hint
from kolena_local.serialization.layout import Structured, layout_of
from kolena_local.serialization.scalar import SCALARS, Converter, Mismatch, plain, shown

#: Keys lost, keys kept as extras, fields left to their default, values converted.
Cost = tuple[int, int, int, int]

_FREE: Cost = (0, 0, 0, 0)
_CONVERTED: Cost = (0, 0, 0, 1)
_READ_OTHERWISE: Cost = (0, 0, 0, 2)
_FAR: Cost = (0, 0, 0, 3)
_UNIONS = (Union, types.UnionType)
_CHOICES_KEPT = 1000
_UNSEEN = object()


def best_fit(hints: tuple[Any, ...], lax: bool) -> Converter:
    """Compose the converter of a union.

    Args:
        hints: the union's members.
        lax: as for ``converter_for``.

    Returns:
        A function that returns the value as the member that fits best, or raises :class:`Mismatch`.
    """
    taken_as_is = {hint for hint in hints if hint in (*SCALARS, type(None))}
    converters = [converter_for(hint, lax) for hint in hints]
    classes = {hint: converter_for(hint) for hint in hints if is_class(hint, Structured)}
    choices: dict[tuple[str | None, ...], Any] = {}

    def convert(value: Any) -> Any:
        if type(value) in taken_as_is:
            return value
        if isinstance(value, dict) and classes:
            # Most stored objects are told apart by their keys alone, and those choices repeat.
            data_type = value.get("data_type")
            shape = (data_type if isinstance(data_type, str) else None, *value)
            chosen = choices.get(shape, _UNSEEN)
            if chosen is _UNSEEN:
                # Never read back from the dict, which another thread may have cleared by then.
                if len(choices) >= _CHOICES_KEPT:
                    choices.clear()
                chosen = choices[shape] = _choice_by_keys(classes, value)
            if chosen is not None:
                try:
                    return classes[chosen](value)
                except Mismatch:
                    pass  # the keys fit and a value does not; another member may take it
        return converters[_cheapest(hints, value)](value)

    return convert


def _cheapest(hints: tuple[Any, ...], value: Any) -> int:
    costs = [cost_of(hint, value) for hint in hints]
    fitting = [position for position, cost in enumerate(costs) if cost is not None]
    if not fitting:
        names = ", ".join(map(shown_hint, hints))
        raise Mismatch(f"{shown(value)} is none of {names}")
    return min(fitting, key=lambda position: costs[position] or _FREE)


def _choice_by_keys(classes: Iterable[Any], value: dict[str, Any]) -> Any:
    """Return the class whose keys alone cost least, None when they alone do not decide."""
    costs = [(cost, cls) for cls in classes if (cost := _cost_of_keys(cls, value)) is not None]
    costs.sort(key=lambda pair: pair[0])
    if not costs:
        return None
    if len(costs) > 1 and (
        costs[0][0] == costs[1][0] or any(_may_hold_objects(cls) for _, cls in costs)
    ):
        return None
    return costs[0][1]


def _may_hold_objects(cls: type[Structured]) -> bool:
    # What an inner object loses weighs more than a field that takes its default out here.
    return any(_names_objects(field.hint) for field in layout_of(cls).fields)


def _names_objects(hint: Any) -> bool:
    return is_class(hint, Structured) or any(map(_names_objects, typing.get_args(hint)))


def _cost_of_keys(cls: type[Structured], value: dict[str, Any]) -> Cost | None:
    layout = layout_of(cls)
    names = {field.name for field in layout.fields}
    if any(field.required and field.name not in value for field in layout.fields):
        return None
    stored_type = value.get("data_type")
    if layout.data_type is not None:
        if stored_type is not None and stored_type != layout.data_type:
            return None
        names |= {"data_type", *layout.derived}
    unknown = len(value.keys() - names)
    absent = sum(field.name not in value for field in layout.fields)
    return (0, unknown, absent, 0) if layout.extras else (unknown, 0, absent, 0)


def cost_of(hint: Any, value: Any) -> Cost | None:
    """Return what it costs to take a value as a type, None where it does not fit at all."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return cost_of(arguments[0], value)
    if origin in _UNIONS:
        return min(
            (cost for member in arguments if (cost := cost_of(member, value)) is not None),
            default=None,
        )
    if not arguments:
        pass  # a bare List or Dict takes any items, as its converter does
    elif origin in (list, AbstractSequence) and isinstance(value, (list, tuple)):
        return _sum((arguments[0], item) for item in value)
    elif origin is tuple and isinstance(value, (list, tuple)) and Ellipsis not in arguments:
        fits = len(arguments) == len(value)
        return _sum(zip(arguments, value, strict=True)) if fits else None
    elif origin is dict and isinstance(value, dict):
        return _sum((arguments[1], item) for item in value.values())
    if is_class(hint, Structured):
        return _cost_of_object(hint, value)
    return _cost_of_scalar(hint, value)


def _cost_of_scalar(hint: Any, value: Any) -> Cost | None:
    # numpy's float64 and texts, and enumerations of texts, inherit from these two.
    if type(value) is hint or (hint in (float, str) and isinstance(value, hint)):
        return _FREE
    try:
        converter_for(hint)(value)
    except Mismatch:
        return None
    # numpy's 1 is a number before it is a text or a truth, and its True a truth before a number.
    scalar = plain(value)
    if isinstance(scalar, bool):
        return {bool: _CONVERTED, int: _READ_OTHERWISE, float: _READ_OTHERWISE}.get(hint, _FAR)
    numbers = hint in (int, float) and isinstance(scalar, (int, float))
    return _CONVERTED if numbers else _FAR


def _cost_of_object(cls: type[Structured], value: Any) -> Cost | None:
    if isinstance(value, cls):
        return _FREE if type(value) is cls else _CONVERTED
    if not isinstance(value, dict):
        return None
    own = _cost_of_keys(cls, value)
    inner = _sum(
        (field.hint, value[field.name]) for field in layout_of(cls).fields if field.name in value
    )
    return None if own is None or inner is None else _add(own, inner)


def _sum(pairs: Iterable[tuple[Any, Any]]) -> Cost | None:
    total = _FREE
    for hint, value in pairs:
        cost = cost_of(hint, value)
        if cost is None:
            return None
        total = _add(total, cost)
    return total


def _add(left: Cost, right: Cost) -> Cost:
    return (
        left[0] + right[0],
        left[1] + right[1],
        left[2] + right[2],
        left[3] + right[3],
    )
