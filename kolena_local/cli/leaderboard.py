"""``kolena-local leaderboard``: the models that were tested on a test suite, the best first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kolena_local import location
from kolena_local.cli.completion import names_of
from kolena_local.cli.options import (
    cluster_option,
    confidence_option,
    direction_option,
    evaluator_options,
    metric_option,
    name_option,
)
from kolena_local.cli.output.output_options import chosen_format, output_options
from kolena_local.cli.output.printing import (
    is_for_people,
    print_entries,
    print_heading,
    print_object,
    print_table,
    print_text,
    say_below,
)
from kolena_local.cli.store_option import given_location

if TYPE_CHECKING:
    from kolena_local.comparison import Leaderboard


@click.command()
@click.argument("suite", shell_complete=names_of("test_suite"))
@metric_option
@name_option(
    "--model", "models", metavar="MODEL", multiple=True, help="Only this model (repeatable)."
)
@name_option(
    "--baseline",
    metavar="MODEL",
    noun="model",
    help="Show the difference of each model to this one.",
)
@click.option(
    "--metadata",
    metavar="KEY",
    multiple=True,
    help="Show this field of the models' metadata (repeatable).",
)
@name_option("--test-case", help="Only the samples of this test case.")
@direction_option
@evaluator_options
@confidence_option("intervals, ranks, and ties")
@cluster_option
@click.option("--stale-ok", is_flag=True, help="Rank stale results, too.")
@click.option(
    "--different-evaluators-ok",
    is_flag=True,
    help="Rank results of evaluators with the same name but different code or settings.",
)
@click.option(
    "--hardest",
    metavar="N",
    type=click.IntRange(min=1),
    help="List the N samples that are the most difficult for these models.",
)
@output_options
def leaderboard(
    suite: str,
    models: tuple[str, ...],
    metadata: tuple[str, ...],
    hardest: int | None,
    **options: Any,
) -> None:
    """Rank the models that were tested on a test suite.

    Each row is a model: the ranks that it may have, letters, and the mean of the metric with its
    confidence interval, on the samples that all models have it for. Models that share a letter are
    not clearly different. With --baseline, also the difference to that model with its confidence
    interval, and the verdict: better, worse, or not decided.

    P-values are adjusted for all pairs of the models that have results of this test suite by this
    evaluator, also if --model lists only some of them.

    SUITE@3 is version 3; SUITE is the latest version that there are results for. KEY is a name such
    as seed or optimizer.name.

    JSON is a list of rows. With --hardest, JSON is an object in which rows is that list and hardest
    lists the samples, while CSV and JSON lines have only the samples: for a bool how many models
    are right, and which one if it is the only one, else the mean over the models.
    """
    # Late, because it imports numpy and help must start fast.
    from kolena_local import comparison

    with location.use(location.resolve(given_location())):
        found = comparison.rank(models or None, suite, metadata=metadata or None, **options)
        _print(found, hardest)


def _print(found: Leaderboard, hardest: int | None) -> None:
    samples = [] if hardest is None else found.difficulty.entries(hardest)

    def show() -> None:
        print_text([found.title, ""])
        print_table(*found.table(), optional=("n", "p adjusted", "diff low", "diff high"))
        if found.caveats:
            print_text(["", *found.caveats])
        if samples:
            print_heading(found.difficulty.title)
            print_table(*found.difficulty.table(samples))

    if hardest is not None and chosen_format() == "json":
        print_object({"rows": found.entries(), "hardest": samples}, show)
    elif hardest is None or is_for_people():
        print_entries(found.keys, found.entries(), show)
    else:
        print_entries(found.difficulty.keys, samples, show)
    legend = found.legend if is_for_people() else found.remarks
    say_below([*legend, *(found.difficulty.counts if hardest is not None else ())])
