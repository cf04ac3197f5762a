"""``kolena-local compare``: whether a candidate model is better or worse than a base model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kolena_local import location
from kolena_local.cli.completion import names_of
from kolena_local.cli.options import (
    cluster_option,
    confidence_option,
    correction_option,
    evaluator_options,
    name_option,
)
from kolena_local.cli.output.formats import flat
from kolena_local.cli.output.output_options import chosen_format, output_options
from kolena_local.cli.output.printing import (
    Columns,
    is_for_people,
    print_entries,
    print_heading,
    print_object,
    print_rows,
    print_table,
    print_text,
    say,
    say_below,
)
from kolena_local.cli.output.terminal_text import cell
from kolena_local.cli.store_option import given_location
from kolena_local.plurals import enumerated, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kolena_local.comparison import Comparison

WORSE, DOUBTFUL = 3, 4
_LONGEST = 300
_MOST_FLIPS = 100
_HEADINGS = {"worst": "Samples that got worse", "flips": "Samples that changed"}
_WORST: Columns = {
    "sample": lambda one: _in_words(one["test_sample"]),
    "ground truth": lambda one: _in_words(one["ground_truth"]),
    "base says": lambda one: _in_words(one["base_inference"]),
    "candidate says": lambda one: _in_words(one["candidate_inference"]),
    "metric": "metric",
    "base": "base",
    "candidate": "candidate",
    "difference": "difference",
}


@click.command()
@click.argument("base", shell_complete=names_of("model"))
@click.argument("candidate", shell_complete=names_of("model"))
@name_option(
    "-s",
    "--suite",
    metavar="SUITE",
    required=True,
    noun="test_suite",
    help="The test suite; SUITE@3 is version 3.",
)
@click.option(
    "--metric",
    "metrics",
    metavar="NAME",
    multiple=True,
    help="Compare only this metric (repeatable).",
)
@evaluator_options
@confidence_option("intervals and verdicts")
@cluster_option
@correction_option
@click.option(
    "--higher-is-better",
    metavar="METRIC",
    multiple=True,
    help="Treat METRIC as higher-is-better (repeatable).",
)
@click.option(
    "--lower-is-better",
    metavar="METRIC",
    multiple=True,
    help="Treat METRIC as lower-is-better (repeatable).",
)
@click.option(
    "--runs",
    metavar="BASE CANDIDATE",
    type=(int, int),
    help="Use the results of these runs, by the IDs that `runs list --all` shows.",
)
@click.option("--stale-ok", is_flag=True, help="Compare stale results, too.")
@click.option(
    "--different-evaluators-ok",
    is_flag=True,
    help="Compare results of evaluators with the same name but different code or settings.",
)
@click.option(
    "--noise",
    is_flag=True,
    help="Say which differences asking the same model again may make, as `runs verify` found.",
)
@click.option(
    "--worst",
    metavar="N",
    type=click.IntRange(min=1),
    help="List the N samples that got worse the most, with both answers.",
)
@click.option(
    "--flips",
    is_flag=True,
    help="Count and list the samples that turned from right to wrong, and from wrong to right.",
)
@click.option(
    "--margin",
    "margins",
    metavar="X",
    multiple=True,
    help="Accept a loss of X; METRIC=X for one metric (repeatable).",
)
@click.option(
    "--fail-on",
    type=click.Choice(["worse", "not-better", "worse-than-margin"]),
    metavar="VERDICT",
    help="Exit with 3 on this verdict: worse, not-better or worse-than-margin.",
)
@click.option("--strict", is_flag=True, help="Exit with 4 if the comparison leaves doubt.")
@output_options
def compare(
    base: str,
    candidate: str,
    suite: str,
    metrics: tuple[str, ...],
    higher_is_better: tuple[str, ...],
    lower_is_better: tuple[str, ...],
    worst: int | None,
    flips: bool,
    margins: tuple[str, ...],
    fail_on: str | None,
    strict: bool,
    **options: Any,
) -> None:
    """Compare two models on a test suite, sample by sample.

    Both models must have been evaluated on the test suite. Each row is a metric on a test case or
    on the whole suite: both means, their difference with its confidence interval, and the verdict,
    which is better, worse, or not decided. Rows with the strongest evidence come first. Remarks go
    below the table, and into the column remarks of other formats; explanations of the columns go to
    standard error. A narrow terminal may not show the means, and a test case that is the whole
    suite has a row of its own only in JSON and CSV.

    Whether higher or lower is better is declared where the evaluator's metrics are defined. Names
    such as accuracy and error need no declaration; the verdict on other metrics is higher or lower.

    --cluster names a metadata field of the samples whose equal values mark dependent samples, such
    as the patient that several images show.

    JSON is a list of rows. With --worst or --flips, JSON is an object in which rows is that list
    and worst or flips lists the samples, while CSV and JSON lines have only the samples.

    --flips is for metrics that are bools: all samples that the candidate gets wrong and the base
    right come first, then those with the opposite change.

    --margin says which loss is accepted. Whether the samples rule out a larger one is in the column
    within margin: equivalent, no worse, worse, or not decided, by the ends of the interval.

    --fail-on worse exits with 3 if any row says worse; --fail-on not-better also does unless every
    metric is better on the whole suite. --fail-on worse-than-margin exits with 3 unless every row
    with a margin rules out a larger loss; too few samples and samples without results do not. All
    exit with 2, as does --worst, if it is not known of a metric whether higher or lower is better.
    --strict exits with 4 if doubt is left: that is not known, the whole suite is not decided, or
    samples were left out.
    """
    both = set(higher_is_better) & set(lower_is_better)
    if both:
        raise click.UsageError(
            "Give either --higher-is-better or --lower-is-better for"
            f" {enumerated(sorted(both))}, not both."
        )
    if flips and worst is not None:
        raise click.UsageError("Give either --worst or --flips, not both.")
    runs = options["runs"]
    if base == candidate and (runs is None or runs[0] == runs[1]):
        raise click.UsageError(
            f"{printable(repr(base))} is both the base and the candidate; give another candidate,"
            " or --runs to compare two runs of one model."
        )
    margin = _margin(margins)
    if fail_on == "worse-than-margin" and margin is None:
        raise click.UsageError("Give --margin with --fail-on worse-than-margin.")
    # Late, because it imports numpy and help must start fast.
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
            margin=margin,
            **options,
        )
    judges = fail_on is not None or worst is not None or flips
    refusal = found.refusal if judges else None
    if refusal is None and flips:
        _print(found, "flips", [one._asdict() for one in found.flips()])
    elif refusal is None and worst is not None:
        _print(found, "worst", [one._asdict() for one in found.worst(worst)])
    else:
        _print(found)
    if refusal is not None:
        click.echo(f"Error: {printable(refusal)}", err=True)
        raise click.exceptions.Exit(click.UsageError.exit_code)
    code = exit_code(found, fail_on, strict)
    if fail_on == "worse-than-margin":
        for sentence in found.regressions:
            say(sentence)
    if code:
        raise click.exceptions.Exit(code)


def _margin(texts: tuple[str, ...]) -> float | dict[str, float] | None:
    """Return the margin for all metrics, or the margins of some by name; None without any."""
    named: dict[str, float] = {}
    for text in texts:
        name, equals, number = text.rpartition("=")
        try:
            if equals and not name:
                raise ValueError(text)
            value = float(number)
        except ValueError:
            raise click.UsageError(
                f"Give --margin a number, or METRIC=NUMBER, not {printable(repr(text))}."
            ) from None
        if name in named:
            raise click.UsageError(f"Give --margin once for {printable(name or 'all metrics')}.")
        named[name] = value
    if "" in named and len(named) > 1:
        raise click.UsageError("Give one --margin for all metrics, or METRIC=NUMBER for each.")
    return named.get("", named or None)


def exit_code(found: Comparison, fail_on: str | None, strict: bool) -> int:
    """Return 0 if the candidate passes, 3 if it fails, 4 if that is in doubt."""
    if fail_on in ("worse", "not-better") and found.is_worse:
        return WORSE
    if fail_on == "worse-than-margin" and found.regressions:
        return WORSE
    if fail_on == "not-better" and not found.is_better:
        return WORSE
    return DOUBTFUL if strict and found.is_doubtful else 0


def _print(
    found: Comparison, name: str | None = None, samples: Sequence[dict[str, Any]] = ()
) -> None:
    """Print a comparison, with samples if ``name`` says which ones: worst or flips."""
    from kolena_local.comparison.result import ChangedSample  # late, as above

    remarks = " ".join(found.caveats)
    shown = samples if name == "worst" else samples[:_MOST_FLIPS]

    def show() -> None:
        print_text([found.title, ""])
        print_table(*found.table(flips=name == "flips"), optional=("base", "candidate"))
        if found.caveats:
            print_text(["", *found.caveats])
        if samples:
            print_heading(_HEADINGS[name or "worst"])
            print_rows(_WORST, shown)

    rows = found.entries()
    if name is not None and chosen_format() == "json":
        print_object({"rows": rows, name: list(samples)}, show)
    elif name is None or is_for_people():
        print_entries(list(rows[0]), rows, show)
    else:
        keys = (*ChangedSample._fields, "remarks")
        print_entries(keys, [{**sample, "remarks": remarks} for sample in samples], show)
    say_below(found.legend if is_for_people() else found.remarks)
    if name is not None and not samples:
        say("No sample got worse." if name == "worst" else "No sample changed.")
    if is_for_people() and len(shown) < len(samples):
        say(f"{len(samples) - len(shown):,} more samples are in JSON and CSV.")


def _in_words(value: Any) -> str | None:
    """Return the fields of an object on one line, without their types; a single one as it is.

    Long text is cut, because an answer may have thousands of points; JSON and CSV have all of it.
    """
    if not isinstance(value, dict):
        return None if value is None else cell(value)
    fields = {
        name: cell(item)
        for name, item in flat(value).items()
        if name.rpartition(".")[2] != "data_type"
    }
    if len(fields) == 1:
        text = next(iter(fields.values()))
    else:
        text = ", ".join(f"{name}: {item}" for name, item in fields.items())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
