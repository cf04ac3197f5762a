"""Provenance: what code and environment were; equal ones are stored once.

Models, inferences, test runs and results refer to it. Where nobody asked for it, there is none.
"""

from __future__ import annotations

from typing import NamedTuple

from kolena_local.payload import digest, dumps, loads
from kolena_local.repository.models import Models
from kolena_local.repository.names import now
from kolena_local.repository.records import Facts, ModelRecord
from kolena_local.repository.rows import Repository, Sql, as_object
from kolena_local.repository.suite_samples import SAMPLES


class InferencesMade(NamedTuple):
    """Inferences of a model that were made by the same code in the same environment.

    ``provenance`` is what is known of these, None if nothing is.
    """

    number: int
    provenance: Facts | None


def ensure_provenance(sql: Sql, facts: Facts | None) -> int | None:
    """Return the id of the row that has these facts; None for None."""
    if facts is None:
        return None
    text = dumps(facts)
    key = digest(loads(text))
    query = "SELECT id FROM provenance WHERE digest = ?"
    found = sql.value(query, (key,))
    if found is None:
        sql.execute(
            "INSERT INTO provenance (digest, payload, created_at) VALUES (?, ?, ?)",
            (key, text, now()),
        )
        found = sql.value(query, (key,))
    return int(found)


class Provenances(Repository):
    """The provenance of models, inferences and test runs, inside one transaction."""

    def of_model(self, model_id: int) -> Facts | None:
        """Return what was captured for a model, None if nothing was."""
        return self._of("model", model_id)

    def of_run(self, run_id: int) -> Facts | None:
        """Return what was captured at the last attempt of a test run, None if nothing was."""
        return self._of("test_run", run_id)

    def of_configuration(self, configuration_id: int) -> Facts | None:
        """Return what was captured when results were computed, None if nothing was."""
        return self._of("evaluator_configuration", configuration_id)

    def of_inferences(
        self, model_id: int, test_suite: tuple[int, int] | None = None
    ) -> list[InferencesMade]:
        """Return what is known of a model's inferences, most of them first.

        Args:
            model_id: the model.
            test_suite: id and version; only inferences for its samples. None means all.
        """
        suite, version = test_suite or (None, None)
        of_suite = f"""
            AND test_sample_id IN (SELECT member.test_sample_id FROM {SAMPLES}
                WHERE pinned.test_suite_id = :suite AND pinned.version = :version)
        """
        rows = self._sql.fetch(
            f"""
            SELECT made.number, provenance.payload FROM (
                SELECT count(*) AS number, provenance_id FROM inference
                WHERE model_id = :model {"" if test_suite is None else of_suite}
                GROUP BY provenance_id
            ) AS made LEFT JOIN provenance ON provenance.id = made.provenance_id
            ORDER BY made.number DESC, made.provenance_id IS NULL, made.provenance_id
            """,
            {"model": model_id, "suite": suite, "version": version},
        )
        return [
            InferencesMade(number, None if text is None else as_object(text))
            for number, text in rows
        ]

    def are_known(self) -> bool:
        """Return whether the store has any, which is told at once."""
        return bool(self._sql.value("SELECT EXISTS (SELECT 1 FROM provenance)"))

    def describe(self, model: ModelRecord) -> Facts:
        """Return all that can differ between two models of one purpose."""
        facts = dict(self.of_model(model.id) or {})
        captured = facts.pop("infer", None)
        return {
            "workflow": model.workflow,
            "tags": [*sorted(model.tags)],
            "metadata": model.metadata,
            "infer": Models(self._sql).infer_fingerprint(model.id) or captured,
            "provenance": facts or None,
        }

    def set_of_model(self, model_id: int, facts: Facts | None, *, replace: bool = False) -> None:
        """Note what was captured for a model.

        Args:
            model_id: the model.
            facts: what was captured; None if nothing was.
            replace: whether it takes the place of what was captured before.
        """
        self._sql.execute(
            "UPDATE model SET provenance_id = ? WHERE id = ? AND (? OR provenance_id IS NULL)",
            (ensure_provenance(self._sql, facts), model_id, replace),
        )

    def _of(self, table: str, id_: int) -> Facts | None:
        text = self._sql.value(
            f"SELECT provenance.payload FROM {table}"
            f" JOIN provenance ON provenance.id = {table}.provenance_id WHERE {table}.id = ?",
            (id_,),
        )
        return None if text is None else as_object(text)
