"""The classes of data objects, and the names by which stored values say theirs.

A stored object names its class only where the declared type does not tell it. The name is looked up
among the classes that exist in this process: nothing is ever imported because a file says so.
"""

from typing import Any, ClassVar
from weakref import WeakValueDictionary

from kolena_local.payload import CLASS_KEY, is_class_name
from kolena_local.serialization.conversion import ConversionError


class Structured:
    """What has fields that are stored: the mark of data objects, whose base is ``DataObject``."""

    #: The name under which values of the class are known wherever no type is declared.
    _type_name: ClassVar[Any] = None

    #: Fields that are stored beside the payload, not in it.
    _stored_beside: ClassVar[frozenset[str]] = frozenset()

    #: Whether a value that does not fit its field is stored all the same. So it is with metrics,
    #: which are shown and compared, and never loaded into objects.
    _is_loose: ClassVar[bool] = False

    #: Computes the fields that follow from the others: sets them in the dict that it is given. Only
    #: for types of this package, whose computed fields are therefore not stored.
    _derive: ClassVar[Any] = None

    #: Refuses field values that do not go together; called by ``__post_init__``, and for what
    #: ``_from_dict`` is given. Only for types of this package.
    _check: ClassVar[Any] = None

    @classmethod
    def _data_type(cls) -> str | None:
        return cls._type_name  # type: ignore[no-any-return]  # as subclasses set it


#: The class that first claimed a data type: extras and data frames come back as objects of these.
BY_DATA_TYPE: dict[str | None, type[Structured]] = {}

#: The latest class of each module and qualified name.
_BY_NAME: WeakValueDictionary[tuple[str, str], type[Structured]] = WeakValueDictionary()


def register(cls: type[Structured]) -> None:
    """Let stored values find a class by its name, and by its data type if it is the first."""
    _BY_NAME[_name(cls)] = cls
    BY_DATA_TYPE.setdefault(cls._data_type(), cls)


def claimant(data_type: object) -> type[Structured] | None:
    """Return the class that first claimed a data type, None if it is not known."""
    return BY_DATA_TYPE.get(data_type) if isinstance(data_type, str) else None


def name_of(cls: type[Structured]) -> list[str]:
    """Return the name by which the class of a stored object can be found again.

    Raises:
        ConversionError: another class of the same name was defined later.
    """
    name = _name(cls)
    if _BY_NAME.get(name) is not cls:
        raise ConversionError(
            f"{cls.__qualname__} was defined again in {cls.__module__} since this object was made,"
            " so it could not be given back; make it with the newer class"
        )
    return list(name)


def is_named(value: dict[str, Any]) -> bool:
    """Tell whether the content of an object names its class."""
    return CLASS_KEY in value and is_class_name(value[CLASS_KEY])


def find_class(name: list[str], declared: type[Structured]) -> type[Structured]:
    """Return the class that a stored object says it has.

    Args:
        name: what is stored of the class.
        declared: the class that is declared where the object stands.

    Returns:
        The class; if it does not extend the declared one, and the only known class of the same
        qualified name that does is in another module (a script that is imported by now), that one.

    Raises:
        ConversionError: no such class exists in this process.
    """
    module, qualname = name
    found = _BY_NAME.get((module, qualname))
    if found is None or not issubclass(found, declared):
        same = [cls for key, cls in list(_BY_NAME.items()) if key[1] == qualname]
        same = [cls for cls in same if issubclass(cls, declared)]
        found = same[0] if len(same) == 1 else found
    if found is not None:
        return found
    raise ConversionError(
        f"the object is a {qualname:.100}, which is not defined here; import the module that"
        f" defines it ({module:.100}) first"
    )


def _name(cls: type) -> tuple[str, str]:
    return cls.__module__, cls.__qualname__
