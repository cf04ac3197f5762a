"""Asking before something is lost, which takes somebody to answer."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from kolena_local.cli.formats import Entry
from kolena_local.cli.output import Listing
from kolena_local.cli.table import table
from kolena_local.errors import IncorrectUsageError

_Decorated = TypeVar("_Decorated", bound=Callable[..., Any])


def deletion_options(command: _Decorated) -> _Decorated:
    """Give a command ``--yes`` and ``--dry-run``."""
    yes = click.option("-y", "--yes", is_flag=True, help="Delete without asking.")
    dry_run = click.option("--dry-run", is_flag=True, help="Print what would go; delete nothing.")
    return yes(dry_run(command))


def show_deletions(listing: Listing, entries: list[Entry]) -> None:
    """Show on standard error what is about to be deleted."""
    rows = [[get(entry) for get in listing.columns.values()] for entry in entries]
    click.echo("\n".join(table(list(listing.columns), rows, None)), err=True)


def somebody_is_there() -> bool:
    """Say whether questions can be answered."""
    return sys.stdin.isatty()


def read_answer() -> str:
    """Return the line that somebody types."""
    return sys.stdin.readline()


def confirm(question: str) -> None:
    """Go on only if somebody agrees.

    Raises:
        IncorrectUsageError: nobody is there to ask.
        click.Abort: the answer is no.
    """
    if not somebody_is_there():
        raise IncorrectUsageError(
            "Nothing was deleted, because there is no terminal to ask at; add --yes to delete"
            " without asking."
        )
    # Not click.confirm: click 8.1 also writes a blank to standard output, where data belong.
    click.echo(f"{question} [y/N]: ", nl=False, err=True)
    if read_answer().strip().lower() not in ("y", "yes"):
        raise click.Abort
