"""Samples as rows of cells: the fields of a sample, its ground truth, and models' answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from kolena_local.payload import CLASS_KEY, Json, loads
from kolena_local.repository.metadata_paths import is_path, path_text
from kolena_local.repository.sample_table import TableRow

#: The parts of a row, in the order in which they are shown, and what each is called.
PARTS: Final = {
    "sample": "sample",
    "ground_truth": "ground truth",
    "base_inference": "{base}",
    "inference": "{model}",
    "base_metrics": "{base}: metrics",
    "metrics": "{model}: metrics",
    "metadata": "metadata",
}
_HIDDEN: Final = frozenset({"data_type", CLASS_KEY})
_MOST_COLUMNS: Final = 60


class Field(NamedTuple):
    """A column of the table.

    Attributes:
        part: one of ``PARTS``.
        name: how the field is called within the part, ``prediction.label``.
        field: how conditions call it, ``inference.prediction.label``; empty if they cannot.
    """

    part: str
    name: str
    field: str


class SampleView(NamedTuple):
    """A row for people: by part, the values of its fields; None where there is nothing."""

    row: TableRow
    parts: dict[str, dict[str, Json] | None]

    def value(self, field: Field) -> Json:
        """Return the value of a field."""
        return (self.parts[field.part] or {}).get(field.name)


def views(rows: Sequence[TableRow]) -> list[SampleView]:
    """Return rows with their fields, objects within objects by dotted names."""
    return [SampleView(row, {part: _fields(getattr(row, part)) for part in PARTS}) for row in rows]


def fields(rows: Sequence[SampleView]) -> list[Field]:
    """Return the columns that these rows need, part by part."""
    found = dict.fromkeys(
        (part, it) for part in PARTS for row in rows for it in row.parts[part] or ()
    )
    return [
        Field(part, name, path if is_path(path := f"{part}.{name}") else "")
        for part, name in list(found)[:_MOST_COLUMNS]
    ]


def _fields(text: str | None) -> dict[str, Json] | None:
    return None if text is None else dict(_leaves(loads(text), ()))


def _leaves(value: Json, path: tuple[str | int, ...]) -> Iterator[tuple[str, Json]]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in _HIDDEN:
                yield from _leaves(item, (*path, key))
    elif path:
        yield path_text(path), _unmarked(value)


def _unmarked(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _unmarked(it) for key, it in value.items() if key not in _HIDDEN}
    return [_unmarked(it) for it in value] if isinstance(value, list) else value
