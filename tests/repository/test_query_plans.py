"""No question reads a table that grows with the samples from end to end where an index serves."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from typing import Any, List

import pytest

from kolena_local.payload import digest
from kolena_local.repository import Store, Unit
from kolena_local.repository.records import MemberChange, NewGroundTruth
from kolena_local.repository.result_records import CaseMetrics, Results, SampleMetrics
from tests.conftest import sampled
from tests.repository.conftest import add_case, add_suite, new_sample, put_pairs

SUITE = {"suite": 1, "version": 1}
#: Under whatever name: the tables that have a row for each sample, and what the queries call them.
GROWING = (
    *("test_sample", "sample", "ground_truth", "truth", "test_case_member", "member"),
    *("inference", "metrics_test_sample", "metrics", "found"),
)
SCAN = re.compile(rf"^SCAN ({'|'.join(GROWING)})\b")
EXPLAINED = ("SELECT", "WITH", "UPDATE", "DELETE", "INSERT")


@pytest.fixture
def filled(file_store: Store) -> Store:
    """Return a store with a model that was tested on a suite of two test cases."""
    with file_store.write() as unit:
        pairs = put_pairs(unit, "abcdef")
        suite = add_suite(
            unit, "suite", [add_case(unit, "one", pairs[:4]), add_case(unit, "two", pairs[2:])]
        )
        model = unit.models.add(unit.workflows.ensure("workflow").id, "model", {"seed": 1}, {"tag"})
        unit.inferences.put(model.id, [sample for sample, _ in pairs[:3]], ["{}"] * 3, replace=True)
        run = unit.test_runs.ensure(model.id, suite.id, suite.version, "evaluator")
        configuration = unit.test_runs.ensure_configuration(run.id, None, None)
        of_samples = [SampleMetrics([1] * 4, [sample for sample, _ in pairs[:4]], ["{}"] * 4)]
        found = Results(of_samples, [CaseMetrics(1, "{}")], [], None)
        unit.test_runs.replace_results(configuration.id, found)
    return file_store


NEW = [new_sample("a", {"changed": 1}), new_sample("z")]
QUESTIONS: dict[str, Callable[[Unit], Any]] = {
    "models": lambda unit: unit.models.list("workflow", {"tag"}),
    "a model": lambda unit: unit.models.get("model"),
    "a model's inferences": lambda unit: unit.inferences.count(1),
    "a model's coverage": lambda unit: unit.inferences.coverage(1),
    "what deleting a model takes": lambda unit: unit.models.deletion(["model"]),
    "test cases": lambda unit: unit.test_cases.list("workflow"),
    "a test case": lambda unit: unit.test_cases.get("one", 1),
    "a test case's versions": lambda unit: unit.test_cases.diff("one", 0, 1),
    "a page of pairs": lambda unit: unit.test_cases.pairs(1, 1, after=0, limit=2),
    "a test case's samples": lambda unit: unit.test_cases.sample_ids(1, 1),
    "test suites": lambda unit: unit.test_suites.list("workflow"),
    "a test suite": lambda unit: unit.test_suites.get("suite"),
    "a suite's samples": lambda unit: unit.suite_samples.ids(1, 1),
    "how many samples a suite has": lambda unit: unit.suite_samples.count(1, 1),
    "a suite's samples in its order": lambda unit: unit.suite_samples._matching_start(
        SUITE, ["{}"]
    ),
    "all of a suite's samples by payload": lambda unit: unit.suite_samples._by_text(SUITE, 6),
    "one of a suite's samples by digest": lambda unit: unit.suite_samples._by_digest(
        SUITE, [new_sample("a").digest]
    ),
    "samples that disagree": lambda unit: unit.suite_samples.disagreeing(1, 1),
    "pending samples": lambda unit: unit.inferences.pending(1, 1, 1),
    "a page of triples": lambda unit: unit.inferences.rows(1, 1, 1, after=-1, limit=2),
    "a page of a suite": lambda unit: unit.inferences.suite_rows(1, 1, 1, [1, 2, 3]),
    "samples of a suite by conditions": lambda unit: list(
        unit.sample_search.find(unit.sample_search.source("suite", "model"), [])
    ),
    "some samples": lambda unit: unit.test_samples.rows([1, 2]),
    "runs": lambda unit: unit.test_runs.list(model="model", test_suite="suite"),
    "a run": lambda unit: unit.test_runs.get(1),
    "a run's metrics": lambda unit: unit.test_runs.case_metrics(1),
    "a run's metrics of samples": lambda unit: unit.test_runs.sample_metrics(1, limit=2),
    "what deleting a run takes": lambda unit: unit.test_runs.deletion([1]),
    "new samples": lambda unit: unit.test_samples.put(1, NEW),
    "new ground truths": lambda unit: unit.ground_truths.put(
        [NewGroundTruth(1, digest("dog"), '"dog"'), NewGroundTruth(2, digest("cat"), '"cat"')]
    ),
    "new inferences": lambda unit: unit.inferences.put(1, [5], ["{}"], replace=False),
    "inferences again": lambda unit: unit.inferences.mark_stale(1, 1, 1),
    "an edit": lambda unit: unit.test_cases.edit(
        1,
        1,
        description=None,
        reset=False,
        changes=[MemberChange(1, None, False), MemberChange(2, 2, True)],
    ),
    "a reset": lambda unit: unit.test_cases.edit(
        1, 1, description=None, reset=True, changes=[MemberChange(1, 1, False)]
    ),
    "new results": lambda unit: unit.test_runs.replace_results(1, Results([], [], [], None)),
    "a model's end": lambda unit: unit.models.delete(["model"]),
    "a run's end": lambda unit: unit.test_runs.delete([1]),
}


@pytest.mark.parametrize("ask", sampled(QUESTIONS.values(), 2), ids=sampled(QUESTIONS, 2))
def test_no_growing_table_is_scanned(filled: Store, ask: Callable[[Unit], Any]) -> None:
    with filled.write() as unit:
        connection = unit._sql.driver
        asked: List[str] = []
        connection.set_trace_callback(asked.append)
        ask(unit)
        connection.set_trace_callback(None)
    statements = [text for text in asked if text.lstrip().startswith(EXPLAINED)]
    assert statements
    with filled.write() as unit:
        scans = [
            (step, statement)
            for statement in statements
            for step in plan(unit._sql.driver, statement)
            if SCAN.match(step)
        ]
    assert scans == []


@pytest.mark.parametrize(
    ("child", "column"),
    [
        ("inference", "model_id"),
        ("ground_truth", "test_sample_id"),
        ("test_case_member", "test_case_id"),
        ("test_case_member", "test_sample_id"),
        ("metrics_test_sample", "evaluator_configuration_id"),
    ],
)
def test_what_hangs_on_a_row_is_found_by_an_index(filled: Store, child: str, column: str) -> None:
    # What SQLite asks when a row is deleted that others refer to; its plan does not show it.
    # Nothing deletes samples, so an index for them would only make every inference larger.
    with filled.read() as unit:
        query = f"SELECT 1 FROM {child} WHERE {column} = 1"
        steps = plan(unit._sql.driver, query)
    assert [step for step in steps if SCAN.match(step)] == []


def plan(connection: sqlite3.Connection, statement: str) -> List[str]:
    """Return the steps in which SQLite would carry a statement out."""
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
