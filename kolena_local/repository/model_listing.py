"""Models by the page: which of them match, in which order, and what they have in common.

Only ids are found for all; records are read for those of one page.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from kolena_local.payload import Json, dumps
from kolena_local.repository.conditions import Condition, in_order
from kolena_local.repository.rows import Repository, as_objects

#: How models are sorted without reading their metadata.
_ORDERS: Final = {
    "name": "noun.name",
    "workflow": "workflow.name",
    "tags": "nullif(tags, '') IS NULL, tags",
    "created_at": "noun.created_at",
    "updated_at": "noun.updated_at",
}
_TAGS: Final = """
    (SELECT group_concat(tag, char(10)) FROM (
        SELECT tag FROM model_tag WHERE model_id = noun.id ORDER BY tag))
"""


class _Found(NamedTuple):
    id: int
    name: str
    workflow: str
    metadata: dict[str, Json]
    created_at: str
    updated_at: str


class ModelListing(Repository):
    """Lists the models of a store, inside one transaction."""

    def ids(
        self,
        workflow: str | None = None,
        tags: Collection[str] = (),
        text: str = "",
        where: Sequence[Condition] = (),
        sort: str | None = None,
    ) -> list[int]:
        """Return the ids of models in the order of their creation, or sorted by a field.

        Args:
            workflow: only those of the workflow of that name.
            tags: only those that have all of these.
            text: only those with this text, in whatever case, in their name, tags or metadata.
            where: only those that satisfy all of these conditions.
            sort: ``tags`` or a field such as ``name`` or ``metadata.seed``, with ``-`` before it
                for descending order; models without the field come last.

        Raises:
            InputValidationError: ``sort`` is not a field.
        """
        field = (sort or "").removeprefix("-")
        order = _ORDERS.get(field, "noun.id") + (" DESC" if (sort or "").startswith("-") else "")
        in_python = bool(where or text or (sort and field not in _ORDERS))
        columns = "noun.name, workflow.name, noun.metadata, noun.created_at, noun.updated_at"
        rows = self._sql.fetch(
            f"""
            SELECT noun.id, {_TAGS if text or field == "tags" else "NULL"} AS tags
                {"," + columns if in_python else ""}
            FROM model AS noun JOIN workflow ON workflow.id = noun.workflow_id
            WHERE (:workflow IS NULL OR workflow.name = :workflow)
                AND NOT EXISTS (SELECT 1 FROM json_each(:tags) AS wanted WHERE wanted.value NOT IN (
                    SELECT tag FROM model_tag WHERE model_id = noun.id))
            ORDER BY {order if field in _ORDERS else "noun.id"}, noun.id
            """,
            {"workflow": workflow, "tags": dumps([*tags])},
        )
        if not in_python:
            return [row[0] for row in rows]
        if text:
            # Metadata is searched as the text that is stored, in which quotation marks are escaped.
            plain, quoted = text.casefold(), dumps(text)[1:-1].casefold()
            rows = [
                row
                for row in rows
                if plain in f"{row[2]}\n{row[1] or ''}".casefold() or quoted in row[4].casefold()
            ]
        if not where and (sort is None or field in _ORDERS):
            return [row[0] for row in rows]
        objects = as_objects([row[4] for row in rows])
        models = [
            _Found(id_, name, workflow, metadata, *moments)
            for (id_, _, name, workflow, _, *moments), metadata in zip(rows, objects, strict=True)
        ]
        models = [model for model in models if all(one.holds(model) for one in where)]
        if sort is not None and field not in _ORDERS:
            models = in_order(models, sort)
        return [model.id for model in models]

    def keys(self, limit: int) -> list[str]:
        """Return the most frequent keys of the models' metadata, at most so many."""
        rows = self._sql.fetch(
            """
            SELECT entry.key FROM model, json_each(model.metadata) AS entry
            WHERE typeof(entry.key) = 'text'
            GROUP BY entry.key ORDER BY count(*) DESC, min(model.id), min(entry.id) LIMIT ?
            """,
            (limit,),
        )
        return [key for (key,) in rows]

    def tags(self, limit: int) -> list[str]:
        """Return the most frequent tags of the models, at most so many, sorted."""
        rows = self._sql.fetch(
            "SELECT tag FROM model_tag GROUP BY tag ORDER BY count(*) DESC, tag LIMIT ?", (limit,)
        )
        return sorted(tag for (tag,) in rows)
