"""What ``demo --remove`` deletes: what the demo made, and nothing of yours."""

from __future__ import annotations

from kolena_local.demo import MODELS, TEST_SUITE, digits
from kolena_local.errors import NotFoundError
from kolena_local.repository import Unit
from kolena_local.repository.records import Deletion


def planned(unit: Unit) -> list[tuple[str, Deletion]]:
    """Return what :func:`remove` would delete, each with its noun; nothing is deleted.

    Raises:
        NotFoundError: there is nothing of the demo.
        IncorrectUsageError: another test suite has one of the demo's test cases.
    """
    models, suites, cases = _names(unit)
    found = {
        "model": unit.models.deletion(models),
        "test suite": unit.test_suites.deletion(suites),
        "test case": unit.test_cases.deletion(cases, with_suites=suites),
    }
    if not any(found.values()):
        raise NotFoundError("There is nothing of the demo in this store; nothing was deleted.")
    return [(noun, one) for noun, deletions in found.items() for one in deletions]


def remove(unit: Unit) -> list[tuple[str, Deletion]]:
    """Delete the demo's models, test suite and test cases, and samples that nothing else uses.

    Raises:
        NotFoundError: there is nothing of the demo.
        IncorrectUsageError: another test suite has one of the demo's test cases.
    """
    deleted = planned(unit)
    models, suites, cases = _names(unit)
    unit.models.delete(models)
    unit.test_suites.delete(suites)
    unit.test_cases.delete(cases)
    unit.workflows.delete_unused(digits.WORKFLOW)
    return deleted


def _names(unit: Unit) -> tuple[list[str], list[str], list[str]]:
    """Return the names of the demo's models, test suites and test cases that are there.

    A name in another workflow is the user's.
    """
    workflow = digits.WORKFLOW
    models = {model.name for model in unit.models.list(workflow)}
    suites = {suite.name for suite in unit.test_suites.list(workflow)}
    cases = {case.name for case in unit.test_cases.list(workflow)}
    return (
        [name for name in MODELS if name in models],
        [name for name in [TEST_SUITE] if name in suites],
        [part.name for part in digits.SLICES if part.name in cases],
    )
