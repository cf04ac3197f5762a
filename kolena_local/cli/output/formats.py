"""Format entries as CSV, TSV, Markdown, and HTML."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from kolena_local.cli.output.terminal_text import cell, is_numeric, json_text

Entry = dict[str, Any]
HTML_START = """<!doctype html>
<meta charset="utf-8">
<title>kolena-local</title>
<style>
  body { font-family: sans-serif }
  table { border-collapse: collapse }
  th, td { border: 1px solid #ccc; padding: 0.2em 0.6em; text-align: left; vertical-align: top }
  .number { text-align: right }
</style>"""


def separated(
    keys: Sequence[str], entries: Iterable[Entry], delimiter: str, show: Callable[[str], str]
) -> str:
    """Return entries as CSV or TSV with a header.

    Objects become columns with dotted names (``metadata.seed``), lists are JSON, null is empty.

    Args:
        keys: the keys of every entry; they are the header if there are no entries.
        entries: the entries, one per row.
        delimiter: the character between two cells.
        show: returns the text to write for a cell's text, such as
            :func:`kolena_local.plurals.no_formula`.
    """
    columns: dict[str, dict[str, None]] = {key: {} for key in keys}
    rows: list[Entry] = []
    for entry in entries:
        rows.append({})
        for key, value in entry.items():
            values = {name: item for name, item in flat({key: value}).items() if item != {}}
            rows[-1].update(values)
            columns.setdefault(key, {}).update(dict.fromkeys(values))
    names = [name for key, found in columns.items() for name in found or [key]]
    lines = [list(map(show, names))]
    lines += ([show(_csv_text(row.get(name))) for name in names] for row in rows)
    return "\n".join(_separated_line(line, delimiter) for line in lines)


def _separated_line(values: Sequence[str], delimiter: str) -> str:
    text = io.StringIO(newline="")
    # With this line terminator, the writer also quotes a lone carriage return.
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerow(values)
    return text.getvalue().removesuffix("\r\n")


def markdown(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table in Markdown with numbers aligned to the right."""
    marks = [
        "---:" if is_numeric([row[column] for row in rows]) else "---"
        for column in range(len(header))
    ]
    lines = [list(header), marks, *([cell(value) for value in row] for row in rows)]
    escaped = [[text.replace("|", r"\|") for text in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in escaped)


def html_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table in HTML with numbers aligned to the right."""
    marks = [
        ' class="number"' * is_numeric([row[column] for row in rows])
        for column in range(len(header))
    ]
    lines = [[f"<th{mark}>{html_text(name)}" for mark, name in zip(marks, header, strict=True)]]
    lines += [
        [f"<td{mark}>{html_text(value)}" for mark, value in zip(marks, row, strict=True)]
        for row in rows
    ]
    return "\n".join(["<table>", *(f"<tr>{''.join(line)}" for line in lines), "</table>"])


def html_text(value: object) -> str:
    """Return a value as shown in a table, as text of HTML."""
    return html.escape(cell(value))


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested objects as one object with dotted names, each after ``prefix``."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict) and value:
            found.update(flat(value, f"{prefix}{name}."))
        else:
            found[prefix + name] = value
    return found


def _csv_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return repr(value)
    return json_text(value)
