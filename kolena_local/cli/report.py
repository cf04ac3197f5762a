"""``kolena-local report``: how models did on a test suite, as one HTML file."""

from __future__ import annotations

import click

from kolena_local.cli.completion import names_of
from kolena_local.cli.inferences import progress
from kolena_local.cli.options import name_option
from kolena_local.cli.output.output_file import is_terminal, write_data
from kolena_local.cli.output.output_options import (
    check_suffix,
    file_option,
    is_quiet,
    quiet_option,
)
from kolena_local.cli.store_option import db_option, given_location


@click.command()
@click.argument("test_suite", metavar="SUITE", shell_complete=names_of("test_suite"))
@click.argument("models", metavar="MODEL...", nargs=-1, shell_complete=names_of("model"))
@file_option
@name_option(
    "--base",
    metavar="MODEL",
    noun="model",
    help="Compare the other models with this one; if not given, with the first.",
)
@click.option(
    "--worst",
    metavar="N",
    type=click.IntRange(min=0),
    default=10,
    help="List up to N samples that got worse, for each metric (default: 10).",
)
@click.option("--dated", is_flag=True, help="Say when the report and the results were made.")
@quiet_option
@db_option
def report(
    test_suite: str, models: tuple[str, ...], base: str | None, worst: int, dated: bool
) -> None:
    """Report how models did on a test suite, in one HTML file.

    The file needs no network and has no scripts: what was tested, the models with their metadata
    side by side, their metrics, the verdicts of a comparison with the base, their plots in one
    figure, the samples that got worse, and what is stale or missing.

    SUITE@3 is version 3; SUITE is the newest version that the models were tested on. Without
    MODEL, the report has all models with results, by name, up to ten. Equal stores give equal
    reports; with --dated, or if SOURCE_DATE_EPOCH is set, it also has a date. Needs the extra:
    pip install 'kolena-local[view]'.
    """
    if is_terminal():
        raise click.UsageError("Give -o FILE: a terminal does not show HTML.")
    check_suffix((".html", ".htm"), "A report is HTML; give a name that ends with .html.")
    from kolena_local.repository import open_store
    from kolena_local.view.report import report as make

    made = make(
        open_store(given_location(), create=False),
        test_suite,
        models,
        base=base,
        worst=worst,
        dated=dated,
        progress=lambda total, what: progress(total, what, is_long=total > 1 and not is_quiet()),
    )
    write_data(made.html.encode())
