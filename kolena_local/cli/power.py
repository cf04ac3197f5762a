"""``kolena-local power``: what differences a test suite can show."""

from __future__ import annotations

from typing import Any

import click

from kolena_local import location
from kolena_local.cli.completion import names_of
from kolena_local.cli.options import (
    Probability,
    confidence_option,
    evaluator_options,
    metric_option,
    name_option,
)
from kolena_local.cli.output.output_options import output_options
from kolena_local.cli.output.printing import print_entries, print_table, print_text, say_below
from kolena_local.cli.store_option import given_location


@click.command()
@click.argument("suite", shell_complete=names_of("test_suite"))
@metric_option
@name_option(
    "--model",
    "models",
    metavar="MODEL",
    multiple=True,
    help="Use the results of this model (repeatable).",
)
@click.option(
    "--spread",
    metavar="X",
    type=float,
    help="Standard deviation of the differences of a number, instead of results.",
)
@click.option(
    "--discordant",
    metavar="SHARE",
    type=float,
    help="Share of samples on which only one model is right, for a bool, instead of results.",
)
@click.option("--difference", metavar="X", type=float, help="A difference that is wanted.")
@confidence_option("verdicts")
@click.option(
    "--power",
    metavar="P",
    type=Probability(0.5, 0.9999),
    default=0.8,
    help="Probability with which a difference is to be shown (default: 0.8).",
)
@click.option(
    "--comparisons",
    metavar="N",
    type=click.IntRange(min=1),
    help="Adjust for N comparisons (default: the suite and its test cases).",
)
@evaluator_options
@output_options
def power(suite: str, models: tuple[str, ...], **options: Any) -> None:
    """Tell what differences a test suite can show.

    Each row is a test case or the whole suite, with the smallest difference of the means that a
    comparison would show with the wanted probability. With --difference, also the number of
    samples that this difference needs. A test case that is the whole suite has a row of its own
    only in JSON and CSV.

    It depends on how much two models differ on single samples. That is taken from the results of
    the test suite; without any, give --spread or --discordant. No model runs.
    """
    # Late, because it imports numpy and help must start fast.
    from kolena_local import comparison

    with location.use(location.resolve(given_location())):
        found = comparison.power(suite, models=models or None, **options)

    def show() -> None:
        print_text([found.title, ""])
        print_table(*found.table())

    rows = found.entries()
    print_entries(list(rows[0]), rows, show)
    say_below(found.remarks)
