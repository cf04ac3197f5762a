"""Models: names, metadata and tags; never weights.

Changes apply to what is stored at that moment, not to what was read earlier.
"""

from __future__ import annotations

import builtins
import json
from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from typing import ClassVar, Final

from kolena_local.errors import NameConflictError, StoreDamagedError
from kolena_local.payload import Json, dumps
from kolena_local.plurals import enumerated
from kolena_local.repository.conditions import Condition, in_order
from kolena_local.repository.metadata_paths import Path, assigned, removed
from kolena_local.repository.named import Named
from kolena_local.repository.names import now
from kolena_local.repository.records import ModelRecord
from kolena_local.repository.rows import Parameters, as_json, as_objects

_RECORDS: Final = """
    SELECT noun.id, noun.uid, workflow.name, noun.name, noun.metadata,
        (SELECT json_group_array(tag) FROM model_tag WHERE model_id = noun.id),
        noun.created_at, noun.updated_at
    FROM model AS noun JOIN workflow ON workflow.id = noun.workflow_id
"""


class Models(Named[ModelRecord]):
    """The models of a store, inside one transaction."""

    _noun = "model"
    _belongings: ClassVar[dict[str, str]] = {
        "inference_count": "(SELECT count(*) FROM inference WHERE model_id = noun.id)",
        "run_count": "(SELECT count(*) FROM test_run WHERE model_id = noun.id)",
    }

    def add(
        self, workflow_id: int, name: str, metadata: dict[str, Json], tags: Iterable[str]
    ) -> ModelRecord:
        """Register a new model.

        Raises:
            NameConflictError: a model of that name exists, in any workflow.
            InputValidationError: the name or a tag is blank.
        """
        from kolena_local.repository.tables import ModelTable

        id_, _ = self._add_row(ModelTable, name, workflow_id=workflow_id, metadata_=dumps(metadata))
        self._put_tags(id_, tags)
        return self.get(name)

    def find(self, name: str) -> ModelRecord | None:
        """Return the model of that name, or None."""
        found = self._select("WHERE noun.name = :name", {"name": name})
        return found[0] if found else None

    def get(self, name: str) -> ModelRecord:
        """Return the model of that name.

        Raises:
            NotFoundError: there is none; the nearest names are listed.
        """
        found = self.find(name)
        if found is None:
            raise self._unknown(name)
        return found

    def of_ids(self, ids: Iterable[int]) -> builtins.list[ModelRecord]:
        """Return the models with these ids, in their order, without those that do not exist."""
        wanted = [*ids]
        found = self._select(
            "WHERE noun.id IN (SELECT value FROM json_each(:ids))", {"ids": as_json(wanted)}
        )
        by_id = {model.id: model for model in found}
        return [by_id[id_] for id_ in wanted if id_ in by_id]

    def list(
        self,
        workflow: str | None = None,
        tags: Collection[str] = (),
        pattern: str | None = None,
        where: Iterable[Condition] = (),
        sort: str | None = None,
        limit: int | None = None,
    ) -> builtins.list[ModelRecord]:
        """Return models in the order of their creation, or sorted by a field.

        Args:
            workflow: only those of the workflow of that name.
            tags: only those that have all of these.
            pattern: only those whose whole name matches it, with ``*``, ``?`` and ``[…]``.
            where: only those that satisfy all of these conditions.
            sort: a field such as ``name`` or ``metadata.seed``, with ``-`` before it for descending
                order; models without the field come last.
            limit: the greatest number of models; None for all.

        Raises:
            InputValidationError: ``sort`` is not a field.
        """
        conditions = list(where)
        models = self._list(workflow, pattern, tags, limit=None if conditions or sort else limit)
        models = [model for model in models if all(one.holds(model) for one in conditions)]
        return (models if sort is None else in_order(models, sort))[:limit]

    def edit(
        self,
        name: str,
        *,
        assign: Iterable[tuple[Path, Json]] = (),
        unset: Iterable[Path] = (),
        tags: Iterable[str] = (),
        untag: Collection[str] = (),
        seen: dict[str, Json] | None = None,
    ) -> ModelRecord:
        """Change parts of a model's metadata and tags.

        Args:
            assign: the values to set, in order, after ``unset``.
            unset: the values to remove.
            tags: tags to add.
            untag: tags to remove.
            seen: the metadata that the change is based on; None changes whatever is stored.

        Raises:
            NotFoundError: the model, a value to remove or a tag to remove does not exist.
            NameConflictError: a key that would change is not what it was in ``seen``.
            InputValidationError: a path goes through a value that is not an object, or a tag is
                blank.
        """
        model = self.get(name)
        metadata = model.metadata
        for path in unset:
            metadata = removed(metadata, path)
        for path, value in assign:
            metadata = assigned(metadata, path, value)
        if seen is not None:
            _refuse_outdated(model, metadata, seen)
        return self._put(model, metadata, self.changed_tags(model, [*tags], untag))

    def replace_metadata(
        self, name: str, metadata: dict[str, Json], *, seen: dict[str, Json]
    ) -> ModelRecord:
        """Replace a model's metadata.

        Args:
            seen: the metadata that the change is based on.

        Raises:
            NotFoundError: there is no such model.
            NameConflictError: the metadata has been changed since.
        """
        model = self.get(name)
        if dumps(model.metadata) != dumps(seen):
            raise NameConflictError(
                f"The metadata of the model '{name}' was changed by someone else in the meantime;"
                " load it again and repeat the edit."
            )
        return self._put(model, metadata, model.tags)

    def infer_fingerprint(self, model_id: int) -> str | None:
        """Return the digest of the code that made the model's inferences, None if unknown."""
        query = "SELECT infer_fingerprint FROM model WHERE id = ?"
        found = self._sql.value(query, (model_id,))
        if not isinstance(found, str | None):
            raise StoreDamagedError(
                f"The store is damaged ({found!r:.80} is not a fingerprint); restore a backup."
            )
        return found

    def set_infer_fingerprint(self, model_id: int, fingerprint: str | None) -> None:
        """Set the digest of the code that makes the model's inferences."""
        statement = "UPDATE model SET infer_fingerprint = ? WHERE id = ?"
        self._sql.execute(statement, (fingerprint, model_id))

    def _put(
        self, model: ModelRecord, metadata: dict[str, Json], tags: AbstractSet[str]
    ) -> ModelRecord:
        """Replace a model's metadata and tags; if both stay the same, nothing is written."""
        text = dumps(metadata)
        # Compared as text, because NaN is not equal to itself.
        if text == dumps(model.metadata) and tags == model.tags:
            return model
        self._sql.execute(
            "UPDATE model SET metadata = ?, updated_at = ? WHERE id = ?", (text, now(), model.id)
        )
        self._put_tags(model.id, tags)
        return self.get(model.name)

    def _select(self, condition: str, parameters: Parameters) -> builtins.list[ModelRecord]:
        rows = self._sql.fetch(_RECORDS + condition, parameters)
        objects = as_objects([metadata for _, _, _, _, metadata, *_ in rows])
        return [
            ModelRecord(id_, uid, workflow, name, metadata, frozenset(json.loads(tags)), *moments)
            for (id_, uid, workflow, name, _, tags, *moments), metadata in zip(
                rows, objects, strict=True
            )
        ]


def _refuse_outdated(model: ModelRecord, metadata: dict[str, Json], seen: dict[str, Json]) -> None:
    """Refuse to change keys that have been changed since someone looked at the metadata."""

    def text(values: dict[str, Json], key: str) -> str | None:
        # As text, because NaN is not equal to itself, and True is equal to 1.
        return dumps(values[key]) if key in values else None

    outdated = [
        f"'{key}'"
        for key in {**model.metadata, **metadata}
        if text(model.metadata, key) not in (text(metadata, key), text(seen, key))
    ]
    if outdated:
        raise NameConflictError(
            f"The metadata {enumerated(outdated)} of the model '{model.name}' was changed by"
            " someone else in the meantime; load it again and repeat the edit."
        )
