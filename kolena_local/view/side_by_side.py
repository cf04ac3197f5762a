"""What is known of several models, one beside the other, with the differences marked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from kolena_local.payload import Json, dumps
from kolena_local.repository import Unit
from kolena_local.view.shortened import flat, short_value, shortened

_MISSING: Final = object()


class Fact(NamedTuple):
    """One field of what is known of the models.

    Attributes:
        name: the field; names of nested objects are dotted.
        values: the value of each model; None if it has none.
        differs: whether the models differ in it.
    """

    name: str
    values: list[Json]
    differs: bool


def side_by_side(objects: Iterable[Mapping[str, Json]]) -> list[Fact]:
    """Return the fields of an object of each model, in the order in which they occur."""
    each: list[dict[str, Any]] = [dict(flat(one)) for one in objects]
    names = dict.fromkeys(name for found in each for name in found)
    return [fact(name, [found.get(name, _MISSING) for found in each]) for name in names]


def differences(unit: Unit, *names: str) -> list[Fact]:
    """Return in what models differ: metadata, tags, and what was captured of them.

    Args:
        unit: a read in progress.
        *names: the names of the models.

    Raises:
        NotFoundError: there is no model of one of the names.
    """
    described = [unit.provenances.describe(unit.models.get(name)) for name in names]
    return [one for one in side_by_side(described) if one.differs]


def fact(name: str, values: Sequence[Any]) -> Fact:
    """Return a fact by its values."""
    # As text, because NaN is not equal to itself, and True is equal to 1.
    texts = {None if value is _MISSING else dumps(value) for value in values}
    shown = [None if value is _MISSING else short_value(value) for value in values]
    return Fact(shortened(name), shown, len(texts) > 1)
