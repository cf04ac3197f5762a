"""The constructor of undecorated data objects.

It takes fields by position or by name, converts them to their types, keeps all other keyword
arguments as extras, and calls ``__post_init__``.
"""

import inspect
from typing import Any

from kolena_local.errors import InputValidationError
from kolena_local.payload import CLASS_KEY
from kolena_local.serialization.classes import Structured
from kolena_local.serialization.conversion import ConversionError, Leniency
from kolena_local.serialization.fields import ClassFields, ExtraName, fields_of, set_values
from kolena_local.serialization.restore import read_fields


def fill(instance: Structured, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Set a new object's fields and extras.

    Args:
        instance: the object, which has no attributes yet.
        args: fields by position.
        kwargs: fields by name, and extras.

    Raises:
        TypeError: a field is missing, given twice or computed by the class.
        InputValidationError: a value cannot be converted to its field's type.
    """
    fields = fields_of(type(instance))
    name_of_class = fields.cls.__name__
    by_position = [field for field in fields.given if not field.kw_only]
    if len(args) > len(by_position):
        raise TypeError(
            f"{name_of_class} takes {len(by_position)} fields by position, not {len(args)}"
        )
    for field, value in zip(by_position, args, strict=False):
        if field.name in kwargs:
            raise TypeError(f"{name_of_class} was given {field.name!r} twice")
        kwargs[field.name] = value
    absent = [it.name for it in fields.given if it.is_required and it.name not in kwargs]
    if absent:
        raise TypeError(f"{name_of_class} lacks {', '.join(map(repr, absent))}")
    try:
        values = read_fields(kwargs, fields.given, Leniency.LOOSE)
    except ConversionError as error:
        raise InputValidationError(f"{name_of_class}{error.path}: {error.problem}") from None
    extras = {name: value for name, value in kwargs.items() if name not in values}
    if extras:
        _keep_extras(fields, values, extras)
    values.update(read_fields({}, fields.computed, Leniency.LOOSE))
    set_values(instance, values, fields)
    if hasattr(fields.cls, "__post_init__"):
        instance.__post_init__()  # type: ignore[attr-defined]  # of the class


def _keep_extras(fields: ClassFields, values: dict[str, Any], extras: dict[str, Any]) -> None:
    computed = {field.name for field in fields.all if not field.init} | fields.class_names
    taken = sorted(computed & extras.keys())
    if taken:
        raise TypeError(
            f"{fields.cls.__name__} computes {', '.join(map(repr, taken))} itself; leave it out"
        )
    if CLASS_KEY in extras:
        raise TypeError(f"{CLASS_KEY!r} is a reserved name; rename the attribute")
    if fields.data_type is not None and "data_type" in extras:
        # The content of stored objects has this key; it is not an attribute.
        given = extras.pop("data_type")
        if given != fields.data_type:
            raise InputValidationError(
                f"{fields.cls.__name__} has the data type {fields.data_type!r}, not {given!r};"
                " leave it out, or choose another name for the attribute"
            )
    for name, value in extras.items():
        values[ExtraName(name) if name.startswith("_") else name] = value


def signature(cls: type[Structured]) -> inspect.Signature:
    """Return the signature of an undecorated class: its fields, then extras."""
    parameters: list[inspect.Parameter] = []
    kind: Any = inspect.Parameter.POSITIONAL_OR_KEYWORD
    default: Any = inspect.Parameter.empty
    # Not cached, because a decorator may ask before it has changed the class.
    fields = fields_of.__wrapped__(cls)  # type: ignore[attr-defined]  # functools.cache has it
    for field in fields.all:
        if not field.init:
            continue
        if field.is_required and default is not inspect.Parameter.empty:
            # Python allows parameters without a default after those with one by keyword only.
            kind = inspect.Parameter.KEYWORD_ONLY
        default = inspect.Parameter.empty if field.is_required else field.make_default()
        parameters.append(
            inspect.Parameter(field.name, kind, default=default, annotation=field.shape.hint)
        )
    extras = inspect.Parameter("extras", inspect.Parameter.VAR_KEYWORD)
    return inspect.Signature([*parameters, extras])
