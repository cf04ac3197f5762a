"""Turn records into entries, the JSON objects that scripts read, and say how tables show them.

Keys are in snake case and are never renamed within a major version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from kolena_local.cli.output.formats import Entry
from kolena_local.cli.output.printing import Listing
from kolena_local.repository.names import local_minute, moment

if TYPE_CHECKING:
    from kolena_local.repository import Unit
    from kolena_local.repository.records import Coverage, TestSuiteRecord

CASE_METRICS = (
    "configuration",
    "test_case",
    "test_case_version",
    "sample_count",
    "is_stale",
    "metrics",
)
SUITE_METRICS = ("configuration", "is_stale", "metrics")


def picked(record: object, keys: Iterable[str]) -> Entry:
    """Return attributes of a record as an entry; sets become sorted lists."""
    values = ((key, getattr(record, key)) for key in keys)
    return {key: sorted(value) if isinstance(value, frozenset) else value for key, value in values}


def test_suite_entry(record: TestSuiteRecord) -> Entry:
    """Return a version of a test suite as an entry."""
    cases = [picked(case, ("name", "version", "sample_count")) for case in record.test_cases]
    return picked(record, TEST_SUITES.keys) | {"test_cases": cases}


def coverage_entry(record: Coverage) -> Entry:
    """Return how many samples of a test suite have an inference of a model."""
    return {
        "test_suite": record.test_suite,
        "test_suite_version": record.version,
        "sample_count": record.samples,
        "inference_count": record.inferences,
        "missing_count": record.samples - record.inferences,
    }


def case_metrics(unit: Unit, run_id: int) -> list[Entry]:
    """Return a run's test case metrics."""
    return [picked(record, CASE_METRICS) for record in unit.test_runs.case_metrics(run_id)]


def suite_metrics(unit: Unit, run_id: int) -> list[Entry]:
    """Return a run's test suite metrics."""
    return [picked(record, SUITE_METRICS) for record in unit.test_runs.suite_metrics(run_id)]


def plots(unit: Unit, run_id: int) -> list[Entry]:
    """Return a run's plots, each as it is stored."""
    return [
        picked(record, ("configuration", "test_case", "position", "is_stale"))
        | {"plot": record.payload}
        for record in unit.test_runs.plots(run_id)
    ]


def label(entry: Entry) -> str:
    """Return the entry's name with its version, as ``name@3``."""
    return f"{entry['name']}@{entry['version']}"


def suite_label(entry: Entry) -> str:
    """Return the entry's test suite with its version, as ``name@3``."""
    return f"{entry['test_suite']}@{entry['test_suite_version']}"


def change_between(before: object, after: object) -> str:
    """Return what happened between two versions; None means that the object is missing in one."""
    return "added" if before is None else "removed" if after is None else "changed"


def joined_tags(entry: Entry) -> str:
    """Return the entry's tags on one line."""
    return ", ".join(entry["tags"])


def status(run: Entry) -> str:
    """Return the status of a run, interrupted if its process died, and that of its results."""
    words = (
        "interrupted" if run["is_interrupted"] else run["status"],
        age(run),
        run["superseded_at"] and "superseded",
    )
    return ", ".join(filter(None, words))


def age(run: Entry) -> str | None:
    """Return in a word or two whether a run's results are stale; None if they are fresh."""
    return {True: "stale", None: "unknown age"}.get(run["is_stale"])


def seconds(run: Entry) -> float | None:
    """Return the duration of a run; None if it has not finished."""
    if run["started_at"] is None or run["finished_at"] is None:
        return None
    return (moment(run["finished_at"]) - moment(run["started_at"])).total_seconds()


def local_time(*keys: str) -> Callable[[Entry], str | None]:
    """Return a column that shows a time as people read it, the first of these that is known."""

    def show(entry: Entry) -> str | None:
        return next((local_minute(entry[key]) for key in keys if entry[key] is not None), None)

    return show


def first_line_of_error(run: Entry) -> str | None:
    """Return the first line of a run's error; None if there is none."""
    lines = (run["error"] or "").splitlines()
    return lines[0] if lines else None


MODELS = Listing(
    ("name", "workflow", "tags", "metadata", "created_at", "updated_at"),
    {
        "model": "name",
        "workflow": "workflow",
        "tags": joined_tags,
        "created": local_time("created_at"),
        "updated": local_time("updated_at"),
    },
    "No models found.",
    ("updated", "created"),
)
TEST_CASES = Listing(
    ("name", "version", "workflow", "description", "sample_count", "created_at", "updated_at"),
    {
        "test case": label,
        "workflow": "workflow",
        "samples": "sample_count",
        "description": "description",
        "updated": local_time("updated_at"),
    },
    "No test cases found.",
    ("updated",),
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
        "test suite": label,
        "workflow": "workflow",
        "tags": joined_tags,
        "test cases": lambda suite: len(suite["test_cases"]),
        "description": "description",
        "updated": local_time("updated_at"),
    },
    "No test suites found.",
    ("updated",),
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
        "is_interrupted",
        "is_stale",
        "stale_since",
        "stale_reason",
        "superseded_at",
        "error",
        "created_at",
        "started_at",
        "finished_at",
    ),
    {
        "id": "id",
        "model": "model",
        "test suite": suite_label,
        "evaluator": "evaluator",
        "status": status,
        "started": local_time("started_at", "finished_at"),
        "seconds": seconds,
        "error": first_line_of_error,
    },
    "No test runs found.",
    ("seconds", "started"),
)
