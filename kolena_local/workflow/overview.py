"""The HTML that notebooks show for models, test cases, test suites and test runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kolena_local.repository.names import local_minute
from kolena_local.workflow.html import properties, table

if TYPE_CHECKING:
    from kolena_local.workflow.model import Model
    from kolena_local.workflow.test_case import TestCase
    from kolena_local.workflow.test_run import TestRun
    from kolena_local.workflow.test_suite import TestSuite


def of_model(model: Model) -> str:
    """Return a model's metadata, tags and number of inferences for each test suite."""
    with model._store().read() as unit:
        inferences = unit.inferences.count(model._id)
        coverage = unit.inferences.coverage(model._id)
    named = {
        "workflow": model.workflow.name,
        "tags": model.tags,
        "metadata": model.metadata,
        "inferences": inferences,
    }
    suites = [(f"{one.test_suite}@{one.version}", one.samples, one.inferences) for one in coverage]
    return properties(f"Model {model.name}", named) + table(
        ("tested on", "samples", "inferences"), suites
    )


def of_test_case(test_case: TestCase) -> str:
    """Return a test case's version and size."""
    with test_case._store().read() as unit:
        record = unit.test_cases.at(test_case._id, test_case.version)
    named = {
        "workflow": record.workflow,
        "version": record.version,
        "description": record.description,
        "samples": record.sample_count,
    }
    return properties(f"Test case {record.name}", named)


def of_test_suite(test_suite: TestSuite) -> str:
    """Return a test suite's version and test cases."""
    with test_suite._store().read() as unit:
        record = unit.test_suites.at(test_suite._id, test_suite.version)
    named = {
        "workflow": record.workflow,
        "version": record.version,
        "description": record.description,
        "tags": record.tags,
    }
    cases = [(case.name, case.version, case.sample_count) for case in record.test_cases]
    return properties(f"Test suite {record.name}", named) + table(
        ("test case", "version", "samples"), cases
    )


def of_test_run(test_run: TestRun) -> str:
    """Return the status of a test run and the metrics of its test cases."""
    with test_run._store().read() as unit:
        record = unit.test_runs.get(test_run._id)
        metrics = unit.test_runs.case_metrics(test_run._id)
    named = {
        "model": record.model,
        "test suite": f"{record.test_suite}@{record.test_suite_version}",
        "evaluator": record.evaluator,
        "status": record.status,
        "results": record.staleness,
        "error": record.error,
        "finished": record.finished_at and local_minute(record.finished_at),
    }
    rows = [(one.configuration, one.test_case, one.sample_count, one.metrics) for one in metrics]
    return properties(f"Test run of {record.model}", named) + table(
        ("configuration", "test case", "samples", "metrics"), rows
    )
