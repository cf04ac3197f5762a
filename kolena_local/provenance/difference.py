"""How two captured provenances, or any two JSON objects, differ."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from kolena_local.provenance.capture import Provenance


class Difference(NamedTuple):
    """A field in which two models, or what was captured of them, differ.

    Attributes:
        field: its name, such as ``metadata.seed`` or ``provenance.packages.numpy``.
        first: the value in the first; None if it does not have the field.
        second: the value in the second; None if it does not have the field.
    """

    field: str
    first: Any
    second: Any


def diff(first: Provenance, second: Provenance) -> list[Difference]:
    """Return how two captured provenances differ, field by field.

    Args:
        first: what :func:`capture` returned, or a model's ``load_provenance()``.
        second: the same for another moment or model.
    """
    return differences(first.facts, second.facts)


def differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Difference]:
    """Return how two JSON objects differ; objects in them are compared field by field."""
    left, right = leaves(first), leaves(second)
    return [
        Difference(name, left.get(name), right.get(name))
        for name in dict.fromkeys([*left, *right])
        if name not in left or name not in right or not _is_same(left[name], right[name])
    ]


def leaves(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the values of a JSON object that are not objects, by names such as ``a.b``.

    A key with a full stop in it is in double quotes, so that no two values have one name.
    """
    found: dict[str, Any] = {}
    for name, value in values.items():
        if "." in name or '"' in name:
            name = json.dumps(name, ensure_ascii=False)
        is_object = isinstance(value, Mapping) and value
        found |= leaves(value, f"{prefix}{name}.") if is_object else {f"{prefix}{name}": value}
    return found


def _is_same(one: Any, other: Any) -> bool:
    # As text, because NaN is not equal to itself, and True is equal to 1.
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
