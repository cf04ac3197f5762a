"""Models: a name in the registry, and a function from test sample to inference in memory."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from kolena_local import repository
from kolena_local.log import logger
from kolena_local.payload import Json, canonical, dumps, loads
from kolena_local.provenance import Difference, Provenance
from kolena_local.provenance.difference import differences
from kolena_local.repository.records import Facts, ModelRecord
from kolena_local.warn import warn
from kolena_local.workflow import overview
from kolena_local.workflow.arguments import (
    check_infer,
    check_keys,
    check_metadata,
    check_name,
    check_tags,
    check_type,
)
from kolena_local.workflow.entity import (
    bound_workflow,
    check_workflow,
    current_name,
    ensure_workflow,
)
from kolena_local.workflow.evaluator import MetricsTestSample
from kolena_local.workflow.ground_truth import GroundTruth
from kolena_local.workflow.inference import Inference
from kolena_local.workflow.model_inferences import ModelInferences
from kolena_local.workflow.model_provenance import captured, check_provenance
from kolena_local.workflow.test_sample import TestSample
from kolena_local.workflow.workflow import Workflow

if TYPE_CHECKING:
    import pandas as pd

# Scripts import the types of samples and results from here, too.
__all__ = ["GroundTruth", "Inference", "MetricsTestSample", "Model", "TestSample"]

Infer = Callable[[Any], Any]
InferBatch = Callable[[list[Any]], Sequence[Any]]
Self = TypeVar("Self", bound="Model")


class Model(ModelInferences):
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
        provenance: whether to note what code and environment are when the model is created, and
            whenever it is tested; or what :func:`kolena_local.provenance.capture` returned, to note
            that instead. None leaves it to ``session``, ``initialize`` and the environment.

    Raises:
        InputValidationError: the name is blank, ``infer`` or ``infer_batch`` is not a
            function, ``provenance`` is not one of the above, or metadata or tags cannot be stored.
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
    _provenance: bool | Provenance | None

    def __init__(
        self,
        name: str,
        infer: Infer | None = None,
        metadata: dict[str, Any] | None = None,
        tags: Iterable[str] | None = None,
        *,
        infer_batch: InferBatch | None = None,
        provenance: bool | Provenance | None = None,
    ) -> None:
        name, infer = check_name(name, "model"), check_infer(infer)
        workflow = bound_workflow(type(self))
        infer_batch = check_infer(infer_batch, "infer_batch")
        provenance = check_provenance(provenance)
        wanted_metadata, wanted_tags = check_metadata(metadata), check_tags(tags) or set()
        store = repository.open_store()
        with store.read() as unit:
            record = unit.models.find(name)
        what = "loaded"
        if record is None:
            facts = captured(provenance, infer_batch or infer)
            with store.write() as unit:
                record = unit.models.find(name)  # another process may have created it
                if record is None:
                    what = "created"
                    workflow_id = ensure_workflow(unit, workflow)
                    record = unit.models.add(workflow_id, name, wanted_metadata, wanted_tags)
                    unit.provenances.set_of_model(record.id, facts)
        check_workflow("model", name, record.workflow, workflow)
        if what == "loaded":
            given = {} if metadata is None else {"metadata": wanted_metadata}
            _warn_of_differences(record, given if tags is None else {**given, "tags": wanted_tags})
        logger.info("%s model %r", what, name)
        self._mirror(store, record, infer=infer, infer_batch=infer_batch, _provenance=provenance)

    @classmethod
    def create(
        cls: type[Self],
        name: str,
        infer: Infer | None = None,
        metadata: dict[str, Any] | None = None,
        tags: Iterable[str] | None = None,
        *,
        infer_batch: InferBatch | None = None,
        provenance: bool | Provenance | None = None,
    ) -> Self:
        """Create a model.

        Args:
            name: as for the constructor.
            infer: as for the constructor.
            metadata: as for the constructor.
            tags: as for the constructor.
            infer_batch: as for the constructor.
            provenance: as for the constructor.

        Raises:
            NameConflictError: there is a model with this name, in any workflow.
            InputValidationError: the name is blank, ``infer`` or ``infer_batch`` is not a
                function, ``provenance`` is invalid, or metadata or tags cannot be stored.
        """
        name, infer = check_name(name, "model"), check_infer(infer)
        workflow = bound_workflow(cls)
        infer_batch = check_infer(infer_batch, "infer_batch")
        provenance = check_provenance(provenance)
        wanted_metadata, wanted_tags = check_metadata(metadata), check_tags(tags) or set()
        facts = captured(provenance, infer_batch or infer)
        store = repository.open_store()
        with store.write() as unit:
            workflow_id = ensure_workflow(unit, workflow)
            record = unit.models.add(workflow_id, name, wanted_metadata, wanted_tags)
            unit.provenances.set_of_model(record.id, facts)
        logger.info("created model %r", name)
        given = {"infer": infer, "infer_batch": infer_batch, "_provenance": provenance}
        return cls._mirroring(store, record, **given)

    @classmethod
    def load(
        cls: type[Self],
        name: str,
        infer: Infer | None = None,
        *,
        infer_batch: InferBatch | None = None,
        provenance: bool | Provenance | None = None,
    ) -> Self:
        """Load a model.

        Args:
            name: its name.
            infer: as for the constructor.
            infer_batch: as for the constructor.
            provenance: as for the constructor.

        Raises:
            NotFoundError: there is no model with this name.
            WorkflowMismatchError: it belongs to another workflow.
        """
        name, infer = check_name(name, "model"), check_infer(infer)
        workflow = bound_workflow(cls)
        infer_batch = check_infer(infer_batch, "infer_batch")
        provenance = check_provenance(provenance)
        store = repository.open_store(create=False)
        with store.read() as unit:
            record = unit.models.get(name)
        check_workflow("model", name, record.workflow, workflow)
        given = {"infer": infer, "infer_batch": infer_batch, "_provenance": provenance}
        return cls._mirroring(store, record, **given)

    @classmethod
    def load_all(cls: type[Self], *, tags: Iterable[str] | None = None) -> list[Self]:
        """Load every model of this workflow, oldest first, without ``infer``.

        Args:
            tags: load only models that have all of these.
        """
        workflow = bound_workflow(cls)
        wanted = check_tags(tags) or set()
        store = repository.find_store()
        if store is None:
            return []
        with store.read() as unit:
            records = unit.models.list(workflow=workflow.name, tags=wanted)
        nothing = dict.fromkeys(("infer", "infer_batch", "_provenance"))
        return [cls._mirroring(store, record, **nothing) for record in records]

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
        store = repository.find_store()
        records = []
        if store is not None:
            with store.read() as unit:
                records = unit.models.list(workflow=workflow.name, tags=wanted)
        return store_frames.of_models(records)

    def load_provenance(self) -> Provenance | None:
        """Load what was captured when the model was created, or first tested with ``provenance``.

        Testing it with ``reset`` captures it again. None if nothing was captured.

        Raises:
            NotFoundError: the model was deleted, or the store file replaced, since it was loaded.
        """
        with self._store().read() as unit:
            facts = unit.provenances.of_model(self._id)
        return None if facts is None else Provenance(facts)

    def diff(self, other: Model) -> list[Difference]:
        """Return how this model differs from another: in metadata, tags, code and environment.

        Args:
            other: the other model, of any workflow, in this store or another.

        Raises:
            InputValidationError: it is not a model.
            NotFoundError: one of them was deleted, or the store file replaced, since it was loaded.
        """
        check_type("other", other, Model)
        return differences(self._description(), other._description())

    def _description(self) -> Facts:
        with self._store().read() as unit:
            return unit.provenances.describe(unit.models.get(current_name(unit, self)))

    def _captured(self) -> Facts | None:
        return captured(self._provenance, self.infer_batch or self.infer)

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
                f" them, call update({what}=…) on the model, or run kolena-local models edit"
                f" {shlex.quote(record.name)}."
            )


def _as_text(value: Any) -> str:
    # NaN is not equal to itself, and True is equal to 1.
    return canonical(sorted(value) if isinstance(value, set) else value)
