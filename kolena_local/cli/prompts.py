"""Asking before something is lost, which takes somebody to answer."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kolena_local.cli.output.formats import Entry
from kolena_local.cli.output.printing import Listing, print_listing, report, rows_of
from kolena_local.cli.output.table import table
from kolena_local.cli.store_option import reading, writing
from kolena_local.errors import IncorrectUsageError, NameConflictError
from kolena_local.plurals import counted

if TYPE_CHECKING:
    from kolena_local.repository import Unit

_Decorated = TypeVar("_Decorated", bound=Callable[..., Any])


def deletion_options(command: _Decorated) -> _Decorated:
    """Give a command ``--yes`` and ``--dry-run``."""
    yes = click.option("-y", "--yes", is_flag=True, help="Delete without asking.")
    dry_run = click.option("--dry-run", is_flag=True, help="Print what would go; delete nothing.")
    return yes(dry_run(command))


def delete(
    listing: Listing,
    noun: str,
    planned: Callable[[Unit], list[Entry]],
    done: Callable[[Unit], list[Entry]],
    *,
    yes: bool,
    dry_run: bool,
) -> None:
    """Delete what a command was asked to, after the user has confirmed it.

    Args:
        listing: how the deleted things are listed.
        noun: what one of them is called.
        planned: returns what would be deleted.
        done: deletes it, and returns what was deleted.
        yes: whether to delete without asking.
        dry_run: whether only to print what would be deleted.

    Raises:
        IncorrectUsageError: there is no terminal to ask on.
        NameConflictError: what is there is not what the user agreed to any more.
        click.Abort: the answer is no.
    """
    entries = None
    if dry_run or not yes:
        with reading() as unit:
            entries = planned(unit)
        if dry_run:
            print_listing(listing, entries)
            return
        rows = rows_of(listing.columns, entries)
        click.echo("\n".join(table(list(listing.columns), rows, None)), err=True)
        confirm("Delete all of this?")
    with writing() as unit:
        if entries is not None and planned(unit) != entries:
            raise NameConflictError(
                "What was to be deleted has changed meanwhile, and nothing was deleted; repeat the"
                " command to see what would go now."
            )
        gone = done(unit)
    report(f"Deleted {counted(len(gone), noun)}.", listing, gone)


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
