"""Listings as texts that programs read: JSON lines, CSV, TSV, Markdown. Pure functions."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from kolena_local.cli.text import cell, is_numeric, json_text, printable

Entry = dict[str, Any]


def separated(
    keys: Sequence[str], entries: Iterable[Entry], delimiter: str, *, for_eyes: bool
) -> str:
    """Write entries as CSV or TSV, with a header.

    Objects become columns with dotted names (``metadata.seed``), lists are JSON, null is empty.

    Args:
        keys: the keys that every entry has; they are the header when there are no entries.
        entries: what is listed.
        delimiter: what stands between two values.
        for_eyes: whether it goes to a terminal, which must not take orders from a name.
    """
    rows = [dict(_flat(entry)) for entry in entries]
    columns = list(dict.fromkeys(name for row in rows for name in row)) if rows else list(keys)
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    show = printable if for_eyes else str
    writer.writerow(map(show, columns))
    for row in rows:
        writer.writerow([show(_plain(row.get(column))) for column in columns])
    return text.getvalue().removesuffix("\n")


def markdown(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Write a table in Markdown, numbers to the right."""
    marks = [
        "---:" if is_numeric([row[column] for row in rows]) else "---"
        for column in range(len(header))
    ]
    lines = [list(header), marks, *([cell(value) for value in row] for row in rows)]
    escaped = [[text.replace("|", r"\|") for text in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in escaped)


def flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested objects as one, with dotted names."""
    return dict(_flat(values))


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _plain(value: object) -> str:
    if value is None or value == {}:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return repr(value)
    return json_text(value)
