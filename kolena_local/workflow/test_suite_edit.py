"""Editing a test suite: collect changes, then store them in one transaction."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any, NamedTuple

from kolena_local.errors import NameConflictError
from kolena_local.repository.records import TestSuiteRecord
from kolena_local.warn import warn
from kolena_local.workflow.arguments import check_description, check_list, check_tags
from kolena_local.workflow.entity import check_store, current_name
from kolena_local.workflow.test_case import TestCase
from kolena_local.workflow.workflow import Workflow

if TYPE_CHECKING:
    from kolena_local.repository import Unit
    from kolena_local.workflow.test_suite import TestSuite


class TestSuiteEditor:
    """Collects changes of a test suite; ``TestSuite.edit()`` yields it and stores the changes.

    Attributes:
        tags: the tags of the suite; change the set in place, or assign another.
    """

    __test__ = False

    def __init__(self, workflow: Workflow, suite: TestSuite, reset: bool) -> None:
        self._workflow = workflow
        self._location = suite._location
        self._description = suite.description
        self._tags = frozenset(suite.tags)
        self._test_cases = {} if reset else {case._id: case for case in suite.test_cases}
        self.wanted_description = suite.description
        self.tags: set[str] = set(suite.tags)

    def description(self, description: str) -> None:
        """Set the description of the test suite.

        Raises:
            InputValidationError: it is not text.
        """
        self.wanted_description = check_description(description) or ""

    def add(self, test_case: TestCase) -> None:
        """Add a test case at the end, in place of any version of it that is there.

        Raises:
            TypeError: it is not a test case of this workflow.
            IncorrectUsageError: it is in another store.
        """
        self.remove(test_case)
        self._test_cases[test_case._id] = test_case

    def remove(self, test_case: TestCase) -> None:
        """Remove a test case, if it is there, in any version.

        Raises:
            TypeError: it is not a test case of this workflow.
            IncorrectUsageError: it is in another store.
        """
        check_test_cases(self._workflow, [test_case], self._location)
        self._test_cases.pop(test_case._id, None)

    def change(self, record: TestSuiteRecord) -> SuiteChange | None:
        """Return the changes that a record does not have yet, None if there are none.

        Args:
            record: the version that the edit is based on, with its current description and tags.

        Raises:
            InputValidationError: a tag is not text.
            NameConflictError: someone else has changed the description, and so does this edit.
        """
        tags = check_tags(self.tags) or set()
        described = self.wanted_description != self._description
        wanted = self.wanted_description if described else None
        check_description_kept(record, self._description, wanted)
        return SuiteChange(
            wanted,
            # Changes that others made to the tags meanwhile are kept.
            (record.tags - (self._tags - tags)) | (tags - self._tags),
            list(self._test_cases.values()),
        ).from_what_is(record)


def check_test_cases(workflow: Workflow, test_cases: Any, location: str) -> list[TestCase]:
    """Return test cases as a list with each one once, in its last version and position.

    Args:
        workflow: the workflow of the test suite.
        test_cases: the argument; None is an empty list.
        location: the store of the test suite.

    Raises:
        InputValidationError: it is not a list.
        TypeError: an element is not a test case of the workflow.
        IncorrectUsageError: an element is in another store.
    """
    # Not by name: it may have been renamed since one of the objects was loaded.
    by_id: dict[int, TestCase] = {}
    for test_case in check_list(test_cases, "test_cases must be a list of test cases"):
        if not isinstance(test_case, TestCase):
            raise TypeError(f"A test suite holds test cases, not {test_case!r:.80}.")
        if test_case.workflow.name != workflow.name:
            raise TypeError(
                f"The test case {test_case.name!r} belongs to the workflow"
                f" {test_case.workflow.name!r}, not {workflow.name!r}."
            )
        check_store(f"test case {test_case.name!r}", test_case, location)
        if by_id.pop(test_case._id, None) is not None:
            warn(
                f"test_cases has the test case {test_case.name!r} more than once; the last one is"
                " used. Pass it once."
            )
        by_id[test_case._id] = test_case
    return list(by_id.values())


class SuiteChange(NamedTuple):
    """A change of a test suite; None leaves a value unchanged."""

    description: str | None
    tags: AbstractSet[str] | None
    test_cases: list[TestCase] | None

    def from_what_is(self, record: TestSuiteRecord) -> SuiteChange | None:
        """Return the part of this change that a record does not have yet, None if it has all."""
        cases = self.test_cases
        left = SuiteChange(
            None if self.description == record.description else self.description,
            None if self.tags == record.tags else self.tags,
            None if cases is None or pins(cases) == pinned(record) else cases,
        )
        return None if left == (None, None, None) else left

    def for_named(self, record: TestSuiteRecord, reset: bool) -> SuiteChange | None:
        """Return the part that the constructor applies to an existing suite, None if nothing."""
        takes_cases = self.test_cases and (reset or record.version == 0)
        change = self if takes_cases else self._replace(test_cases=None)
        return change.from_what_is(record)


def check_description_kept(record: TestSuiteRecord, seen: str, wanted: str | None) -> None:
    """Refuse to replace a description that someone else has changed.

    Args:
        record: the test suite as it is stored.
        seen: the description that the change is based on.
        wanted: the new description; None keeps the stored one.

    Raises:
        NameConflictError: the stored description is neither of them.
    """
    if wanted is not None and record.description not in (seen, wanted):
        raise NameConflictError(
            f"The description of the test suite {record.name!r} was changed by someone else in the"
            f" meantime, to {record.description!r:.80}; load it again and repeat the edit."
        )


def write_change(
    unit: Unit, record: TestSuiteRecord, change: SuiteChange, *, on_latest: bool = False
) -> TestSuiteRecord:
    """Store a change of a test suite.

    Args:
        unit: a write in progress.
        record: the version that is changed.
        change: what it does not have yet.
        on_latest: refuse an outdated version even if only the description or tags change, which all
            versions share.

    Returns:
        The test suite, in a new version if its test cases have changed.

    Raises:
        NameConflictError: ``record`` is no longer the latest version.
    """
    if on_latest:
        unit.test_suites.latest_for_edit(record.id, record.version)
    if change.description is not None:
        unit.test_suites.set_description(record.id, change.description)
    if change.tags is not None:
        unit.test_suites.set_tags(record.id, change.tags)
    if change.test_cases is not None:
        return write_test_cases(unit, record, change.test_cases)
    return unit.test_suites.get(record.name, record.version)


def write_test_cases(
    unit: Unit, record: TestSuiteRecord, test_cases: list[TestCase]
) -> TestSuiteRecord:
    """Store a version of a test suite with these test cases.

    Raises:
        NotFoundError: a test case is no longer in the store.
        NameConflictError: ``record`` is no longer the latest version.
    """
    for test_case in test_cases:
        current_name(unit, test_case)
    pairs = [(test_case._id, test_case.version) for test_case in test_cases]
    return unit.test_suites.replace_test_cases(record.id, record.version, pairs)


def pins(test_cases: list[TestCase]) -> list[int]:
    """Return the ids of the versions of test cases, in order."""
    return [test_case._uid for test_case in test_cases]


def pinned(record: TestSuiteRecord) -> list[int]:
    """Return the ids of the versions of a record's test cases, in order."""
    return [test_case.uid for test_case in record.test_cases]
