"""The texts by which objects are known: the canonical form, and what is probably stored of them.

Test samples are mostly a locator, and are asked for these whenever they are given. So both are
written by compiled functions where a class has texts and whole numbers only.
"""

from collections.abc import Callable, Sequence
from typing import Any

from kolena_local.payload import canonical
from kolena_local.serialization.compiled import compiled_canonical, compiled_payloads
from kolena_local.serialization.encode import encode
from kolena_local.serialization.layout import Structured, layout_of, per_class


def canonical_text(data_object: Structured) -> str:
    """Return the canonical form of a data object's content, of which its digest is made.

    Raises:
        InputValidationError: as ``encode``.
    """
    write = _canonical_writer(type(data_object))
    text: str | None = write(data_object) if write is not None else None
    return canonical(encode(data_object)) if text is None else text


def probable_payloads(cls: type[Any], data_objects: Sequence[Structured]) -> list[str] | None:
    """Return the texts under which objects of exactly one class are probably stored.

    Returns:
        For each object a text that nothing else has, whether anything has it or not; None if
        writing the objects takes no longer.
    """
    write = _probable_writer(cls)
    try:
        return None if write is None else write(data_objects)
    except (AttributeError, TypeError, ValueError):
        return None  # what is wrong with them is said where they are written


@per_class
def _probable_writer(cls: type[Any]) -> Callable[[Sequence[Any]], list[str]] | None:
    return compiled_payloads(layout_of(cls))


@per_class
def _canonical_writer(cls: type[Any]) -> Callable[[Any], Any] | None:
    return compiled_canonical(layout_of(cls))
