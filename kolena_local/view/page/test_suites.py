"""The test suites: their versions, test cases, and the models that were tested on them."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from kolena_local.payload import Json
from kolena_local.repository.dataset_records import EVALUATOR
from kolena_local.view.html import Column
from kolena_local.view.page import changes
from kolena_local.view.page.paging import number_from, part_of
from kolena_local.view.page.rendering import page
from kolena_local.view.page.store import reading
from kolena_local.view.result_tables import Values, numeric_names, shares
from kolena_local.view.shortened import flat

if TYPE_CHECKING:
    from kolena_local.repository import Unit
    from kolena_local.repository.records import TestRunRecord, TestSuiteRecord

test_suites = Blueprint("test_suites", __name__)

#: Beyond so many rows of test cases, samples of test suites are not counted for a list.
_COUNTED = 200_000
_MODELS = 25
#: So many models have a column if none is chosen, and at most so many if some are.
_COLUMNS, _MOST_COLUMNS = 4, 12

#: The numbers of samples, by the versions' uids: a version never changes.
_counts: Final[dict[int, int]] = {}


class ListedSuite(NamedTuple):
    """A test suite in the list, with how many samples it has (at most) and its tested models."""

    record: TestSuiteRecord
    samples: int
    is_exact: bool
    models: Sequence[str]


class TestedModel(NamedTuple):
    """A run of a model on the test suite.

    Attributes:
        run: the run.
        inferred: how many samples have inferences; None if that was not counted.
        is_uploaded: whether its results were computed elsewhere, so that nothing is inferred.
    """

    run: TestRunRecord
    inferred: int | None
    is_uploaded: bool


class MetricColumn(NamedTuple):
    """The metrics of a model's test cases under one configuration, by test case."""

    run: TestRunRecord
    configuration: str | None
    is_stale: bool | None
    values: dict[str, Values]


@test_suites.get("/test-suites")
def index() -> Response:
    """Show all test suites."""
    workflow, tag = request.args.get("workflow") or None, request.args.get("tag") or None
    wanted = request.args.get("search", "").strip()
    with reading() as unit:
        workflows = [one.name for one in unit.workflows.list()]
        records = unit.test_suites.list(workflow, [tag] if tag else ())
        part = part_of([one for one in records if _matches(one, wanted)], 50)
        tested = unit.test_runs.tested_models(one.id for one in part.shown)
        left, listed = _COUNTED, []
        for record in part.shown:
            rows = sum(case.sample_count for case in record.test_cases)
            is_exact = rows <= left or len(record.test_cases) == 1
            left -= rows if is_exact else 0
            samples = sample_count(unit, record) if is_exact else rows
            models = list(dict.fromkeys(name for name, _ in tested.get(record.id, ())))
            listed.append(ListedSuite(record, samples, is_exact, models))
    tags = sorted({one for record in records for one in record.tags})
    return page(
        "test_suites.html",
        part=part,
        suites=listed,
        workflows=workflows,
        tags=tags,
        is_filtered=bool(workflow or tag or wanted),
        asked=request.args,
        columns=[
            Column("test suite"),
            Column("workflow"),
            Column("tags"),
            Column("test cases", number=True),
            Column("samples", number=True),
            Column("tested models"),
            Column("updated"),
        ],
    )


@test_suites.get("/test-suite")
def show() -> Response:
    """Show a version of a test suite."""
    name, version = request.args.get("name", ""), number_from("version")
    before, after = number_from("before"), number_from("after")
    with reading() as unit:
        latest = unit.test_suites.get(name)
        suite = latest if version is None else unit.test_suites.get(name, version)
        tested = unit.test_runs.tested_models([suite.id]).get(suite.id, [])
        of_version = [model for model, number in tested if number == suite.version]
        part = part_of(of_version, _MODELS, "models")
        chosen = request.args.getlist("model")[:_MOST_COLUMNS] or of_version[:_COLUMNS]
        runs = _runs(unit, suite, {*part.shown, *chosen})
        models = [
            TestedModel(run, _inferred(unit, run, suite), run.evaluator == EVALUATOR)
            for model in part.shown
            for run in runs.get(model, ())
        ]
        found = [run for model in chosen for run in runs.get(model, ())]
        columns = [column for run in found for column in _columns(unit, run)][:_MOST_COLUMNS]
        cases = part_of(suite.test_cases)
        versions = part_of(unit.test_suites.version_sizes(suite.id), 20, "versions")
        samples = sample_count(unit, suite)
        how = ""
        if not of_version:
            from kolena_local.comparison.missing_results import how_to_test  # late: for its numpy

            how = how_to_test(unit, name, "")
        diff = None
        if before is not None and after is not None:
            diff = unit.test_suites.diff(name, before, after)
    label = name if suite.version == latest.version else f"{name}@{suite.version}"
    names = numeric_names(values for one in columns for values in one.values.values())
    metric = request.args.get("metric") or (names[0] if names else None)
    return page(
        "test_suite.html",
        suite=suite,
        latest=latest,
        label=label,
        quoted=shlex.quote(label),
        samples=samples,
        how_to_test=how,
        tested_versions=sorted({number for _, number in tested}, reverse=True),
        part=part,
        models=models,
        chosen=chosen,
        columns=columns,
        cases=cases,
        metrics=names,
        metric=metric,
        cells=_cells(columns, [case.name for case in cases.shown], metric),
        versions=versions,
        diff=diff,
        before=before,
        after=after,
    )


@test_suites.get("/test-suite/edit")
def edit() -> Response:
    """Show the forms that change a test suite."""
    return changes.form("test suite")


@test_suites.post("/test-suite/edit")
def describe() -> AnyResponse:
    """Change the description and tags."""
    return changes.describe()


@test_suites.post("/test-suite/rename")
def rename() -> AnyResponse:
    """Rename a test suite."""
    return changes.rename("test suite")


@test_suites.post("/test-suite/delete")
def delete() -> AnyResponse:
    """Delete a test suite."""
    return changes.delete("test suite")


def sample_count(unit: Unit, suite: TestSuiteRecord) -> int:
    """Return how many samples a version of a test suite has, each counted once."""
    if len(suite.test_cases) == 1:
        return suite.test_cases[0].sample_count
    if suite.uid not in _counts:
        _counts[suite.uid] = unit.suite_samples.count(suite.id, suite.version)
    return _counts[suite.uid]


def _matches(suite: TestSuiteRecord, wanted: str) -> bool:
    text = "\n".join([suite.name, suite.description, *suite.tags]).casefold()
    return all(word in text for word in wanted.casefold().split())


def _runs(
    unit: Unit, suite: TestSuiteRecord, models: Iterable[str]
) -> dict[str, list[TestRunRecord]]:
    """Return the runs of models on a version of a test suite, by model, the oldest first."""
    found: dict[str, list[TestRunRecord]] = {}
    for run in unit.test_runs.of_models(suite.id, models, suite.version):
        found.setdefault(run.model, []).append(run)
    return found


def _inferred(unit: Unit, run: TestRunRecord, suite: TestSuiteRecord) -> int | None:
    """Return how many samples the model has inferences for; None if counting would take long."""
    total = sample_count(unit, suite)
    if run.status == "completed" and run.is_stale is False:
        return total  # otherwise it would be stale
    rows = sum(case.sample_count for case in suite.test_cases)
    if rows > _COUNTED // _MODELS:
        return None
    model = unit.models.get(run.model)
    return total - len(unit.inferences.pending(model.id, suite.id, suite.version))


def _columns(unit: Unit, run: TestRunRecord) -> list[MetricColumn]:
    found: dict[str | None, MetricColumn] = {}
    for record in unit.test_runs.case_metrics(run.id):
        empty = MetricColumn(run, record.configuration, record.is_stale, {})
        column = found.setdefault(record.configuration, empty)
        column.values[record.test_case] = dict(flat(record.metrics))
    return list(found.values())


def _cells(
    columns: Sequence[MetricColumn], cases: Sequence[str], metric: str | None
) -> dict[str, list[tuple[Json, float | None]]]:
    """Return for each test case the values of a metric with the lengths of their bars."""
    if metric is None:
        return {case: [] for case in cases}
    values = [column.values.get(case, {}).get(metric) for case in cases for column in columns]
    pairs = list(zip(values, shares(values), strict=True))
    width = len(columns)
    return {case: pairs[i * width : (i + 1) * width] for i, case in enumerate(cases)}
