"""What models, test cases, suites and runs have in common: they mirror a record, unchanging.

An entity belongs to the store in which it was found or made, and goes on using it, whichever store
is chosen later.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kolena_local import repository
from kolena_local.errors import FrozenObjectError, IncorrectUsageError, WorkflowMismatchError
from kolena_local.repository.records import WorkflowSchemas
from kolena_local.workflow.workflow import Workflow


def current_store() -> repository.Store:
    """Open the store that is chosen here and now, making it if there is none."""
    return repository.open_store()


def ensure_workflow(unit: repository.Unit, workflow: Workflow) -> int:
    """Return the id of the workflow's record, which tells from now on what its types are."""
    schemas = WorkflowSchemas(*workflow._codec.schemas)
    return unit.workflows.ensure(workflow.name, schemas).id


class Entity:
    """An object that mirrors a record of the store; its attributes cannot be set."""

    __test__ = False

    #: Attributes that say how an object was come by, not what it is.
    _uncompared = frozenset({"_version_was_chosen"})

    def __setattr__(self, name: str, value: Any) -> None:
        if not self.__dict__.get("_thawed", False):
            raise FrozenObjectError(
                f"{type(self).__name__} objects do not change; {name!r} cannot be set."
            )
        object.__setattr__(self, name, value)

    @contextmanager
    def _thaw(self) -> Iterator[None]:
        object.__setattr__(self, "_thawed", True)
        try:
            yield
        finally:
            object.__delattr__(self, "_thawed")

    def _store(self) -> repository.Store:
        return repository.open_store(self.__dict__["_location"])

    def _shown(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if not name.startswith("_")}

    def _compared(self) -> dict[str, Any]:
        return {
            name: value for name, value in self.__dict__.items() if name not in self._uncompared
        }

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Entity) or type(self).__name__ != type(other).__name__:
            return NotImplemented
        return self._compared() == other._compared()

    def __hash__(self) -> int:
        return hash((type(self).__name__, self.__dict__.get("_record_id")))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self._shown().items())
        return f"{type(self).__name__}({shown})"


def bound_workflow(cls: type[Any]) -> Workflow:
    """Return the workflow of a class that ``define_workflow`` made.

    Raises:
        IncorrectUsageError: the class is the general one, which belongs to no workflow.
    """
    workflow: Workflow | None = getattr(cls, "workflow", None)
    if workflow is None:
        raise IncorrectUsageError(
            f"{cls.__name__} belongs to no workflow yet; use the {cls.__name__} that"
            " define_workflow() returns."
        )
    return workflow


def check_store(kind: str, entity: Entity, location: str) -> None:
    """Refuse an entity of another store: its numbers mean something else there.

    Raises:
        IncorrectUsageError: ``entity`` was not loaded from ``location``.
    """
    if entity.__dict__["_location"] != location:
        raise IncorrectUsageError(
            f"The {kind} is in the store {entity.__dict__['_location']}, not in {location};"
            " load both from one store."
        )


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
