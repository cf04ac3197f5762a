"""Models, test suites, evaluators and configurations, given as objects or by their names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kolena_local.comparison.run_selection import Selection
from kolena_local.errors import IncorrectUsageError, InputValidationError, NotFoundError
from kolena_local.plurals import quoted

if TYPE_CHECKING:
    from kolena_local.repository import Unit
    from kolena_local.repository.records import TestCaseRecord, TestSuiteRecord
    from kolena_local.workflow import TestSuite


def selection_of(
    unit: Unit, test_suite: str | TestSuite, evaluator: Any | None, configuration: Any | None
) -> Selection:
    """Return what the caller asked for, by names.

    Raises:
        NotFoundError: there is no such test suite.
        InputValidationError: an argument is not what it should be.
    """
    names = _display_name(evaluator), _display_name(configuration)
    if not isinstance(test_suite, str):
        version = getattr(test_suite, "version", None)
        if not isinstance(version, int):
            raise InputValidationError(
                f"A test suite, or the name of one, is needed, not {test_suite!r:.80}."
            )
        return Selection(name_of(unit, test_suite), version, *names)
    record = unit.test_suites.resolve(test_suite)
    version = None if record.name == test_suite else record.version
    return Selection(record.name, version, *names)


def location_of(*objects: object) -> str | None:
    """Return the location of the store of the objects; None if all of them are names."""
    found = {
        one.__dict__["_location"] for one in objects if "_location" in getattr(one, "__dict__", {})
    }
    if len(found) > 1:
        raise IncorrectUsageError(
            f"The models and the test suite are in different stores ({', '.join(sorted(found))});"
            " load all of them from one."
        )
    return next(iter(found), None)


def name_of(unit: Unit, named: object) -> str:
    """Return the current name of a model or test suite; a name is returned as it is."""
    name = named if isinstance(named, str) else getattr(named, "name", None)
    if not isinstance(name, str):
        raise InputValidationError(
            f"A model or test suite, or the name of one, is needed, not {named!r:.80}."
        )
    held = getattr(named, "_held", None)
    return name if held is None else unit.held.name(*held())


def cases_of(suite: TestSuiteRecord, test_case: str | None) -> Sequence[TestCaseRecord]:
    """Return the test case of this name in a test suite; all of them for None.

    Raises:
        NotFoundError: there is no such test case.
    """
    cases = suite.test_cases
    found = [case for case in cases if test_case in (None, case.name)]
    if test_case is not None and not found:
        raise NotFoundError(
            f"The test suite '{suite.name}@{suite.version}' has no test case '{test_case}'; it has"
            f" {quoted(case.name for case in cases)}."
        )
    return found


def _display_name(named: Any) -> str | None:
    """Return the name under which results of an evaluator or configuration are stored."""
    if named is None or isinstance(named, str):
        return named
    display_name = None if isinstance(named, type) else getattr(named, "display_name", None)
    name = display_name() if callable(display_name) else getattr(named, "__name__", None)
    if isinstance(named, type) or not isinstance(name, str):
        raise InputValidationError(
            f"An evaluator or configuration, or the name of one, is needed, not {named!r:.80}."
        )
    return name
