"""What to do about results that are missing: run ``test()``, or store those of a dataset."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from kolena_local.plurals import quoted
from kolena_local.repository.dataset_records import EVALUATOR, WORKFLOW

if TYPE_CHECKING:
    from kolena_local.repository import Unit
    from kolena_local.repository.records import TestRunRecord, TestSuiteRecord


def how_to_test(unit: Unit, test_suite: str, otherwise: str) -> str:
    """Return what a user has to do, as the end of a sentence.

    Args:
        unit: a read in progress.
        test_suite: the name of a test suite.
        otherwise: what to do if it is not one of a dataset, whose results are uploaded.
    """
    suite = unit.test_suites.get(test_suite)
    if suite.workflow != WORKFLOW:
        return otherwise
    if unit.datasets.find(test_suite) is not None:
        return f"store its results first: {results_command(test_suite)}"
    cases = [case.name for case in suite.test_cases]
    chosen = [(case.id, case.version) for case in suite.test_cases]
    wanted = {id_ for case in chosen for id_ in unit.test_cases.sample_ids(*case)}
    datasets = [
        one.name
        for one in unit.datasets.list()
        if not wanted.isdisjoint(unit.datasets.latest_ids(one).values())
    ]
    dataset = datasets[0] if datasets else "DATASET"
    added = " ".join(f"--add {shlex.quote(case)}" for case in cases)
    return (
        "uploaded results belong to a dataset's own suite. Add its test cases to that:"
        f" kolena-local test-suites edit {shlex.quote(dataset)} {added}, and store the results"
        f" again: {results_command(dataset)}"
    )


def remarks_on_former_rows(unit: Unit, suite: TestSuiteRecord) -> list[str]:
    """Return a sentence on the slices of a dataset that have rows which it no longer has, if any.

    Args:
        unit: a read in progress.
        suite: the version of the test suite that is compared on.
    """
    dataset = unit.datasets.find(suite.name) if len(suite.test_cases) > 1 else None
    if dataset is None or unit.test_suites.get(suite.name).version != suite.version:
        return []
    slices = unit.datasets.outdated_slices(dataset)
    if not slices:
        return []
    return [
        f"Datapoints that the dataset '{suite.name}' no longer has are compared in"
        f" {quoted(slices)}. To rebuild such a test case NAME, run `kolena-local test-cases create"
        f" NAME --reset` and `kolena-local test-suites edit {shlex.quote(suite.name)} --add NAME`."
    ]


def how_to_add(run: TestRunRecord, metric: str) -> str:
    """Return how a model gets a metric that its results lack, as a part of a sentence."""
    if run.evaluator != EVALUATOR:
        return "evaluate all models alike"
    option = " --correct FIELD=COLUMN" if metric == "correct" else ""
    column = "" if option else f", with a column {metric!r}"
    command = results_command(run.test_suite, run.model)
    return f"store the results of '{run.model}' again{column} (`{command}{option}`)"


def results_command(dataset: str, model: str = "MODEL") -> str:
    """Return the command that stores results of a dataset."""
    return f"kolena-local datasets results {shlex.quote(dataset)} {shlex.quote(model)} FILE"
