"""The constructor that undecorated data objects share.

It takes fields by position or by name, converts them as their types say, keeps every other keyword
argument as an extra attribute, and calls ``__post_init__``.
"""

import inspect
from typing import Any

from kolena_local.errors import InputValidationError
from kolena_local.serialization.decode import MISSING, Step, steps
from kolena_local.serialization.layout import Layout, Structured, layout_of, per_class
from kolena_local.serialization.scalar import Mismatch


@per_class
def _plan(cls: type[Any]) -> tuple[Layout, tuple[Step, ...], Any]:
    layout = layout_of(cls)
    return layout, steps(layout, lax=True), getattr(cls, "__post_init__", None)


def fill(instance: Structured, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Set a new object's fields and extras.

    Args:
        instance: the object, still without attributes.
        args: fields by position.
        kwargs: fields by name, and extras.

    Raises:
        TypeError: a field is missing, given twice or computed from the others.
        InputValidationError: a value cannot be converted to its field's type.
    """
    layout, field_steps, post_init = _plan(type(instance))
    values = instance.__dict__
    absent: list[str] = []
    given = len(args)
    if given > len(field_steps):
        raise TypeError(
            f"{layout.cls.__name__} takes {len(field_steps)} fields by position, {given} were given"
        )
    for position, (name, exact, convert, field) in enumerate(field_steps):
        if position < given:
            if name in kwargs:
                raise TypeError(f"{layout.cls.__name__} was given {name!r} twice")
            value = args[position]
        else:
            value = kwargs.pop(name, MISSING)
            if value is MISSING:
                if field.required:
                    absent.append(name)
                else:
                    values[name] = field.make_default()
                continue
        if type(value) is not exact:
            try:
                value = convert(value)
            except Mismatch as mismatch:
                raise InputValidationError(
                    f"{layout.cls.__name__}.{name}{mismatch.path}: {mismatch.problem}"
                ) from None
        values[name] = value
    if absent:
        raise TypeError(f"{layout.cls.__name__} lacks {', '.join(map(repr, absent))}")
    for field in layout.derived_defaults:
        values[field.name] = field.make_default()
    if kwargs:
        _keep_extras(layout, values, kwargs)
    if post_init is not None:
        post_init(instance)


def _keep_extras(layout: Layout, values: dict[str, Any], extras: dict[str, Any]) -> None:
    computed = sorted(layout.derived & extras.keys())
    if computed:
        raise TypeError(
            f"{layout.cls.__name__} computes {', '.join(map(repr, computed))} itself; leave it out"
        )
    if layout.data_type is not None and "data_type" in extras:
        # The content of a stored object has it; it is no attribute.
        given = extras.pop("data_type")
        if given != layout.data_type:
            raise InputValidationError(
                f"{layout.cls.__name__} has the data type {layout.data_type!r}, not {given!r};"
                " leave it out, or choose another name"
            )
    values.update(extras)


def signature(cls: type[Structured]) -> inspect.Signature:
    """Return the parameters of an undecorated class: its fields, then whatever extras."""
    parameters: list[inspect.Parameter] = []
    kind: Any = inspect.Parameter.POSITIONAL_OR_KEYWORD
    default: Any = inspect.Parameter.empty
    for field in layout_of(cls).fields:
        if field.required and default is not inspect.Parameter.empty:
            # A field without default behind one with: Python can only show it as one that needs its
            # name.
            kind = inspect.Parameter.KEYWORD_ONLY
        default = inspect.Parameter.empty if field.required else field.make_default()
        parameters.append(
            inspect.Parameter(field.name, kind, default=default, annotation=field.hint)
        )
    extras = inspect.Parameter("extras", inspect.Parameter.VAR_KEYWORD)
    return inspect.Signature([*parameters, extras])
