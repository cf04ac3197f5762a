"""``kolena-local runs``: which model was tested on what, and how that ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kolena_local.cli.ask import confirm, deletion_options, show_deletions
from kolena_local.cli.destination import write_text
from kolena_local.cli.formats import Entry
from kolena_local.cli.metrics import print_all
from kolena_local.cli.options import name_option
from kolena_local.cli.output import (
    Listing,
    output_options,
    print_fields,
    print_heading,
    print_listing,
    print_object,
    report,
)
from kolena_local.cli.records import (
    RUNS,
    case_metrics_entry,
    run_entry,
    seconds,
    status,
    suite_label,
    suite_metrics_entry,
)
from kolena_local.cli.store import reading, writing
from kolena_local.cli.text import printable
from kolena_local.wording import counted

if TYPE_CHECKING:
    from kolena_local.repository.records import RunDeletion

_DELETIONS = Listing(
    ("id", "model", "test_suite", "test_suite_version", "evaluator", "result_count"),
    {
        "run": lambda gone: gone["id"],
        "model": lambda gone: gone["model"],
        "test suite": lambda gone: suite_label(gone),
        "evaluator": lambda gone: gone["evaluator"],
        "results": lambda gone: gone["result_count"],
    },
    "There is nothing to delete.",
)


@click.group()
def runs() -> None:
    """Test runs: a model, a test suite, an evaluator."""


@runs.command("list")
@name_option("-w", "--workflow", help="Only runs of this workflow.")
@name_option("-m", "--model", help="Only runs of this model.")
@name_option("-s", "--test-suite", help="Only runs on this test suite.")
@output_options
def list_runs(workflow: str | None, model: str | None, test_suite: str | None) -> None:
    """List test runs, newest first.

    The table has the first line of what crashed a run; `runs show` and --json have all of it. A
    run whose process is gone is shown as interrupted; the next test goes on from there.
    """
    with reading() as unit:
        if workflow is not None:
            unit.workflows.get(workflow)
        if model is not None:
            unit.models.get(model)
        if test_suite is not None:
            unit.test_suites.get(test_suite)
        records = unit.test_runs.list(workflow, model, test_suite)
    print_listing(RUNS, [run_entry(record) for record in records])


@runs.command("show")
@click.argument("run_id", metavar="ID", type=int)
@output_options
def show_run(run_id: int) -> None:
    """Show a test run: what crashed it, and all its metrics.

    ID is the number in `runs list`.
    """
    with reading() as unit:
        entry = run_entry(unit.test_runs.get(run_id))
        entry["test_cases"] = [case_metrics_entry(o) for o in unit.test_runs.case_metrics(run_id)]
        entry["suite_metrics"] = [
            suite_metrics_entry(one) for one in unit.test_runs.suite_metrics(run_id)
        ]
    print_object(entry, lambda: _print_run(entry))


@runs.command("delete")
@click.argument("run_ids", metavar="ID...", type=int, nargs=-1, required=True)
@deletion_options
@output_options
def delete_runs(run_ids: tuple[int, ...], yes: bool, dry_run: bool) -> None:
    """Delete test runs with their results: all of them or, if one is unknown, none.

    The model's inferences stay.
    """
    if dry_run or not yes:
        with reading() as unit:
            planned = [_deletion_entry(one) for one in unit.test_runs.deletion(run_ids)]
        if dry_run:
            print_listing(_DELETIONS, planned)
            return
        show_deletions(_DELETIONS, planned)
        confirm("Delete all of this?")
    with writing() as unit:
        gone = [_deletion_entry(one) for one in unit.test_runs.delete(run_ids)]
    report(f"Deleted {counted(len(gone), 'test run')}.", _DELETIONS, gone)


def _print_run(run: Entry) -> None:
    print_fields(
        {
            "run": run["id"],
            "model": run["model"],
            "test suite": suite_label(run),
            "workflow": run["workflow"],
            "evaluator": run["evaluator"],
            "status": status(run),
            "started": run["started_at"],
            "seconds": seconds(run),
        }
    )
    if run["error"]:
        print_heading("error")
        write_text("\n".join(printable(line) for line in run["error"].splitlines()))
    print_all(run["test_cases"], run["suite_metrics"])


def _deletion_entry(record: RunDeletion) -> Entry:
    return {
        "id": record.run.id,
        "model": record.run.model,
        "test_suite": record.run.test_suite,
        "test_suite_version": record.run.test_suite_version,
        "evaluator": record.run.evaluator,
        "result_count": record.results,
    }
