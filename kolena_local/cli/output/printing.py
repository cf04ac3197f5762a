"""Print results: as tables for people, as JSON or CSV for programs.

A listing is a list of *entries*: JSON objects whose keys scripts may rely on. A table shows some of
the keys. Results go to standard output or to the file of ``--output``, and messages to standard
error.
"""

from __future__ import annotations

import codecs
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import click

from kolena_local.cli.output.formats import (
    HTML_START,
    Entry,
    html_table,
    html_text,
    markdown,
    separated,
)
from kolena_local.cli.output.output_file import current, is_terminal, output_encoding, write_text
from kolena_local.cli.output.output_options import chosen_format, is_csv_safe, is_quiet
from kolena_local.cli.output.table import fields as field_lines
from kolena_local.cli.output.table import table
from kolena_local.cli.output.terminal_text import cell, json_text
from kolena_local.plurals import no_formula, printable

_MARKUPS = {"md": markdown, "html": html_table}

Columns = Mapping[str, str | Callable[[Entry], object]]
"""For each header, the key of the entry to show, or a function of the entry."""


class Listing(NamedTuple):
    """How to list one kind of entry.

    Attributes:
        keys: the keys of each entry.
        columns: the table's columns.
        otherwise: the message if there are no entries.
        optional: the columns that a narrow terminal does not show, the least important first.
    """

    keys: tuple[str, ...]
    columns: Columns
    otherwise: str
    optional: tuple[str, ...] = ()


def print_listing(listing: Listing, entries: Sequence[Entry]) -> None:
    """Print entries in the chosen format, or as a table if none was chosen."""
    columns, optional = listing.columns, listing.optional
    print_entries(listing.keys, entries, lambda: print_rows(columns, entries, optional))
    if not entries and is_for_people():
        say(listing.otherwise)


def print_entries(keys: Sequence[str], entries: Sequence[Entry], show: Callable[[], None]) -> None:
    """Print entries as JSON or CSV, or call ``show`` to print them as a table if there are any."""
    chosen = chosen_format()
    if chosen == "json":
        _print_json(entries, indent=2)
    elif chosen == "jsonl":
        for entry in entries:
            _print_json(entry)
    elif chosen in ("csv", "tsv"):
        delimiter = "," if chosen == "csv" else "\t"
        write_text(separated(keys, entries, delimiter, _csv_cell()))
    elif entries:
        if chosen == "html":
            write_text(HTML_START)
        show()


def is_for_people() -> bool:
    """Return whether entries are printed as tables."""
    return chosen_format() in (None, "table", *_MARKUPS)


def is_json() -> bool:
    """Return whether entries are printed as JSON, on one line each or not."""
    return chosen_format() in ("json", "jsonl")


def _csv_cell() -> Callable[[str], str]:
    spell: Callable[[str], str] = printable if is_terminal() else str
    return (lambda text: no_formula(spell(text))) if is_csv_safe() else spell


def print_object(entry: Entry, show: Callable[[], None]) -> None:
    """Print one object as JSON or CSV, or call ``show`` to print it as tables."""
    if chosen_format() == "json":
        _print_json(entry, indent=2)
    else:
        print_entries(list(entry), [entry], show)


def print_sheet(entry: Entry, fields: Columns, tables: Mapping[str, Columns]) -> None:
    """Print one object; without a format, as fields and one table for each of its lists.

    Args:
        entry: the object.
        fields: the fields to print first.
        tables: the columns of each table by heading, which is the list's key with spaces.
    """

    def show() -> None:
        print_fields(shown(fields, entry))
        for heading, columns in tables.items():
            entries = entry[heading.replace(" ", "_")]
            if entries:
                print_heading(heading)
                print_rows(columns, entries)

    print_object(entry, show)


def report(sentence: str, listing: Listing, entries: Sequence[Entry]) -> None:
    """Print a message on what was done, and the changed entries if a format was chosen."""
    if chosen_format() is not None:
        print_listing(listing, entries)
    say(sentence)


def say(sentence: str) -> None:
    """Print a message to standard error unless ``--quiet`` was given."""
    if not is_quiet():
        click.echo(printable(sentence), err=True)


def say_below(sentences: Iterable[str]) -> None:
    """Print remarks on standard error, apart from a table or samples above them."""
    lines = list(sentences)
    if lines and is_for_people() and current() is None:
        say("")
    for sentence in lines:
        say(sentence)


def print_table(
    header: Sequence[str], rows: Sequence[Sequence[object]], optional: Sequence[str] = ()
) -> None:
    """Print a table; a narrow terminal does not show the optional columns."""
    markup = _MARKUPS.get(chosen_format() or "")
    if markup is not None:
        write_text(markup(header, rows))
    else:
        # One write for the whole table, because `click.echo` flushes each time.
        write_text("\n".join(table(header, rows, terminal_width(), optional)))


def print_rows(columns: Columns, entries: Iterable[Entry], optional: Sequence[str] = ()) -> None:
    """Print a table with a row for each entry."""
    print_table(list(columns), rows_of(columns, entries), optional)


def rows_of(columns: Columns, entries: Iterable[Entry]) -> list[list[object]]:
    """Return the rows of a table, one for each entry."""
    return [list(shown(columns, entry).values()) for entry in entries]


def shown(columns: Columns, entry: Entry) -> dict[str, object]:
    """Return the cells of an entry by header."""
    return {
        header: entry[get] if isinstance(get, str) else get(entry)
        for header, get in columns.items()
    }


def print_fields(fields: Mapping[str, object]) -> None:
    """Print one name and its value per line."""
    markup = _MARKUPS.get(chosen_format() or "")
    if markup is not None:
        write_text(markup(["", ""], list(fields.items())))
    else:
        write_text("\n".join(field_lines(list(fields.items()), terminal_width())))


def print_heading(text: str) -> None:
    """Print a heading below an empty line."""
    shapes = {"md": f"\n### {cell(text)}\n", "html": f"<h3>{html_text(text)}</h3>"}
    write_text(shapes.get(chosen_format() or "", f"\n{cell(text)}"))


def print_text(lines: Sequence[str]) -> None:
    """Print lines of text."""
    if chosen_format() == "html":
        write_text("<br>\n".join(map(html_text, lines)))
    else:
        write_text("\n".join(map(cell, lines)))


def terminal_width() -> int | None:
    """Return the terminal's width; None if results do not go to a terminal."""
    return shutil.get_terminal_size().columns if is_terminal() else None


def _print_json(value: object, indent: int | None = None) -> None:
    utf8 = codecs.lookup(output_encoding()).name == "utf-8"
    write_text(json_text(value, indent=indent, ascii_only=not utf8))
