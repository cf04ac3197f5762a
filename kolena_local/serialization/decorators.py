"""How a class was decorated: by the standard library, pydantic 2 or pydantic 1.

Only private attributes tell, and this is the only module that reads them. Tested with Python 3.10
to 3.13 and pydantic 2.11 to 2.14 (``tests/serialization/test_decorators.py``).
"""

import dataclasses
import inspect
from typing import Any

#: pydantic 1 sets this in the ``__dict__`` of every object that it creates.
PYDANTIC_1_MARK = "__pydantic_initialised__"

_FIELD_INFOS = {("pydantic.fields", "FieldInfo"), ("pydantic.v1.fields", "FieldInfo")}


def is_decorated(cls: type) -> bool:
    """Return whether a dataclass decorator was applied to the class itself."""
    return type(vars(cls).get("__dataclass_fields__")) is dict


def is_pydantic(cls: type) -> bool:
    """Return whether pydantic's dataclass decorator was applied to the class or one of its bases.

    For such a class, pydantic's core uses the validator and serializer that it finds there,
    whatever schema it is given.
    """
    return any("__pydantic_decorators__" in vars(base) for base in cls.__mro__)


def is_standard(cls: type) -> bool:
    """Return whether only the standard library's decorator was applied to the class itself."""
    return is_decorated(cls) and not (is_pydantic(cls) or marks(cls))


def has_own_pydantic_schema(cls: type) -> bool:
    """Return whether pydantic 2 decorated the class itself."""
    return "__pydantic_decorators__" in vars(cls)


def constructing_class(cls: type) -> type[Any]:
    """Return the class, the given one or a base, that defines ``__init__``."""
    return next(base for base in cls.__mro__ if "__init__" in vars(base))


def allows_extras(cls: type) -> bool:
    """Return whether objects may have extras.

    A generated constructor takes the declared fields only, unless pydantic is configured otherwise;
    the one of ``DataObject``, or a user's own, may set more attributes.
    """
    maker = constructing_class(cls)
    if has_own_pydantic_schema(maker):
        return dict(getattr(maker, "__pydantic_config__", None) or {}).get("extra") == "allow"
    model = vars(maker).get("__pydantic_model__")
    if model is not None:
        return str(getattr(model.__config__.extra, "value", "")) == "allow"
    return not (is_decorated(maker) and maker.__dataclass_params__.init)


def marks(cls: type) -> dict[str, Any]:
    """Return the attributes that a decorator adds to each object for its own use."""
    by_pydantic_1 = vars(constructing_class(cls)).get("__pydantic_model__") is not None
    return {PYDANTIC_1_MARK: True} if by_pydantic_1 else {}


def defaults(field: "dataclasses.Field[Any]") -> tuple[Any, Any]:
    """Return the default and the default factory of a field; ``dataclasses.MISSING`` for none.

    What pydantic's ``Field()`` returns is the field's default to the standard library.
    """
    given: Any = field.default
    kind = type(given)
    if (kind.__module__, kind.__name__) not in _FIELD_INFOS:
        return given, field.default_factory
    if getattr(given, "default_factory_takes_validated_data", False):
        return dataclasses.MISSING, dataclasses.MISSING  # computed from fields that pydantic reads
    if given.default_factory is not None:
        return dataclasses.MISSING, given.default_factory
    is_required = given.default is ... or repr(given.default) == "PydanticUndefined"
    return dataclasses.MISSING if is_required else given.default, dataclasses.MISSING


def declared_fields(cls: type) -> "dict[str, dataclasses.Field[Any]]":
    """Return the dataclass fields of a class, including those of undecorated classes.

    Args:
        cls: the class; the annotations of undecorated classes are taken as fields.
    """
    fields: dict[str, dataclasses.Field[Any]] = {}
    for base in reversed(cls.__mro__[:-1]):
        source: Any = base if is_decorated(base) else _twin(base)
        fields.update({field.name: field for field in dataclasses.fields(source)})
    return fields


def _twin(cls: type) -> type:
    # The decorator changes the class it is applied to, so it gets a copy without bases.
    own = inspect.get_annotations(cls)
    defaults = {name: vars(cls)[name] for name in own if name in vars(cls)}
    body = {"__annotations__": own, "__module__": cls.__module__, "__doc__": cls.__name__}
    twin = type(cls.__name__, (), {**body, **defaults})
    return dataclasses.dataclass(init=False, repr=False, eq=False)(twin)
