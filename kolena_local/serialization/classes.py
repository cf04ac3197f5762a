"""The registry of data object classes, and the names that stored values refer to them by.

A stored object names its class only where the declared type does not determine it. The name is
looked up among the classes that exist in this process; nothing is imported because a file says so.
"""

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar
from weakref import WeakValueDictionary

from kolena_local.payload import CLASS_KEY, is_class_name
from kolena_local.serialization.conversion import ConversionError


class Structured:
    """The root of all data object classes; users extend ``DataObject``, never this class."""

    #: The data type that identifies values of the class where no type is declared.
    _type_name: ClassVar[Any] = None

    #: Fields that are stored beside the payload, not in it.
    _stored_beside: ClassVar[frozenset[str]] = frozenset()

    #: Whether a value that does not fit its field is stored anyway. True for metrics, which are
    #: shown and compared but never loaded into objects.
    _is_loose: ClassVar[bool] = False

    #: Computes derived fields from the other fields and sets them in the given dict. Only for types
    #: of this package; such fields are not stored.
    _derive: ClassVar[Any] = None

    #: Refuses field values that contradict each other: a ``__post_init__`` that ``_from_dict`` also
    #: calls. Only for types of this package.
    _check: ClassVar[Any] = None

    @classmethod
    def _data_type(cls) -> str | None:
        return cls._type_name  # type: ignore[no-any-return]  # as subclasses set it


#: As ``_data_type`` of a base class, it makes Python refuse to create objects of that class. In
#: subclasses ``_type_name`` is enough, which type checkers cannot know.
ABSTRACT: Any = classmethod(abstractmethod(lambda cls: None))

#: The first class registered for each data type; extras and cells of data frames come back as it.
BY_DATA_TYPE: dict[str | None, type[Structured]] = {}

#: The latest class for each pair of module and qualified name.
_BY_NAME: WeakValueDictionary[tuple[str, str], type[Structured]] = WeakValueDictionary()


def register(cls: type[Structured]) -> None:
    """Register a class under its name, and under its data type if no other class has it yet."""
    _BY_NAME[_name(cls)] = cls
    BY_DATA_TYPE.setdefault(cls._data_type(), cls)


def claimant(data_type: object) -> type[Structured] | None:
    """Return the first class registered for a data type, or None if the data type is unknown."""
    return BY_DATA_TYPE.get(data_type) if isinstance(data_type, str) else None


def name_of(cls: type[Structured]) -> list[str]:
    """Return the module and qualified name that a stored object's class is found by.

    Raises:
        ConversionError: another class with the same name was defined later.
    """
    name = _name(cls)
    if _BY_NAME.get(name) is not cls:
        raise ConversionError(
            f"{cls.__qualname__} was redefined in {cls.__module__} after this object was created,"
            " so it could not be loaded again; create it with the new class"
        )
    return list(name)


def is_named(value: dict[str, Any]) -> bool:
    """Return whether the content of an object names its class."""
    return CLASS_KEY in value and is_class_name(value[CLASS_KEY])


def find_class(name: list[str], declared: type[Structured]) -> type[Structured]:
    """Return the class that a stored object names.

    Args:
        name: the stored module and qualified name.
        declared: the class that the field is declared as.

    Returns:
        The class of that name. If there is none, or it does not extend ``declared``, a class with
        the same qualified name in another module is used if it is the only one that does: a script
        has another module name once it is imported. Otherwise, an earlier definition that does.

    Raises:
        ConversionError: there is no such class in this process.
    """
    module, qualname = name
    found = _BY_NAME.get((module, qualname))
    if found is None or not issubclass(found, declared):
        same = [cls for key, cls in list(_BY_NAME.items()) if key[1] == qualname]
        same = [cls for cls in same if issubclass(cls, declared)]
        if not same:  # in a notebook, both may have been defined again since
            same = [cls for cls in _below(declared) if cls.__qualname__ == qualname][-1:]
        found = same[0] if len(same) == 1 else found
    if found is not None:
        return found
    raise ConversionError(
        f"the object is an instance of {qualname:.100}, which is not defined here; import the"
        f" module that defines it ({module:.100}) first"
    )


def _below(cls: type[Structured]) -> Iterator[type[Structured]]:
    for below in cls.__subclasses__():
        yield below
        yield from _below(below)


def _name(cls: type) -> tuple[str, str]:
    return cls.__module__, cls.__qualname__
