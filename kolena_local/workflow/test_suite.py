"""Test suites: named, versioned lists of test cases, each pinned at one version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from kolena_local import repository
from kolena_local.log import logger
from kolena_local.repository.records import TestSuiteRecord
from kolena_local.warn import warn
from kolena_local.workflow import overview
from kolena_local.workflow.arguments import (
    check_description,
    check_flag,
    check_name,
    check_tags,
    check_version,
)
from kolena_local.workflow.entity import (
    bound_workflow,
    check_workflow,
    ensure_workflow,
)
from kolena_local.workflow.suite_results import SuiteResults
from kolena_local.workflow.test_case import TestCase
from kolena_local.workflow.test_sample import TestSample
from kolena_local.workflow.test_suite_edit import (
    SuiteChange,
    TestSuiteEditor,
    check_description_kept,
    check_test_cases,
    pinned,
    pins,
    write_change,
    write_test_cases,
)
from kolena_local.workflow.workflow import Workflow

if TYPE_CHECKING:
    from kolena_local.comparison import PowerAnalysis
    from kolena_local.repository import Unit

Self = TypeVar("Self", bound="TestSuite")


class TestSuite(SuiteResults):
    """A named list of test cases, each at one version, in versions of its own that never change.

    Use the class that ``define_workflow`` returns. A test suite that is already in the store is
    loaded. ``description`` and ``tags`` replace the stored ones if given; ``test_cases`` do so only
    with ``reset``, otherwise a ``KolenaWarning`` says if they differ.

    Args:
        name: unique among the test suites of all workflows.
        version: a version to load; None means the latest.
        description: a description, shared by all versions.
        test_cases: its content; of two versions of a test case, the last is used.
        reset: whether ``test_cases`` replace its content, in a new version.
        tags: words to find it by, shared by all versions.

    Raises:
        InputValidationError: the name is blank, or tags or description are not text.
        TypeError: a test case belongs to another workflow.
        WorkflowMismatchError: the name belongs to a test suite of another workflow.
        NameConflictError: the test suite exists, but not in this version.
    """

    Editor = TestSuiteEditor

    _noun = "test suite"
    _needed = ("workflow", "_test_case_type")

    workflow: Workflow
    _test_case_type: type[TestCase]
    name: str
    version: int
    description: str
    test_cases: list[TestCase]
    tags: set[str]
    _version_was_chosen: bool

    def __init__(
        self,
        name: str,
        version: int | None = None,
        description: str | None = None,
        test_cases: Sequence[TestCase] | None = None,
        reset: bool = False,
        tags: Iterable[str] | None = None,
    ) -> None:
        name = check_name(name, "test suite")
        workflow = bound_workflow(type(self))
        wanted_version, wanted_description = check_version(version), check_description(description)
        wanted_tags, reset = check_tags(tags), check_flag(reset, "reset")
        store = repository.open_store()
        wanted = check_test_cases(workflow, test_cases, store.location)
        with store.read() as unit:
            record = unit.test_suites.find_or_refuse(name, wanted_version)
        what, change = "loaded", SuiteChange(wanted_description, wanted_tags, wanted)
        if record is not None:
            check_workflow("test suite", name, record.workflow, workflow)
            _warn_of_what_stays(record, wanted, reset, test_cases is not None)
        if record is None or change.for_named(record, reset):
            with store.write() as unit:
                # Again, because another process may have created it meanwhile.
                record = unit.test_suites.find_or_refuse(name, wanted_version)
                if record is None:
                    what, record = "created", _add(unit, workflow, name, change)
                else:
                    check_workflow("test suite", name, record.workflow, workflow)
                    due = change.for_named(record, reset)
                    if due is not None:
                        what, record = "edited", write_change(unit, record, due)
        logger.info("%s test suite %r (version %d)", what, name, record.version)
        self._mirror(store, record, _version_was_chosen=wanted_version is not None)

    @classmethod
    def create(
        cls: type[Self],
        name: str,
        description: str | None = None,
        test_cases: Sequence[TestCase] | None = None,
        tags: Iterable[str] | None = None,
    ) -> Self:
        """Create a test suite, at version 0 without test cases, else at version 1.

        Args:
            name: as for the constructor.
            description: as for the constructor.
            test_cases: as for the constructor.
            tags: as for the constructor.

        Raises:
            NameConflictError: there is a test suite with this name, in any workflow.
            InputValidationError: the name is blank, or tags or description are not text.
            TypeError: a test case belongs to another workflow.
        """
        name = check_name(name, "test suite")
        workflow = bound_workflow(cls)
        wanted_description, wanted_tags = check_description(description), check_tags(tags)
        store = repository.open_store()
        wanted = check_test_cases(workflow, test_cases, store.location)
        with store.write() as unit:
            change = SuiteChange(wanted_description, wanted_tags, wanted)
            record = _add(unit, workflow, name, change)
        logger.info("created test suite %r (version %d)", name, record.version)
        return cls._mirroring(store, record, _version_was_chosen=False)

    @classmethod
    def load(cls: type[Self], name: str, version: int | None = None) -> Self:
        """Load a test suite.

        Args:
            name: its name.
            version: the version; None means the latest.

        Raises:
            NotFoundError: there is no test suite with this name, or not in this version.
            WorkflowMismatchError: it belongs to another workflow.
            InputValidationError: the name is blank, or the version is not an integer.
        """
        name, wanted_version = check_name(name, "test suite"), check_version(version)
        workflow = bound_workflow(cls)
        store = repository.open_store(create=False)
        with store.read() as unit:
            record = unit.test_suites.get(name, wanted_version)
        check_workflow("test suite", name, record.workflow, workflow)
        return cls._mirroring(store, record, _version_was_chosen=wanted_version is not None)

    @classmethod
    def load_all(cls: type[Self], *, tags: Iterable[str] | None = None) -> list[Self]:
        """Load the latest version of every test suite of this workflow, oldest first.

        Args:
            tags: load only test suites that have all of these.
        """
        workflow = bound_workflow(cls)
        wanted = check_tags(tags) or set()
        store = repository.find_store()
        if store is None:
            return []
        with store.read() as unit:
            records = unit.test_suites.list(workflow=workflow.name, tags=wanted)
        return [cls._mirroring(store, record, _version_was_chosen=False) for record in records]

    def load_test_samples(self) -> list[tuple[TestCase, list[TestSample]]]:
        """Load the samples of every test case that has some, with metadata, in order."""
        loaded = [
            (test_case, [sample for sample, _ in test_case.iter_test_samples()])
            for test_case in self.test_cases
        ]
        return [(test_case, samples) for test_case, samples in loaded if samples]

    @contextmanager
    def edit(self, reset: bool = False) -> Iterator[TestSuiteEditor]:
        """Change test cases, description or tags in a ``with`` block, whose end stores them.

        This object then shows what is stored. If the block raises, nothing is stored. There is a
        new version only if the list of test cases has changed.

        Args:
            reset: whether to start without test cases.

        Yields:
            The editor.

        Raises:
            NotFoundError: the test suite or a test case was deleted, or the store file replaced,
                since it was loaded.
            NameConflictError: the test suite was changed elsewhere since this object was loaded.
        """
        editor = TestSuiteEditor(self.workflow, self, check_flag(reset, "reset"))
        yield editor
        store = self._store()
        with store.write() as unit:
            record = unit.test_suites.at(self._id, self.version)
            change = editor.change(record)
            if change is not None:
                record = write_change(unit, record, change, on_latest=True)
        if change is not None:
            logger.info("edited test suite %r (version %d)", record.name, record.version)
        # A version that was chosen by number stays chosen if the edit made no new one.
        chosen = self._version_was_chosen and record.version == self.version
        self._mirror(store.store, record, _version_was_chosen=chosen)

    def update(
        self,
        description: str | None = None,
        tags: Iterable[str] | None = None,
        *,
        untag: Iterable[str] | None = None,
    ) -> None:
        """Change the description, add tags, and remove those that you name, for all versions.

        Everything else stays, also what others have changed since this object was loaded. This
        object then shows what is stored.

        Args:
            description: the new description; None keeps it.
            tags: tags to add.
            untag: tags to remove.

        Raises:
            NotFoundError: there is no such tag to remove; or the test suite was deleted, or the
                store file replaced, since it was loaded.
            NameConflictError: someone else has changed the description since this object was
                loaded; nothing is stored.
            InputValidationError: tags or description are not text.
        """
        wanted, store = check_description(description), self._store()
        added, removed = check_tags(tags) or set(), check_tags(untag) or set()
        with store.write() as unit:
            record = self._record(unit, *self._held())
            check_description_kept(record, self.description, wanted)
            after = unit.test_suites.changed_tags(record, added, removed)
            change = SuiteChange(wanted, after, None).from_what_is(record)
            if change is not None:
                record = write_change(unit, record, change)
        logger.info("updated test suite %r", record.name)
        self._mirror(store.store, record)

    def power(self, metric: str | None = None, **options: Any) -> PowerAnalysis:
        """Tell the smallest difference between two models that this version can show.

        Args:
            metric: the metric, a bool or a number for each sample; None means the only one.
            options: as for :func:`kolena_local.comparison.power`: ``difference``, ``spread``,
                ``discordant``, ``models`` and others.

        Raises:
            KolenaError: as for :func:`kolena_local.comparison.power`.
        """
        from kolena_local.comparison import power  # late: it imports numpy

        return power(self, metric, **options)

    def _case_type(self) -> type[TestCase]:
        return self._test_case_type

    def _shown(self) -> dict[str, Any]:
        shown = {"version": self.version, "test_cases": len(self.test_cases)}
        return {**shown, **super()._shown()}

    def _repr_html_(self) -> str:
        return overview.of_test_suite(self)

    def _mirror(self, store: repository.Store, record: TestSuiteRecord, **attributes: Any) -> None:
        case_type = type(self)._test_case_type
        super()._mirror(
            store,
            record,
            workflow=bound_workflow(type(self)),
            name=record.name,
            version=record.version,
            description=record.description,
            test_cases=[case_type._mirroring(store, case) for case in record.test_cases],
            tags=set(record.tags),
            **attributes,
        )


def _warn_of_what_stays(
    record: TestSuiteRecord, wanted: list[TestCase], reset: bool, were_passed: bool
) -> None:
    known = (
        f"The test suite {record.name!r} is already in the store (version {record.version}) and"
        " keeps its test cases"
    )
    if record.test_cases and not wanted and (reset or were_passed):
        warn(f"{known}, because no test_cases were passed; edit(reset=True) removes all.")
    elif wanted and record.version and not reset and pins(wanted) != pinned(record):
        warn(f"{known}; others were passed. Pass reset=True to replace them, or use edit().")


def _add(unit: Unit, workflow: Workflow, name: str, change: SuiteChange) -> TestSuiteRecord:
    workflow_id = ensure_workflow(unit, workflow)
    record = unit.test_suites.add(workflow_id, name, change.description or "", change.tags or set())
    if change.test_cases:
        return write_test_cases(unit, record, change.test_cases)
    return record
