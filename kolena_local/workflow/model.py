"""Models: a name in the registry, and a function from test sample to inference in memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from kolena_local import repository
from kolena_local.collector import collector_paused
from kolena_local.errors import InputValidationError
from kolena_local.execution.inferred import Inferred
from kolena_local.log import logger
from kolena_local.payload import Json, canonical, dumps, loads
from kolena_local.repository.records import ModelRecord
from kolena_local.warn import warn
from kolena_local.workflow import overview
from kolena_local.workflow.arguments import (
    check_flag,
    check_infer,
    check_keys,
    check_metadata,
    check_name,
    check_tags,
    check_type,
)
from kolena_local.workflow.entity import (
    NamedEntity,
    bound_workflow,
    check_store,
    check_workflow,
    current_name,
    ensure_workflow,
)
from kolena_local.workflow.ground_truth import GroundTruth
from kolena_local.workflow.inference import Inference
from kolena_local.workflow.test_case import TestCase
from kolena_local.workflow.test_sample import TestSample
from kolena_local.workflow.workflow import Workflow

if TYPE_CHECKING:
    import pandas as pd

    from kolena_local.exchange.import_file import ImportResult
    from kolena_local.repository.held import HeldStore
    from kolena_local.workflow.test_suite import TestSuite

Infer = Callable[[Any], Any]
InferBatch = Callable[[list[Any]], Sequence[Any]]
Self = TypeVar("Self", bound="Model")


class Model(NamedEntity):
    """A model that is tested: its name, metadata and tags are stored, never its weights.

    Use the class that ``define_workflow`` returns. A model that is already in the store is loaded
    with its stored metadata and tags; if others are passed, a ``KolenaWarning`` says so.

    Args:
        name: unique among the models of all workflows.
        infer: a function from test sample to inference; only ``test`` needs it.
        metadata: a dict of strings to JSON values.
        tags: words to find the model by.
        infer_batch: a function from a list of test samples to the list of their inferences, for
            models that are faster in batches; ``test`` prefers it to ``infer``.

    Raises:
        InputValidationError: the name is blank, ``infer`` or ``infer_batch`` is not a
            function, or metadata or tags cannot be stored.
        WorkflowMismatchError: the name belongs to a model of another workflow.
    """

    _noun = "model"
    _needed = ("workflow",)

    workflow: Workflow
    name: str
    metadata: dict[str, Json]
    tags: set[str]
    _metadata_as_loaded: str
    infer: Infer | None
    infer_batch: InferBatch | None

    def __init__(
        self,
        name: str,
        infer: Infer | None = None,
        metadata: dict[str, Any] | None = None,
        tags: Iterable[str] | None = None,
        *,
        infer_batch: InferBatch | None = None,
    ) -> None:
        workflow = bound_workflow(type(self))
        name, infer = check_name(name, "model"), check_infer(infer)
        infer_batch = check_infer(infer_batch, "infer_batch")
        wanted_metadata, wanted_tags = check_metadata(metadata), check_tags(tags) or set()
        store = repository.open_store()
        with store.read() as unit:
            record = unit.models.find(name)
        what = "loaded"
        if record is None:
            with store.write() as unit:
                record = unit.models.find(name)  # another process may have created it
                if record is None:
                    what = "created"
                    workflow_id = ensure_workflow(unit, workflow)
                    record = unit.models.add(workflow_id, name, wanted_metadata, wanted_tags)
        check_workflow("model", name, record.workflow, workflow)
        if what == "loaded":
            given = {} if metadata is None else {"metadata": wanted_metadata}
            _warn_of_differences(record, given if tags is None else {**given, "tags": wanted_tags})
        logger.info("%s model %r", what, name)
        self._mirror(store, record, infer=infer, infer_batch=infer_batch)

    @classmethod
    def create(
        cls: type[Self],
        name: str,
        infer: Infer | None = None,
        metadata: dict[str, Any] | None = None,
        tags: Iterable[str] | None = None,
        *,
        infer_batch: InferBatch | None = None,
    ) -> Self:
        """Create a model.

        Args:
            name: as for the constructor.
            infer: as for the constructor.
            metadata: as for the constructor.
            tags: as for the constructor.
            infer_batch: as for the constructor.

        Raises:
            NameConflictError: there is a model with this name, in any workflow.
            InputValidationError: the name is blank, ``infer`` or ``infer_batch`` is not a
                function, or metadata or tags cannot be stored.
        """
        workflow = bound_workflow(cls)
        name, infer = check_name(name, "model"), check_infer(infer)
        infer_batch = check_infer(infer_batch, "infer_batch")
        wanted_metadata, wanted_tags = check_metadata(metadata), check_tags(tags) or set()
        store = repository.open_store()
        with store.write() as unit:
            workflow_id = ensure_workflow(unit, workflow)
            record = unit.models.add(workflow_id, name, wanted_metadata, wanted_tags)
        logger.info("created model %r", name)
        return cls._mirroring(store, record, infer=infer, infer_batch=infer_batch)

    @classmethod
    def load(
        cls: type[Self],
        name: str,
        infer: Infer | None = None,
        *,
        infer_batch: InferBatch | None = None,
    ) -> Self:
        """Load a model.

        Args:
            name: its name.
            infer: as for the constructor.
            infer_batch: as for the constructor.

        Raises:
            NotFoundError: there is no model with this name.
            WorkflowMismatchError: it belongs to another workflow.
        """
        workflow = bound_workflow(cls)
        name, infer = check_name(name, "model"), check_infer(infer)
        infer_batch = check_infer(infer_batch, "infer_batch")
        store = repository.open_store()
        with store.read() as unit:
            record = unit.models.get(name)
        check_workflow("model", name, record.workflow, workflow)
        return cls._mirroring(store, record, infer=infer, infer_batch=infer_batch)

    @classmethod
    def load_all(cls: type[Self], *, tags: Iterable[str] | None = None) -> list[Self]:
        """Load every model of this workflow, oldest first, without ``infer``.

        Args:
            tags: load only models that have all of these.
        """
        workflow = bound_workflow(cls)
        wanted = check_tags(tags) or set()
        store = repository.open_store()
        with store.read() as unit:
            records = unit.models.list(workflow=workflow.name, tags=wanted)
        return [cls._mirroring(store, record, infer=None, infer_batch=None) for record in records]

    def update(
        self,
        metadata: dict[str, Any] | None = None,
        tags: Iterable[str] | None = None,
        *,
        unset: Iterable[str] | None = None,
        untag: Iterable[str] | None = None,
    ) -> None:
        """Add to the model's metadata and tags, and remove from them what you name.

        Everything else stays, also what others have added since this object was loaded. This object
        then shows what is stored.

        Args:
            metadata: values by key, which are added or replace those of the same key, as with
                ``dict.update``.
            tags: tags to add.
            unset: keys of the metadata to remove.
            untag: tags to remove.

        Raises:
            NotFoundError: there is no such key or tag to remove; or the model was deleted, or the
                store file replaced, since it was loaded.
            NameConflictError: since this object was loaded, someone else has given one of the keys
                another value than the one that it would get; nothing is stored.
            InputValidationError: metadata or tags cannot be stored.
        """
        values, keys = check_metadata(metadata), check_keys(unset)
        added, removed = check_tags(tags) or set(), check_tags(untag) or set()
        store, seen = self._store(), loads(self._metadata_as_loaded)
        assert isinstance(seen, dict), "it is the text of a dict"
        with store.write() as unit:
            record = unit.models.edit(
                current_name(unit, self),
                assign=[((key,), value) for key, value in values.items()],
                unset=[(key,) for key in keys],
                tags=added,
                untag=removed,
                seen=seen,
            )
        logger.info("updated model %r", record.name)
        self._mirror(store.store, record)

    def load_inferences(
        self, test_case: TestCase, *, waiting: bool | None = None
    ) -> list[tuple[TestSample, GroundTruth, Inference]]:
        """Load the model's inferences for a test case.

        Args:
            test_case: a test case of this workflow, at any version.
            waiting: True for only those inferences that are waiting to be inferred again, because
                a reset did not finish, False for only the others; None means all.

        Returns:
            Triples of test sample, ground truth and inference, in the order of the test case, for
            the samples that have an inference.

        Raises:
            NotFoundError: model or test case was deleted, or the store file replaced,
                since it was loaded.
            WorkflowMismatchError: the test case belongs to another workflow.
            IncorrectUsageError: the test case is in another store.
            InputValidationError: it is not a test case, or a stored value does not fit its type;
                the message has its path.
        """
        with collector_paused(for_good=True):
            return list(self.iter_inferences(test_case, waiting=waiting))

    def iter_inferences(
        self, test_case: TestCase, *, waiting: bool | None = None
    ) -> Iterator[tuple[TestSample, GroundTruth, Inference]]:
        """Iterate over what :meth:`load_inferences` returns, with one page in memory.

        Args:
            test_case: a test case of this workflow, at any version.
            waiting: as for :meth:`load_inferences`.

        Raises:
            NotFoundError: model or test case was deleted, or the store file replaced,
                since it was loaded.
            WorkflowMismatchError: the test case belongs to another workflow.
            IncorrectUsageError: the test case is in another store.
            InputValidationError: it is not a test case, or a stored value does not fit its type;
                the message has its path.
        """
        check_type("test_case", test_case, TestCase)
        wanted = None if waiting is None else check_flag(waiting, "waiting")
        codec = self.workflow._codec
        inferred = Inferred(self._store_with(test_case), codec, self._id, self.name)
        pages = inferred.pages(test_case._id, test_case.version, test_case.name, wanted)
        return (triple for _, page in pages for triple in page)

    def to_dataframe(
        self, test_case_or_suite: TestCase | TestSuite, *, objects: bool = False
    ) -> pd.DataFrame:
        """Return the samples of a test case or test suite with the model's inferences.

        Args:
            test_case_or_suite: a test case or test suite of this workflow, at any version. In a
                test suite, each sample occurs once, with the ground truth of its first test case.
            objects: return objects in the columns ``sample``, ``ground_truth`` and ``inference``,
                instead of a column for each field.

        Returns:
            A DataFrame with a row for each sample, in order, including those without an inference.
            The columns have names such as ``sample.locator``, ``metadata.city``,
            ``ground_truth.label.label`` and ``inference.score``; a list is one cell. Missing values
            are NA. The last column, ``is_waiting``, says which inferences are waiting to be
            inferred again, because a reset did not finish.

        Raises:
            NotFoundError: model, test case or test suite was deleted, or the store file replaced,
                since it was loaded.
            WorkflowMismatchError: the test case or suite belongs to another workflow.
            IncorrectUsageError: it is in another store.
            InputValidationError: it is neither, or a stored value does not fit the workflow's
                types; the message has its path.
        """
        # Imported here: only this method needs pandas, and only this one knows test suites.
        from kolena_local.frames import store_frames
        from kolena_local.workflow.test_suite import TestSuite

        given, of_suite = test_case_or_suite, isinstance(test_case_or_suite, TestSuite)
        if not isinstance(given, (TestCase, TestSuite)):
            raise InputValidationError(f"A test case or test suite is needed, not {given!r:.80}.")
        samples = store_frames.Samples(
            self._store_with(given), self._id, given._id, given.version, of_suite
        )
        kind = "test suite" if of_suite else "test case"
        with self.workflow._codec.reading(f"the {kind} {given.name!r}", self.name):
            make = store_frames.of_objects if objects else store_frames.of_values
            return make(samples, self.workflow._codec)

    def import_inferences(
        self,
        path: str | os.PathLike[str],
        *,
        on: str | Sequence[str] | None = None,
        mapping: Mapping[str, str | None] | None = None,
        on_conflict: str = "error",
        format: str | None = None,
        encoding: str = "utf-8",
        delimiter: str | None = None,
        dry_run: bool = False,
    ) -> ImportResult:
        """Store the predictions in a file as this model's inferences: all of them, or none.

        It does what ``kolena-local inferences import`` does, which describes the files.

        Args:
            path: a CSV, TSV, JSON Lines or Parquet file. Its columns are fields of the sample, by
                which it is found, and fields of the inference, such as ``prediction.label``.
            on: the sample's fields by which it is found; if not given, all in the file.
            mapping: the field that a column is, if not the one of its name; None ignores a column.
            on_conflict: what to do where the model has an inference: ``"error"``, ``"skip"`` or
                ``"replace"``.
            format: ``"csv"``, ``"tsv"``, ``"jsonl"`` or ``"parquet"``, if the file's suffix does
                not say.
            encoding: how the file's text is encoded.
            delimiter: the character between the cells of CSV; if not given, a comma, semicolon or
                tab, as the first line says.
            dry_run: store nothing, and return what would be stored and which lines cannot be.

        Returns:
            How many inferences were stored, and how many replaced another or were skipped.

        Raises:
            InputValidationError: an argument cannot be used, the file cannot be read, or one of its
                lines cannot be stored; nothing is stored.
            IncorrectUsageError: the file is a Parquet file, and pyarrow is not installed, or a
                delimiter is given for a file that is not CSV.
            NotFoundError: the model was deleted, or the store file replaced, since it was loaded.
        """
        from kolena_local.workflow import inference_files

        request = inference_files.request(
            path, on, mapping, on_conflict, format, encoding, delimiter
        )
        return inference_files.import_into(self, request, check_flag(dry_run, "dry_run"))

    def export_inferences(
        self,
        path: str | os.PathLike[str],
        *,
        test_case: TestCase | None = None,
        test_suite: TestSuite | None = None,
        format: str | None = None,
        waiting: bool | None = None,
    ) -> int:
        """Write this model's inferences, each with its sample and ground truth, into a file.

        The file is what ``kolena-local inferences export`` writes, and :meth:`import_inferences`
        reads it again. It appears when it is whole.

        Args:
            path: the file.
            test_case: only inferences of samples of this test case.
            test_suite: only inferences of samples of this test suite.
            format: ``"csv"``, ``"tsv"``, ``"jsonl"`` or ``"parquet"``; if not given, as the file's
                suffix says, else CSV.
            waiting: as for :meth:`load_inferences`.

        Returns:
            How many inferences were written.

        Raises:
            InputValidationError: an argument cannot be used, or the file cannot be written.
            IncorrectUsageError: both a test case and a test suite are given, one is in another
                store, or the format is Parquet, and pyarrow is not installed.
            NotFoundError: model, test case or test suite was deleted, or the store file replaced,
                since it was loaded.
            WorkflowMismatchError: the test case or suite belongs to another workflow.
        """
        from kolena_local.workflow import inference_files

        return inference_files.export_of(self, path, test_case, test_suite, format, waiting)

    def _store_with(self, samples: TestCase | TestSuite) -> HeldStore:
        """Return the store as it may be used for this model and a test case or suite of it."""
        kind, workflow = samples._noun, samples.workflow.name
        check_workflow(kind, samples.name, workflow, self.workflow)
        check_store(f"{kind} {samples.name!r}", samples, self._location)
        return self._store(samples)

    @classmethod
    def list_dataframe(cls, *, tags: Iterable[str] | None = None) -> pd.DataFrame:
        """Return the models of this workflow as a DataFrame, oldest first.

        Args:
            tags: load only models that have all of these.

        Returns:
            A row for each model, with the columns name, workflow, tags, created_at, updated_at, and
            one for each metadata key, such as ``metadata.seed``.
        """
        from kolena_local.frames import store_frames

        workflow, wanted = bound_workflow(cls), check_tags(tags) or set()
        with repository.open_store().read() as unit:
            records = unit.models.list(workflow=workflow.name, tags=wanted)
        return store_frames.of_models(records)

    def _repr_html_(self) -> str:
        return overview.of_model(self)

    def _mirror(self, store: repository.Store, record: ModelRecord, **attributes: Any) -> None:
        super()._mirror(
            store,
            record,
            workflow=bound_workflow(type(self)),
            name=record.name,
            metadata=dict(record.metadata),
            tags=set(record.tags),
            **attributes,
        )
        # As text: people change the dict in place before they pass it to update().
        self.__dict__["_metadata_as_loaded"] = dumps(record.metadata)


def _warn_of_differences(record: ModelRecord, given: dict[str, Any]) -> None:
    for what, passed in given.items():
        stored: Any = set(record.tags) if what == "tags" else record.metadata
        if _as_text(stored) != _as_text(passed):
            warn(
                f"The model {record.name!r} is already in the store, and its {what} were not"
                f" changed: they are {stored!r:.200}, and {passed!r:.200} was passed. To change"
                f" them, call update({what}=…) on the model, or run kolena-local models edit."
            )


def _as_text(value: Any) -> str:
    # NaN is not equal to itself, and True is equal to 1.
    return canonical(sorted(value) if isinstance(value, set) else value)
