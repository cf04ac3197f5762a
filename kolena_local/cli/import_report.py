"""Options of ``import`` and ``db merge``, and what they print: what is done with each noun."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kolena_local.cli.output.output_file import write_text
from kolena_local.cli.output.output_options import chosen_format
from kolena_local.cli.output.printing import Columns, print_entries, print_rows, say
from kolena_local.cli.output.terminal_text import cell
from kolena_local.plurals import agreeing, counted

if TYPE_CHECKING:
    from kolena_local.repository.dump.differences import ImportPlan
    from kolena_local.repository.dump.importing import Imported
    from kolena_local.repository.dump.settling import OnConflict

_Decorated = TypeVar("_Decorated", bound=Callable[..., Any])
_COLUMNS: Columns = {
    "in the file": lambda entry: f"{entry['noun'].replace('_', ' ')}s",
    "new": "new",
    "same": "same",
    "extended": "extended",
    "different": "different",
    "left out": "left_out",
}


def import_options(command: _Decorated) -> _Decorated:
    """Add ``--on-conflict`` and ``--dry-run``."""
    return click.option(
        "--on-conflict",
        type=click.Choice(["error", "keep", "take", "rename"]),
        metavar="WHAT",
        default="error",
        help="What to do where the store differs: error (if not given), keep, take, or rename.",
    )(
        click.option(
            "--dry-run", is_flag=True, help="Print what would be imported and what differs."
        )(command)
    )


def report_import(done: Imported, on_conflict: OnConflict, *, dry_run: bool) -> None:
    """Print what an import did, or would do; exit with 1 if it would be refused."""
    plan = done.plan
    sentences = list(_sentences(plan))
    if dry_run or chosen_format() is not None:
        entries = [
            noun._asdict() | {"differences": [one._asdict() for one in noun.differences]}
            for noun in plan.nouns
        ]

        def show() -> None:
            print_rows(_COLUMNS, entries)
            if sentences:
                write_text("\n" + "\n".join(map(cell, sentences)))

        print_entries(list(entries[0]), entries, show)
    else:
        for sentence in sentences:
            say(sentence)
    if dry_run and on_conflict == "error" and plan.different:
        say("Nothing would be imported; choose --on-conflict keep, take, or rename.")
        click.get_current_context().exit(1)
    if done.backup is not None:
        say(f"Backup before the import: {done.backup}")
    if dry_run:
        say("This is a dry run; nothing was imported.")
        return
    lines = f"{counted(plan.lines, 'line')} {agreeing(plan.lines, 'was', 'were')}"
    if plan.changes_something:
        say(f"{lines} {'read' if plan.different else 'imported'}.")
    else:
        say(f"{lines} read; all of this is in the store already.")


def _sentences(plan: ImportPlan) -> Iterator[str]:
    for noun in plan.nouns:
        words = noun.noun.replace("_", " ")
        for one in noun.differences:
            outcome = f"; {one.outcome}" if one.outcome else ""
            yield f"Different: {one}{outcome}."
        more = noun.different - len(noun.differences)
        if more > 0 and noun.noun != "inference":
            yield f"Different: {counted(more, f'more {words}')}."
        if noun.left_out:
            yield (
                f"Left out: {counted(noun.left_out, words)}, because what"
                f" {agreeing(noun.left_out, 'it depends', 'they depend')} on differs."
            )
