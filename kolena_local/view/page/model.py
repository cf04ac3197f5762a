"""The page of one model: metadata, coverage, runs and results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from flask import Response, request

from kolena_local.payload import Json
from kolena_local.repository import Unit
from kolena_local.repository.determinism_checks import OUTDATED
from kolena_local.repository.headlines import HeadlineValue, single_values
from kolena_local.repository.records import Coverage, TestRunRecord
from kolena_local.view.html import Column
from kolena_local.view.page.models import MetricCell, metric_cells, models, shortened
from kolena_local.view.page.rendering import page
from kolena_local.view.page.store import reading
from kolena_local.view.provenance_facts import captured, in_short
from kolena_local.view.side_by_side import differences

__all__ = ["models"]

_RESULTS: Final = 10
_CASES: Final = 50
_METRICS: Final = 12
_RUNS: Final = 50
_CAPTURED: Final = 5
_ANSWERS: Final = 10
#: Up to so many samples, those with an inference are counted at once.
_COUNTED: Final = 50_000


class ResultLine(NamedTuple):
    """The metrics of a test case; None is the whole test suite."""

    test_case: str | None
    version: int | None
    samples: int | None
    cells: list[MetricCell | None]


@dataclass(frozen=True)
class ResultTable:
    """The metrics of a run under one configuration.

    Attributes:
        run: the run.
        configuration: the name of the configuration.
        columns: the headers.
        lines: the first test cases.
        left_out: how many test cases and metrics are not shown.
    """

    run: TestRunRecord
    configuration: str | None
    columns: list[Column]
    lines: list[ResultLine]
    left_out: tuple[int, int]


@models.get("/model")
def show() -> Response:
    """Show a model."""
    name = request.args.get("name", "")
    with reading() as unit:
        model = unit.models.get(name)
        runs = unit.test_runs.list(model=name, begun=True)
        tables = [table for run in runs[:_RESULTS] for table in _result_tables(unit, run)]
        coverage = _coverage(unit, model.id, model.workflow, force="count" in request.args)
        against = request.args.get("against")
        differing = differences(unit, name, against) if against else None
        provenance = captured(unit, model)
        check = unit.determinism_checks.latest(model.id)
    return page(
        "model.html",
        model=model,
        tables=tables,
        coverage=coverage,
        runs=runs[:_RUNS],
        against=against,
        differing=differing,
        provenance=provenance[:_CAPTURED],
        more_provenance=len(provenance[_CAPTURED:]),
        run_count=len(runs),
        check=check,
        outdated=OUTDATED,
        checked_code=check and in_short(check.provenance or {}).get("code"),
        answers=check.differences[:_ANSWERS] if check else (),
    )


def _coverage(unit: Unit, model_id: int, workflow: str, *, force: bool) -> list[Coverage] | None:
    """Return how far the model is with test suites; None if counting would take long."""
    suites = unit.test_suites.list(workflow)
    samples = sum(case.sample_count for suite in suites for case in suite.test_cases)
    return unit.inferences.coverage(model_id) if force or samples <= _COUNTED else None


def _result_tables(unit: Unit, run: TestRunRecord) -> list[ResultTable]:
    of_suite = {one.configuration: one for one in unit.test_runs.suite_metrics(run.id)}
    of_cases = unit.test_runs.case_metrics(run.id)
    tables = []
    for configuration in dict.fromkeys([*of_suite, *(one.configuration for one in of_cases)]):
        found: list[tuple[str | None, int | None, int | None, dict[str, Json], bool | None]] = []
        whole = of_suite.get(configuration)
        if whole is not None:
            found.append((None, None, None, single_values(whole.metrics), whole.is_stale))
        cases = [one for one in of_cases if one.configuration == configuration]
        found += [
            (
                one.test_case,
                one.test_case_version,
                one.sample_count,
                single_values(one.metrics),
                one.is_stale,
            )
            for one in cases[:_CASES]
        ]
        tables.append(_table(run, configuration, found, max(0, len(cases) - _CASES)))
    return tables


def _table(
    run: TestRunRecord,
    configuration: str | None,
    found: Sequence[tuple[str | None, int | None, int | None, dict[str, Json], bool | None]],
    left_out: int,
) -> ResultTable:
    names = list(dict.fromkeys(name for *_, values, _ in found for name in values))
    columns = [
        metric_cells(
            {
                place: HeadlineValue(place, 0, values[name], stale, None, None)
                for place, (*_, values, stale) in enumerate(found)
                if values.get(name) is not None
            }
        )
        for name in names[:_METRICS]
    ]
    return ResultTable(
        run,
        configuration,
        [
            Column("test case"),
            Column("samples", number=True),
            *(Column(shortened(name), number=True) for name in names[:_METRICS]),
        ],
        [
            ResultLine(*found[place][:3], [column.get(place) for column in columns])
            for place in range(len(found))
        ],
        (left_out, max(0, len(names) - _METRICS)),
    )
