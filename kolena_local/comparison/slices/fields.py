"""Fields of samples' metadata, or of a dataset, as columns of values and of ranges of numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from kolena_local.comparison.statistics.pairs import Ids
from kolena_local.comparison.statistics.slices import Column
from kolena_local.errors import InputValidationError
from kolena_local.payload import CLASS_KEY, Json
from kolena_local.repository.conditions import Condition, is_finite, kind_of
from kolena_local.repository.metadata_paths import Path, is_path, parse_path, path_text
from kolena_local.repository.rows import as_objects
from kolena_local.repository.sample_conditions import unknown_field
from kolena_local.repository.strata import by_bucket, by_value

if TYPE_CHECKING:
    from kolena_local.repository import Unit

_PAGE: Final = 10_000
_MOST_VALUES: Final = 50
#: Integers that have more values than this are divided into ranges, as other numbers are.
_MOST_INTEGERS: Final = 10

Values = dict[Path, list[Json]]


class Field(NamedTuple):
    """A field of the metadata that can make slices.

    Attributes:
        column: which value each sample has.
        conditions: for each value, the conditions that its samples satisfy, and no others.
    """

    column: Column
    conditions: list[list[Condition]]


def read_fields(unit: Unit, sample_ids: Ids, test_suite: str) -> Values:
    """Return the values of each field, None for samples without one; nested fields by their path.

    They are the fields of the samples' metadata; in a dataset, the columns that identify no row.

    Args:
        unit: a read in progress.
        sample_ids: the ids of the samples.
        test_suite: the name of their test suite.
    """
    found: Values = {}
    dataset = unit.datasets.find(test_suite)
    for start in range(0, len(sample_ids), _PAGE):
        rows = unit.test_samples.rows(sample_ids[start : start + _PAGE].tolist())
        texts = [row.payload if dataset else row.metadata for row in rows]
        for place, values_of_one in enumerate(as_objects(texts), start=start):
            _add(found, values_of_one, ("sample" if dataset else "metadata",), place)
    for field in dataset.id_fields if dataset else ():
        found.pop(("sample", field), None)
    for values in found.values():
        values.extend([None] * (len(sample_ids) - len(values)))
    return found


def chosen(found: Values, names: Sequence[str] | None, whose: str) -> Values:
    """Return the fields of these names, with ``metadata.`` or ``sample.`` before them or not.

    Args:
        found: all fields.
        names: the names of fields, or of objects with fields; None means all.
        whose: what the samples belong to, such as ``the test suite 'animals'``.

    Raises:
        InputValidationError: there is no such field, or no field at all.
    """
    if not found:
        raise InputValidationError(
            f"No sample of {whose} has metadata to make slices of; add fields such as the"
            " weather or the time of day to the metadata of the samples."
        )
    if names is None:
        return found
    kept: Values = {}
    for name in names:
        path = parse_path(name)
        paths = [path, ("metadata", *path), ("sample", *path)]
        some = {
            one: values for one, values in found.items() for it in paths if one[: len(it)] == it
        }
        if not some:
            root = next(iter(found))[0]
            path = path if path[0] == root else (root, *path)
            raise unknown_field(path_text(path), list(map(path_text, found)), whose)
        kept |= some
    return kept


def usable(found: Values, least: int, buckets: int) -> tuple[list[Field], list[str]]:
    """Return the fields that can make slices, and sentences about what was left out.

    Args:
        found: the values of each field.
        least: how many samples a slice must have, and how many must be elsewhere.
        buckets: how many ranges numbers are divided into.
    """
    fields, left_out = list[Field](), dict[str, list[str]]()
    for path, values in found.items():
        name, reason = path_text(path), None
        if is_path(name) and parse_path(name) == path:
            field, rare = _field(path, values, least, buckets)
            if field is None:
                reason = f"Left out because no value makes two groups of at least {least} samples"
            else:
                fields.append(field)
                if rare:
                    reason = f"Only the {_MOST_VALUES} most frequent values were used"
        else:
            reason = "Left out because conditions cannot express the name"
        if reason is not None:
            left_out.setdefault(reason, []).append(name)
    return fields, [f"{reason}: {', '.join(names)}." for reason, names in left_out.items()]


def _add(found: Values, metadata: dict[str, Json], path: Path, place: int) -> None:
    for key, value in metadata.items():
        if isinstance(value, dict):
            _add(found, value, (*path, key), place)
        elif value is not None and key != CLASS_KEY:
            values = found.setdefault((*path, key), [])
            if len(values) < place:
                values.extend([None] * (place - len(values)))
            values.append(value)


def _field(
    path: Path, values: Sequence[Json], least: int, buckets: int
) -> tuple[Field | None, bool]:
    """Return a field, and whether values are left out; None if it makes no slices."""
    numbers = [value if _is_number(value) else None for value in values]
    kinds = set(numbers)
    ranges = len(kinds) > 1 + _MOST_INTEGERS or any(isinstance(one, float) for one in kinds)
    strata = by_bucket(path, numbers, buckets) if ranges else []
    rest = [(kind_of(it), it) if _is_category(it, not ranges) else None for it in values]
    frequent = Counter(it for it in rest if it is not None).most_common()
    kept = {it for it, times in frequent[:_MOST_VALUES] if least <= times <= len(values) - least}
    if kept:
        strata += by_value(path, [None if it not in kept else it[1] for it in rest])
    strata = [it for it in strata if least <= len(it.places) <= len(values) - least]
    if not strata:
        return None, False
    codes = np.full(len(values), -1, dtype=np.int64)
    for code, stratum in enumerate(strata):
        codes[np.frombuffer(stratum.places, dtype=np.int64)] = code
    rare = len(frequent) > _MOST_VALUES and frequent[_MOST_VALUES][1] >= least
    return Field(Column(codes, len(strata)), [one.conditions for one in strata]), rare


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and is_finite(value)


def _is_category(value: Any, with_numbers: bool) -> bool:
    return isinstance(value, (bool, str)) or (with_numbers and _is_number(value))
