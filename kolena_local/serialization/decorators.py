"""What the decorators of dataclasses, pydantic 2 and pydantic 1 leave on a class.

They say so in private names only, so no other module asks for them. Checked with Python 3.10 to
3.13 and pydantic 2.11 to 2.14 (``tests/serialization/test_decorators.py``).
"""

import dataclasses
import inspect
from typing import Any

#: pydantic 1 leaves this in the ``__dict__`` of every object that it has made.
PYDANTIC_1_MARK = "__pydantic_initialised__"


def is_decorated(cls: type) -> bool:
    """Tell whether a dataclass decorator was applied to the class itself, not to a base."""
    return type(vars(cls).get("__dataclass_fields__")) is dict


def is_pydantic(cls: type) -> bool:
    """Tell whether pydantic's dataclass decorator was applied to the class or to one of its bases.

    pydantic's core reads and writes such a class by the validators and serializers that it has
    found there, whatever schema it is given.
    """
    return any("__pydantic_decorators__" in vars(base) for base in cls.__mro__)


def is_standard(cls: type) -> bool:
    """Tell whether the decorator of the standard library alone was applied to the class itself."""
    return is_decorated(cls) and not (is_pydantic(cls) or marks(cls))


def has_own_pydantic_schema(cls: type) -> bool:
    """Tell whether pydantic 2 knows how to validate the class itself."""
    return "__pydantic_decorators__" in vars(cls)


def constructing_class(cls: type) -> type[Any]:
    """Return the class among the bases (or the class itself) whose ``__init__`` makes objects."""
    return next(base for base in cls.__mro__ if "__init__" in vars(base))


def allows_extras(cls: type) -> bool:
    """Tell whether objects may have attributes beyond their fields.

    A constructor that a decorator has generated takes the declared fields only, unless pydantic was
    told otherwise; the one of ``DataObject``, or one that the user has written, may set more.
    """
    maker = constructing_class(cls)
    if has_own_pydantic_schema(maker):
        return dict(getattr(maker, "__pydantic_config__", None) or {}).get("extra") == "allow"
    model = vars(maker).get("__pydantic_model__")
    if model is not None:
        return str(getattr(model.__config__.extra, "value", "")) == "allow"
    return not (is_decorated(maker) and maker.__dataclass_params__.init)


def marks(cls: type) -> dict[str, Any]:
    """Return the attributes that a decorator keeps in each object for itself."""
    by_pydantic_1 = vars(constructing_class(cls)).get("__pydantic_model__") is not None
    return {PYDANTIC_1_MARK: True} if by_pydantic_1 else {}


def declared_fields(cls: type) -> "dict[str, dataclasses.Field[Any]]":
    """Return the dataclass fields of a class, where no decorator was applied those it would have.

    Args:
        cls: a class whose annotations, and those of its bases, are its fields.
    """
    fields: dict[str, dataclasses.Field[Any]] = {}
    for base in reversed(cls.__mro__[:-1]):
        source: Any = base if is_decorated(base) else _twin(base)
        fields.update({field.name: field for field in dataclasses.fields(source)})
    return fields


def _twin(cls: type) -> type:
    # A class without bases lets the standard library read annotations and defaults, while the
    # original keeps its attributes.
    own = inspect.get_annotations(cls)
    defaults = {name: vars(cls)[name] for name in own if name in vars(cls)}
    body = {"__annotations__": own, "__module__": cls.__module__, "__doc__": cls.__name__}
    twin = type(cls.__name__, (), {**body, **defaults})
    return dataclasses.dataclass(init=False, repr=False, eq=False)(twin)
