"""Models: names, metadata and tags; never weights."""

from __future__ import annotations

import builtins
import json
from collections.abc import Collection, Iterable
from typing import Any, Final, cast

from sqlmodel import Session

from kolena_local.errors import NameConflictError
from kolena_local.payload import Json, dumps, loads
from kolena_local.repository.names import checked, now, unknown
from kolena_local.repository.records import ModelRecord
from kolena_local.repository.rows import fetch
from kolena_local.repository.tables import ModelTable, ModelTagTable

_RECORDS: Final = """
    SELECT model.id, workflow.name, model.name, model.metadata,
        (SELECT json_group_array(tag) FROM model_tag WHERE model_id = model.id),
        model.created_at, model.updated_at
    FROM model JOIN workflow ON workflow.id = model.workflow_id
"""


class Models:
    """The models of a store, inside one unit of work."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(
        self, workflow_id: int, name: str, metadata: dict[str, Json], tags: Iterable[str]
    ) -> ModelRecord:
        """Register a new model.

        Raises:
            NameConflictError: a model of that name exists, in whatever workflow.
            InputValidationError: the name or a tag is blank.
        """
        taken = self.find(name)
        if taken is not None:
            raise NameConflictError(
                f'There is a model "{name}" already, in the workflow "{taken.workflow}"; load it,'
                " or give the new one another name."
            )
        moment = now()
        row = ModelTable(
            workflow_id=workflow_id,
            name=checked("model", name),
            metadata_=dumps(metadata),
            created_at=moment,
            updated_at=moment,
        )
        self._session.add(row)
        self._session.flush()
        assert row.id is not None, "a row that was flushed has its id"
        for tag in sorted(set(tags)):
            self._session.add(ModelTagTable(model_id=row.id, tag=checked("tag", tag)))
        self._session.flush()
        return self.get(name)

    def find(self, name: str) -> ModelRecord | None:
        """Return the model of that name, or None."""
        found = self._select("WHERE model.name = :name", {"name": name})
        return found[0] if found else None

    def get(self, name: str) -> ModelRecord:
        """Return the model of that name.

        Raises:
            NotFoundError: there is none; the nearest names are listed.
        """
        found = self.find(name)
        if found is None:
            known = fetch(self._session.connection(), "SELECT name FROM model")
            raise unknown("model", name, (other for (other,) in known))
        return found

    def list(
        self,
        workflow: str | None = None,
        tags: Collection[str] = (),
        pattern: str | None = None,
    ) -> builtins.list[ModelRecord]:
        """Return models in the order of their creation.

        Parameters:
            workflow: only those of the workflow of that name.
            tags: only those that have all of these.
            pattern: only those whose whole name matches it, with ``*``, ``?`` and ``[…]``.
        """
        condition = """
            WHERE (:workflow IS NULL OR workflow.name = :workflow)
                AND (:pattern IS NULL OR model.name GLOB :pattern)
                AND NOT EXISTS (
                SELECT 1 FROM json_each(:tags) AS wanted WHERE wanted.value NOT IN (
                    SELECT tag FROM model_tag WHERE model_id = model.id))
            ORDER BY model.id
        """
        wanted = json.dumps(sorted(tags))
        return self._select(condition, {"workflow": workflow, "pattern": pattern, "tags": wanted})

    def _select(self, condition: str, parameters: dict[str, Any]) -> builtins.list[ModelRecord]:
        return [
            ModelRecord(
                id=id_,
                workflow=workflow,
                name=name,
                metadata=cast("dict[str, Json]", loads(metadata)),
                tags=frozenset(json.loads(tags)),
                created_at=created_at,
                updated_at=updated_at,
            )
            for id_, workflow, name, metadata, tags, created_at, updated_at in fetch(
                self._session.connection(), _RECORDS + condition, parameters
            )
        ]
