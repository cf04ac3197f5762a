"""``DataObject``, the base class of everything that is stored.

Data objects have frozen fields, may have extra attributes, and are compared by value. A subclass
may be a standard dataclass, a dataclass of pydantic 2 or of ``pydantic.v1``, or an undecorated
class with annotations. In the last case, which is also how this package defines its own types, the
annotations become fields, and the constructor converts its arguments and keeps unknown keyword
arguments as extras.
"""

import dataclasses
import inspect
from abc import ABCMeta
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, TypeVar

from kolena_local.serialization import construct
from kolena_local.serialization.classes import Structured, register
from kolena_local.serialization.conversion import ConversionError, Leniency
from kolena_local.serialization.decorators import (
    constructing_class,
    declared_fields,
    has_own_pydantic_schema,
    is_decorated,
)
from kolena_local.serialization.fields import (
    attribute,
    attributes,
    fields_of,
    per_class,
    set_values,
)
from kolena_local.serialization.restore import read_object, restore
from kolena_local.serialization.write import to_dict

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: Any) -> Any:
        """Do nothing at run time; only type checkers need it."""
        return lambda decorated: decorated


Self = TypeVar("Self", bound="DataObject")


class _Signature:
    """Gives ``inspect.signature`` the parameters of each class, where all share ``__init__``."""

    def __get__(self, instance: object, owner: type["DataObject"]) -> inspect.Signature:
        if "_takes_fields" not in vars(constructing_class(owner)):
            raise AttributeError("__signature__")
        return construct.signature(owner)


class _Fields(dict[str, "dataclasses.Field[Any]"]):
    """Gives the standard library and pydantic the fields of an undecorated class.

    It is a dict, an empty one, because pydantic also looks it up in ``__dict__`` of each base.
    """

    def __get__(self, instance: object, owner: type) -> "dict[str, dataclasses.Field[Any]]":
        if not issubclass(owner, Structured):
            raise AttributeError("__dataclass_fields__")
        # A decorator may still change the class.
        return declared_fields(owner) if instance is None else _known_fields(owner)


_known_fields = per_class(declared_fields)


class _NoValidator:
    """Keeps pydantic 2.11 from treating an undecorated class as a standard dataclass.

    It would replace the class by a subclass of it.
    """

    def __get__(self, instance: object, owner: type) -> None:
        if is_decorated(owner):
            raise AttributeError("__pydantic_validator__")


class DataObjectType(ABCMeta):
    """The metaclass of data objects.

    The methods that a decorator generates know only the fields of the decorated class. An
    undecorated subclass with more annotations therefore gets the general methods of ``DataObject``
    again, before those of its base. If it is decorated later, its own methods come before both.
    """

    def __new__(
        mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwargs: Any
    ) -> Any:
        """Create a class."""
        if "_type_name" in namespace:
            # Makes subclasses of an abstract base, such as Annotation, concrete.
            namespace.setdefault("_data_type", vars(Structured)["_data_type"])
        annotates = any(key.startswith("__annot") for key in namespace)
        makers = [constructing_class(base) for base in bases if issubclass(base, Structured)]
        if annotates and any(map(is_decorated, makers)) and "__init__" not in namespace:
            general = {key: vars(DataObject)[key] for key in _GENERAL}
            bases = (type("GeneralMethods", (), {"__slots__": (), **general}), *bases)
        return super().__new__(mcs, name, bases, namespace, **kwargs)


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
class DataObject(Structured, metaclass=DataObjectType):
    """The base of everything that is stored: samples, ground truths, inferences, metrics, boxes.

    Objects are frozen. They are equal if they have the same class and equal fields; extras are
    stored but not compared.
    """

    #: Marks classes whose ``__init__`` is the general one, which takes the fields of any class.
    _takes_fields = True

    # The standard library and pydantic look these up in a base class.
    __dataclass_fields__ = _Fields()
    __dataclass_params__ = vars(dataclasses.make_dataclass("Frozen", (), frozen=True))[
        "__dataclass_params__"
    ]
    __signature__ = _Signature()
    __pydantic_validator__ = _NoValidator()
    # Without it, pydantic 1 treats a subclass that adds no field as a standard dataclass, and
    # replaces it by something that is not a class.
    __pydantic_model__ = None

    def __init__(self, /, *args: Any, **kwargs: Any) -> None:
        construct.fill(self, args, kwargs)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        register(cls)

    def _to_dict(self) -> "OrderedDict[str, Any]":
        """Return fields, including derived ones, and extras as JSON values, ``data_type`` last.

        Raises:
            InputValidationError: a value cannot be written as JSON; the message has its path.
        """
        return to_dict(self)

    toDict = _to_dict  # pandas calls it by this name when it writes JSON

    @classmethod
    def _from_dict(cls: type[Self], value: dict[str, Any]) -> Self:
        """Restore an object from what :meth:`_to_dict` returned, without calling a constructor.

        Raises:
            InputValidationError: a value is missing or does not fit its field; the message has its
                path.
        """
        return restore(cls, value)

    def __setattr__(self, name: str, value: Any) -> None:
        raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return _compared(self) == _compared(other)

    def __hash__(self) -> int:
        return hash(tuple(_compared(self)))

    def __getstate__(self) -> dict[str, Any]:
        fields = fields_of(type(self))
        return {**attributes(self, fields), **self.__dict__} if fields.slots else self.__dict__

    def __setstate__(self, state: dict[str, Any]) -> None:
        set_values(self, state, fields_of(type(self)))

    def __repr__(self) -> str:
        return _show(self, [field.name for field in fields_of(type(self)).all])

    def __str__(self) -> str:
        fields = fields_of(type(self))
        extras = fields.others(self.__dict__) if fields.extras else []
        return _show(self, [field.name for field in fields.all] + extras)

    @classmethod
    def __get_validators__(cls) -> Any:
        """Let pydantic 1 accept objects, and dicts in place of objects."""
        yield lambda value: _validated(cls, value)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Do the same for pydantic 2, except for classes that pydantic has decorated."""
        from pydantic_core import core_schema

        if has_own_pydantic_schema(cls):
            return handler(source)
        return core_schema.no_info_plain_validator_function(lambda value: _validated(cls, value))


#: The attributes that an undecorated class must not inherit from a decorated base.
_GENERAL = (
    "_takes_fields",
    "__init__",
    "__eq__",
    "__hash__",
    "__repr__",
    "__getstate__",
    "__setstate__",
    "__dataclass_fields__",
    "__signature__",
)


def _validated(cls: type[Self], value: Any) -> Self:
    try:
        return read_object(value, cls, Leniency.LOOSE)  # type: ignore[no-any-return]
    except ConversionError as error:
        raise ValueError(f"{error.problem} at ${error.path}") from None


def _compared(data_object: DataObject) -> list[Any]:
    return [attribute(data_object, name) for name in fields_of(type(data_object)).compared]


def _show(data_object: DataObject, names: list[str]) -> str:
    shown = ", ".join(f"{name}={getattr(data_object, name, None)!r}" for name in names)
    return f"{type(data_object).__qualname__}({shown})"
