"""``kolena-local slices``: slices of test suites on which models are worse."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import click

from kolena_local import location
from kolena_local.cli.completion import names_of
from kolena_local.cli.lazy import Group
from kolena_local.cli.options import (
    confidence_option,
    correction_option,
    direction_option,
    evaluator_options,
    metric_option,
    name_option,
)
from kolena_local.cli.output.output_options import output_options
from kolena_local.cli.output.printing import (
    is_for_people,
    print_entries,
    print_table,
    print_text,
    say,
    say_below,
)
from kolena_local.cli.store_option import given_location, reading, writing
from kolena_local.cli.test_cases import say_done
from kolena_local.plurals import agreeing, counted

if TYPE_CHECKING:
    from kolena_local.comparison import FoundSlices


@click.group("slices", cls=Group)
def slices() -> None:
    """Find slices of a test suite on which a model is worse."""


@slices.command("find")
@click.argument("model", shell_complete=names_of("model"))
@click.argument("suite", shell_complete=names_of("test_suite"))
@metric_option
@name_option(
    "--base",
    metavar="MODEL",
    noun="model",
    help="Find where MODEL of the arguments is worse than this one.",
)
@click.option(
    "--fields",
    metavar="FIELD",
    multiple=True,
    help="Only slices of this field of the metadata (repeatable).",
)
@direction_option
@click.option(
    "--min-samples",
    metavar="N",
    type=click.IntRange(min=10),
    default=30,
    help="Only slices of at least N samples (default: 30).",
)
@click.option(
    "--buckets",
    metavar="N",
    type=click.IntRange(2, 100),
    default=5,
    help="Divide numbers into N ranges of about equal size, at quantiles (default: 5).",
)
@evaluator_options
@confidence_option("intervals and verdicts")
@correction_option
@click.option(
    "--seed",
    metavar="N",
    type=click.IntRange(min=0),
    default=0,
    help="Seed of the random numbers (default: 0).",
)
@click.option("--stale-ok", is_flag=True, help="Search stale results, too.")
@click.option(
    "--different-evaluators-ok",
    is_flag=True,
    help="With --base: use results of evaluators with the same name but different code.",
)
@click.option(
    "--save",
    metavar="NUMBER NAME",
    type=(int, str),
    multiple=True,
    help="Store the slice with this number as the test case NAME (repeatable).",
)
@click.option("--reset", is_flag=True, help="With --save: make a new version of the test case.")
@output_options
def find_slices(
    model: str,
    suite: str,
    fields: tuple[str, ...],
    save: tuple[tuple[int, str], ...],
    reset: bool,
    **options: Any,
) -> None:
    """Find slices on which a model is clearly worse than on all other samples.

    A slice is given by one or two metadata fields of the samples, or columns of a dataset: a value
    of each, or a range of numbers. One random half of the samples suggests up to 20 slices and the
    other half tests them; columns other than n are about that other half. The verdict is worse or
    not decided. Remarks go below the table, and into the column remarks of other formats;
    explanations of the columns go to standard error.

    With --base, a slice is worse if MODEL is clearly worse than the base there, and has lost
    clearly more than elsewhere; inside and elsewhere are the means of MODEL minus base.

    FIELD is a name such as weather or camera.height. --save 1 'rain at night' stores the first
    slice as a test case: all samples of the suite that match its conditions. The same seed numbers
    slices in the same order.
    """
    # Late, because it imports numpy and help must start fast.
    from kolena_local import comparison
    from kolena_local.errors import InputValidationError

    with location.use(location.resolve(given_location())):
        found = comparison.find_slices(model, suite, fields=fields or None, **options)
    _print(found)
    for number, _ in save:
        if not 1 <= number <= len(found.rows):
            raise InputValidationError(
                f"There is no slice {number} to save; {counted(len(found.rows), 'slice')}"
                f" {agreeing(len(found.rows), 'was', 'were')} found."
            )
    with reading() as unit:
        latest = unit.test_suites.get(found.test_suite).version
        version = found.test_suite_version
        label = found.test_suite if version == latest else f"{found.test_suite}@{version}"
        source = unit.sample_search.source(label)
        planned = [
            unit.slices.plan(name, source, found.rows[number - 1].conditions)
            for number, name in save
        ]
    if planned:
        with writing() as unit:
            say_done(unit.slices.put(planned, reset=reset))
            is_dataset = unit.datasets.find(found.test_suite) is not None
        if is_dataset:
            names = " ".join(f"--add {shlex.quote(name)}" for _, name in save)
            suite = shlex.quote(found.test_suite)
            say(
                f"To have its results, run: kolena-local test-suites edit {suite} {names}; then"
                f" store those of each model again: kolena-local datasets results {suite} MODEL"
                " FILE"
            )


def _print(found: FoundSlices) -> None:
    def show() -> None:
        print_text([found.title, ""])
        print_table(*found.table(), optional=("inside", "elsewhere"))
        if found.caveats:
            print_text(["", *found.caveats])

    print_entries(found.keys, found.entries(), show)
    if found.rows:
        say_below(found.legend if is_for_people() else found.remarks)
    else:
        for sentence in found.remarks:
            say(sentence)
