"""``kolena-local inferences``: what models said, into files and out of files."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from kolena_local.cli.completion import names_of
from kolena_local.cli.lazy import LazyGroup
from kolena_local.cli.options import name_option
from kolena_local.cli.output.output_file import (
    current,
    is_terminal,
    remember,
    write_data,
    write_text,
)
from kolena_local.cli.output.output_options import (
    check_suffix,
    file_option,
    is_csv_safe,
    quiet_option,
    safe_csv_option,
)
from kolena_local.cli.output.printing import say
from kolena_local.cli.store_option import db_option, reading
from kolena_local.exchange.row_files import FORMATS, format_of
from kolena_local.plurals import agreeing, counted, no_formula, printable

if TYPE_CHECKING:
    from kolena_local.exchange.row_writers import Output
    from kolena_local.repository import Unit
    from kolena_local.repository.inference_exchange import Exported

_BAR_FROM = 2000


@click.group(
    cls=LazyGroup,
    commands_at={
        "export": f"{__name__}:export_inferences",
        "import": "kolena_local.cli.inference_import:import_inferences",
    },
)
def inferences() -> None:
    """Import inferences from files, and export them."""


@click.command("export")
@click.argument("model", shell_complete=names_of("model"))
@click.argument("file", callback=remember, expose_value=False, required=False)
@name_option("--test-case", help="Only samples of this test case; NAME@3 is its version 3.")
@name_option("--test-suite", help="Only samples of this test suite; NAME@3 is its version 3.")
@click.option(
    "--format",
    "chosen",
    type=click.Choice(FORMATS),
    metavar="FORMAT",
    help="csv, tsv, jsonl or parquet; if not given, as the suffix of FILE says, else csv.",
)
@click.option(
    "--waiting/--no-waiting",
    default=None,
    help="Only inferences that are waiting to be inferred again, or only the others.",
)
@safe_csv_option
@file_option
@quiet_option
@db_option
def export_inferences(
    model: str,
    test_case: str | None,
    test_suite: str | None,
    chosen: str | None,
    waiting: bool | None,
) -> None:
    """Write a model's inferences, one a line, with their samples and ground truths.

    Each field is a column: those of the sample and the inference by their names (prediction.label),
    those of the ground truth after ground_truth. Lists are JSON in one cell. `inferences import`
    reads the file again. Without FILE, the lines go to standard output. Without --test-case or
    --test-suite, a ground truth is shown where the sample has only one.
    """
    from kolena_local.exchange.export_file import export_inferences as write
    from kolena_local.repository.dataset_records import WORKFLOW

    if test_case is not None and test_suite is not None:
        raise click.UsageError("Give --test-case or --test-suite, not both.")
    destination = current()
    chosen = format_of(destination.name if destination else None, chosen)
    if chosen is None:
        check_suffix((), f"Give --format, or one of .{', .'.join(FORMATS)}.")
        chosen = "csv"
    if chosen == "parquet" and destination is None:
        raise click.UsageError("Parquet goes into a file; give its name as FILE.")
    with reading() as unit:
        wanted, workflow = _wanted(unit, model, test_case, test_suite)
        old = unit.inferences.count_waiting(wanted.model_id)
        wanted = wanted._replace(waiting=waiting)
        count = write(unit, wanted, workflow, chosen, _output(), progress)
    say(f"{counted(count, 'inference')} of {model} {agreeing(count, 'was', 'were')} exported.")
    if not count and workflow == WORKFLOW:
        say(
            "Its results on datasets are not inferences; this exports them:"
            f" kolena-local export --model {shlex.quote(model)}"
        )
    if old and waiting is None:
        say(
            f"{counted(old, 'inference')} of {model} {agreeing(old, 'is', 'are')} waiting to be"
            " inferred again, because a reset did not finish; --no-waiting leaves them out."
        )


def _wanted(
    unit: Unit, model: str, test_case: str | None, test_suite: str | None
) -> tuple[Exported, str]:
    from kolena_local.repository.inference_exchange import Exported

    record = unit.models.get(model)
    case = suite = None
    if test_case is not None:
        found = unit.test_cases.resolve(test_case)
        case = (found.id, found.version)
    if test_suite is not None:
        version = unit.test_suites.resolve(test_suite)
        suite = (version.id, version.version)
    return Exported(record.id, case, suite), record.workflow


def _output() -> Output:
    from kolena_local.exchange.row_writers import Output

    cell = no_formula if is_csv_safe() else str
    if not is_terminal():
        return Output(write_data, cell)
    return Output(lambda data: write_text(data.decode().removesuffix("\n")), cell, printable)


@contextmanager
def progress(
    total: int, what: str, *, is_long: bool | None = None
) -> Iterator[Callable[[int], None]]:
    """Show a bar on standard error while the block runs, if somebody looks and it takes long."""
    if not (total >= _BAR_FROM if is_long is None else is_long) or not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=total, label=what, file=sys.stderr) as bar:
        yield bar.update
