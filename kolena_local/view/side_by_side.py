"""What is known of several models, one beside the other, with the differences marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from kolena_local.payload import Json, dumps
from kolena_local.repository.records import ModelRecord
from kolena_local.view.shortened import flat, short_value, shortened

_MISSING: Final = object()


class Fact(NamedTuple):
    """One key of the models' metadata.

    Attributes:
        name: the key; keys of nested objects are dotted.
        values: the value of each model; None if it has none.
        differs: whether the models differ in it.
    """

    name: str
    values: list[Json]
    differs: bool


def metadata_side_by_side(models: Sequence[ModelRecord]) -> list[Fact]:
    """Return the keys of the models' metadata, in the order in which they occur."""
    each: list[dict[str, Any]] = [dict(flat(model.metadata)) for model in models]
    names = dict.fromkeys(name for found in each for name in found)
    return [fact(name, [found.get(name, _MISSING) for found in each]) for name in names]


def fact(name: str, values: Sequence[Any]) -> Fact:
    """Return a fact by its values."""
    # As text, because NaN is not equal to itself, and True is equal to 1.
    texts = {None if value is _MISSING else dumps(value) for value in values}
    shown = [None if value is _MISSING else short_value(value) for value in values]
    return Fact(shortened(name), shown, len(texts) > 1)
