"""Runs, how they went, and what their evaluators found out."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Iterator

import pytest

from kolena_local.errors import NotFoundError
from kolena_local.payload import dumps
from kolena_local.repository import Store, Unit
from kolena_local.repository.processes import Process, this_process
from kolena_local.repository.records import TestCaseRecord, TestRunRecord
from kolena_local.repository.result_records import CaseMetrics, CasePlot, Results, SampleMetrics
from tests.repository.conftest import add_case, add_suite, put_pairs


def add_run(
    unit: Unit, evaluator: str | None = "evaluator"
) -> tuple[TestRunRecord, TestCaseRecord]:
    workflow = unit.workflows.ensure("workflow")
    model = unit.models.add(workflow.id, "model", {}, ())
    case = add_case(unit, "case", put_pairs(unit, "ab"))
    suite = add_suite(unit, "suite", [case])
    return unit.test_runs.ensure(model.id, suite.id, 1, evaluator), case


def test_a_run_is_made_once_for_its_key(store: Store) -> None:
    with store.write() as unit:
        run, _ = add_run(unit, None)
        assert (run.model, run.test_suite, run.test_suite_version) == ("model", "suite", 1)
        assert (run.workflow, run.evaluator, run.status) == ("workflow", None, "created")
        model, suite = unit.models.get("model"), unit.test_suites.get("suite")
        assert unit.test_runs.ensure(model.id, suite.id, 1, None) == run
        for version, evaluator in ((0, None), (1, "other")):
            assert unit.test_runs.ensure(model.id, suite.id, version, evaluator).id != run.id
    with pytest.raises(NotFoundError), store.write() as unit:
        unit.test_runs.ensure(model.id, suite.id, 2, None)


def test_a_run_whose_process_is_gone_is_interrupted_until_it_is_run_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    host = this_process().host
    with store.write() as unit:
        run, _ = add_run(unit)
        assert not unit.test_runs.start(run.id).is_interrupted
        for gone, owner in ((True, (host, process.pid)), (False, ("elsewhere", process.pid))):
            with monkeypatch.context() as patch:
                place = "kolena_local.repository.test_runs.this_process"
                patch.setattr(place, lambda owner=owner: Process(*owner, None))
                unit.test_runs.start(run.id)
            assert unit.test_runs.get(run.id).is_interrupted == gone
            assert [run.is_interrupted for run in unit.test_runs.list()] == [gone]
        assert not unit.test_runs.start(run.id).is_interrupted
        assert not unit.test_runs.crash(run.id, "boom").is_interrupted


def test_a_run_goes_its_way(store: Store) -> None:
    with store.write() as unit:
        run, _ = add_run(unit)
        running = unit.test_runs.start(run.id)
        assert (running.status, running.error, running.finished_at) == ("running", None, None)
        assert running.started_at is not None
        crashed = unit.test_runs.crash(run.id, "ValueError: \ud800 boom")
        assert (crashed.status, crashed.error) == ("crashed", "ValueError: \\ud800 boom")
        assert crashed.finished_at is not None
        again = unit.test_runs.start(run.id)
        assert (again.status, again.error, again.finished_at) == ("running", None, None)
        done = unit.test_runs.complete(run.id)
        assert (done.status, done.error) == ("completed", None)
        assert unit.test_runs.get(run.id) == done
        for call in (unit.test_runs.get, unit.test_runs.start, unit.test_runs.complete):
            with pytest.raises(NotFoundError, match="id 99"):
                call(99)


def test_runs_are_listed_newest_first(store: Store) -> None:
    with store.write() as unit:
        first, _ = add_run(unit)
        model, suite = unit.models.get("model"), unit.test_suites.get("suite")
        second = unit.test_runs.ensure(model.id, suite.id, 1, "second")
        assert unit.test_runs.list() == [second, first]
        assert unit.test_runs.list("workflow", "model", "suite") == [second, first]
        assert unit.test_runs.list(begun=True) == []
        unit.test_runs.ensure_configuration(first.id, None, None)
        started = unit.test_runs.start(second.id)
        assert unit.test_runs.list(begun=True) == [started, first]
        for filters in ({"workflow": "x"}, {"model": "x"}, {"test_suite": "x"}):
            assert unit.test_runs.list(**filters) == []


def test_a_configuration_is_made_once_for_its_name(store: Store) -> None:
    with store.write() as unit:
        run, _ = add_run(unit)
        none = unit.test_runs.ensure_configuration(run.id, None, None)
        assert (none.display_name, none.payload) == (None, None)
        named = unit.test_runs.ensure_configuration(run.id, "a", "{}")
        changed = unit.test_runs.ensure_configuration(run.id, "a", '{"x":1}')
        assert (changed.id, changed.payload) == (named.id, '{"x":1}')
        assert unit.test_runs.ensure_configuration(run.id, None, None).id == none.id


def results(unit: Unit, case: TestCaseRecord, value: float) -> Results:
    ids = unit.test_cases.sample_ids(case.id, case.version)
    text = dumps({"value": value})
    return Results(
        sample_metrics=[SampleMetrics([None] * len(ids), list(ids), [text] * len(ids))],
        case_metrics=[CaseMetrics(case.id, text)],
        plots=[CasePlot(case.id, place, text) for place in (0, 1)],
        suite_metrics=text,
    )


def test_results_come_back_and_are_replaced_together(store: Store) -> None:
    with store.write() as unit:
        run, case = add_run(unit)
        first, second = (
            unit.test_runs.ensure_configuration(run.id, name, "{}").id for name in ("1", "2")
        )
        unit.test_runs.replace_results(first, results(unit, case, 1))
        unit.test_runs.replace_results(second, results(unit, case, 2))
        unit.test_runs.replace_results(first, results(unit, case, math.inf))
    with store.read() as unit:
        expected = [("1", {"value": math.inf}), ("2", {"value": 2})]
        cases = unit.test_runs.case_metrics(run.id)
        assert [(found.configuration, found.metrics) for found in cases] == expected
        assert {
            (found.test_case, found.test_case_version, found.sample_count) for found in cases
        } == {("case", 1, 2)}
        suites = unit.test_runs.suite_metrics(run.id)
        assert [(found.configuration, found.metrics) for found in suites] == expected
        plots = unit.test_runs.plots(run.id)
        assert [(plot.configuration, plot.position) for plot in plots] == [
            ("1", 0),
            ("1", 1),
            ("2", 0),
            ("2", 1),
        ]
        assert len(unit.test_runs.sample_metrics(run.id)) == 4


def test_a_failure_keeps_the_old_results(store: Store) -> None:
    def broken() -> Iterator[SampleMetrics]:
        raise ValueError("mine")
        yield

    with store.write() as unit:
        run, case = add_run(unit)
        configuration = unit.test_runs.ensure_configuration(run.id, None, None).id
        unit.test_runs.replace_results(configuration, results(unit, case, 1))
    with pytest.raises(ValueError, match="mine"), store.write() as unit:
        unit.test_runs.replace_results(configuration, Results(broken(), (), (), None))
    with store.read() as unit:
        assert len(unit.test_runs.sample_metrics(run.id)) == 2
        assert unit.test_runs.suite_metrics(run.id)[0].metrics == {"value": 1}


def test_metrics_of_samples_by_test_case_and_page(store: Store) -> None:
    with store.write() as unit:
        run, case = add_run(unit)
        configuration = unit.test_runs.ensure_configuration(run.id, None, None).id
        ids = unit.test_cases.sample_ids(case.id, 1)
        found = [
            SampleMetrics([place] * len(ids), list(ids), ["{}"] * len(ids))
            for place in (None, case.id)
        ]
        unit.test_runs.replace_results(configuration, Results(found, (), (), None))
        everything = unit.test_runs.sample_metrics(run.id)
        assert [(row.test_case, row.test_sample_id) for row in everything] == [
            (name, sample) for name in (None, "case") for sample in ids
        ]
        page = unit.test_runs.sample_metrics(run.id, after=everything[0].id, limit=2)
        assert page == everything[1:3]
        assert everything[0].payload == '{"locator":"a"}'
        assert unit.test_runs.suite_metrics(run.id) == []
