"""What every stored object is: frozen fields, extra attributes beside them, and equality by value.

A user extends a ``DataObject`` in one of four ways, and all of them work: as a standard dataclass,
as a dataclass of pydantic 2 or of ``pydantic.v1``, or with annotations alone. In the last way,
which is also how this package writes its own types, the annotations become fields, the constructor
converts what it is given and keeps keyword arguments that are no fields as extra attributes.
"""

import dataclasses
import inspect
from abc import ABCMeta
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from kolena_local.serialization import construct, decode, encode
from kolena_local.serialization.layout import Structured, layout_of, settle

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: Any) -> Any:
        """Stand in at run time for what only type checkers read."""
        return lambda decorated: decorated


Self = TypeVar("Self", bound="DataObject")
ObjectType = TypeVar("ObjectType", bound=type["DataObject"])


class _Signature:
    """Shows ``inspect.signature`` a class's own parameters, though constructors are shared."""

    def __get__(self, instance: object, owner: type["DataObject"]) -> inspect.Signature:
        init = owner.__init__
        if init is DataObject.__init__:
            return construct.signature(owner)
        signature = inspect.signature(init)
        return signature.replace(parameters=list(signature.parameters.values())[1:])


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
class DataObject(Structured, metaclass=ABCMeta):
    """The base of everything that is stored: samples, ground truths, inferences, metrics, boxes.

    Objects are frozen. Two are equal when they are of one class and their fields are equal; extra
    attributes are stored but not compared.
    """

    #: Fields that are stored beside the payload, not in it.
    _apart: ClassVar[frozenset[str]] = frozenset()

    __signature__: ClassVar[Any] = _Signature()

    def __init__(self, /, *args: Any, **kwargs: Any) -> None:
        construct.fill(self, args, kwargs)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for base in reversed(cls.__mro__[1:]):
            if issubclass(base, DataObject):
                settle(base)
        if "_data_type" in cls.__dict__:
            decode.register(cls)
        if cls.__init__ is not DataObject.__init__ and not {"__init__", "__new__"} & set(vars(cls)):
            # The constructor of a decorated base knows nothing of this class's annotations. Whether
            # a decorator is to come cannot be seen yet, so each object asks; __new__ cannot be
            # taken away again, because object.__new__ would then refuse the constructor's
            # arguments.
            cls.__new__ = _settle_then_make  # type: ignore[assignment]

    @classmethod
    def _data_type(cls) -> str | None:
        """Return the name by which the store knows values of this class, None when it has none."""
        return None

    def _to_dict(self) -> "OrderedDict[str, Any]":
        """Return fields, derived fields and extras as JSON values, ``data_type`` last.

        Raises:
            InputValidationError: a value cannot be written as JSON; the message has its path.
        """
        return encode.to_dict(self)

    toDict = _to_dict  # the name by which pandas finds it when it writes JSON

    @classmethod
    def _from_dict(cls: type[Self], value: dict[str, Any]) -> Self:
        """Make an object of what :meth:`_to_dict` returned.

        Raises:
            InputValidationError: a value is missing or does not fit its field; the message has its
                path.
        """
        return decode.decode(cls, value)

    def __setattr__(self, name: str, value: Any) -> None:
        raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return _compared(self) == _compared(other)

    def __hash__(self) -> int:
        return hash(_compared(self))

    def __repr__(self) -> str:
        return _show(self, layout_of(type(self)).names)

    def __str__(self) -> str:
        layout = layout_of(type(self))
        extras = layout.extra_names(self.__dict__) if layout.extras else ()
        return _show(self, layout.names + extras)

    @classmethod
    def __get_validators__(cls) -> Any:
        """Tell pydantic 1 how a field is read: an object as it is, a dict as its content."""
        yield lambda value: decode.decode(cls, value)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Tell pydantic 2 the same; a class that pydantic decorates keeps pydantic's own way."""
        from pydantic_core import core_schema

        if "__pydantic_decorators__" in cls.__dict__:
            return handler(source)
        return core_schema.no_info_plain_validator_function(lambda value: decode.decode(cls, value))


# The standard library and pydantic ask a base class for these two; there are no fields here yet.
DataObject.__dataclass_fields__ = {}  # type: ignore[attr-defined]
DataObject.__dataclass_params__ = dataclasses.dataclass(frozen=True)(  # type: ignore[attr-defined]
    type("Frozen", (), {})
).__dataclass_params__


# Without it, pydantic 1 takes a subclass that adds no field for a standard dataclass, and makes
# something of it that is no class.
DataObject.__pydantic_model__ = None  # type: ignore[attr-defined]


def data_object(cls: ObjectType) -> ObjectType:
    """Make an undecorated class's annotations its fields now, not at its first object.

    Args:
        cls: a subclass of :class:`DataObject` that no dataclass decorator is put on.

    Returns:
        The same class.
    """
    settle(cls)
    return cls


def _settle_then_make(cls: type[Self], /, *args: Any, **kwargs: Any) -> Self:
    settle(cls)
    return object.__new__(cls)


def _compared(data_object: DataObject) -> tuple[Any, ...]:
    return tuple(getattr(data_object, name) for name in layout_of(type(data_object)).compared)


def _show(data_object: DataObject, names: tuple[str, ...]) -> str:
    shown = ", ".join(f"{name}={getattr(data_object, name, None)!r}" for name in names)
    return f"{type(data_object).__qualname__}({shown})"
