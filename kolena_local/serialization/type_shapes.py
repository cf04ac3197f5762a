"""The shapes of declared types. This is the only module that takes type hints apart.

Writers, readers, schemas and rules match on shapes and never inspect the hints themselves:

========================================  ==================================
hint                                      shape
========================================  ==================================
``bool``, ``int``, ``float``, ``str``,    :class:`Scalar`
enumerations and other subclasses
``None``                                  :class:`Null`
``Optional[T]``                           :class:`Maybe`
``Union[A, B]``, ``A | B``                :class:`OneOf`
``List[T]``, ``Sequence[T]``,             :class:`Items`
``Tuple[T, ...]``
``Tuple[A, B]``                           :class:`Row`
``Dict[K, V]``                            :class:`Mapping`
``Literal[...]``                          :class:`Choice`
a data object's class                     :class:`Object`
``Any``, ``object``, what bare            :class:`Anything`
containers hold, and all others
========================================  ==================================

``Annotated[T, ...]`` has the shape of ``T``. Shapes are compared by identity, because unions that
differ only in order are equal as types, yet their order matters here.
"""

import collections.abc
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from kolena_local.directions import Better
from kolena_local.serialization.classes import Structured

SCALARS = (str, bool, int, float)


@dataclass(frozen=True, eq=False)
class Shape:
    """The shape of a type.

    Args:
        hint: the type as the annotation has it, for messages.
    """

    hint: Any

    def __str__(self) -> str:
        if is_class(self.hint):
            return str(self.hint.__name__)
        return str(self.hint).replace("collections.abc.", "").replace("typing.", "")

    def objects(self) -> Iterator["Object"]:
        """Iterate over the data objects that values of this shape are or hold."""
        if isinstance(self, Object):
            yield self
        for part in vars(self).values():
            for shape in part if isinstance(part, tuple) else (part,):
                if isinstance(shape, Shape):
                    yield from shape.objects()


@dataclass(frozen=True, eq=False)
class Scalar(Shape):
    """A bool, number or string; ``base`` is one of ``SCALARS``, and ``cls`` is it or extends it."""

    cls: type[Any]
    base: type[Any]


@dataclass(frozen=True, eq=False)
class Null(Shape):
    """None."""


@dataclass(frozen=True, eq=False)
class Maybe(Shape):
    """One type or None."""

    present: Shape


@dataclass(frozen=True, eq=False)
class OneOf(Shape):
    """One of several types, in the order in which they are declared."""

    members: tuple[Shape, ...]


@dataclass(frozen=True, eq=False)
class Items(Shape):
    """Any number of values of one type, in a ``list``, ``tuple`` or ``Sequence``."""

    item: Shape
    container: type[Any]

    @property
    def is_list(self) -> bool:
        """Whether it must be a list."""
        return self.container is list


@dataclass(frozen=True, eq=False)
class Row(Shape):
    """A tuple of fixed length with a type for each item; ``is_point`` if all of them are floats."""

    items: tuple[Shape, ...]
    is_point: bool


@dataclass(frozen=True, eq=False)
class Mapping(Shape):
    """A dict."""

    key: Shape
    value: Shape


@dataclass(frozen=True, eq=False)
class Choice(Shape):
    """One of the values of a ``Literal``."""

    options: tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class Object(Shape):
    """A data object."""

    cls: type[Any]


@dataclass(frozen=True, eq=False)
class Anything(Shape):
    """Any value that JSON can hold."""


def shape_of(hint: Any) -> Shape:
    """Return the shape of a declared type.

    Args:
        hint: the annotation; string annotations must be resolved first.
    """
    origin, arguments = typing.get_origin(hint) or hint, typing.get_args(hint)
    first = arguments[0] if arguments else Any
    if origin is typing.Annotated:
        return shape_of(first)
    if origin in (typing.Union, types.UnionType):
        others = [member for member in arguments if member is not type(None)]
        if len(others) == 1:
            return Maybe(hint, shape_of(others[0]))
        return OneOf(hint, tuple(map(shape_of, arguments)))
    if origin is typing.Literal:
        return Choice(hint, arguments)
    if origin is tuple and arguments and arguments[-1] is not Ellipsis:
        items = [item for item in arguments if item != ()]
        is_point = bool(items) and all(item is float for item in items)
        return Row(hint, tuple(map(shape_of, items)), is_point)
    if origin in (list, tuple, collections.abc.Sequence):
        return Items(hint, shape_of(first), origin)
    if origin is dict:
        return Mapping(hint, *map(shape_of, arguments or (Any, Any)))
    if hint is None or hint is type(None):
        return Null(hint)
    if is_class(origin) and issubclass(origin, Structured):
        return Object(hint, origin)  # it may have type arguments
    if hint in (Any, object) or not is_class(hint):
        return Anything(hint)
    return _class_shape(hint)


def direction_of(hint: Any) -> Better | None:
    """Return which values a metric's type declares to be better.

    None if it declares nothing or both, or is not the type of a bool or a number.
    """
    marks = marks_of(hint)
    return marks.pop() if len(marks) == 1 and _is_number(shape_of(hint)) else None


def marks_of(hint: Any) -> set[Better]:
    """Return the marks in a metric's type, wherever they are."""
    if isinstance(hint, Better):
        return {hint}
    return set().union(*map(marks_of, typing.get_args(hint)))


def _is_number(shape: Shape) -> bool:
    match shape:
        case Maybe():
            return _is_number(shape.present)
        case OneOf():
            return all(isinstance(one, Null) or _is_number(one) for one in shape.members)
    return isinstance(shape, Scalar) and shape.base is not str


def _class_shape(cls: type[Any]) -> Shape:
    if hasattr(cls, "_stands_for"):
        return shape_of(cls._stands_for)
    for base in SCALARS:
        if issubclass(cls, base):
            return Scalar(cls, cls, base)
    return Anything(cls)


@cache
def exact_types(shape: Shape) -> frozenset[type]:
    """Return the scalar types, including NoneType, whose values need no conversion to a type."""
    match shape:
        case Scalar() if shape.cls is shape.base:
            return frozenset({shape.cls})
        case Null():
            return frozenset({type(None)})
        case Maybe():
            return exact_types(shape.present) | {type(None)}
        case OneOf():
            return frozenset().union(*map(exact_types, shape.members))
        case Anything():
            return frozenset({*SCALARS, type(None)})
    return frozenset()


def is_class_variable(hint: Any) -> bool:
    """Return whether an annotation is ``ClassVar``, with a type or without."""
    return typing.ClassVar in (hint, typing.get_origin(hint))


def is_class(hint: Any) -> bool:
    """Return whether a type is a class without type arguments."""
    # list[int] is an instance of type on Python 3.10, and Any is since 3.11.
    return isinstance(hint, type) and hint is not Any and typing.get_origin(hint) is None
