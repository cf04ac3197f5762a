"""The results of models on test suites: metrics, plots, and the runs that they are from."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from flask import Blueprint, Response, abort, request

from kolena_local.payload import dumps, loads
from kolena_local.view.page.downloads import attachment
from kolena_local.view.page.paging import Part, number_from, part_of
from kolena_local.view.page.rendering import page
from kolena_local.view.page.store import reading
from kolena_local.view.result_tables import MetricTable, metric_tables

if TYPE_CHECKING:
    from kolena_local.repository import Unit
    from kolena_local.repository.records import TestRunRecord
    from kolena_local.repository.result_records import CaseMetricsRecord, PlotRecord

results = Blueprint("results", __name__)
runs = Blueprint("runs", __name__)
plots = Blueprint("plots", __name__)

_FORMATS: Final = {"svg": "image/svg+xml", "png": "image/png"}


class RunResults(NamedTuple):
    """A run with its metrics and plots.

    Attributes:
        run: the run.
        part: the metrics of the test cases that are shown.
        tables: these metrics as tables.
        suite_tables: the metrics of the whole test suite as tables.
        plots: the plots of the test case that is chosen, or of the first that has some.
        plotted: the name of that test case; None if there are no plots.
        plotted_cases: the names of the test cases that have plots.
    """

    run: TestRunRecord
    part: Part[CaseMetricsRecord]
    tables: list[MetricTable]
    suite_tables: list[MetricTable]
    plots: list[PlotRecord]
    plotted: str | None
    plotted_cases: list[str]


@results.get("/results")
def show() -> Response:
    """Show a model's results on a test suite."""
    model, suite = request.args.get("model", ""), request.args.get("suite", "")
    with reading() as unit:
        unit.models.get(model)
        records = unit.test_runs.of_label(model, suite, request.args.get("evaluator") or None)
        found = [_of_run(unit, run) for run in records]
        of_suite = unit.test_runs.list(
            model=model, test_suite=records[0].test_suite, begun=True, superseded=True
        )
        empty = _without_samples(unit, records[0])
    shown = {run.id for run in records}
    return _page(found, [run for run in of_suite if run.id not in shown], empty)


@runs.get("/run", endpoint="show")
def show_run() -> Response:
    """Show a run, which may be one whose results were superseded."""
    id_ = number_from("id")
    if id_ is None:
        abort(404)
    with reading() as unit:
        run = unit.test_runs.get(id_)
        found = [_of_run(unit, run)]
        of_suite = unit.test_runs.list(
            model=run.model, test_suite=run.test_suite, begun=True, superseded=True
        )
        empty = _without_samples(unit, run)
    return _page(found, [one for one in of_suite if one.id != id_], empty)


@plots.get("/plot")
def image() -> Response:
    """Draw a plot of a run: an SVG image, or a file of another format to be saved."""
    run, position = number_from("run"), number_from("position")
    case, configuration = request.args.get("test_case"), request.args.get("configuration") or None
    format = request.args.get("format", "svg")
    if run is None or format not in _FORMATS:
        abort(404)
    with reading() as unit:
        unit.test_runs.get(run)
        wanted = (configuration, case, position)
        found = [
            plot
            for plot in unit.test_runs.plots(run, case)
            if (plot.configuration, plot.test_case, plot.position) == wanted
        ]
    if not found:
        abort(404)
    drawn = _drawn(dumps(found[0].payload), format)
    if "download" in request.args:
        return attachment(f"plot-{position}.{format}", drawn, _FORMATS[format])
    return Response(drawn, mimetype=_FORMATS[format])


@lru_cache(maxsize=64)
def _drawn(text: str, format: str) -> bytes:
    from kolena_local.view import plots as drawing  # late: matplotlib is slow to import

    plot = loads(text)
    assert isinstance(plot, dict), "a plot is stored as an object"
    return drawing.image(drawing.draw(plot), format)


def _of_run(unit: Unit, run: TestRunRecord) -> RunResults:
    wanted = request.args.get("test_case") or None
    records = [
        one for one in unit.test_runs.case_metrics(run.id) if wanted in (None, one.test_case)
    ]
    part = part_of(records)
    cases = unit.test_runs.plotted_cases(run.id)
    plotted = wanted or request.args.get("plots") or (cases[0] if cases else None)
    return RunResults(
        run,
        part,
        metric_tables(part.shown),
        metric_tables(unit.test_runs.suite_metrics(run.id)),
        [] if plotted is None else unit.test_runs.plots(run.id, plotted),
        plotted if plotted in cases else None,
        cases,
    )


def _without_samples(unit: Unit, run: TestRunRecord) -> list[str]:
    """Return the names of the test cases that were not evaluated, because they are empty."""
    suite = unit.test_suites.get(run.test_suite, run.test_suite_version)
    return [case.name for case in suite.test_cases if not case.sample_count]


def _page(found: list[RunResults], others: list[TestRunRecord], empty: list[str]) -> Response:
    first = found[0].run
    return page(
        "results.html",
        model=first.model,
        suite=first.test_suite,
        version=first.test_suite_version,
        found=found,
        others=part_of(others, 20, "runs"),
        empty=empty,
        test_case=request.args.get("test_case") or None,
        is_run=request.blueprint == "runs",
    )
