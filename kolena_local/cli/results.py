"""``kolena-local results``: a model's metrics on a test suite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from kolena_local.cli.completion import names_of
from kolena_local.cli.entries import (
    CASE_METRICS,
    RUNS,
    age,
    case_metrics,
    first_line_of_error,
    picked,
    plots,
    status,
    suite_label,
    suite_metrics,
)
from kolena_local.cli.metrics import print_all
from kolena_local.cli.output.formats import Entry
from kolena_local.cli.output.output_options import output_options
from kolena_local.cli.output.printing import is_json, print_entries, print_heading, say
from kolena_local.cli.store_option import reading

if TYPE_CHECKING:
    from kolena_local.repository import Unit
    from kolena_local.repository.records import TestRunRecord

_OF_RUN = ("model", "test_suite", "test_suite_version", "evaluator")


@click.command()
@click.argument("model", shell_complete=names_of("model"))
@click.argument("test_suite", metavar="SUITE", shell_complete=names_of("test_suite"))
@click.option("--evaluator", metavar="NAME", help="Only metrics of this evaluator.")
@output_options
def results(model: str, test_suite: str, evaluator: str | None) -> None:
    """Print a model's metrics on a test suite.

    SUITE@3 is version 3; SUITE is the newest version that the model was tested on. There is a row
    for each test case and evaluator configuration. Metrics that are lists of objects, such as
    metrics by class, get a table of their own. In JSON and CSV, the metrics of the whole test suite
    are a row without a test case, and a row of JSON has the plots of its test case, as they are
    stored.
    """
    with reading() as unit:
        unit.models.get(model)
        records = unit.test_runs.of_label(model, test_suite, evaluator)
        runs = [
            (picked(run, RUNS.keys), case_metrics(unit, run.id), suite_metrics(unit, run.id))
            for run in records
        ]
        drawn = [plots(unit, run.id) if is_json() else [] for run in records]
        empty = _without_samples(unit, [run for run, _, _ in runs])
        latest = latest_version(unit, records)
    entries = [
        _entry(run, metrics)
        for (run, cases, suites), found in zip(runs, drawn, strict=True)
        for metrics in _with_plots([*cases, *suites], found)
    ]
    print_entries([*_OF_RUN, *CASE_METRICS], entries, lambda: _print(runs))
    for run, cases, suites in runs:
        if run["status"] != "completed" or not cases + suites:
            say(_remark(run))
    remark_on_age(records, latest)
    if empty:
        say(f"Not evaluated, because they have no samples: {', '.join(empty)}.")


def latest_version(unit: Unit, runs: Sequence[TestRunRecord]) -> int:
    """Return the latest version of the test suite of one or more runs."""
    return unit.test_suites.get(runs[0].test_suite).version


def remark_on_age(runs: Sequence[TestRunRecord], latest: int) -> None:
    """Say if the runs are on an earlier version than the latest, and which results are stale."""
    version = max(run.test_suite_version for run in runs)
    if version < latest:
        say(
            f"These are results on version {version} of the test suite; its latest version is"
            f" {latest}."
        )
    for run in runs:
        if run.staleness:
            say(f"The results of the run {run.id} are {run.staleness}; run test() again.")


def _without_samples(unit: Unit, runs: list[Entry]) -> list[str]:
    """Return the names of test cases of the runs' test suites that have no samples."""
    suites = {(run["test_suite"], run["test_suite_version"]) for run in runs}
    cases = [case for suite in suites for case in unit.test_suites.get(*suite).test_cases]
    return sorted({case.name for case in cases if not case.sample_count})


def _with_plots(metrics: list[Entry], found: list[Entry]) -> list[Entry]:
    """Return the metrics with the plots of their test case; one that has only plots gets a row."""
    if not is_json():
        return metrics
    entries = {(it["configuration"], it.get("test_case")): it | {"plots": []} for it in metrics}
    for plot in found:
        place = (plot["configuration"], plot["test_case"])
        only = {"metrics": {}, "plots": []} | {
            key: plot[key] for key in ("configuration", "test_case", "is_stale")
        }
        entries.setdefault(place, only)["plots"].append(plot["plot"])
    return list(entries.values())


def _entry(run: Entry, metrics: Entry) -> Entry:
    keys = [*CASE_METRICS, *(["plots"] if "plots" in metrics else [])]
    return {**{key: run[key] for key in _OF_RUN}, **{key: metrics.get(key) for key in keys}}


def _print(runs: list[tuple[Entry, list[Entry], list[Entry]]]) -> None:
    for run, cases, suites in runs:
        if cases or suites:
            by = run["evaluator"] or "an evaluator without a name"
            remark = f" ({age(run)})" if age(run) else ""
            print_heading(f"{run['model']} on {suite_label(run)} by {by}{remark}")
            print_all(cases, suites)


def _remark(run: Entry) -> str:
    by = run["evaluator"] or "no evaluator"
    error = f": {first_line_of_error(run)}" if run["error"] else ""
    how = "" if run["status"] == "completed" else f" ({status(run)}{error})"
    return f"The run {run['id']} by {by}{how} does not have all of its metrics."
