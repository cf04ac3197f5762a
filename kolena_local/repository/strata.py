"""Strata: groups of samples with the same value of a field, or with numbers in the same range.

Pure functions on values. What has no value, NaN and infinities are in no stratum.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, NamedTuple

from kolena_local.errors import InputValidationError
from kolena_local.payload import Json, dumps
from kolena_local.repository.conditions import (
    Condition,
    Scalar,
    is_finite,
    kind_of,
    rank,
    scalar_text,
)
from kolena_local.repository.metadata_paths import Path, path_text

MOST: Final = 100
_PLAIN: Final = re.compile(r"(?!(?:true|false|null)$)[^\W\d_][\w -]*(?<! )")


class Stratum(NamedTuple):
    """A group of samples.

    Attributes:
        label: its part of a name, such as ``hour >= 6 and < 12``.
        conditions: what its samples satisfy, and no others.
        places: the places of their values among all.
    """

    label: str
    conditions: list[Condition]
    places: array[int]


def by_value(path: Path, values: Sequence[Json]) -> list[Stratum]:
    """Return a stratum for each value of a field, in order.

    Args:
        path: the field.
        values: its value in each sample, None where there is none.

    Raises:
        InputValidationError: there are more than a hundred values, or one is a list or an object.
    """
    groups: dict[tuple[str, Scalar], array[int]] = {}
    for place, value in enumerate(values):
        if isinstance(value, (dict, list)):
            raise InputValidationError(
                f"{path_text(path)} has lists or objects, which do not make strata; choose a field"
                " of texts, numbers, or true and false."
            )
        if value is None or not is_finite(value):
            continue
        group = groups.setdefault((kind_of(value), value), array("q"))
        group.append(place)
        if len(groups) > MOST:
            raise InputValidationError(
                f"{path_text(path)} has more than {MOST} values, each of which would be a test"
                " case; divide numbers into buckets, choose another field, or add a condition."
            )
    strata = []
    for (_, value), places in sorted(groups.items(), key=lambda item: rank(item[0][1])):
        shown = value if isinstance(value, str) and _PLAIN.fullmatch(value) else scalar_text(value)
        strata.append(Stratum(f"{_short(path)} = {shown}", [Condition(path, "=", value)], places))
    return strata


def by_bucket(path: Path, values: Sequence[Json], count: int) -> list[Stratum]:
    """Return strata of about equal size, each with the numbers of a range.

    The edges are quantiles: values that occur, and that begin a bucket. The first and the last
    bucket have no other edge. Equal numbers are not divided, so there may be fewer buckets.

    Args:
        path: the field.
        values: its value in each sample, None where there is none.
        count: how many buckets there are to be, at least 2.

    Raises:
        InputValidationError: a value is not a number.
    """
    numbers: list[float] = []
    for value in values:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            if is_finite(value):
                numbers.append(value)
        elif value is not None:
            raise InputValidationError(
                f"{path_text(path)} is not always a number, but also {dumps(value):.80};"
                " leave out buckets for a test case for each value."
            )
    numbers.sort()
    above_least = bisect_right(numbers, numbers[0]) if numbers else 0
    if above_least == len(numbers):
        return by_value(path, values)
    places = (len(numbers) * number // count for number in range(1, count))
    edges = list(dict.fromkeys(numbers[max(place, above_least)] for place in places))
    strata = [_bucket(path, *range_) for range_ in zip([None, *edges], [*edges, None], strict=True)]
    for place, value in enumerate(values):
        if isinstance(value, (int, float)) and is_finite(value):
            strata[bisect_right(edges, value)].places.append(place)
    return strata


def _bucket(path: Path, low: float | None, high: float | None) -> Stratum:
    bounds = ((">=", low), ("<", high))
    conditions = [Condition(path, sign, edge) for sign, edge in bounds if edge is not None]
    words = [f"{one.operator} {scalar_text(one.value)}" for one in conditions]
    return Stratum(f"{_short(path)} {' and '.join(words)}", conditions, array("q"))


def _short(path: Path) -> str:
    return path_text(path[1:])
