"""Workflows: the names under which everything else belongs together."""

from __future__ import annotations

import builtins
from typing import Final

from kolena_local.repository.names import checked, now, unknown
from kolena_local.repository.records import WorkflowRecord, WorkflowSchemas
from kolena_local.repository.rows import Repository

_REFERENCES: Final = (
    ("inference", "test_sample_id"),
    ("metrics_test_sample", "test_sample_id"),
    ("test_case_member", "ground_truth_id"),
)


class Workflows(Repository):
    """The workflows of a store, inside one transaction."""

    def ensure(self, name: str, schemas: WorkflowSchemas | None = None) -> WorkflowRecord:
        """Return the workflow of that name, made if it is not there.

        Args:
            schemas: what its payloads look like from now on; None keeps what is known.

        Raises:
            InputValidationError: the name is blank.
        """
        # Asked before every edit; the session would take longer than the edit itself.
        known = self.find(name)
        if known is None:
            new = (checked("workflow", name), now())
            self._sql.execute("INSERT INTO workflow (name, created_at) VALUES (?, ?)", new)
        if schemas is not None:
            self._sql.execute(
                "UPDATE workflow SET test_sample_schema = ?, ground_truth_schema = ?,"
                " inference_schema = ? WHERE name = ?",
                (*schemas, name),
            )
        return known or self.get(name)

    def schemas(self, name: str) -> WorkflowSchemas | None:
        """Return what the workflow's payloads look like; None if no definition told so yet."""
        query = """
            SELECT test_sample_schema, ground_truth_schema, inference_schema
            FROM workflow WHERE name = ?
        """
        rows = self._sql.fetch(query, (name,))
        return WorkflowSchemas(*rows[0]) if rows and all(rows[0]) else None

    def find(self, name: str) -> WorkflowRecord | None:
        """Return the workflow of that name, or None."""
        query = "SELECT id, name, created_at FROM workflow WHERE name = ?"
        rows = self._sql.fetch(query, (name,))
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

    def delete_unused(self, name: str) -> None:
        """Delete a workflow's samples without test case and inference, and itself if it is empty.

        Nothing is deleted if there is no such workflow.
        """
        # For each row, SQLite looks for those that refer to it. Without these indexes, which the
        # package needs nowhere else, that takes minutes in a store of a million inferences.
        for table, column in _REFERENCES:
            self._sql.execute(f"CREATE INDEX referring_{table} ON {table} ({column})")
        self._sql.execute(
            """
            DELETE FROM test_sample WHERE workflow_id = (SELECT id FROM workflow WHERE name = ?)
                AND id NOT IN (SELECT test_sample_id FROM test_case_member)
                AND id NOT IN (SELECT test_sample_id FROM inference)
            """,
            (name,),
        )
        for table, _ in _REFERENCES:
            self._sql.execute(f"DROP INDEX referring_{table}")
        self._sql.execute(
            """
            DELETE FROM workflow WHERE name = ? AND id NOT IN (
                SELECT workflow_id FROM model UNION SELECT workflow_id FROM test_sample
                UNION SELECT workflow_id FROM test_case UNION SELECT workflow_id FROM test_suite)
            """,
            (name,),
        )

    def list(self) -> builtins.list[WorkflowRecord]:
        """Return all workflows, oldest first."""
        rows = self._sql.fetch("SELECT id, name, created_at FROM workflow ORDER BY id")
        return [WorkflowRecord(*row) for row in rows]
