"""Workflows: the names under which everything else belongs together."""

from __future__ import annotations

import builtins

from sqlalchemy import Connection
from sqlmodel import Session, select

from kolena_local.repository import orm
from kolena_local.repository.names import checked, now, unknown
from kolena_local.repository.records import WorkflowRecord, WorkflowSchemas
from kolena_local.repository.rows import fetch


class Workflows:
    """The workflows of a store, inside one unit of work."""

    def __init__(self, session: Session, connection: Connection) -> None:
        self._session = session
        self._connection = connection

    def ensure(self, name: str, schemas: WorkflowSchemas | None = None) -> WorkflowRecord:
        """Return the workflow of that name, made if it is not there.

        Parameters:
            schemas: what its payloads look like from now on; None keeps what is known.

        Raises:
            InputValidationError: the name is blank.
        """
        # Asked before every edit; the session would take longer than the edit itself.
        known = self.find(name)
        if known is not None and schemas is None:
            return known
        row = None if known is None else self._row(name)
        if row is None:
            row = orm.WorkflowTable(name=checked("workflow", name), created_at=now())
            self._session.add(row)
        if schemas is not None:
            row.test_sample_schema = schemas.test_sample
            row.ground_truth_schema = schemas.ground_truth
            row.inference_schema = schemas.inference
        self._session.flush()
        return _record(row)

    def schemas(self, name: str) -> WorkflowSchemas | None:
        """Return what the workflow's payloads look like; None if no definition told so yet."""
        row = self._row(name)
        if row is None or not (
            row.test_sample_schema and row.ground_truth_schema and row.inference_schema
        ):
            return None
        return WorkflowSchemas(
            row.test_sample_schema, row.ground_truth_schema, row.inference_schema
        )

    def find(self, name: str) -> WorkflowRecord | None:
        """Return the workflow of that name, or None."""
        query = "SELECT id, name, created_at FROM workflow WHERE name = ?"
        rows = fetch(self._connection, query, (name,))
        return WorkflowRecord(*rows[0]) if rows else None

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
        rows = self._session.exec(select(orm.WorkflowTable)).all()
        return sorted((_record(row) for row in rows), key=lambda record: record.id)

    def _row(self, name: str) -> orm.WorkflowTable | None:
        query = select(orm.WorkflowTable).where(orm.WorkflowTable.name == name)
        row: orm.WorkflowTable | None = self._session.exec(query).one_or_none()
        return row


def _record(row: orm.WorkflowTable) -> WorkflowRecord:
    assert row.id is not None, "a row that was flushed has its id"
    return WorkflowRecord(row.id, row.name, row.created_at)
