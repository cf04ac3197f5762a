"""The only place that prints results: for people as tables, for programs as JSON or CSV.

A listing is a list of *entries*, JSON objects whose keys are a promise to scripts; the table shows
some of them. Results go to standard output or to the file of ``--output``; what is said besides
goes to standard error.
"""

from __future__ import annotations

import codecs
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import click

from kolena_local.cli.output.formats import Entry, markdown, no_formula, separated
from kolena_local.cli.output.output_file import is_terminal, output_encoding, write_text
from kolena_local.cli.output.output_options import chosen_format, is_csv_safe, is_quiet
from kolena_local.cli.output.table import table
from kolena_local.cli.output.terminal_text import cell, json_text
from kolena_local.plurals import printable

Columns = Mapping[str, str | Callable[[Entry], object]]
"""Headers, each with the key of the entry that it shows, or a function of the entry."""


class Listing(NamedTuple):
    """How one kind of thing is listed.

    Attributes:
        keys: the keys that its entries have.
        columns: the table's columns.
        otherwise: what to tell a person when there is nothing to list.
    """

    keys: tuple[str, ...]
    columns: Columns
    otherwise: str


def print_listing(listing: Listing, entries: Sequence[Entry]) -> None:
    """Print a listing in the format that was asked for, else as a table."""
    print_entries(listing.keys, entries, lambda: print_rows(listing.columns, entries))
    if not entries and chosen_format() in (None, "table", "md"):
        say(listing.otherwise)


def print_entries(keys: Sequence[str], entries: Sequence[Entry], show: Callable[[], None]) -> None:
    """Print entries for programs, or call ``show`` to print them for people if there are any."""
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
        show()


def _csv_cell() -> Callable[[str], str]:
    spell: Callable[[str], str] = printable if is_terminal() else str
    return (lambda text: no_formula(spell(text))) if is_csv_safe() else spell


def print_object(entry: Entry, show: Callable[[], None]) -> None:
    """Print one object for programs, or call ``show`` to print it for people."""
    if chosen_format() == "json":
        _print_json(entry, indent=2)
    else:
        print_entries(list(entry), [entry], show)


def print_sheet(entry: Entry, fields: Columns, tables: Mapping[str, Columns]) -> None:
    """Print one object; without a format, as fields and a table for each of its lists.

    Args:
        entry: the object.
        fields: the fields to print first.
        tables: the columns of each table by its heading, the key of the list with spaces.
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
    """Say what was done; print what it was done to if a format was asked for."""
    if chosen_format() is not None:
        print_listing(listing, entries)
    say(sentence)


def say(sentence: str) -> None:
    """Tell a person something that is not a result."""
    if not is_quiet():
        click.echo(printable(sentence), err=True)


def print_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table; it fits the terminal if it goes to one, and is whole otherwise."""
    if chosen_format() == "md":
        write_text(markdown(header, rows))
    else:
        # One write for the whole table: `click.echo` flushes each time.
        write_text("\n".join(table(header, rows, terminal_width())))


def print_rows(columns: Columns, entries: Iterable[Entry]) -> None:
    """Print a table with a row for each entry."""
    print_table(list(columns), rows_of(columns, entries))


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
    """Print names and values, one a line, whole."""
    if chosen_format() == "md":
        write_text(markdown(["", ""], list(fields.items())))
        return
    names = {name: cell(name) for name in fields}
    width = max(map(len, names.values()), default=0)
    lines = [f"{names[name].ljust(width)}  {cell(value)}" for name, value in fields.items()]
    write_text("\n".join(lines))


def print_heading(text: str) -> None:
    """Print a line above what belongs together."""
    write_text(f"\n### {cell(text)}\n" if chosen_format() == "md" else f"\n{cell(text)}")


def terminal_width() -> int | None:
    """Return how wide the terminal is; None if the output goes elsewhere."""
    return shutil.get_terminal_size().columns if is_terminal() else None


def _print_json(value: object, indent: int | None = None) -> None:
    utf8 = codecs.lookup(output_encoding()).name == "utf-8"
    write_text(json_text(value, indent=indent, ascii_only=not utf8))
