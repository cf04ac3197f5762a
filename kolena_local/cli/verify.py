"""``kolena-local runs verify``; what ``models show`` prints of such a check."""

from __future__ import annotations

import sys
from typing import Any

import click

from kolena_local import location
from kolena_local.cli.completion import names_of
from kolena_local.cli.output.formats import Entry
from kolena_local.cli.output.output_options import output_options
from kolena_local.cli.output.printing import (
    Columns,
    print_fields,
    print_heading,
    print_object,
    print_rows,
)
from kolena_local.cli.output.terminal_text import cell
from kolena_local.cli.store_option import given_location
from kolena_local.plurals import counted, printable

DIFFERENT = 3
_SHOWN = 20

_ANSWERS: Columns = {
    "sample": "sample",
    "field": lambda one: one["path"] or "(whole answer)",
    "stored": lambda one: _text(one["stored"]),
    "again": lambda one: _text(one["again"]),
    "difference": "difference",
}
_METRICS: Columns = {
    "metric": "metric",
    "values": "n",
    "changed": "flipped",
    "mean change": "mean_change",
}


@click.command("verify")
@click.argument("model", shell_complete=names_of("model"))
@click.argument("suite", shell_complete=names_of("test_suite"))
@click.option("--infer", metavar="MODULE:FUNCTION", help="Ask the model again by this function.")
@click.option(
    "--evaluator",
    metavar="MODULE:OBJECT",
    help="Compute metrics by this evaluator or class of one.",
)
@click.option(
    "--n",
    metavar="N",
    type=click.IntRange(min=1),
    default=60,
    help="How many inferences, or else test cases (default: 60).",
)
@click.option(
    "--seed",
    metavar="N",
    type=click.IntRange(min=0),
    default=0,
    help="The seed of the random sample (default: 0).",
)
@click.option(
    "--tolerance",
    metavar="X",
    type=float,
    help="Allow floats to differ by X plus X times the stored value.",
)
@click.option("--fresh-process", is_flag=True, help="Ask the model in a new Python process.")
@output_options
def verify(model: str, suite: str, **options: Any) -> None:
    """Check that a model answers as it did, or that its metrics can be computed again.

    With --infer, a random sample of the model's stored inferences is inferred again, in random
    order. Each answer is identical, within tolerance (floats differ by no more than 1e-5 plus
    1.3e-6 of the stored value, as torch allows for float32), or different. With --evaluator,
    per-sample metrics of both answers are compared, too. `models show` shows the latest result.

    With --evaluator alone, the metrics of a random sample of test cases are computed again from
    stored inferences.

    The inferences and metrics in the store do not change. Modules are found in the current folder
    and among the installed ones; SUITE@3 is version 3. Exits with 3 if anything differs.
    """
    if options["infer"] is None and options["evaluator"] is None:
        raise click.UsageError(
            "Give --infer module:function to ask the model again, or --evaluator module:object to"
            " compute its metrics again."
        )
    # Late, because it imports numpy and the workflow, and help must start fast.
    from kolena_local.determinism.from_names import verify as check

    try:
        with location.use(location.resolve(given_location())):
            found = check(model, suite, **options)
    except SystemExit as error:
        # Of the user's code, perhaps with 0, which would say that all is well.
        raise click.ClickException(
            f"The code of the model or evaluator ended the program (sys.exit({error.code!r:.80})),"
            " so nothing was checked."
        ) from error
    except Exception as error:
        # What a model or evaluator raised has a note, and nothing to do with the store.
        notes = getattr(error, "__notes__", ())
        if not notes or sys.flags.dev_mode:
            raise
        message = f"{type(error).__name__}: {error} ({'; '.join(notes)})"
        raise click.ClickException(printable(message)) from error
    entry = found.entry()
    if "different" in entry:
        print_object(entry, lambda: _print_answers(entry))
    else:
        print_object(entry, lambda: _print_metrics(entry))
    if entry["differences"]:
        raise click.exceptions.Exit(DIFFERENT)


def check_fields(check: Entry) -> dict[str, Any]:
    """Return what is printed of a check of determinism, by its label."""
    from kolena_local.repository.determinism_checks import (  # late: help is fast
        OUTDATED,
        likely_share,
    )

    share = 100 * check["different"] / check["n"]
    process = ", in a new process" if check["settings"]["fresh_process"] else ""
    fields = {
        "test suite": f"{check['test_suite']}@{check['test_suite_version']}",
        "inferred again": f"{check['n']}{process}",
        "identical": check["identical"],
        "within tolerance": check["within_tolerance"],
        "different": f"{check['different']} ({share:.3g} %)",
    }
    fields["of all inferences"] = likely_share(check["different"], check["n"], check["interval"])
    if check["metrics_n"] is not None:
        changed = check["metrics_flipped"] or "none"
        fields["metrics changed"] = f"{changed} of {counted(check['metrics_n'], 'sample')}"
    if check["is_outdated"]:
        fields["outdated"] = OUTDATED
    return fields


def _print_answers(check: Entry) -> None:
    print_fields({"model": check["model"], **check_fields(check)})
    if check["metrics"]:
        print_heading("metrics of the new answers")
        print_rows(_METRICS, check["metrics"])
    _print_differences("answers that differ", _ANSWERS, check["differences"])


def _print_metrics(check: Entry) -> None:
    print_fields(
        {
            "model": check["model"],
            "test suite": f"{check['test_suite']}@{check['test_suite_version']}",
            "run": check["test_run_id"],
            "evaluator": check["evaluator"],
            "test cases": len(check["test_cases"]),
            "metrics compared": check["n"],
            "different": len(check["differences"]),
        }
    )
    columns: Columns = {"test case": "test_case", **_ANSWERS}
    _print_differences("metrics that differ", columns, check["differences"])


def _print_differences(heading: str, columns: Columns, differences: list[Entry]) -> None:
    if differences:
        more = len(differences) - _SHOWN
        print_heading(heading + (f" ({_SHOWN} of {len(differences)})" if more > 0 else ""))
        print_rows(columns, differences[:_SHOWN])


def _text(value: Any) -> Any:
    return value if value is None or isinstance(value, (int, float)) else cell(value)
