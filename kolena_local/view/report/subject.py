"""What a report is about: a version of a test suite, and models with results on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from kolena_local.comparison.missing_results import how_to_test
from kolena_local.comparison.run_selection import ScoredRun
from kolena_local.errors import InputValidationError, NotFoundError, WorkflowMismatchError
from kolena_local.plurals import enumerated
from kolena_local.repository import Unit
from kolena_local.repository.records import (
    ModelRecord,
    TestRunRecord,
    TestSuiteRecord,
)

#: As many models as still fit beside each other, if none were chosen.
MOST_MODELS: Final = 10


Method = tuple[str | None, str | None]
"""The names of an evaluator and of its configuration."""


class Subject(NamedTuple):
    """What a report is about.

    Attributes:
        suite: the version of the test suite.
        latest: the number of its latest version.
        models: the models, the base first.
        left_out: the names of other models with results.
        results: each model's results, by the names of evaluator and configuration.
        runs: each model's runs on this version.
    """

    suite: TestSuiteRecord
    latest: int
    models: list[ModelRecord]
    left_out: list[str]
    results: dict[Method, dict[str, ScoredRun]]
    runs: dict[str, list[TestRunRecord]]


def choose(
    unit: Unit, label: str, version: int | None, models: Sequence[str], base: str | None
) -> Subject:
    """Find what a report is about.

    Args:
        unit: a read in progress.
        label: the name of the test suite, or ``name@3`` for its version 3.
        version: the version, if ``label`` is a name; None means the newest that all of the models
            have results on, or else any of them.
        models: the names of the models; none means all that have results, by name.
        base: the name of the model that the others are compared with; None means the first.

    Raises:
        NotFoundError: there is no such test suite or model, or no model has results on it.
        WorkflowMismatchError: a model belongs to another workflow.
        InputValidationError: ``base`` is not one of the models.
    """
    suites = unit.test_suites
    labeled = suites.resolve(label) if version is None else suites.get(label, version)
    _check_workflows(unit, labeled, models if base is None else [*models, base])
    asked = label if version is None else f"{label}@{version}"
    scored = _scored(unit, labeled.name, set(models))
    if version is None:
        version = _version(scored, models) if labeled.name == label else labeled.version
    scored = [one for one in scored if one.run.test_suite_version == version]
    if version is None or not scored:
        known = enumerated([f"'{name}'" for name in models] or ["any model"])
        first = "run test() with a model, this test suite and an evaluator first."
        raise NotFoundError(
            f"There are no results of {known} on the test suite '{asked}';"
            f" {how_to_test(unit, labeled.name, first)}"
        )
    names = list(dict.fromkeys(models or sorted(one.run.model for one in scored)))
    base = names[0] if base is None else base
    if base not in names:
        known = enumerated([f"'{name}'" for name in names])
        raise InputValidationError(
            f"The base '{base}' is not one of the models of the report, which are"
            f" {known}; name it among them, or choose another."
        )
    names = [base, *(name for name in names if name != base)]
    shown = names if models else names[:MOST_MODELS]
    results: dict[Method, dict[str, ScoredRun]] = {}
    runs: dict[str, list[TestRunRecord]] = {name: [] for name in shown}
    for one in sorted(scored, key=lambda one: _method_order(_method(one))):
        if one.run.model in shown:
            results.setdefault(_method(one), {})[one.run.model] = one
            runs[one.run.model].append(one.run)
    return Subject(
        unit.test_suites.get(labeled.name, version),
        unit.test_suites.get(labeled.name).version,
        [unit.models.get(name) for name in shown],
        names[len(shown) :],
        results,
        {name: list(dict.fromkeys(found)) for name, found in runs.items()},
    )


def _check_workflows(unit: Unit, suite: TestSuiteRecord, models: Sequence[str]) -> None:
    for name in models:
        model = unit.models.get(name)
        if model.workflow != suite.workflow:
            raise WorkflowMismatchError(
                f"The model '{name}' is of the workflow '{model.workflow}', and the test suite"
                f" '{suite.name}' of '{suite.workflow}'; choose models of one workflow."
            )


def _scored(unit: Unit, suite: str, models: set[str]) -> list[ScoredRun]:
    return [
        ScoredRun(run, configuration)
        for run in unit.test_runs.list(test_suite=suite)
        if not models or run.model in models
        for configuration in unit.test_runs.configurations(run.id)
    ]


def _version(scored: Sequence[ScoredRun], models: Sequence[str]) -> int | None:
    tested: dict[int, set[str]] = {}
    for one in scored:
        tested.setdefault(one.run.test_suite_version, set()).add(one.run.model)
    of_all = [version for version, names in tested.items() if names >= set(models)]
    return max(of_all or tested, default=None)


def _method(one: ScoredRun) -> Method:
    return one.run.evaluator, one.configuration.display_name


def _method_order(method: Method) -> tuple[str, str]:
    return method[0] or "", method[1] or ""
