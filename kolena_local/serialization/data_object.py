"""What every stored object is: frozen fields, extra attributes beside them, and equality by value.

A user extends a ``DataObject`` in one of four ways, and all of them work: as a standard dataclass,
as a dataclass of pydantic 2 or of ``pydantic.v1``, or with annotations alone. In the last way,
which is also how this package writes its own types, the annotations become fields, the constructor
converts what it is given and keeps keyword arguments that are not fields as extra attributes.
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
from kolena_local.serialization.fields import attribute, fields_of, per_class
from kolena_local.serialization.restore import read_object, restore
from kolena_local.serialization.write import to_dict

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: Any) -> Any:
        """Stand in at run time for what only type checkers read."""
        return lambda decorated: decorated


Self = TypeVar("Self", bound="DataObject")


class _Signature:
    """Shows ``inspect.signature`` a class's own parameters, though constructors are shared."""

    def __get__(self, instance: object, owner: type["DataObject"]) -> inspect.Signature:
        if "_takes_fields" not in vars(constructing_class(owner)):
            raise AttributeError("__signature__")
        return construct.signature(owner)


class _Fields(dict[str, "dataclasses.Field[Any]"]):
    """Shows the standard library and pydantic the fields of an undecorated class.

    It is an empty dict for pydantic, which also looks into ``__dict__`` of each base.
    """

    def __get__(self, instance: object, owner: type) -> "dict[str, dataclasses.Field[Any]]":
        if not issubclass(owner, Structured):
            raise AttributeError("__dataclass_fields__")
        if instance is None:  # a decorator may be at work
            return declared_fields(owner)
        return _known_fields(owner)


_known_fields = per_class(declared_fields)


class _NoValidator:
    """Keeps pydantic 2.11 from taking an undecorated class for a standard dataclass.

    It would make a subclass of it then, which is not the class that the user has written.
    """

    def __get__(self, instance: object, owner: type) -> None:
        if is_decorated(owner):
            raise AttributeError("__pydantic_validator__")


class DataObjectType(ABCMeta):
    """The class of data objects' classes.

    A decorator generates a constructor and comparisons that know only the fields of that class. If
    an undecorated class then adds annotations, these must be fields all the same; so the general
    methods are put before those of the decorated base. Should the class be decorated after all, it
    gets methods of its own, which come before both.
    """

    def __new__(
        mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwargs: Any
    ) -> Any:
        """Make a class."""
        if "_type_name" in namespace:
            # A base may be abstract because it lacks this method.
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

    Objects are frozen. Two are equal when they are of one class and their fields are equal; extra
    attributes are stored but not compared.
    """

    #: Marks the classes whose ``__init__`` takes what the fields of the object's class say.
    _takes_fields = True

    def __init__(self, /, *args: Any, **kwargs: Any) -> None:
        construct.fill(self, args, kwargs)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        register(cls)

    def _to_dict(self) -> "OrderedDict[str, Any]":
        """Return fields, derived fields and extras as JSON values, ``data_type`` last.

        Raises:
            InputValidationError: a value cannot be written as JSON; the message has its path.
        """
        return to_dict(self)

    toDict = _to_dict  # the name by which pandas finds it when it writes JSON

    @classmethod
    def _from_dict(cls: type[Self], value: dict[str, Any]) -> Self:
        """Restore an object from what :meth:`_to_dict` returned; no constructor runs.

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

    def __repr__(self) -> str:
        return _show(self, [field.name for field in fields_of(type(self)).all])

    def __str__(self) -> str:
        fields = fields_of(type(self))
        extras = fields.others(self.__dict__) if fields.extras else []
        return _show(self, [field.name for field in fields.all] + extras)

    @classmethod
    def __get_validators__(cls) -> Any:
        """Tell pydantic 1 how a field is read: an object as it is, a dict as its content."""
        yield lambda value: _validated(cls, value)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Tell pydantic 2 the same; a class that pydantic decorates keeps pydantic's own way."""
        from pydantic_core import core_schema

        if has_own_pydantic_schema(cls):
            return handler(source)
        return core_schema.no_info_plain_validator_function(lambda value: _validated(cls, value))


# The standard library and pydantic ask a base class for these.
_MARKS: dict[str, Any] = {
    "__dataclass_fields__": _Fields(),
    "__dataclass_params__": vars(dataclasses.make_dataclass("Frozen", (), frozen=True))[
        "__dataclass_params__"
    ],
    "__signature__": _Signature(),
    "__pydantic_validator__": _NoValidator(),
    # Without it, pydantic 1 takes a subclass that adds no field for a standard dataclass, and makes
    # something of it that is not a class.
    "__pydantic_model__": None,
}
for _name, _mark in _MARKS.items():
    setattr(DataObject, _name, _mark)

#: What a decorated base must not decide for an undecorated class that extends it.
_GENERAL = (
    *("_takes_fields", "__init__", "__eq__", "__hash__", "__repr__"),
    *("__dataclass_fields__", "__signature__"),
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
