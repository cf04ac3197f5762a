"""What annotations say: resolved when they are text, and shown as people write them.

Resolving is all that is done here; which types may be used is ``fields``' business.
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
    return {
        name: own_hint(base, name) for base in reversed(cls.__mro__) for name in own_names(base)
    }


def own_names(cls: type) -> tuple[str, ...]:
    """Return the names annotated in the very body of a class, in order."""
    return tuple(inspect.get_annotations(cls))


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


def is_class(hint: Any, *bases: type) -> bool:
    """Tell whether a type is a plain class, and if bases are given, a subclass of one."""
    # list[int] passes for a class on Python 3.10, and Any since 3.11.
    plain = isinstance(hint, type) and hint is not Any and typing.get_origin(hint) is None
    return plain and (not bases or issubclass(hint, bases))


def shown_hint(hint: Any) -> str:
    """Return a type as messages show it."""
    if is_class(hint):
        return str(hint.__name__)
    return str(hint).replace("collections.abc.", "").replace("typing.", "")
