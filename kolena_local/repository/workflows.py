"""Workflows: the names under which everything else belongs together."""

from __future__ import annotations

import builtins

from sqlmodel import Session, select

from kolena_local.repository.names import checked, now, unknown
from kolena_local.repository.records import WorkflowRecord
from kolena_local.repository.tables import WorkflowTable


class Workflows:
    """The workflows of a store, inside one unit of work."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def ensure(self, name: str) -> WorkflowRecord:
        """Return the workflow of that name, made if it is not there.

        Raises:
            InputValidationError: the name is blank.
        """
        found = self.find(name)
        if found is not None:
            return found
        row = WorkflowTable(name=checked("workflow", name), created_at=now())
        self._session.add(row)
        self._session.flush()
        return _record(row)

    def find(self, name: str) -> WorkflowRecord | None:
        """Return the workflow of that name, or None."""
        query = select(WorkflowTable).where(WorkflowTable.name == name)
        row = self._session.exec(query).one_or_none()
        return None if row is None else _record(row)

    def get(self, name: str) -> WorkflowRecord:
        """Return the workflow of that name.

        Raises:
            NotFoundError: there is none; the nearest names are listed.
        """
        found = self.find(name)
        if found is None:
            raise unknown("workflow", name, (other.name for other in self.list()))
        return found

    def list(self) -> builtins.list[WorkflowRecord]:
        """Return all workflows, oldest first."""
        rows = self._session.exec(select(WorkflowTable)).all()
        return sorted((_record(row) for row in rows), key=lambda record: record.id)


def _record(row: WorkflowTable) -> WorkflowRecord:
    assert row.id is not None, "a row that was flushed has its id"
    return WorkflowRecord(row.id, row.name, row.created_at)
