"""``kolena-local runs``: which model was tested on what, and how that ended."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from kolena_local.cli.output import Entry, json_option, print_listing
from kolena_local.cli.store import db_option, reading

if TYPE_CHECKING:
    from kolena_local.repository.records import TestRunRecord


@click.group()
def runs() -> None:
    """Test runs: a model, a test suite, an evaluator."""


@runs.command("list")
@click.option("-w", "--workflow", metavar="NAME", help="Only runs of this workflow.")
@click.option("-m", "--model", metavar="NAME", help="Only runs of this model.")
@json_option
@db_option
def list_runs(workflow: str | None, model: str | None, as_json: bool) -> None:
    """List test runs, newest first.

    The table has the first line of what crashed a run; --json has all of it.
    """
    with reading() as unit:
        if workflow is not None:
            unit.workflows.get(workflow)
        if model is not None:
            unit.models.get(model)
        records = unit.test_runs.list(workflow=workflow, model=model)
    print_listing(
        [run_entry(record) for record in records],
        {
            "model": lambda run: run["model"],
            "test suite": suite_label,
            "evaluator": lambda run: run["evaluator"],
            "status": lambda run: run["status"],
            "started": lambda run: run["started_at"],
            "seconds": seconds,
            "error": first_line_of_error,
        },
        as_json=as_json,
        otherwise="There are no such test runs.",
    )


def run_entry(record: TestRunRecord) -> Entry:
    """Return a run as it is listed in JSON."""
    return {
        "id": record.id,
        "workflow": record.workflow,
        "model": record.model,
        "test_suite": record.test_suite,
        "test_suite_version": record.test_suite_version,
        "evaluator": record.evaluator,
        "status": record.status,
        "error": record.error,
        "created_at": record.created_at,
        "started_at": record.started_at,
        "finished_at": record.finished_at,
    }


def suite_label(entry: Entry) -> str:
    """Return the entry's test suite with its version, as ``name@3``."""
    return f"{entry['test_suite']}@{entry['test_suite_version']}"


def seconds(run: Entry) -> float | None:
    """Return how long the run took; None while it is not finished."""
    if run["started_at"] is None or run["finished_at"] is None:
        return None
    return (_moment(run["finished_at"]) - _moment(run["started_at"])).total_seconds()


def first_line_of_error(run: Entry) -> str | None:
    """Return the first line of what crashed the run; None if nothing did."""
    lines = (run["error"] or "").splitlines()
    return lines[0] if lines else None


def _moment(text: str) -> datetime:
    # Python 3.10 does not read the Z.
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
