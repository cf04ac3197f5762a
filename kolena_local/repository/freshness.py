"""Which results still belong to what is in the store.

Whatever changes the data that results were computed from calls :func:`mark_results_stale` in the
same transaction. The first change marks them; later ones find nothing left to mark.
"""

from __future__ import annotations

from typing import Any, Final

from kolena_local.repository.names import now
from kolena_local.repository.rows import Sql

STORED: Final = "other inferences were stored for its samples"
RESET: Final = "the model was asked to infer its samples again"
METADATA: Final = "other metadata was stored for its samples"
UNKNOWN_AGE: Final = "they were stored by a version that did not note what they were computed from"

_FRESH: Final = """
    FROM test_run AS run CROSS JOIN evaluator_configuration AS configuration
    ON configuration.test_run_id = run.id AND configuration.stale_since IS NULL
"""
_IS_UNDER_WAY: Final = "run.status = 'running' AND run.data_change IS NULL"

# One changed sample is enough, so this mostly ends at the first.
_HAS_CHANGED: Final = """
    EXISTS (
        SELECT 1 FROM ({samples}) AS changed
        CROSS JOIN test_case_member AS member INDEXED BY test_case_member_sample
            ON member.test_sample_id = changed.test_sample_id
        CROSS JOIN test_suite_member AS pinned
            ON pinned.test_suite_id = run.test_suite_id
            AND pinned.version = run.test_suite_version
            AND pinned.test_case_id = member.test_case_id
            AND member.added <= pinned.test_case_version
            AND (member.removed IS NULL OR member.removed > pinned.test_case_version))
"""


def staleness(table: str) -> str:
    """Return SQL that says whether results are stale: 1, 0, or NULL if that is not known."""
    return f"iif({table}.stale_reason IS NULL, 0, nullif({table}.stale_since IS NOT NULL, 0))"


def can_become_stale(sql: Sql, model_id: int) -> bool:
    """Return whether a model has results, or soon will, that are not stale yet."""
    query = f"""
        SELECT EXISTS (SELECT 1 {_FRESH} WHERE run.model_id = :model)
            OR EXISTS (SELECT 1 FROM test_run AS run WHERE model_id = :model AND {_IS_UNDER_WAY})
    """
    return bool(sql.value(query, {"model": model_id}))


def mark_results_stale(
    sql: Sql, reason: str, samples: str, parameters: dict[str, Any], runs: str = "true"
) -> None:
    """Mark the results that were, or are being, computed from any of some test samples.

    Args:
        sql: the transaction of the change.
        reason: what happened, as in "the results are stale: …".
        samples: the query of the samples' ids, as ``test_sample_id``; it may refer to ``run``.
        parameters: its parameters.
        runs: only results of the runs that satisfy this condition on ``run``.
    """
    where = f"{runs} AND {_HAS_CHANGED.format(samples=samples)}"
    given = {**parameters, "now": now(), "reason": reason}
    sql.execute(
        f"""
        UPDATE evaluator_configuration SET stale_since = :now, stale_reason = :reason
        WHERE id IN (SELECT configuration.id {_FRESH} WHERE {where})
        """,
        given,
    )
    sql.execute(
        f"""
        UPDATE test_run SET data_change = :reason
        WHERE id IN (SELECT run.id FROM test_run AS run WHERE {_IS_UNDER_WAY} AND {where})
        """,
        given,
    )
