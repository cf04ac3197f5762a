"""Records as entries: the JSON objects whose keys are a promise to scripts, and their columns.

Keys are in snake case and are never renamed within a major version.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from kolena_local.cli.formats import Entry
from kolena_local.cli.output import Listing
from kolena_local.errors import StoreDamagedError

if TYPE_CHECKING:
    from kolena_local.repository.records import (
        CaseMetricsRecord,
        Coverage,
        ModelRecord,
        SuiteMetricsRecord,
        TestCaseRecord,
        TestRunRecord,
        TestSuiteRecord,
    )

MODELS = Listing(
    ("name", "workflow", "tags", "metadata", "created_at", "updated_at"),
    {
        "model": lambda model: model["name"],
        "workflow": lambda model: model["workflow"],
        "tags": lambda model: ", ".join(model["tags"]),
        "created": lambda model: model["created_at"],
        "updated": lambda model: model["updated_at"],
    },
    "There are no such models.",
)
TEST_CASES = Listing(
    (
        "name",
        "version",
        "workflow",
        "description",
        "sample_count",
        "created_at",
        "updated_at",
    ),
    {
        "test case": lambda case: f"{case['name']}@{case['version']}",
        "workflow": lambda case: case["workflow"],
        "samples": lambda case: case["sample_count"],
        "description": lambda case: case["description"],
        "updated": lambda case: case["updated_at"],
    },
    "There are no such test cases.",
)
TEST_SUITES = Listing(
    (
        "name",
        "version",
        "workflow",
        "description",
        "tags",
        "test_cases",
        "created_at",
        "updated_at",
    ),
    {
        "test suite": lambda suite: f"{suite['name']}@{suite['version']}",
        "workflow": lambda suite: suite["workflow"],
        "tags": lambda suite: ", ".join(suite["tags"]),
        "test cases": lambda suite: len(suite["test_cases"]),
        "description": lambda suite: suite["description"],
        "updated": lambda suite: suite["updated_at"],
    },
    "There are no such test suites.",
)
RUNS = Listing(
    (
        "id",
        "workflow",
        "model",
        "test_suite",
        "test_suite_version",
        "evaluator",
        "status",
        "is_stale",
        "error",
        "created_at",
        "started_at",
        "finished_at",
    ),
    {
        "id": lambda run: run["id"],
        "model": lambda run: run["model"],
        "test suite": lambda run: suite_label(run),
        "evaluator": lambda run: run["evaluator"],
        "status": lambda run: status(run),
        "started": lambda run: run["started_at"],
        "seconds": lambda run: seconds(run),
        "error": lambda run: first_line_of_error(run),
    },
    "There are no such test runs.",
)


def model_entry(record: ModelRecord) -> Entry:
    """Return a model as it is listed in JSON."""
    return {
        "name": record.name,
        "workflow": record.workflow,
        "tags": sorted(record.tags),
        "metadata": record.metadata,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
    }


def test_case_entry(record: TestCaseRecord) -> Entry:
    """Return a version of a test case as it is listed in JSON."""
    return {
        "name": record.name,
        "version": record.version,
        "workflow": record.workflow,
        "description": record.description,
        "sample_count": record.sample_count,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
    }


def test_suite_entry(record: TestSuiteRecord) -> Entry:
    """Return a version of a test suite as it is listed in JSON."""
    return {
        "name": record.name,
        "version": record.version,
        "workflow": record.workflow,
        "description": record.description,
        "tags": sorted(record.tags),
        "test_cases": [
            {"name": case.name, "version": case.version, "sample_count": case.sample_count}
            for case in record.test_cases
        ],
        "created_at": record.created_at,
        "updated_at": record.updated_at,
    }


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
        "is_stale": record.is_stale,
        "error": record.error,
        "created_at": record.created_at,
        "started_at": record.started_at,
        "finished_at": record.finished_at,
    }


def coverage_entry(record: Coverage) -> Entry:
    """Return how far a model is with a test suite."""
    return {
        "test_suite": record.test_suite,
        "test_suite_version": record.version,
        "sample_count": record.samples,
        "inference_count": record.inferences,
        "missing_count": record.samples - record.inferences,
    }


def case_metrics_entry(record: CaseMetricsRecord) -> Entry:
    """Return the metrics of a test case."""
    return {
        "configuration": record.configuration,
        "test_case": record.test_case,
        "test_case_version": record.test_case_version,
        "sample_count": record.sample_count,
        "metrics": record.metrics,
    }


def suite_metrics_entry(record: SuiteMetricsRecord) -> Entry:
    """Return the metrics of a whole test suite."""
    return {"configuration": record.configuration, "metrics": record.metrics}


def suite_label(entry: Entry) -> str:
    """Return the entry's test suite with its version, as ``name@3``."""
    return f"{entry['test_suite']}@{entry['test_suite_version']}"


def status(run: Entry) -> str:
    """Return how the run is doing; one whose process is gone is not running any more."""
    return "interrupted" if run["is_stale"] else str(run["status"])


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
    try:
        # Python 3.10 does not read the Z.
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise StoreDamagedError(
            f"The store is damaged ({text!r:.80} is not a time); restore a backup."
        ) from error
