"""Ask for confirmation before something is deleted."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
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
    from kolena_local.repository.records import Deletion

_Decorated = TypeVar("_Decorated", bound=Callable[..., Any])


def deletion_options(command: _Decorated) -> _Decorated:
    """Add ``--yes`` and ``--dry-run``."""
    yes = click.option("-y", "--yes", is_flag=True, help="Delete without asking.")
    dry_run = click.option("--dry-run", is_flag=True, help="Print what would be deleted.")
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
    """Delete entries after the user has confirmed it.

    Args:
        listing: how to list the entries.
        noun: the noun for one entry.
        planned: returns the entries that would be deleted.
        done: deletes the entries and returns them.
        yes: whether to delete without asking.
        dry_run: whether to print only what would be deleted.

    Raises:
        IncorrectUsageError: there is no terminal to ask on.
        NameConflictError: the entries have changed since the user confirmed.
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
                "Nothing was deleted, because what you confirmed has changed in the meantime; run"
                " the command again to see what would be deleted now."
            )
        deleted = done(unit)
    report(f"Deleted {counted(len(deleted), noun)}.", listing, deleted)


def delete_named(noun: str, names: Sequence[str], *counts: str, yes: bool, dry_run: bool) -> None:
    """Delete models, test cases or test suites by name, as :func:`delete` does.

    Args:
        noun: the noun for one of them, such as ``test case``.
        names: their names.
        counts: the keys of what is counted, such as ``run_count``.
        yes: whether to delete without asking.
        dry_run: whether to print only what would be deleted.
    """
    key = noun.replace(" ", "_")

    def entries(deletions: Sequence[Deletion]) -> list[Entry]:
        return [
            {key: name, "workflow": workflow, **numbers} for name, workflow, numbers in deletions
        ]

    delete(
        deletion_listing(key, "workflow", *counts),
        noun,
        lambda unit: entries(getattr(unit, f"{key}s").deletion(names)),
        lambda unit: entries(getattr(unit, f"{key}s").delete(names)),
        yes=yes,
        dry_run=dry_run,
    )


def deletion_listing(*keys: str) -> Listing:
    """Return how to list what is deleted: ``run_count`` is the column ``runs``."""
    columns = {key.replace("_count", "s").replace("_", " "): key for key in keys}
    return Listing(keys, columns, "Nothing to delete.")


def is_interactive() -> bool:
    """Return whether a person can answer questions."""
    return sys.stdin.isatty()


def read_answer() -> str:
    """Return the line that the user types."""
    return sys.stdin.readline()


def confirm(question: str) -> None:
    """Ask a yes-or-no question.

    Raises:
        IncorrectUsageError: there is no terminal to ask on.
        click.Abort: the answer is no.
    """
    if not is_interactive():
        raise IncorrectUsageError(
            "Nothing was deleted, because there is no terminal to ask for confirmation; add --yes"
            " to delete without asking."
        )
    # Not click.confirm: click 8.1 also writes a space to standard output, which is for data.
    click.echo(f"{question} [y/N]: ", nl=False, err=True)
    if read_answer().strip().lower() not in ("y", "yes"):
        raise click.Abort
