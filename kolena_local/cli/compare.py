"""``kolena-local compare``: is the candidate better, worse, or can nobody tell yet?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kolena_local import location
from kolena_local.cli.completion import names_of
from kolena_local.cli.output.output_file import write_text
from kolena_local.cli.output.output_options import chosen_format, output_options
from kolena_local.cli.output.printing import (
    print_entries,
    print_heading,
    print_object,
    print_table,
    say,
    terminal_width,
)
from kolena_local.cli.output.terminal_text import cell
from kolena_local.cli.store_option import given_location

if TYPE_CHECKING:
    from kolena_local.comparison import Comparison

WORSE, DOUBTFUL = 3, 4
_WIDE = 110
_WORST_KEYS = ("metric", "test_sample_id", "locator", "base", "candidate", "difference")


@click.command()
@click.argument("base", shell_complete=names_of("model"))
@click.argument("candidate", shell_complete=names_of("model"))
@click.option(
    "-s",
    "--suite",
    metavar="SUITE",
    required=True,
    shell_complete=names_of("test_suite"),
    help="The test suite; SUITE@3 is version 3.",
)
@click.option("--metric", "metrics", metavar="NAME", multiple=True, help="Only this; repeatable.")
@click.option("--evaluator", metavar="NAME", help="Whose results, if there are several.")
@click.option("--configuration", metavar="NAME", help="Of which configuration of it.")
@click.option(
    "--confidence",
    metavar="P",
    type=click.FloatRange(0.5, 1, max_open=True),
    default=0.95,
    help="Of the intervals and verdicts; 0.95 if not given.",
)
@click.option("--cluster", metavar="FIELD", help="Samples with this in common belong together.")
@click.option(
    "--correction",
    type=click.Choice(["holm", "benjamini-hochberg"]),
    metavar="NAME",
    default="holm",
    help="How p-values allow for many comparisons: holm (if not given) or benjamini-hochberg.",
)
@click.option(
    "--higher-is-better", metavar="METRIC", multiple=True, help="Say so of this; repeatable."
)
@click.option(
    "--lower-is-better", metavar="METRIC", multiple=True, help="Say so of this; repeatable."
)
@click.option("--worst", metavar="N", type=click.IntRange(min=1), help="List N that got worse.")
@click.option(
    "--fail-on",
    type=click.Choice(["worse", "not-better"]),
    metavar="VERDICT",
    help="Exit with 3 if it is so: worse or not-better.",
)
@click.option("--strict", is_flag=True, help="Exit with 4 if a doubt is left.")
@output_options
def compare(
    base: str,
    candidate: str,
    suite: str,
    metrics: tuple[str, ...],
    higher_is_better: tuple[str, ...],
    lower_is_better: tuple[str, ...],
    worst: int | None,
    fail_on: str | None,
    strict: bool,
    **options: Any,
) -> None:
    """Compare two models, sample by sample, on a test suite that both were evaluated on.

    Each line is a test case or the whole suite: both means, the difference with its interval, and
    whether the candidate is better, worse, or that is not decided. The strongest evidence stands
    first. Remarks go to standard error. --cluster takes a field of the samples' metadata, such as
    the patient that several images are of. A narrow terminal does not get the means.

    JSON is a list of such lines. With --worst it is an object instead: rows has that list, worst
    the samples; CSV and JSON lines are the samples alone.

    --fail-on worse exits with 3 if any line says worse; --fail-on not-better also unless every
    metric is better over the whole suite. --strict exits with 4 if that leaves a doubt: the whole
    suite is not decided, or samples were left out.
    """
    both = set(higher_is_better) & set(lower_is_better)
    if both:
        raise click.UsageError(f"Higher or lower is better, not both: {', '.join(sorted(both))}.")
    # Here, because numpy and SQLAlchemy are more than help should wait for.
    from kolena_local import comparison

    with location.use(location.resolve(given_location())):
        found = comparison.compare(
            base,
            candidate,
            suite,
            metrics=metrics or None,
            higher_is_better={
                **dict.fromkeys(higher_is_better, True),
                **dict.fromkeys(lower_is_better, False),
            },
            **options,
        )
    _print(found, worst)
    code = exit_code(found, fail_on, strict)
    if code:
        raise click.exceptions.Exit(code)


def exit_code(found: Comparison, fail_on: str | None, strict: bool) -> int:
    """Say by a number whether a candidate may pass: 0, 3 if it may not, 4 if that is doubtful."""
    if fail_on is not None and found.is_worse:
        return WORSE
    if fail_on == "not-better" and not found.is_better:
        return WORSE
    return DOUBTFUL if strict and found.is_doubtful else 0


def _print(found: Comparison, worst: int | None) -> None:
    samples = [] if worst is None else [one._asdict() for one in found.worst(worst)]

    def show() -> None:
        write_text(f"{cell(found.title)}\n")
        width = terminal_width()
        print_table(*found.table(narrow=width is not None and width < _WIDE))
        if samples:
            print_heading("Samples that got worse")
            print_table(_WORST_KEYS, [list(sample.values()) for sample in samples])

    rows = found.entries()
    if worst is not None and chosen_format() == "json":
        print_object({"rows": rows, "worst": samples}, show)
    elif worst is None or chosen_format() in (None, "table", "md"):
        print_entries(list(rows[0]), rows, show)
    else:
        print_entries(_WORST_KEYS, samples, show)
    for remark in found.remarks:
        say(remark)
    if worst is not None and not samples:
        say("No sample got worse.")
