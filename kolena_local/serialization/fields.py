"""The fields of a data object's class, with the shapes of their types, and what counts as an extra.

They are worked out once per class, when the first object of it is made, stored or loaded. That is
late enough for decorators to have done their work, and for names in string annotations
(``from __future__ import annotations``) to exist.
"""

import dataclasses
from collections.abc import Callable
from functools import cache, cached_property
from typing import Any, Optional, TypeVar

from kolena_local.serialization import decorators
from kolena_local.serialization.classes import Structured
from kolena_local.serialization.hints import hints_of
from kolena_local.serialization.type_shapes import Scalar, Shape, shape_of

Made = TypeVar("Made")

#: Checks that wait for a class's first use, when all its annotations must be known.
_checks: dict[type, Callable[[], None]] = {}


class ExtraName(str):
    """The name of an extra that was given although it begins with an underscore.

    An attribute of such a name that a class sets for itself is not part of the object; its place in
    ``__dict__`` has a plain text for a key.
    """


@dataclasses.dataclass(frozen=True)
class Field:
    """A field: its name, the shape of its type, and what it is when it is left out."""

    name: str
    shape: Shape
    default: Any
    default_factory: Any
    #: Whether the constructor takes it.
    init: bool
    #: Whether the constructor takes it by name only.
    kw_only: bool
    #: The type whose values are taken as they are; None if each must be looked at.
    exact_type: type | None
    #: Whether there is a default or a factory of one.
    has_default: bool

    @cached_property
    def is_required(self) -> bool:
        """Whether no object can be without it."""
        return self.init and not self.has_default

    def make_default(self) -> Any:
        """Return the value of a field that was left out."""
        if self.default is not dataclasses.MISSING:
            return self.default
        return self.default_factory()


@dataclasses.dataclass(frozen=True)
class ClassFields:
    """What serialization knows about one class."""

    cls: type[Structured]
    #: Every field, in order of declaration.
    all: tuple[Field, ...]
    #: The names of the fields that follow from the others by ``_derive``, and are not stored.
    derived: frozenset[str]
    #: The fields that are stored, test samples' metadata included.
    stored: tuple[Field, ...]
    #: All fields but those that are stored beside the payload.
    shown: tuple[Field, ...]
    #: The fields that are stored in the payload, not beside it.
    payload: tuple[Field, ...]
    #: The stored fields that the constructor takes.
    given: tuple[Field, ...]
    #: Those of them that it takes by position, too.
    by_position: tuple[Field, ...]
    #: The stored fields that the constructor sets by itself.
    computed: tuple[Field, ...]
    #: The names of the fields that make two objects equal.
    compared: tuple[str, ...]
    #: Whether attributes beyond the fields belong to the object.
    extras: bool
    #: Whether fields are in slots, not all of them in ``__dict__``.
    slots: bool
    #: Whether pydantic has decorated the class or one of its bases.
    is_pydantic: bool
    #: What a decorator keeps in each object for itself.
    marks: dict[str, Any]
    data_type: str | None
    #: The names of all fields and marks.
    names: frozenset[str]
    #: The names that the class itself has, as methods and the like.
    class_names: frozenset[str]

    def others(self, values: dict[str, Any]) -> list[str]:
        """Return the attributes that are not fields and were not computed by the class itself.

        They are the object's extras, where its class takes some. A cached property has the name of
        something in the class, and what begins with an underscore is the class's own business.

        Args:
            values: the object's ``__dict__``.
        """
        if len(values) == len(self.names) and self.names.issuperset(values):
            return []
        return [name for name in values if name not in self.names and self._counts(name)]

    def _counts(self, name: str) -> bool:
        if name.startswith("_"):
            return type(name) is ExtraName
        return name not in self.class_names


def per_class(make: Callable[[type[Any]], Made]) -> Callable[[type[Any]], Made]:
    """Have what a function makes of a class made once only."""
    # Type checkers believe that classes cannot be hashed, as functools.cache demands.
    cached: Any = cache(make)
    return cached  # type: ignore[no-any-return]


@per_class
def fields_of(cls: type[Any]) -> ClassFields:
    """Return the fields of a data object's class.

    Raises:
        InputValidationError: an annotation names something that cannot be found.
    """
    if cls in _checks:
        _checks[cls]()
    hints, declared = hints_of(cls), decorators.declared_fields(cls)
    fields = tuple(_field(field, hints.get(name, Any)) for name, field in declared.items())
    derived, marks = _derived_names(cls), decorators.marks(cls)
    stored = tuple(field for field in fields if field.name not in derived)
    shown = tuple(field for field in fields if field.name not in cls._stored_beside)
    given = tuple(field for field in stored if field.init)
    return ClassFields(
        cls=cls,
        all=fields,
        derived=derived,
        stored=stored,
        shown=shown,
        payload=tuple(field for field in shown if field in stored),
        given=given,
        by_position=tuple(field for field in given if not field.kw_only),
        computed=tuple(field for field in stored if not field.init),
        compared=tuple(name for name, field in declared.items() if field.compare),
        extras=decorators.allows_extras(cls),
        slots=any(vars(base).get("__slots__") for base in cls.__mro__),
        is_pydantic=decorators.is_pydantic(cls),
        marks=marks,
        data_type=None if "data_type" in declared else cls._data_type(),
        names=frozenset(declared) | marks.keys(),
        class_names=frozenset(name for base in cls.__mro__ for name in vars(base)),
    )


def _field(field: "dataclasses.Field[Any]", hint: Any) -> Field:
    # Many write "score: float = None"; the default tells that None belongs to the type.
    shape = shape_of(Optional[hint] if field.default is None else hint)  # noqa: UP045  # a value
    exact = shape.cls if isinstance(shape, Scalar) and shape.cls is shape.base else None
    defaults = field.default, field.default_factory
    has_default = any(it is not dataclasses.MISSING for it in defaults)
    kw_only = field.kw_only is True
    return Field(field.name, shape, *defaults, field.init, kw_only, exact, has_default)


def _derived_names(cls: type[Structured]) -> frozenset[str]:
    """Return the fields that follow from the others, whatever else the class does.

    A class that has a ``__post_init__``, validators or a constructor of its own may change fields
    after others were derived from them.
    """
    if cls._derive is None:
        return frozenset()
    owner: Any = next(base for base in cls.__mro__ if "_derive" in vars(base))
    maker = decorators.constructing_class(cls)
    own_steps = getattr(cls, "__post_init__", None) is not owner.__post_init__
    if own_steps or not ("_takes_fields" in vars(maker) or decorators.is_standard(maker)):
        return frozenset()
    declared = decorators.declared_fields(owner)
    return frozenset(name for name, field in declared.items() if not field.init)


def check_at_first_use(cls: type, check: Callable[[], None]) -> None:
    """Have a check run before a class is used, when all its annotations must be known."""
    _checks[cls] = check


def attribute(data_object: Structured, name: str) -> Any:
    """Return an attribute, ``dataclasses.MISSING`` if it was never set."""
    value = getattr(data_object, name, dataclasses.MISSING)
    # An undecorated class keeps what its body says of a field.
    return dataclasses.MISSING if isinstance(value, dataclasses.Field) else value


def set_values(data_object: Structured, values: dict[str, Any], fields: ClassFields) -> None:
    """Set attributes of a frozen object."""
    if fields.slots:
        for name, value in values.items():
            object.__setattr__(data_object, name, value)
    else:
        data_object.__dict__.update(values)


def derive(data_object: Structured) -> None:
    """Set the fields of a new object that follow from the others."""
    fields = fields_of(type(data_object))
    if not fields.slots:
        data_object._derive(data_object.__dict__)
        return
    values = {field.name: attribute(data_object, field.name) for field in fields.all}
    data_object._derive(values)
    set_values(data_object, values, fields)
