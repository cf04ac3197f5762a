"""What models, test cases, suites and runs have in common: they are frozen copies of a record.

An entity keeps using the store in which it was loaded or created, whichever store is chosen later.
Using one whose row was deleted, or whose store file was replaced, raises ``NotFoundError``.
One that is pickled has the place of its store and row with it, and what the caller gave it, such as
``infer``; the rest is loaded again where it is unpickled.
"""

from __future__ import annotations

import os
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from kolena_local import repository
from kolena_local.errors import (
    FrozenObjectError,
    IncorrectUsageError,
    NameConflictError,
    WorkflowMismatchError,
)
from kolena_local.location import is_memory
from kolena_local.log import logger
from kolena_local.plurals import counted
from kolena_local.repository.records import HeldRow, WorkflowSchemas
from kolena_local.workflow.arguments import check_name, check_named
from kolena_local.workflow.workflow import Workflow

if TYPE_CHECKING:
    from kolena_local.repository.held import HeldStore

Self = TypeVar("Self", bound="Entity")

#: The attributes that come from the store.
_STORED: Final = frozenset(
    {
        "_location",
        "_id",
        "_uid",
        "workflow",
        "name",
        "version",
        "description",
        "metadata",
        "_metadata_as_loaded",
        "tags",
        "test_cases",
    }
)


def ensure_workflow(unit: repository.Unit, workflow: Workflow) -> int:
    """Return the id of the workflow's record, and store the schemas of its types."""
    schemas = WorkflowSchemas(*workflow._codec.schemas)
    return unit.workflows.ensure(workflow.name, schemas).id


class Entity:
    """A frozen copy of a record of the store."""

    __test__ = False

    #: Class attributes that define_workflow() sets and objects need.
    _needed: ClassVar[tuple[str, ...]] = ()

    #: The noun of :class:`HeldRow`.
    _noun: ClassVar[str]

    _location: str
    _id: int
    _uid: int
    name: str
    workflow: Workflow

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for needed in cls._needed:
            if "_needed" not in cls.__dict__ and not hasattr(cls, needed):
                raise NotImplementedError(f"{cls.__name__} needs a class attribute {needed!r}.")

    @classmethod
    def _mirroring(
        cls: type[Self], store: repository.Store, record: Any, **attributes: Any
    ) -> Self:
        """Create an object from a record, without calling its constructor."""
        entity = cls.__new__(cls)
        entity._mirror(store, record, **attributes)
        return entity

    def _mirror(self, store: repository.Store, record: Any, **attributes: Any) -> None:
        """Set the attributes from a record, and further attributes."""
        self.__dict__.update(attributes, _location=store.location, _id=record.id, _uid=record.uid)

    def __setattr__(self, name: str, value: Any) -> None:
        methods = [f"{it}()" for it in ("edit", "rename", "update") if hasattr(self, it)]
        advice = f"; to change what is stored, call {' or '.join(methods)}" if methods else ""
        raise FrozenObjectError(
            f"{type(self).__name__} objects are frozen; {name!r} cannot be set{advice}."
        )

    def _held(self) -> tuple[HeldRow, ...]:
        """Return the rows that the object was made from."""
        version = self.__dict__.get("version")
        return (HeldRow(self._noun, self.name, self._id, self._uid, version),)

    def _store(self, *others: Entity) -> HeldStore:
        """Return the store, which checks that the rows of this and other objects still exist."""
        rows = chain.from_iterable(entity._held() for entity in (self, *others))
        return repository.open_store(self._location).held(rows)

    @classmethod
    def _record(cls, unit: repository.Unit, row: HeldRow) -> Any:
        """Return the record of a row.

        Raises:
            NotFoundError: the row is not in the store any more.
        """
        raise NotImplementedError

    def __reduce__(self) -> tuple[Any, ...]:
        given = {name: value for name, value in self.__dict__.items() if name not in _STORED}
        made = vars(type(self)).get("_is_made")  # by define_workflow(), so in no module
        kind = (self.workflow, type(self).__name__) if made else type(self)
        return _unpickled, (kind, self._location, os.getpid(), self._held(), given)

    def _shown(self) -> dict[str, Any]:
        """Return what ``repr`` shows besides the name."""
        return {"workflow": self.workflow.name}

    def _identity(self) -> tuple[Any, ...]:
        """Return which row of which store it is, not how it was obtained or will be used."""
        return self._location, self._id, self._uid, self.__dict__.get("version")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Entity) or type(self).__name__ != type(other).__name__:
            return NotImplemented
        return self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash((type(self).__name__, self.__dict__.get("_id")))

    def __repr__(self) -> str:
        shown = "".join(f", {name}={value!r}" for name, value in self._shown().items())
        return f"{type(self).__name__}({self.name!r}{shown})"


def _unpickled(
    kind: Any, location: str, process: int, rows: tuple[HeldRow, ...], given: dict[str, Any]
) -> Entity:
    if is_memory(location) and process != os.getpid():
        raise IncorrectUsageError(
            f"The {rows[-1].noun} {rows[-1].name!r} is in a store in memory, which other processes"
            " cannot use; use a store in a file to send it to another process."
        )
    if isinstance(kind, tuple):
        # Late: it makes classes of all entities.
        from kolena_local.workflow.define_workflow import class_of

        kind = class_of(*kind)
    store = repository.open_store(location, create=False)
    with store.held(rows).read() as unit:
        record = kind._record(unit, rows[-1])
    entity: Entity = kind._mirroring(store, record, **given)
    return entity


class NamedEntity(Entity):
    """A model, test case or test suite, which is known to others by its name."""

    def rename(self, name: str) -> None:
        """Change the name, and nothing else.

        This object then has the new name; others that were loaded before go on working.

        Args:
            name: the new name, unique as for a new object.

        Raises:
            InputValidationError: the name is blank.
            NameConflictError: the name is taken, in any workflow, or looks like one that is; or
                someone else renamed it since this object was loaded.
            NotFoundError: it was deleted, or the store file replaced, since it was loaded.
        """
        name, store = check_name(name, self._noun), self._store()
        with store.write() as unit:
            stored = current_name(unit, self)
            if stored not in (self.name, name):
                raise NameConflictError(
                    f"The {self._noun} {self.name!r} was renamed to {stored!r} in the meantime;"
                    " load it again to rename it."
                )
            self._rows(unit).rename(stored, name)
            record = self._record(unit, *self._held())
        logger.info("renamed %s %r to %r", self._noun, stored, name)
        self._mirror(store.store, record)

    def delete(self) -> None:
        """Delete it from the store, without asking.

        A model is deleted with its inferences and test runs, a test suite with all its versions and
        the test runs on them, and a test case with all its versions. Test samples, ground truths
        and inferences of a deleted test case or test suite stay, and are used again by a test case
        that has the same samples.

        Raises:
            IncorrectUsageError: a test suite has the test case, in any version; nothing is deleted.
            NotFoundError: it was deleted, or the store file replaced, since it was loaded.
        """
        with self._store().write() as unit:
            (deleted,) = self._rows(unit).delete([current_name(unit, self)])
        counts = ", ".join(
            counted(number, kind.removesuffix("_count")) for kind, number in deleted.counts.items()
        )
        logger.info("deleted %s %r (%s)", self._noun, deleted.name, counts)

    @classmethod
    def _rows(cls, unit: repository.Unit) -> Any:
        """Return the repository of objects of this kind."""
        return getattr(unit, f"{cls._noun.replace(' ', '_')}s")

    @classmethod
    def _record(cls, unit: repository.Unit, row: HeldRow) -> Any:
        version = () if row.version is None else (row.version,)
        return cls._rows(unit).get(unit.held.name(row), *version)


def current_name(unit: repository.Unit, named: Any) -> str:
    """Return the current name of an entity; a name is returned as it is.

    Raises:
        NotFoundError: the entity is no longer in the store.
    """
    return unit.held.name(*named._held()) if isinstance(named, Entity) else named


def bound_workflow(cls: type[Any]) -> Workflow:
    """Return the workflow of a class that ``define_workflow`` returned.

    Raises:
        IncorrectUsageError: the class was not returned by ``define_workflow``.
    """
    workflow: Workflow | None = getattr(cls, "workflow", None)
    if workflow is None:
        raise IncorrectUsageError(
            f"{cls.__name__} does not belong to a workflow; use the {cls.__name__} that"
            " define_workflow() returns."
        )
    return workflow


def check_store(kind: str, entity: Entity, location: str) -> None:
    """Refuse an entity of another store, whose ids mean something else.

    Raises:
        IncorrectUsageError: ``entity`` was not loaded from ``location``.
    """
    if entity._location != location:
        raise IncorrectUsageError(
            f"The {kind} is in the store {entity._location}, but is used with objects of the"
            f" store {location}; load all of them from the same store."
        )


def check_models(
    entity: Entity, value: Any, what: str = "models must be a list of models"
) -> list[Any]:
    """Return models of the store of an entity, or their names, as a list.

    Args:
        entity: what the models are used with.
        value: the argument.
        what: the argument and its content, for the message.

    Raises:
        InputValidationError: it is not a list, or an item is neither a model nor a name.
        IncorrectUsageError: a model is in another store.
    """
    models = check_named(value, what)
    for model in models:
        if isinstance(model, Entity):
            check_store(f"model {model.name!r}", model, entity._location)
    return models


def check_workflow(kind: str, name: str, found: str, workflow: Workflow) -> None:
    """Refuse an entity that belongs to another workflow.

    Raises:
        WorkflowMismatchError: ``found`` is not the workflow's name.
    """
    if found != workflow.name:
        raise WorkflowMismatchError(
            f"The {kind} {name!r} belongs to the workflow {found!r}, not {workflow.name!r};"
            f" choose another name for the {kind}."
        )
