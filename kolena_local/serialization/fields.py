"""Which fields a data object's class has, with their types resolved.

A layout is worked out once per class, when the first object of it is made, stored or loaded. That
is late enough for names in string annotations (``from __future__ import annotations``) to exist.
"""

import dataclasses
import inspect
from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar, Optional, TypeVar

from kolena_local.serialization.hints import hints_of

_LAYOUT = "__kolena_local_layout__"
_CHECK = "__kolena_local_check__"
_FIELDS = "__dataclass_fields__"


Made = TypeVar("Made")


class Structured:
    """What has a layout: the mark of data objects, of which ``DataObject`` is the base."""

    #: Whether a value that does not fit its field is stored all the same. So it is with metrics,
    #: which are shown and compared, and never loaded into objects.
    _loose: ClassVar[bool] = False

    @classmethod
    def _data_type(cls) -> str | None:
        return None


@dataclasses.dataclass(frozen=True)
class Field:
    """A field that the constructor takes: name, type, and what it is when it is left out."""

    name: str
    hint: Any
    default: Any
    default_factory: Any

    @property
    def required(self) -> bool:
        """Whether there is neither a default nor a factory of one."""
        return self.default is dataclasses.MISSING and self.default_factory is dataclasses.MISSING

    def make_default(self) -> Any:
        """Return the value of a field that was left out."""
        if self.default is not dataclasses.MISSING:
            return self.default
        return self.default_factory()


@dataclasses.dataclass(frozen=True)
class Layout:
    """What serialization knows about one class."""

    cls: type[Structured]
    #: Fields the constructor takes, in order.
    fields: tuple[Field, ...]
    #: Every field's name in order of declaration, derived ones included.
    names: tuple[str, ...]
    #: Names of the fields that make two objects equal.
    compared: tuple[str, ...]
    #: Fields that are computed from the others and never stored.
    derived: frozenset[str]
    #: Derived fields that have a default: it stands until ``__post_init__`` computes a value.
    derived_defaults: tuple[Field, ...]
    #: What the constructor needs but no object keeps (``InitVar`` without default).
    unkept: tuple[str, ...]
    #: Fields that are kept apart from the payload (a test sample's metadata).
    apart: frozenset[str]
    #: Whether attributes beyond the fields belong to the object.
    extras: bool
    #: Whether filling ``__dict__`` and calling ``__post_init__`` is all that the constructor would
    #: do.
    plain_init: bool
    data_type: str | None

    def extra_names(self, values: dict[str, Any]) -> tuple[str, ...]:
        """Return the names in an object's ``__dict__`` that are no fields, as inserted."""
        return tuple(name for name in values if name not in self._known)

    def __post_init__(self) -> None:
        # pydantic 1 leaves a mark of its own in every object.
        known = frozenset({*self.names, "__pydantic_initialised__"})
        object.__setattr__(self, "_known", known)

    _known: frozenset[str] = dataclasses.field(init=False, repr=False, compare=False)


def per_class(make: Callable[[type[Any]], Made]) -> Callable[[type[Any]], Made]:
    """Have what a function makes of a class made once only."""
    # Type checkers believe that classes cannot be hashed, as functools.cache demands.
    cached: Any = cache(make)
    return cached  # type: ignore[no-any-return]


def layout_of(cls: type[Any]) -> Layout:
    """Return the layout of a data object's class.

    Raises:
        InputValidationError: an annotation names something that cannot be found.
    """
    layout: Layout | None = cls.__dict__.get(_LAYOUT)
    if layout is None:
        settle(cls)
        if _CHECK in cls.__dict__:
            cls.__dict__[_CHECK]()
        layout = _work_out(cls)
        setattr(cls, _LAYOUT, layout)
    return layout


def settle(cls: type) -> None:
    """Make an undecorated class's annotations its fields, unless it has its fields already.

    To be called once no decorator can come any more: when the class is extended or used.
    """
    if _FIELDS in cls.__dict__:
        return
    _give_fields(cls)
    if "__init__" in cls.__dict__ or not inspect.get_annotations(cls):
        return
    # What a decorated base generated knows only that base's fields.
    for name in ("__init__", "__eq__", "__hash__", "__repr__"):
        if name not in cls.__dict__:
            setattr(cls, name, getattr(_root(cls), name))


def _give_fields(cls: type) -> None:
    fields: dict[str, Any] = {}
    for base in reversed(cls.__mro__[1:]):
        fields.update(base.__dict__.get(_FIELDS, {}))
    own = inspect.get_annotations(cls)
    # A twin without bases lets the standard library read annotations and defaults, ClassVar
    # included, while the class itself keeps its attributes.
    defaults = {name: cls.__dict__[name] for name in own if name in cls.__dict__}
    twin = type(
        cls.__name__, (), {"__annotations__": own, "__module__": cls.__module__, **defaults}
    )
    fields.update(dataclasses.dataclass(init=False, repr=False, eq=False)(twin).__dict__[_FIELDS])
    setattr(cls, _FIELDS, fields)


def keep_derived(data_object: Structured, derived: dict[str, Any]) -> None:
    """Set the derived fields of a frozen object, as its ``__post_init__`` computed them."""
    if _has_slots(type(data_object)):
        for name, value in derived.items():
            object.__setattr__(data_object, name, value)
    else:
        # Boxes are most of what is loaded, and this takes half the time.
        data_object.__dict__.update(derived)


def check_at_first_use(cls: type, check: Callable[[], None]) -> None:
    """Have a check run before a class gets its layout, when all its annotations must be known."""
    setattr(cls, _CHECK, check)


def _work_out(cls: type[Any]) -> Layout:
    hints = hints_of(cls)
    declared = dataclasses.fields(cls)
    fields = {
        field.name: Field(field.name, _meant(field, hints), field.default, field.default_factory)
        for field in declared
    }
    derived = tuple(fields[field.name] for field in declared if not field.init)
    return Layout(
        cls=cls,
        fields=tuple(fields[field.name] for field in declared if field.init),
        names=tuple(field.name for field in declared),
        compared=tuple(field.name for field in declared if field.compare),
        derived=frozenset(field.name for field in derived),
        derived_defaults=tuple(field for field in derived if not field.required),
        unkept=tuple(field.name for field in _init_variables(cls) if field.required),
        apart=getattr(cls, "_apart", frozenset()),
        extras=_allows_extras(cls),
        plain_init=_has_plain_init(cls),
        data_type=cls._data_type(),
    )


def _meant(field: "dataclasses.Field[Any]", hints: dict[str, Any]) -> Any:
    hint = hints.get(field.name, Any)
    # Many write "score: float = None"; the default tells that None belongs to the type.
    return Optional[hint] if field.default is None else hint  # noqa: UP045  # a value, no annotation


def _allows_extras(cls: type) -> bool:
    maker = _maker(cls)
    if _is_pydantic(maker):
        return dict(getattr(maker, "__pydantic_config__", None) or {}).get("extra") == "allow"
    if _is_pydantic_v1(maker):
        extra = maker.__pydantic_model__.__config__.extra
        return str(getattr(extra, "value", "")) == "allow"
    # A generated constructor takes the declared fields only; ours, or one the user wrote, may set
    # more.
    return not _is_generated(maker)


def _has_plain_init(cls: type) -> bool:
    maker = _maker(cls)
    if _is_pydantic(maker) or _is_pydantic_v1(maker) or _init_variables(cls) or _has_slots(cls):
        return False
    return maker.__init__ is _root(cls).__init__ or _is_generated(maker)  # type: ignore[misc]


def _maker(cls: type) -> Any:
    """Return the class whose constructor makes the objects."""
    return next(base for base in cls.__mro__ if "__init__" in base.__dict__)


def _root(cls: type) -> type:
    return next(base for base in cls.__mro__ if base.__base__ is Structured)


def _init_variables(cls: type) -> tuple[Field, ...]:
    return tuple(
        Field(field.name, field.type, field.default, field.default_factory)
        for field in getattr(cls, _FIELDS).values()
        if field._field_type is dataclasses._FIELD_INITVAR  # type: ignore[attr-defined]
    )


@per_class
def _has_slots(cls: type[Any]) -> bool:
    return any("__slots__" in base.__dict__ for base in cls.__mro__[:-1])


def _is_generated(maker: type) -> bool:
    # dataclasses compiles its constructors from text; nothing else about them tells them from a
    # written one.
    code = getattr(maker.__init__, "__code__", None)  # type: ignore[misc]  # only looked at
    return code is not None and code.co_filename == "<string>"


def _is_pydantic(cls: type) -> bool:
    return "__pydantic_validator__" in cls.__dict__


def _is_pydantic_v1(cls: type) -> bool:
    return cls.__dict__.get("__pydantic_model__") is not None
