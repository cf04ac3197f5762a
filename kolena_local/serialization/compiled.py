"""Fast roads for what is exactly as declared: two functions per class, compiled from its layout.

Nearly all that is stored has every field, nothing more, and values of just the declared types. A
compiled function takes such an object in a few steps, without loops. Whatever differs goes to the
general function, which knows extras, conversions, and what to say about errors: nothing about them
is decided here, and nothing is different for being fast.
"""

import types
import typing
from collections.abc import Callable, Sequence
from json.encoder import encode_basestring as written
from json.encoder import encode_basestring_ascii as quoted
from operator import attrgetter
from typing import Any, Union

from kolena_local.serialization.hints import is_class
from kolena_local.serialization.layout import Field, Layout, Structured
from kolena_local.serialization.scalar import SCALARS, Mismatch

Function = Callable[[Any], Any]
Composer = Callable[[Any], Function]

_UNIONS = (Union, types.UnionType)
_PLAIN = frozenset({*SCALARS, type(None)})
_WRITERS = {str: "written", int: "repr"}
# The last two are what unpacking a value of another length, or one that is no sequence, raises.
_UNFIT = "(KeyError, Mismatch, TypeError, ValueError)"


def types_kept(hint: Any) -> frozenset[Any]:
    """Return the types of scalars that a declared type takes as they are, NoneType among them."""
    if hint is None:
        return frozenset({type(None)})
    if hint in (Any, object):
        return _PLAIN
    if typing.get_origin(hint) in _UNIONS:
        return frozenset(kept for member in typing.get_args(hint) for kept in types_kept(member))
    if hasattr(hint, "_stands_for"):
        return types_kept(hint._stands_for)
    return frozenset(kept for kept in _PLAIN if kept is hint)


def compiled_encoder(layout: Layout, encoder_for: Composer, general: Function) -> Function:
    """Compile the function that makes dicts of a class's objects.

    Args:
        layout: the class's layout.
        encoder_for: composes the encoder of a type.
        general: what to call with every object that has more or less than its fields, or others.

    Returns:
        A function of one object that returns a dict or raises :class:`Mismatch`.
    """
    source = _Source(encoder_for, general)
    fields = [field for field in layout.fields if field.name not in layout.apart]
    source.add(
        "values = value.__dict__",
        f"if {_has_others(layout, fields)}: return general(value)",
        "try:",
        "  pass",
    )
    for field in fields:
        source.add(f"  {_variable(layout, field)} = values[{field.name!r}]")
    for field in fields:
        source.check(_variable(layout, field), field.hint)
    source.add(f"  return {{{_items(layout, fields)}}}", f"except {_UNFIT}: return general(value)")
    return source.compile(layout)


def compiled_canonical(layout: Layout) -> Function | None:
    """Compile the function that writes the canonical form of a class's objects at once.

    Test samples are mostly a locator, and each is asked for its digest whenever it is given.

    Args:
        layout: the class's layout.

    Returns:
        A function of one object that returns None for everything that is not exactly as declared;
        or None for a class whose fields are not all texts and whole numbers.
    """
    fields = [field for field in layout.fields if field.name not in layout.apart]
    if any(field.hint not in (str, int) for field in fields):
        return None
    source = _Source(lambda hint: repr, lambda value: None)
    source.add(
        "values = value.__dict__",
        f"if {_has_others(layout, fields)}: return None",
        "try:",
        "  pass",
    )
    parts: dict[str, str] = {}
    for field in fields:
        name = _variable(layout, field)
        source.add(f"  {name} = values[{field.name!r}]")
        source.check(name, field.hint)
        parts[field.name] = f"quoted({name})" if field.hint is str else f"repr({name})"
    if layout.data_type is not None:
        parts["data_type"] = repr(quoted(layout.data_type))
    members = [f"{quoted(name) + ':'!r} + {parts[name]}" for name in sorted(parts)]
    content = " + ',' + ".join(members) or "''"
    # Python refuses to write the longest integers.
    source.add(f"  return '{{' + {content} + '}}'", f"except {_UNFIT}: return None")
    return source.compile(layout, quoted=quoted)


def compiled_payloads(layout: Layout) -> Callable[[Sequence[Any]], list[str]] | None:
    """Compile the function that writes the probable stored texts of many objects, to find them by.

    Nothing is checked: an object that is not as declared may raise an error, or give a text that
    nothing in the store has; it never gives the text of another object.

    Args:
        layout: the class's layout.

    Returns:
        A function of objects of exactly this class; or None for a class with extras, without
        fields, or whose fields are not all texts and whole numbers.
    """
    fields = [field for field in layout.fields if field.name not in layout.apart]
    if layout.extras or not fields or any(field.hint not in (str, int) for field in fields):
        return None
    names = [_variable(layout, field) for field in fields]
    members = [
        f"{f'{written(field.name)}:'!r} + {_WRITERS[field.hint]}({name})"
        for field, name in zip(fields, names, strict=True)
    ]
    if layout.data_type is not None:
        members.append(repr(f'"data_type":{written(layout.data_type)}'))
    text = "'{' + " + " + ',' + ".join(members) + " + '}'"
    source = _Source(lambda hint: repr, lambda value: None)
    source.add(f"return [{text} for {', '.join(names)} in map(attributes, value)]")
    attributes = attrgetter(*(field.name for field in fields))
    return source.compile(layout, written=written, attributes=attributes)


def _has_others(layout: Layout, fields: list[Field]) -> str:
    # As many attributes as fields may also be one that was never set and one that is no field.
    read = {field.name for field in fields}
    absent = [f"{name!r} not in values" for name in layout.names if name not in read]
    return " or ".join([f"len(values) != {len(layout.names)}", *absent])


def _items(layout: Layout, fields: list[Field]) -> str:
    items = [f"{field.name!r}: {_variable(layout, field)}" for field in fields]
    if layout.data_type is not None:
        items.append(f"'data_type': {layout.data_type!r}")
    return ", ".join(items)


def _variable(layout: Layout, field: Field) -> str:
    # Not the field's own name, which may be any text.
    return f"field_{layout.fields.index(field)}"


class _Source:
    """The text of a function, and what its names stand for."""

    def __init__(self, compose: Composer, general: Function) -> None:
        self._lines = ["def compiled(value):"]
        self._names: dict[str, Any] = {"general": general, "Mismatch": Mismatch}
        self._compose = compose

    def add(self, *lines: str) -> None:
        self._lines += [f"  {line}" for line in lines]

    def check(self, name: str, hint: Any) -> None:
        """Add what is to be done with a variable that holds a value of the declared type."""
        members = typing.get_args(hint)
        if typing.get_origin(hint) in _UNIONS and len(members) == 2 and type(None) in members:
            self.add(f"  if {name} is not None:")
            self._check_present(name, members[members[0] is type(None)], "    ")
        else:
            self._check_present(name, hint, "  ")

    def _check_present(self, name: str, hint: Any, indent: str) -> None:
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if hint in SCALARS:
            lines = [f"if type({name}) is not {hint.__name__}: return general(value)"]
        elif origin is tuple and arguments and all(it is float for it in arguments):
            lines = _point_lines(name, len(arguments))
        elif origin is list and arguments and is_class(arguments[0], Structured):
            self._names[f"convert_{name}"] = self._compose(arguments[0])
            lines = [
                f"if type({name}) is not list: return general(value)",
                f"{name} = [convert_{name}(item) for item in {name}]",
            ]
        else:
            self._names[f"convert_{name}"] = self._compose(hint)
            lines = [f"{name} = convert_{name}({name})"]
        self.add(*(indent + line for line in lines))

    def compile(self, layout: Layout, **names: Any) -> Function:
        place = f"<{layout.cls.__name__}, compiled by {__name__}>"
        self._names.update(names)
        exec(compile("\n".join(self._lines), place, "exec"), self._names)
        return typing.cast(Function, self._names["compiled"])


def _point_lines(name: str, length: int) -> list[str]:
    numbers = [f"number_{position}" for position in range(length)]
    others = " or ".join(f"type({number}) is not float" for number in numbers)
    return [
        f"if type({name}) is not tuple: return general(value)",
        f"{', '.join(numbers)}, = {name}",
        f"if {others}: return general(value)",
    ]
