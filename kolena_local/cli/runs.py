"""``kolena-local runs``: test runs with their status and metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kolena_local.cli.entries import (
    RUNS,
    case_metrics,
    local_time,
    picked,
    plots,
    seconds,
    status,
    suite_label,
    suite_metrics,
)
from kolena_local.cli.lazy import Group
from kolena_local.cli.metrics import print_all
from kolena_local.cli.options import name_option
from kolena_local.cli.output.formats import Entry
from kolena_local.cli.output.output_options import output_options
from kolena_local.cli.output.printing import (
    Columns,
    Listing,
    is_json,
    print_fields,
    print_heading,
    print_listing,
    print_object,
    print_text,
    shown,
)
from kolena_local.cli.prompts import delete, deletion_options
from kolena_local.cli.provenance import print_provenance
from kolena_local.cli.store_option import reading
from kolena_local.cli.verify import verify

if TYPE_CHECKING:
    from kolena_local.repository.records import RunDeletion

_OF_RUN = ("id", "model", "test_suite", "test_suite_version", "evaluator")
_DELETIONS = Listing(
    (*_OF_RUN, "result_count"),
    {
        "run": "id",
        "model": "model",
        "test suite": suite_label,
        "evaluator": "evaluator",
        "results": "result_count",
    },
    "Nothing to delete.",
)
_FIELDS: Columns = {
    "run": "id",
    "model": "model",
    "test suite": suite_label,
    "workflow": "workflow",
    "evaluator": "evaluator",
    "status": status,
    "started": local_time("started_at", "finished_at"),
    "seconds": seconds,
}


@click.group(cls=Group)
def runs() -> None:
    """List, show, verify, and delete test runs."""


runs.add_command(verify)


@runs.command("list")
@name_option("-w", "--workflow", help="Only runs of this workflow.")
@name_option("-m", "--model", help="Only runs of this model.")
@name_option("-s", "--test-suite", help="Only runs on this test suite.")
@click.option("--all", "superseded", is_flag=True, help="Also runs whose results were replaced.")
@output_options
def list_runs(
    workflow: str | None, model: str | None, test_suite: str | None, superseded: bool
) -> None:
    """List test runs, newest first.

    The table shows the first line of a run's error; `runs show` and --json print all of it. A run
    whose process died is shown as interrupted; testing again continues it. Runs that were created
    and never started are not listed. Stale results were computed from data that has changed since;
    testing again computes them again.

    If stale results are computed again, or those of an evaluator that was edited, the earlier
    results are kept as a superseded run, which --all shows with the time when it finished.
    """
    with reading() as unit:
        if workflow is not None:
            unit.workflows.get(workflow)
        if model is not None:
            unit.models.get(model)
        if test_suite is not None:
            unit.test_suites.get(test_suite)
        records = unit.test_runs.list(
            workflow, model, test_suite, begun=True, superseded=superseded
        )
    print_listing(RUNS, [picked(record, RUNS.keys) for record in records])


@runs.command("show")
@click.argument("run_id", metavar="ID", type=int)
@output_options
def show_run(run_id: int) -> None:
    """Show a test run with its error, all of its metrics, and its provenance.

    ID is the number that `runs list` shows. JSON has the plots, too, as they are stored. The
    provenance is what was captured of code and environment, if the model was made with
    provenance=True.
    """
    with reading() as unit:
        record = unit.test_runs.get(run_id)
        entry = picked(record, RUNS.keys)
        entry["test_cases"] = case_metrics(unit, run_id)
        entry["suite_metrics"] = suite_metrics(unit, run_id)
        if is_json():
            entry["plots"] = plots(unit, run_id)
        entry["provenance"] = unit.provenances.of_run(run_id)
    print_object(entry, lambda: _print_run(entry, record.staleness))


@runs.command("delete")
@click.argument("run_ids", metavar="ID...", type=int, nargs=-1, required=True)
@deletion_options
@output_options
def delete_runs(run_ids: tuple[int, ...], yes: bool, dry_run: bool) -> None:
    """Delete test runs with their results.

    If one of the IDs is unknown, no run is deleted. The inferences of the models stay.
    """
    delete(
        _DELETIONS,
        "test run",
        lambda unit: list(map(_deletion_entry, unit.test_runs.deletion(run_ids))),
        lambda unit: list(map(_deletion_entry, unit.test_runs.delete(run_ids))),
        yes=yes,
        dry_run=dry_run,
    )


def _print_run(run: Entry, staleness: str) -> None:
    print_fields({**shown(_FIELDS, run), "results": staleness or None})
    if run["error"]:
        print_heading("error")
        print_text(run["error"].splitlines())
    print_all(run["test_cases"], run["suite_metrics"])
    if run["provenance"] is not None:
        print_provenance("provenance", run["provenance"])


def _deletion_entry(record: RunDeletion) -> Entry:
    return picked(record.run, _OF_RUN) | {"result_count": record.results}
