"""How a registered model is changed and deleted; private to the models.

Each function is one change inside the unit's transaction, and works on what is stored at that
moment, never on what somebody read earlier.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kolena_local.errors import NotFoundError
from kolena_local.payload import Json, dumps
from kolena_local.repository.metadata_paths import Path, assigned, removed
from kolena_local.repository.names import checked, now
from kolena_local.repository.records import ModelDeletion, ModelRecord
from kolena_local.repository.rows import Sql, as_json


def edit(
    sql: Sql,
    model: ModelRecord,
    assign: Iterable[tuple[Path, Json]],
    unset: Iterable[Path],
    tags: Iterable[str],
    untag: Iterable[str],
) -> None:
    """Change parts of the metadata and of the tags."""
    metadata = model.metadata
    for path in unset:
        metadata = removed(metadata, path)
    for path, value in assign:
        metadata = assigned(metadata, path, value)
    for tag in untag:
        if tag not in model.tags:
            known = ", ".join(f"'{other}'" for other in sorted(model.tags)) or "none"
            raise NotFoundError(
                f"The model '{model.name}' has no tag '{tag}' to remove; it has {known}."
            )
    set_all(sql, model, metadata, (model.tags - set(untag)) | set(tags))


def set_all(sql: Sql, model: ModelRecord, metadata: dict[str, Json], tags: Iterable[str]) -> None:
    """Give a model this metadata and these tags; what stays the same leaves no trace."""
    wanted = {checked("tag", tag) for tag in tags}
    text = dumps(metadata)
    # As texts, because NaN is not equal to itself.
    if text == dumps(model.metadata) and wanted == model.tags:
        return
    sql.execute(
        "UPDATE model SET metadata = ?, updated_at = ? WHERE id = ?",
        (text, now(), model.id),
    )
    sql.execute("DELETE FROM model_tag WHERE model_id = ?", (model.id,))
    sql.execute_each(
        "INSERT INTO model_tag (model_id, tag) VALUES (?, ?)",
        [(model.id, tag) for tag in sorted(wanted)],
    )


def rename(sql: Sql, model: ModelRecord, name: str) -> None:
    """Give a model another name, which nobody has."""
    sql.execute(
        "UPDATE model SET name = ?, updated_at = ? WHERE id = ?",
        (checked("model", name), now(), model.id),
    )


def deletion(sql: Sql, models: Sequence[ModelRecord]) -> list[ModelDeletion]:
    """Say what goes with these models."""
    rows = sql.fetch(
        """
        SELECT model.name, workflow.name,
            (SELECT count(*) FROM inference WHERE model_id = model.id),
            (SELECT count(*) FROM test_run WHERE model_id = model.id)
        FROM json_each(?) AS wanted
        CROSS JOIN model ON model.id = wanted.value
        JOIN workflow ON workflow.id = model.workflow_id
        ORDER BY wanted.key
        """,
        (as_json(model.id for model in models),),
    )
    return [ModelDeletion._make(row) for row in rows]


def delete(sql: Sql, models: Sequence[ModelRecord]) -> None:
    """Delete these models; their inferences and test runs go with them."""
    sql.execute(
        "DELETE FROM model WHERE id IN (SELECT value FROM json_each(?))",
        (as_json(model.id for model in models),),
    )
