"""Inferences: what a model said about a test sample, one row for both, whatever the suite."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Final

from kolena_local.errors import InputValidationError, NotFoundError, RemoteError
from kolena_local.repository.dataset_records import EVALUATOR
from kolena_local.repository.freshness import RESET, STORED, can_become_stale, mark_results_stale
from kolena_local.repository.provenances import ensure_provenance
from kolena_local.repository.records import Coverage, Facts, SuiteSampleRow
from kolena_local.repository.rows import Repository, Row, as_json, as_object, as_records
from kolena_local.repository.suite_samples import SAMPLES, SuiteSamples

_PAGE: Final = 1000

# Two lookups in two indexes, of which the second is nearly always empty, instead of one that reads
# the inference itself to see whether it is stale.
_IS_PENDING: Final = """
    (NOT EXISTS (SELECT 1 FROM inference
        WHERE model_id = :model AND test_sample_id = member.test_sample_id)
    OR EXISTS (SELECT 1 FROM inference INDEXED BY inference_stale
        WHERE model_id = :model AND test_sample_id = member.test_sample_id AND stale = 1))
"""
_IS_ANSWERED: Final = """
    EXISTS (SELECT 1 FROM inference
        WHERE model_id = :model AND test_sample_id = member.test_sample_id AND stale = 0)
"""


class Inferences(Repository):
    """The inferences of a store, inside one transaction."""

    def pending(self, model_id: int, test_suite_id: int, version: int) -> array[int]:
        """Return the suite's samples that the model has still to do, in the suite's order."""
        samples = SuiteSamples(self._sql)
        return samples.ids(test_suite_id, version, _IS_PENDING, model=model_id)

    def answered(self, model_id: int, test_suite_id: int, version: int) -> array[int]:
        """Return the suite's samples that have an inference that is not waiting to be redone."""
        samples = SuiteSamples(self._sql)
        return samples.ids(test_suite_id, version, _IS_ANSWERED, model=model_id)

    def payloads(self, model_id: int, sample_ids: Sequence[int]) -> dict[int, str]:
        """Return the model's inferences for samples, by their ids."""
        query = (
            "SELECT test_sample_id, payload FROM json_each(?) AS wanted CROSS JOIN inference"
            " ON model_id = ? AND test_sample_id = wanted.value"
        )
        return dict(self._sql.fetch(query, (as_json(sample_ids), model_id)))

    def count_waiting(self, model_id: int) -> int:
        """Return how many inferences of a model wait to be done again."""
        query = (
            "SELECT count(*) FROM inference INDEXED BY inference_stale"
            " WHERE model_id = ? AND stale = 1"
        )
        return int(self._sql.value(query, (model_id,)))

    def waiting(self, model_id: int, test_suite_id: int, version: int) -> tuple[int, int]:
        """Return how many inferences for a suite wait to be done again, and how many there are."""
        if not self.count_waiting(model_id):
            return 0, 0
        ((waiting, inferred),) = self._sql.fetch(
            f"""
            SELECT ifnull(sum(stale), 0), count(*) FROM inference
            WHERE model_id = :model AND test_sample_id IN (
                SELECT member.test_sample_id FROM {SAMPLES}
                WHERE pinned.test_suite_id = :suite AND pinned.version = :version)
            """,
            {"model": model_id, "suite": test_suite_id, "version": version},
        )
        return waiting, inferred

    def mark_stale(self, model_id: int, test_suite_id: int, version: int) -> int:
        """Make the model do all samples of the suite again; old payloads stay until overwritten.

        Returns:
            How many inferences have become stale by this call.
        """
        marked = self._sql.execute(
            f"""
            UPDATE inference SET stale = 1
            WHERE model_id = :model AND stale = 0 AND test_sample_id IN (
                SELECT member.test_sample_id FROM {SAMPLES}
                WHERE pinned.test_suite_id = :suite AND pinned.version = :version)
            """,
            {"model": model_id, "suite": test_suite_id, "version": version},
        )
        mark_results_stale(
            self._sql,
            RESET,
            "SELECT test_sample_id FROM inference INDEXED BY inference_stale"
            " WHERE model_id = run.model_id AND stale = 1",
            {"model": model_id},
            "run.model_id = :model",
        )
        return marked

    def put(
        self,
        model_id: int,
        samples: Sequence[int],
        payloads: Sequence[str],
        *,
        replace: bool,
        provenance: Facts | None = None,
    ) -> None:
        """Store the model's inferences.

        Args:
            samples: the ids of their test samples.
            payloads: what is stored of each, in the same order.
            replace: whether fresh inferences are overwritten; stale ones always are.
            provenance: what made them; None if it is not known.

        Raises:
            RemoteError: ``replace`` is False and a sample has a fresh inference; nothing is stored.
            InputValidationError: ``replace`` is False and a sample is given twice.
            NotFoundError: there is no such model or sample.
        """
        self._sql.execute("SAVEPOINT unwritten")
        is_kept = False
        try:
            written = self._write(model_id, samples, payloads, replace, provenance)
            is_kept = replace or written == len(samples)
        finally:
            if self._sql.driver.in_transaction:  # a full disk ends it
                if not is_kept:
                    self._sql.execute("ROLLBACK TO unwritten")
                self._sql.execute("RELEASE unwritten")
        if not is_kept:
            raise self._conflict(model_id, samples)

    def _write(
        self,
        model_id: int,
        samples: Sequence[int],
        payloads: Sequence[str],
        replace: bool,
        provenance: Facts | None,
    ) -> int:
        """Store inferences, make results stale, and return how many were new or different."""
        first = [model_id, ensure_provenance(self._sql, provenance)]
        written = start = 0
        # Until all results that this could make stale are.
        while start < len(samples) and can_become_stale(self._sql, model_id):
            page = slice(start, start + _PAGE)
            changed: list[int] = []
            written += self._insert(first, samples[page], payloads[page], replace, changed)
            mark_results_stale(
                self._sql,
                STORED,
                "SELECT value AS test_sample_id FROM json_each(:samples)",
                {"samples": as_json(changed), "model": model_id},
                "run.model_id = :model",
            )
            start += _PAGE
        written += self._insert(first, samples[start:], payloads[start:], replace)
        if replace and provenance is not None and written < len(samples):
            # Equal answers stay as they are, but were given anew.
            self._sql.execute(
                "UPDATE inference SET provenance_id = :made WHERE model_id = :model"
                " AND test_sample_id IN (SELECT value FROM json_each(:samples))"
                " AND provenance_id IS NOT :made",
                {"made": first[1], "model": model_id, "samples": as_json(samples)},
            )
        return written

    def _insert(
        self,
        first: Sequence[int | None],
        samples: Sequence[int],
        payloads: Sequence[str],
        replace: bool,
        changed: list[int] | None = None,
    ) -> int:
        """Store inferences, and return how many were new or different; note their samples."""
        # What is equal stays as it is, and so do the results that were computed from it.
        condition = "stale = 1 OR payload IS NOT excluded.payload" if replace else "stale = 1"
        return self._sql.insert_columns(
            "INSERT INTO inference (model_id, provenance_id, test_sample_id, payload)",
            [samples, payloads],
            "ON CONFLICT (model_id, test_sample_id)"
            " DO UPDATE SET payload = excluded.payload, stale = 0,"
            f" provenance_id = excluded.provenance_id WHERE {condition}"
            + ("" if changed is None else " RETURNING test_sample_id"),
            first=first,
            returned=changed,
        )

    def rows(
        self,
        model_id: int,
        test_case_id: int,
        version: int,
        *,
        after: int,
        limit: int,
        missing: bool = False,
        waiting: bool | None = None,
    ) -> list[Row]:
        """Return a page of a test case's samples that have an inference, fresh or stale, in order.

        The rows are plain tuples, because naming each costs as much as reading it: position, sample
        id, payload, metadata, ground truth, inference, and whether it waits to be done again.

        Args:
            after: the position of the last row of the page before; -1 for the first page.
            limit: at most so many rows.
            missing: whether samples without an inference are included, with None in its place.
            waiting: only inferences that wait to be done again, or only others; None means both.
        """
        return self._sql.fetch(
            f"""
            SELECT member.position, sample.id, sample.payload, sample.metadata, truth.payload,
                inference.payload, inference.stale
            FROM test_case_member AS member
            {"LEFT" if missing else "CROSS"} JOIN inference
                ON inference.model_id = :model
                AND inference.test_sample_id = member.test_sample_id
            CROSS JOIN test_sample AS sample ON sample.id = member.test_sample_id
            CROSS JOIN ground_truth AS truth ON truth.id = member.ground_truth_id
            WHERE member.test_case_id = :test_case AND member.position > :after
                AND member.added <= :version
                AND (member.removed IS NULL OR member.removed > :version)
                AND (:waiting IS NULL OR inference.stale = :waiting)
            ORDER BY member.position LIMIT :limit
            """,
            {
                "model": model_id,
                "test_case": test_case_id,
                "version": version,
                "after": after,
                "limit": limit,
                "waiting": waiting,
            },
        )

    def suite_rows(
        self, model_id: int, test_suite_id: int, version: int, ids: Sequence[int]
    ) -> list[SuiteSampleRow]:
        """Return samples of a suite with what belongs to them, in the order of ``ids``.

        The ground truth is the one in the first test case of the suite that has the sample.

        Raises:
            NotFoundError: one of the samples is not in that version of the suite.
        """
        rows = self._sql.fetch(
            """
            SELECT sample.id, sample.payload, sample.metadata, truth.payload, inference.payload,
                inference.stale
            FROM json_each(:ids) AS wanted
            CROSS JOIN test_sample AS sample ON sample.id = wanted.value
            CROSS JOIN ground_truth AS truth ON truth.id = (
                SELECT ground_truth_id FROM (
                    SELECT member.ground_truth_id, min(pinned.position)
                    FROM test_case_member AS member INDEXED BY test_case_member_sample
                    CROSS JOIN test_suite_member AS pinned
                        ON pinned.test_suite_id = :suite AND pinned.version = :version
                        AND pinned.test_case_id = member.test_case_id
                        AND member.added <= pinned.test_case_version
                        AND (member.removed IS NULL OR member.removed > pinned.test_case_version)
                    WHERE member.test_sample_id = wanted.value))
            LEFT JOIN inference
                ON inference.model_id = :model AND inference.test_sample_id = wanted.value
            """,
            {"ids": as_json(ids), "model": model_id, "suite": test_suite_id, "version": version},
        )
        found = {row[0]: row for row in as_records(SuiteSampleRow, rows)}
        try:
            return [found[id_] for id_ in ids]
        except KeyError as missing:
            raise NotFoundError(
                f"The test sample with the id {missing} is not in this version of the test suite;"
                " load the test suite again."
            ) from None

    def count(self, model_id: int) -> int:
        """Return how many inferences the model has, fresh or stale."""
        query = "SELECT count(*) FROM inference WHERE model_id = ?"
        return int(self._sql.value(query, (model_id,)))

    def coverage(self, model_id: int) -> list[Coverage]:
        """Return how far the model is with the latest versions of test suites.

        These are the suites that it was run on, and those with a sample that has an inference. The
        model was not run on a dataset that has only uploaded results.
        """
        rows = self._sql.fetch(
            f"""
            SELECT suite.name, suite.version,
                (SELECT count(DISTINCT member.test_sample_id) FROM {SAMPLES}
                 WHERE pinned.test_suite_id = suite.id AND pinned.version = suite.version),
                (SELECT count(DISTINCT member.test_sample_id) FROM {SAMPLES}
                 WHERE pinned.test_suite_id = suite.id AND pinned.version = suite.version
                    AND NOT {_IS_PENDING})
            FROM test_suite AS suite
            WHERE suite.workflow_id = (SELECT workflow_id FROM model WHERE id = :model)
                AND (suite.id IN (SELECT test_suite_id FROM test_run
                        WHERE model_id = :model AND evaluator <> :uploaded)
                    OR EXISTS (SELECT 1 FROM {SAMPLES}
                        WHERE pinned.test_suite_id = suite.id AND pinned.version = suite.version
                            AND NOT {_IS_PENDING}))
            ORDER BY suite.id
            """,
            {"model": model_id, "uploaded": EVALUATOR},
        )
        return [Coverage(*row) for row in rows]

    def _conflict(
        self, model_id: int, samples: Sequence[int]
    ) -> RemoteError | InputValidationError:
        rows = self._sql.fetch(
            """
            SELECT model.name, sample.payload
            FROM json_each(?) AS wanted
            CROSS JOIN inference
                ON inference.model_id = ? AND inference.test_sample_id = wanted.value
                AND inference.stale = 0
            JOIN model ON model.id = inference.model_id
            JOIN test_sample AS sample ON sample.id = wanted.value
            ORDER BY wanted.key LIMIT 1
            """,
            (as_json(samples), model_id),
        )
        if not rows:
            return InputValidationError(
                "A test sample occurs twice among the inferences to store; give one inference for"
                " each."
            )
        model, payload = rows[0]
        locator = as_object(payload).get("locator")
        sample = payload if locator is None else str(locator)
        return RemoteError(
            f'The model "{model}" has an inference for the test sample {sample:.200} already;'
            " ask for a reset to overwrite it."
        )
