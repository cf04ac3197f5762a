"""The annotations of classes, with string annotations resolved."""

import dataclasses
import inspect
import re
import typing
from collections.abc import Iterator
from typing import Any

from kolena_local.errors import InputValidationError
from kolena_local.serialization.decorators import has_own_pydantic_schema

_NO_ATTRIBUTE = re.compile(r"(\w+\.)?(KW_ONLY$|InitVar\b)")
_NO_ATTRIBUTES = (dataclasses.InitVar, type(dataclasses.KW_ONLY))


class UnresolvedAnnotationError(InputValidationError):
    """A string annotation has a name that is not defined, or not defined yet."""


def hints_of(cls: type) -> dict[str, Any]:
    """Return the resolved annotations of a class and its bases.

    Raises:
        InputValidationError: an annotation cannot be resolved.
    """
    bases = reversed(cls.__mro__)
    return {name: own_hint(base, name) for base in bases for name in own_names(base)}


def own_names(cls: type) -> Iterator[str]:
    """Iterate over the names that the body of a class annotates, except KW_ONLY and InitVar.

    These only say what the constructor takes. Python 3.10 cannot resolve them, so they are
    recognized by their text, as dataclasses do. pydantic 2.11 copies annotations of base classes.
    """
    copied: set[tuple[str, int]] = set()
    if has_own_pydantic_schema(cls):
        of_bases = (inspect.get_annotations(base).items() for base in cls.__mro__[1:])
        copied = {(name, id(hint)) for pairs in of_bases for name, hint in pairs}
    for name, hint in inspect.get_annotations(cls).items():
        is_text = isinstance(hint, str)
        says_how = _NO_ATTRIBUTE.match(hint) if is_text else isinstance(hint, _NO_ATTRIBUTES)
        if not says_how and (name, id(hint)) not in copied:
            yield name


def own_hint(cls: type, name: str) -> Any:
    """Return one resolved annotation from the body of a class itself.

    Raises:
        InputValidationError: the annotation cannot be resolved.
    """
    annotations = inspect.get_annotations(cls)
    alone = type(cls.__name__, (), {"__annotations__": {name: annotations[name]}})
    alone.__module__ = cls.__module__
    # Defaults are left out because a field may have the name of its type. For a field without a
    # type, make_dataclass writes the annotation "typing.Any".
    inside = {key: value for key, value in vars(cls).items() if key not in annotations}
    names = {"typing": typing, cls.__name__: cls, **inside}
    try:
        return typing.get_type_hints(alone, localns=names, include_extras=True)[name]
    except NameError as error:
        raise UnresolvedAnnotationError(
            f"The type of {cls.__qualname__}.{name} refers to {error.name!r}, which is not defined"
            f" in the module {cls.__module__}; move its definition to the top level of that module"
        ) from None
    except (AttributeError, SyntaxError, TypeError) as error:
        raise InputValidationError(
            f"{cls.__qualname__}.{name} has no usable type: {error}"
        ) from None
