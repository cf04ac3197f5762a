"""The annotations of classes, resolved when they are text.

What a resolved type means to serialization is the business of ``type_shapes``.
"""

import inspect
import typing
from typing import Any

from kolena_local.errors import InputValidationError


class UnresolvedAnnotationError(InputValidationError):
    """An annotation is text that names something which is not there, or not there yet."""


def hints_of(cls: type) -> dict[str, Any]:
    """Return the resolved annotations of a class and its bases.

    Raises:
        InputValidationError: an annotation names something that cannot be found.
    """
    bases = reversed(cls.__mro__)
    return {name: own_hint(base, name) for base in bases for name in inspect.get_annotations(base)}


def own_hint(cls: type, name: str) -> Any:
    """Return one resolved annotation of the very body of a class.

    Raises:
        InputValidationError: the annotation names something that cannot be found.
    """
    annotations = inspect.get_annotations(cls)
    alone = type(cls.__name__, (), {"__annotations__": {name: annotations[name]}})
    alone.__module__ = cls.__module__
    # A field may be named like its type, so defaults are no names of types. The standard library
    # itself writes "typing.Any" where make_dataclass is given a name alone.
    inside = {key: value for key, value in vars(cls).items() if key not in annotations}
    names = {"typing": typing, cls.__name__: cls, **inside}
    try:
        return typing.get_type_hints(alone, localns=names, include_extras=True)[name]
    except NameError as error:
        raise UnresolvedAnnotationError(
            f"{cls.__qualname__}.{name} has a type that names {error.name!r}, which cannot be found"
            f" from the module {cls.__module__}; move the class or type of that name to the top"
            " level of that module"
        ) from None
    except (AttributeError, SyntaxError, TypeError) as error:
        raise InputValidationError(
            f"{cls.__qualname__}.{name} has no usable type: {error}"
        ) from None
