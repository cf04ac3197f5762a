"""The only place that prints results: as a table for people, as JSON for programs.

A listing is a list of *entries*, JSON objects whose keys are a promise to scripts; the table shows
some of them. Another format is another branch here and nowhere else.
"""

from __future__ import annotations

import codecs
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

from kolena_local.cli.table import table
from kolena_local.cli.text import cell, json_text

Entry = dict[str, Any]
_Decorated = TypeVar("_Decorated", bound=Callable[..., Any])


def json_option(command: _Decorated) -> _Decorated:
    """Give a command ``--json``, as the parameter ``as_json``."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print JSON; NaN and infinities become null."
    )(command)


def print_listing(
    entries: Sequence[Entry],
    columns: Mapping[str, Callable[[Entry], object]],
    *,
    as_json: bool,
    otherwise: str,
) -> None:
    """Print a listing.

    Args:
        entries: the objects that are listed.
        columns: the table's columns: header, and what an entry has there.
        as_json: print the entries themselves.
        otherwise: what to tell a person when there is nothing to list.
    """
    if as_json:
        print_json(entries)
    elif entries:
        print_table(list(columns), [[get(entry) for get in columns.values()] for entry in entries])
    else:
        click.echo(otherwise, err=True)


def print_json(value: object) -> None:
    """Print one JSON value."""
    utf8 = codecs.lookup(_encoding()).name == "utf-8"
    click.echo(json_text(value, indent=2, ascii_only=not utf8))


def print_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table; it fits the terminal if it goes to one, and is whole otherwise."""
    # One write for the whole table: `click.echo` flushes each time.
    print_text("\n".join(table(header, rows, terminal_width())))


def print_fields(fields: Mapping[str, object]) -> None:
    """Print names and values, one a line, whole."""
    names = {name: cell(name) for name in fields}
    width = max(map(len, names.values()), default=0)
    lines = [f"{names[name].ljust(width)}  {cell(value)}" for name, value in fields.items()]
    print_text("\n".join(lines))


def print_text(text: str) -> None:
    """Print text that is fit for a terminal, escaping what the output's encoding does not have."""
    encoding = _encoding()
    click.echo(text.encode(encoding, "backslashreplace").decode(encoding))


def terminal_width() -> int | None:
    """Return how wide the terminal is; None if the output goes elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _encoding() -> str:
    return sys.stdout.encoding or "utf-8"
