"""The fields of data object classes, the shapes of their types, and which attributes are extras.

They are computed once per class, when its first object is created, stored or loaded. By then,
decorators have been applied and the names in string annotations exist.
"""

import dataclasses
import inspect
import types
from collections.abc import Callable, Iterable
from functools import cache, cached_property
from itertools import repeat
from typing import Any, Optional, TypeVar

from kolena_local.errors import InputValidationError
from kolena_local.serialization import decorators
from kolena_local.serialization.classes import Structured
from kolena_local.serialization.hints import hints_of
from kolena_local.serialization.type_shapes import Shape, exact_types, shape_of

Made = TypeVar("Made")

_METHODS = (types.FunctionType, classmethod, staticmethod)

#: Checks to run at the first use of a class, when all of its annotations must be resolvable.
_checks: dict[type, Callable[[], None]] = {}


class ExtraName(str):
    """The name of an extra that begins with an underscore.

    A private attribute that the class itself sets is not part of the object; its key in
    ``__dict__`` is an ordinary ``str``.
    """


@dataclasses.dataclass(frozen=True)
class Field:
    """A field: its name, the shape of its type, and its default."""

    name: str
    shape: Shape
    #: Returns the value for an object that was created without the field; None if it must be given.
    make_default: Callable[[], Any] | None
    #: Whether the constructor takes it.
    init: bool
    #: Whether the constructor takes it by keyword only.
    kw_only: bool
    #: The types whose values need no conversion.
    exact_types: frozenset[type]

    @cached_property
    def is_required(self) -> bool:
        """Whether it must be given."""
        return self.init and self.make_default is None


@dataclasses.dataclass(frozen=True)
class ClassFields:
    """The fields of one class, and what else serialization knows about it."""

    cls: type[Structured]
    #: Every field, in order of declaration.
    all: tuple[Field, ...]
    #: The names of the fields that ``_derive`` computes; they are not stored.
    derived: frozenset[str]
    #: The fields that are stored, including the metadata of test samples.
    stored: tuple[Field, ...]
    #: All fields except those that are stored beside the payload.
    shown: tuple[Field, ...]
    #: The fields that are stored in the payload, not beside it.
    payload: tuple[Field, ...]
    #: The stored fields that are parameters of the constructor.
    given: tuple[Field, ...]
    #: The stored fields that the constructor computes (``init=False``).
    computed: tuple[Field, ...]
    #: The names of the fields that are compared for equality.
    compared: tuple[str, ...]
    #: Whether objects may have extras.
    extras: bool
    #: Whether some fields are in ``__slots__`` instead of ``__dict__``.
    slots: bool
    #: Whether pydantic decorated the class or one of its bases.
    is_pydantic: bool
    #: The attributes that a decorator adds to each object for its own use.
    marks: dict[str, Any]
    data_type: str | None
    #: The names of all fields and marks.
    names: frozenset[str]
    #: The names of the class's own attributes, such as methods.
    class_names: frozenset[str]
    #: Those of them that are cached properties and other descriptors, but not methods.
    caching: frozenset[str]

    def others(self, values: dict[str, Any]) -> list[str]:
        """Return the names of attributes that are neither fields nor cached by the class itself.

        They are the object's extras, if its class allows them, also where they hide a method or a
        constant of the class. Names that begin with an underscore are private to the class.

        Args:
            values: the object's ``__dict__``.
        """
        if len(values) == len(self.names) and self.names.issuperset(values):
            return []
        return [name for name in values if name not in self.names and self._counts(name)]

    def _counts(self, name: str) -> bool:
        if name.startswith("_"):
            return type(name) is ExtraName
        return name not in self.caching


def per_class(make: Callable[[type[Any]], Made]) -> Callable[[type[Any]], Made]:
    """Cache the result of a function for each class."""
    # Type checkers do not consider classes hashable, which functools.cache requires.
    cached: Any = cache(make)
    return cached  # type: ignore[no-any-return]


@per_class
def fields_of(cls: type[Any]) -> ClassFields:
    """Return the fields of a data object's class.

    Raises:
        InputValidationError: an annotation names something that cannot be found, the class extends
            a built-in type, or a descriptor keeps the values of a field.
    """
    if cls in _checks:
        _checks[cls]()
    hints, declared = hints_of(cls), decorators.declared_fields(cls)
    _check_restorable(cls, declared)
    fields = tuple(_field(field, hints.get(name, Any)) for name, field in declared.items())
    derived, marks = _derived_names(cls), decorators.marks(cls)
    stored = tuple(field for field in fields if field.name not in derived)
    shown = tuple(field for field in fields if field.name not in cls._stored_beside)
    given = tuple(field for field in stored if field.init)
    own = {name: it for base in reversed(cls.__mro__) for name, it in vars(base).items()}
    return ClassFields(
        cls=cls,
        all=fields,
        derived=derived,
        stored=stored,
        shown=shown,
        payload=tuple(field for field in shown if field in stored),
        given=given,
        computed=tuple(field for field in stored if not field.init),
        compared=tuple(name for name, field in declared.items() if field.compare),
        extras=decorators.allows_extras(cls),
        slots=any(vars(base).get("__slots__") for base in cls.__mro__),
        is_pydantic=decorators.is_pydantic(cls),
        marks=marks,
        data_type=None if "data_type" in declared else cls._data_type(),
        names=frozenset(declared) | marks.keys(),
        class_names=frozenset(own),
        caching=frozenset(
            name
            for name, it in own.items()
            if hasattr(it, "__get__") and not isinstance(it, _METHODS)
        ),
    )


def _check_restorable(cls: type[Structured], names: Iterable[str]) -> None:
    """Refuse a class whose objects cannot be restored without running its code."""
    if not inspect.isabstract(cls):
        try:
            object.__new__(cls)
        except TypeError:
            raise InputValidationError(
                f"{cls.__qualname__} cannot be stored, because it extends a built-in type; hold it"
                " in a field instead"
            ) from None
    for name in names:
        kept_by = type(inspect.getattr_static(cls, name, None))
        if hasattr(kept_by, "__set__") and kept_by is not types.MemberDescriptorType:
            raise InputValidationError(
                f"{cls.__qualname__}.{name} cannot be stored, because its values are kept by a"
                f" {kept_by.__name__}; give the field and the {kept_by.__name__} different names"
            )


def _field(field: "dataclasses.Field[Any]", hint: Any) -> Field:
    # "score: float = None" is common: a default of None makes the type optional.
    default, factory = decorators.defaults(field)
    shape = shape_of(Optional[hint] if default is None else hint)  # noqa: UP045  # a value
    make_default: Any = None
    if default is not dataclasses.MISSING:
        make_default = repeat(default).__next__
    elif factory is not dataclasses.MISSING:
        make_default = factory
    kw_only = field.kw_only is True
    return Field(field.name, shape, make_default, field.init, kw_only, exact_types(shape))


def _derived_names(cls: type[Structured]) -> frozenset[str]:
    """Return the names of the fields that can be recomputed from the others when loading.

    There are none if the class has its own ``__post_init__``, validators or constructor, which may
    change fields after the others were derived from them.
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
    """Register a check to run at the first use of a class."""
    _checks[cls] = check


def attribute(data_object: Structured, name: str) -> Any:
    """Return an attribute, or ``dataclasses.MISSING`` if it was never set."""
    try:
        # A user's __getattr__ may find something else.
        value = object.__getattribute__(data_object, name)
    except AttributeError:
        return dataclasses.MISSING
    # In an undecorated class, field(...) is still a class attribute.
    return dataclasses.MISSING if isinstance(value, dataclasses.Field) else value


def attributes(data_object: Structured, fields: ClassFields) -> dict[str, Any]:
    """Return the values of the fields that were set."""
    values = {field.name: attribute(data_object, field.name) for field in fields.all}
    return {name: value for name, value in values.items() if value is not dataclasses.MISSING}


def set_values(data_object: Structured, values: dict[str, Any], fields: ClassFields) -> None:
    """Set attributes of a frozen object."""
    if fields.slots:
        for name, value in values.items():
            object.__setattr__(data_object, name, value)
    else:
        data_object.__dict__.update(values)


def derive(data_object: Structured) -> None:
    """Set the derived fields of a new object."""
    fields = fields_of(type(data_object))
    if not fields.slots:
        data_object._derive(data_object.__dict__)
        return
    values = attributes(data_object, fields)
    data_object._derive(values)
    set_values(data_object, values, fields)
