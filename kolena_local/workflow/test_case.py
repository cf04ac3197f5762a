"""Test cases: named, versioned lists of test samples with their ground truths."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

from kolena_local import repository
from kolena_local.collector import collector_paused
from kolena_local.errors import IncorrectUsageError, InputValidationError
from kolena_local.log import logger
from kolena_local.plurals import counted
from kolena_local.repository.paging import pages_by_key
from kolena_local.repository.records import PairRow, TestCaseRecord
from kolena_local.warn import warn
from kolena_local.workflow import overview
from kolena_local.workflow.arguments import (
    check_description,
    check_flag,
    check_list,
    check_name,
    check_version,
)
from kolena_local.workflow.entity import (
    bound_workflow,
    check_workflow,
    ensure_workflow,
)
from kolena_local.workflow.ground_truth import GroundTruth
from kolena_local.workflow.slicing import Sliceable
from kolena_local.workflow.test_case_edit import (
    Change,
    TestCaseEditor,
    check_samples,
    differences,
    warn_of_repeated,
    warn_of_shared_metadata,
    write_edit,
)
from kolena_local.workflow.test_sample import TestSample
from kolena_local.workflow.workflow import Workflow

if TYPE_CHECKING:
    from kolena_local.repository import Unit

Pairs = Sequence[tuple[TestSample, GroundTruth]]
Self = TypeVar("Self", bound="TestCase")

_PAGE = 1000


class TestCase(Sliceable):
    """A named list of test samples with their ground truths, in versions that never change.

    Use the class that ``define_workflow`` returns. A test case that is already in the store is
    loaded. If it has samples, others passed as ``test_samples`` are ignored with a
    ``KolenaWarning``; with ``reset``, they replace its content in a new version.

    Args:
        name: unique among the test cases of all workflows.
        version: a version to load; None means the latest.
        description: a description.
        test_samples: pairs of test sample and ground truth.
        reset: whether ``test_samples`` replace its content, in a new version.

    Raises:
        InputValidationError: the name is blank, a sample occurs twice with different ground truths,
            or a value cannot be stored; the message has its path.
        TypeError: a test sample or ground truth is not an instance of the workflow's type.
        WorkflowMismatchError: the name belongs to a test case of another workflow.
        NameConflictError: the test case exists, but not in this version.
    """

    Editor = TestCaseEditor

    _noun = "test case"
    _needed = ("workflow",)

    workflow: Workflow
    name: str
    version: int
    description: str

    def __init__(
        self,
        name: str,
        version: int | None = None,
        description: str | None = None,
        test_samples: Pairs | None = None,
        reset: bool = False,
    ) -> None:
        name = check_name(name, "test case")
        workflow = bound_workflow(type(self))
        wanted_version, wanted_description = check_version(version), check_description(description)
        changes = _additions(workflow, name, test_samples)
        reset = check_flag(reset, "reset")
        store = repository.open_store()
        with store.read() as unit:
            record = unit.test_cases.find_or_refuse(name, wanted_version)
        what = "loaded"
        if record is None or _takes(record, changes, reset):
            if record is None and test_samples is not None and not changes:
                warn(f"The test case {name!r} has no samples, because test_samples is empty.")
            own = None if record is None else record.id
            warn_of_shared_metadata(store, workflow, name, own, changes)
            with store.write() as unit:
                # Again, because another process may have created it meanwhile.
                record = unit.test_cases.find_or_refuse(name, wanted_version)
                what, record = _ensure(
                    unit, workflow, name, record, wanted_description, changes, reset
                )
        check_workflow("test case", name, record.workflow, workflow)
        if what == "loaded":
            given = None if test_samples is None else changes
            with store.read() as unit:
                stays = _what_stays(unit, record, wanted_description, given, reset)
            for message in stays:
                warn(message)
        logger.info("%s test case %r (version %d)", what, name, record.version)
        self._mirror(store, record)

    @classmethod
    def create(
        cls: type[Self],
        name: str,
        description: str | None = None,
        test_samples: Pairs | None = None,
    ) -> Self:
        """Create a test case, at version 0 without samples, else at version 1.

        Args:
            name: as for the constructor.
            description: as for the constructor.
            test_samples: as for the constructor.

        Raises:
            NameConflictError: there is a test case with this name, in any workflow.
            InputValidationError: the name is blank, or a value cannot be stored.
            TypeError: a test sample or ground truth is not an instance of the workflow's type.
        """
        name = check_name(name, "test case")
        workflow = bound_workflow(cls)
        wanted_description = check_description(description)
        changes = _additions(workflow, name, test_samples)
        store = repository.open_store()
        warn_of_shared_metadata(store, workflow, name, None, changes)
        with store.write() as unit:
            record = _add(unit, workflow, name, wanted_description, changes)
        logger.info("created test case %r (version %d)", name, record.version)
        return cls._mirroring(store, record)

    @classmethod
    def load(cls: type[Self], name: str, version: int | None = None) -> Self:
        """Load a test case.

        Args:
            name: its name.
            version: the version; None means the latest.

        Raises:
            NotFoundError: there is no test case with this name, or not in this version.
            WorkflowMismatchError: it belongs to another workflow.
            InputValidationError: the name is blank, or the version is not an integer.
        """
        name, wanted_version = check_name(name, "test case"), check_version(version)
        workflow = bound_workflow(cls)
        store = repository.open_store(create=False)
        with store.read() as unit:
            record = unit.test_cases.get(name, wanted_version)
        check_workflow("test case", name, record.workflow, workflow)
        return cls._mirroring(store, record)

    @classmethod
    def init_many(
        cls: type[Self], data: Sequence[tuple[str, Pairs]], reset: bool = False
    ) -> list[Self]:
        """Create or load many test cases at once: all of them, or none if one fails.

        Args:
            data: pairs of a name and its pairs of test sample and ground truth.
            reset: whether samples replace the content of a test case that has some.

        Returns:
            The test cases, in the order of ``data``.

        Raises:
            IncorrectUsageError: two have the same name.
            TypeError: an element is not a pair, or not of the workflow's types.
            InputValidationError: a name is blank, or a value cannot be stored.
            WorkflowMismatchError: a name belongs to a test case of another workflow.
            NotImplementedError: the class was not returned by ``define_workflow``.
        """
        if not hasattr(cls, "workflow"):
            raise NotImplementedError("init_many() needs the TestCase of define_workflow().")
        workflow, reset = cls.workflow, check_flag(reset, "reset")
        named = []
        for element in check_list(data, "init_many() takes a list of names with their samples"):
            if not isinstance(element, (tuple, list)) or len(element) != 2:
                raise TypeError(
                    f"init_many() takes pairs of name and samples, not {element!r:.80}."
                )
            name = check_name(element[0], "test case")
            try:
                named.append((name, _additions(workflow, name, element[1])))
            except (TypeError, InputValidationError) as error:
                if type(error) not in (TypeError, InputValidationError):
                    raise  # it may take other arguments
                raise type(error)(f"In the test case {name!r}, {error}") from error
        for name, times in Counter(name for name, _ in named).items():
            if times > 1:
                raise IncorrectUsageError(
                    f"init_many() was given {name!r} twice; names are unique."
                )
        store = repository.open_store()
        with store.read() as unit:
            known = {name: unit.test_cases.find(name) for name, _ in named}
            stays = [
                _what_stays(unit, record, None, changes, reset)
                for name, changes in named
                if (record := known[name]) is not None and not _takes(record, changes, reset)
            ]
        for message in chain(*stays):
            warn(message)
        for name, changes in named:
            if (record := known[name]) is None or _takes(record, changes, reset):
                own = None if record is None else record.id
                warn_of_shared_metadata(store, workflow, name, own, changes)
        with store.write() as unit:
            done = [
                _ensure(unit, workflow, name, unit.test_cases.find(name), None, changes, reset)
                for name, changes in named
            ]
        for what, record in done:
            logger.info("%s test case %r (version %d)", what, record.name, record.version)
        return [cls._mirroring(store, record) for _, record in done]

    def load_test_samples(self) -> list[tuple[TestSample, GroundTruth]]:
        """Load the samples of this version with metadata and ground truths, in order."""
        with collector_paused():
            return list(self.iter_test_samples())

    def iter_test_samples(self) -> Iterator[tuple[TestSample, GroundTruth]]:
        """Iterate over what :meth:`load_test_samples` returns, with one page in memory."""
        codec, store = self.workflow._codec, self._store()

        def read(after: int) -> list[PairRow]:
            with store.read() as unit:
                return unit.test_cases.pairs(self._id, self.version, after=after, limit=_PAGE)

        for rows in pages_by_key(read, attrgetter("position")):
            with collector_paused(), codec.reading(f"the test case {self.name!r}"):
                _, _, payloads, metadata, truths = zip(*rows, strict=True)
                samples = codec.read_samples(payloads, metadata)
                page = list(zip(samples, codec.read_ground_truths(truths), strict=True))
            yield from page

    @contextmanager
    def edit(self, reset: bool = False) -> Iterator[TestCaseEditor]:
        """Change samples or description in a ``with`` block, whose end stores a new version.

        This object then is the new version. If the block raises, nothing is stored; if nothing has
        changed, there is no new version.

        Args:
            reset: whether to start without samples.

        Yields:
            The editor.

        Raises:
            NotFoundError: the test case was deleted, or the store file replaced,
                since it was loaded.
            NameConflictError: the test case was edited elsewhere since this object was loaded.
            InputValidationError: a value cannot be stored; the message has its path.
        """
        reset = check_flag(reset, "reset")
        editor = TestCaseEditor(self.workflow, self.description, reset)
        yield editor
        if editor.is_untouched:
            return
        store = self._store()
        changes, wanted = editor.changes(), editor.wanted_description
        warn_of_shared_metadata(store.store, self.workflow, self.name, self._id, changes)
        with store.write() as unit:
            record = unit.test_cases.at(self._id, self.version)
            record = write_edit(unit, record, wanted, changes, reset=reset)
        logger.info("edited test case %r (version %d)", record.name, record.version)
        self._mirror(store.store, record)

    def update(self, description: str) -> None:
        """Change the description, in a new version, as :meth:`edit` does.

        Args:
            description: the new description.

        Raises:
            InputValidationError: it is not text.
            NameConflictError: the test case was edited elsewhere since this object was loaded.
            NotFoundError: it was deleted, or the store file replaced, since it was loaded.
        """
        with self.edit() as editor:
            editor.description(description)

    def _case_type(self) -> type[TestCase]:
        return type(self)

    def _shown(self) -> dict[str, Any]:
        return {"version": self.version, **super()._shown()}

    def _repr_html_(self) -> str:
        return overview.of_test_case(self)

    def _mirror(self, store: repository.Store, record: TestCaseRecord, **attributes: Any) -> None:
        super()._mirror(
            store,
            record,
            workflow=bound_workflow(type(self)),
            name=record.name,
            version=record.version,
            description=record.description,
            **attributes,
        )


def _additions(workflow: Workflow, name: str, test_samples: Pairs | None) -> list[Change]:
    editor = TestCaseEditor(workflow, "", reset=False)
    given = check_samples(workflow, test_samples)
    editor.add_all(given)
    changes = editor.changes()
    warn_of_repeated(name, given, changes)
    return changes


def _ensure(
    unit: Unit,
    workflow: Workflow,
    name: str,
    record: TestCaseRecord | None,
    description: str | None,
    changes: list[Change],
    reset: bool,
) -> tuple[str, TestCaseRecord]:
    """Create or edit a test case if necessary; return what was done, and the record."""
    if record is None:
        return "created", _add(unit, workflow, name, description, changes)
    check_workflow("test case", name, record.workflow, workflow)
    if _takes(record, changes, reset):
        return "edited", write_edit(unit, record, description, changes, reset=reset)
    return "loaded", record


def _takes(record: TestCaseRecord, changes: list[Change], reset: bool) -> bool:
    """Return whether samples passed to the constructor go into an existing test case."""
    return bool(changes) and (reset or record.version == 0)


def _add(
    unit: Unit, workflow: Workflow, name: str, description: str | None, changes: list[Change]
) -> TestCaseRecord:
    record = unit.test_cases.add(ensure_workflow(unit, workflow), name, description or "")
    return write_edit(unit, record, None, changes, reset=False) if changes else record


def _what_stays(
    unit: Unit,
    record: TestCaseRecord,
    description: str | None,
    changes: list[Change] | None,
    reset: bool,
) -> list[str]:
    """Return what the constructor was passed, but does not change in an existing test case."""
    known = f"The test case {record.name!r} is already in the store (version {record.version})"
    found = []
    if not changes and (reset or changes is not None):
        found.append(
            f"{known} and keeps its {counted(record.sample_count, 'sample')}, because no"
            " test_samples were passed; edit(reset=True) removes all."
        )
    elif changes and (how := differences(unit, record, changes)):
        found.append(
            f"{known} and keeps its samples; those passed differ: {how}. Pass reset=True to"
            " replace them, or use edit()."
        )
    if description is not None and description != record.description:
        found.append(
            f"{known} and keeps its description {record.description!r:.200}; use edit() to change"
            " it."
        )
    return found
