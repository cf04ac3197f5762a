"""Test suites: named, versioned lists of test cases, each pinned at one version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from kolena_local import repository
from kolena_local.errors import InputValidationError, NameConflictError
from kolena_local.log import logger
from kolena_local.repository.records import TestSuiteRecord
from kolena_local.workflow.arguments import (
    check_description,
    check_name,
    check_tags,
    check_version,
)
from kolena_local.workflow.entity import Entity, bound_workflow, check_workflow, current_store
from kolena_local.workflow.test_case import TestCase
from kolena_local.workflow.test_sample import TestSample
from kolena_local.workflow.workflow import Workflow

if TYPE_CHECKING:
    from kolena_local.repository import Unit

Self = TypeVar("Self", bound="TestSuite")


class TestSuiteEditor:
    """What ``TestSuite.edit()`` yields: it notes changes and stores nothing itself.

    Attributes:
        tags: the suite's tags, to be changed in place or set.
    """

    def __init__(self, workflow: Workflow, suite: TestSuite, reset: bool) -> None:
        self._workflow = workflow
        self._test_cases = {} if reset else {case.name: case for case in suite.test_cases}
        self.wanted_description = suite.description
        self.tags: set[str] = set(suite.tags)

    def description(self, description: str) -> None:
        """Describe the test suite anew.

        Raises:
            InputValidationError: it is no text.
        """
        self.wanted_description = check_description(description) or ""

    def add(self, test_case: TestCase) -> None:
        """Put a test case at the end, in place of one of the same name.

        Raises:
            TypeError: it is no test case of this workflow.
        """
        check_test_cases(self._workflow, [test_case])
        self._test_cases.pop(test_case.name, None)
        self._test_cases[test_case.name] = test_case

    def remove(self, test_case: TestCase) -> None:
        """Take the test case of this name out, whichever its version; none there is no matter.

        Raises:
            TypeError: it is no test case of this workflow.
        """
        check_test_cases(self._workflow, [test_case])
        self._test_cases.pop(test_case.name, None)

    def test_cases(self) -> list[TestCase]:
        """Return what the test suite shall hold."""
        return list(self._test_cases.values())


class TestSuite(Entity):
    """A named list of test cases, each at one version, in versions of its own that never change.

    Use the class that ``define_workflow`` returns. A test suite that is in the store already is
    loaded; description and tags that are passed replace those it has, test cases only with
    ``reset``.

    Args:
        name: unique among the test suites of all workflows.
        version: a version to load; None means the latest.
        description: what it is about; all versions share it.
        test_cases: its content; of two with the same name the last counts.
        reset: whether ``test_cases`` replace those it has, in a new version.
        tags: words to find it by; all versions share them.

    Raises:
        InputValidationError: the name is blank, or tags or description are no text.
        TypeError: a test case is of another workflow.
        WorkflowMismatchError: the name belongs to a test suite of another workflow.
        NameConflictError: the test suite is there, but not in this version.
    """

    Editor = TestSuiteEditor

    workflow: Workflow
    _test_case_type: type[TestCase]
    name: str
    version: int
    description: str
    test_cases: list[TestCase]
    tags: set[str]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for needed in ("workflow", "_test_case_type"):
            if not hasattr(cls, needed):
                raise NotImplementedError(f"{cls.__name__} needs a class attribute {needed!r}")

    def __init__(
        self,
        name: str,
        version: int | None = None,
        description: str | None = None,
        test_cases: Sequence[TestCase] | None = None,
        reset: bool = False,
        tags: Iterable[str] | None = None,
    ) -> None:
        workflow = bound_workflow(type(self))
        name = check_name(name, "test suite")
        wanted_version, wanted_description = check_version(version), check_description(description)
        wanted_tags = check_tags(tags)
        wanted = check_test_cases(workflow, test_cases or [])
        store = current_store()
        with store.read() as unit:
            record = unit.test_suites.find(name, wanted_version)
            latest = unit.test_suites.find(name)
        if record is None and latest is not None:
            raise NameConflictError(
                f"the test suite {name!r} has no version {wanted_version}, the latest is"
                f" {latest.version}; load one of those, or leave the version out"
            )
        if record is None:
            record = _add(store, workflow, name, wanted_description, wanted, wanted_tags)
        else:
            check_workflow("test suite", name, record.workflow, workflow)
            record = _reconcile(store, record, wanted_description, wanted, wanted_tags, reset)
        self._mirror(store, record)

    @classmethod
    def create(
        cls: type[Self],
        name: str,
        description: str | None = None,
        test_cases: Sequence[TestCase] | None = None,
        tags: Iterable[str] | None = None,
    ) -> Self:
        """Add a test suite, at version 0 when it has no test cases yet, else at version 1.

        Args:
            name: as for the constructor.
            description: as for the constructor.
            test_cases: as for the constructor.
            tags: as for the constructor.

        Raises:
            NameConflictError: there is a test suite of this name, in whichever workflow.
            InputValidationError: the name is blank, or tags or description are no text.
            TypeError: a test case is of another workflow.
        """
        workflow = bound_workflow(cls)
        name = check_name(name, "test suite")
        wanted = check_test_cases(workflow, test_cases or [])
        wanted_description, wanted_tags = check_description(description), check_tags(tags)
        store = current_store()
        record = _add(store, workflow, name, wanted_description, wanted, wanted_tags)
        return cls._mirroring(store, record)

    @classmethod
    def load(cls: type[Self], name: str, version: int | None = None) -> Self:
        """Load a test suite.

        Args:
            name: its name.
            version: the version; None means the latest.

        Raises:
            NotFoundError: there is none of this name, or not in this version.
            WorkflowMismatchError: it belongs to another workflow.
        """
        workflow = bound_workflow(cls)
        name = check_name(name, "test suite")
        store = current_store()
        with store.read() as unit:
            record = unit.test_suites.get(name, check_version(version))
        check_workflow("test suite", name, record.workflow, workflow)
        return cls._mirroring(store, record)

    @classmethod
    def load_all(cls: type[Self], *, tags: Iterable[str] | None = None) -> list[Self]:
        """Load the latest version of every test suite of this workflow, oldest first.

        Args:
            tags: only test suites that have all of these.
        """
        workflow = bound_workflow(cls)
        wanted = check_tags(tags) or set()
        store = current_store()
        with store.read() as unit:
            records = unit.test_suites.list(workflow=workflow.name, tags=wanted)
        return [cls._mirroring(store, record) for record in records]

    def load_test_samples(self) -> list[tuple[TestCase, list[TestSample]]]:
        """Load the samples of every test case that has some, in order, metadata attached."""
        loaded = [
            (test_case, [sample for sample, _ in test_case.iter_test_samples()])
            for test_case in self.test_cases
        ]
        return [(test_case, samples) for test_case, samples in loaded if samples]

    @contextmanager
    def edit(self, reset: bool = False) -> Iterator[TestSuiteEditor]:
        """Change test cases, description or tags in a ``with`` block; leaving it stores them.

        An exception inside the block stores nothing. This object then shows what is stored. There
        is a new version only if the list of test cases has changed.

        Args:
            reset: start from no test cases at all.

        Yields:
            The editor.

        Raises:
            NameConflictError: somebody else has changed the test suite since this object was
                loaded.
        """
        editor = TestSuiteEditor(self.workflow, self, reset)
        yield editor
        description, tags = editor.wanted_description, check_tags(editor.tags) or set()
        store = self._store()
        with store.write() as unit:
            record = unit.test_suites.get(self.name, self.version)
            record = _write(unit, record, description, editor.test_cases(), tags)
        logger.info("edited test suite %r (version %d)", record.name, record.version)
        self._mirror(store, record)

    @property
    def _id(self) -> int:
        found: int = self.__dict__["_record_id"]
        return found

    @classmethod
    def _mirroring(cls: type[Self], store: repository.Store, record: TestSuiteRecord) -> Self:
        suite = cls.__new__(cls)
        suite._mirror(store, record)
        return suite

    def _mirror(self, store: repository.Store, record: TestSuiteRecord) -> None:
        case_type = type(self)._test_case_type
        with self._thaw():
            self.workflow = bound_workflow(type(self))
            self.name = record.name
            self.version = record.version
            self.description = record.description
            self.test_cases = [case_type._mirroring(store, case) for case in record.test_cases]
            self.tags = set(record.tags)
            self._location = store.location
            self._record_id = record.id


def check_test_cases(workflow: Workflow, test_cases: Any) -> list[TestCase]:
    """Return test cases as a list in which each name stands once, at its last place.

    Raises:
        InputValidationError: it is no list.
        TypeError: an element is no test case of the workflow.
    """
    if not isinstance(test_cases, (list, tuple)):
        raise InputValidationError(
            f"test_cases must be a list of test cases, not a {type(test_cases).__name__}"
        )
    by_name: dict[str, TestCase] = {}
    for test_case in test_cases:
        if not isinstance(test_case, TestCase):
            raise TypeError(f"a test suite holds test cases, not {test_case!r:.80}")
        if test_case.workflow.name != workflow.name:
            raise TypeError(
                f"the test case {test_case.name!r} belongs to the workflow"
                f" {test_case.workflow.name!r}, not {workflow.name!r}"
            )
        by_name.pop(test_case.name, None)
        by_name[test_case.name] = test_case
    return list(by_name.values())


def _add(
    store: repository.Store,
    workflow: Workflow,
    name: str,
    description: str | None,
    test_cases: list[TestCase],
    tags: set[str] | None,
) -> TestSuiteRecord:
    with store.write() as unit:
        workflow_id = unit.workflows.ensure(workflow.name).id
        record = unit.test_suites.add(workflow_id, name, description or "", tags or set())
        record = _write(unit, record, None, test_cases, None)
    logger.info("created test suite %r (version %d)", name, record.version)
    return record


def _reconcile(
    store: repository.Store,
    record: TestSuiteRecord,
    description: str | None,
    test_cases: list[TestCase],
    tags: set[str] | None,
    reset: bool,
) -> TestSuiteRecord:
    """Apply what the constructor was given to a test suite that is in the store already."""
    wanted = test_cases if test_cases and (reset or record.version == 0) else None
    if test_cases and wanted is None and _pins(test_cases) != _pinned(record):
        logger.warning(
            "test suite %r is in the store already (version %d) and keeps its test cases;"
            " pass reset=True or use edit() to change them",
            record.name,
            record.version,
        )
    if wanted is None and description is None and tags is None:
        logger.info("loaded test suite %r (version %d)", record.name, record.version)
        return record
    with store.write() as unit:
        record = _write(unit, record, description, wanted, tags)
    logger.info("edited test suite %r (version %d)", record.name, record.version)
    return record


def _write(
    unit: Unit,
    record: TestSuiteRecord,
    description: str | None,
    test_cases: list[TestCase] | None,
    tags: set[str] | None,
) -> TestSuiteRecord:
    """Store what differs from a record; None leaves a thing as it is."""
    if description is not None and description != record.description:
        unit.test_suites.set_description(record.id, description)
    if tags is not None and tags != record.tags:
        unit.test_suites.set_tags(record.id, tags)
    if test_cases is not None and _pins(test_cases) != _pinned(record):
        unit.test_suites.replace_test_cases(record.id, record.version, _pins(test_cases))
        return unit.test_suites.get(record.name)
    return unit.test_suites.get(record.name, record.version)


def _pins(test_cases: list[TestCase]) -> list[tuple[int, int]]:
    return [(test_case._id, test_case.version) for test_case in test_cases]


def _pinned(record: TestSuiteRecord) -> list[tuple[int, int]]:
    return [(test_case.id, test_case.version) for test_case in record.test_cases]
