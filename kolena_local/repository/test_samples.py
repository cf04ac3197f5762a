"""Test samples: content that is stored once in a workflow and known by its digest."""

from __future__ import annotations

from collections.abc import Sequence

from kolena_local.errors import NotFoundError
from kolena_local.payload import Json, dumps, dumps_all
from kolena_local.repository.freshness import METADATA, mark_results_stale
from kolena_local.repository.records import NewSample, SampleRow
from kolena_local.repository.rows import Repository, as_json, as_object, as_records


class TestSamples(Repository):
    """The test samples of a store, inside one transaction."""

    __test__ = False

    def put(self, workflow_id: int, samples: Sequence[NewSample]) -> list[int]:
        """Store samples that are not there, and merge the metadata of those that are.

        New keys of the metadata are added, same keys overwritten, absent keys kept; a null is a
        value like any other. A sample may occur more than once; the later metadata wins.

        Returns:
            The samples' ids, in the order given.
        """
        unique: dict[bytes, tuple[str, dict[str, Json]]] = {}
        for digest, payload, given in samples:
            before = unique.get(digest)
            unique[digest] = (payload, {**before[1], **given} if before else given)
        known = self._known(workflow_id, list(unique))
        ids = {digest: id_ for digest, (id_, _) in known.items()}
        changed = _changes([(*known[digest], unique[digest][1]) for digest in known])
        if changed:
            self._sql.execute_each("UPDATE test_sample SET metadata = ? WHERE id = ?", changed)
            mark_results_stale(
                self._sql,
                METADATA,
                "SELECT value AS test_sample_id FROM json_each(:samples)",
                {"samples": as_json(id_ for _, id_ in changed)},
            )
        new = [digest for digest in unique if digest not in known]
        first = self._sql.next_id("test_sample")
        new_ids = range(first, first + len(new))
        payloads = [unique[digest][0] for digest in new]
        metadata = dumps_all([unique[digest][1] for digest in new])
        self._sql.insert_columns(
            "INSERT INTO test_sample (workflow_id, id, digest, payload, metadata)",
            [new_ids, new, payloads, metadata],
            first=[workflow_id],
        )
        ids.update(zip(new, new_ids, strict=True))
        return [ids[sample.digest] for sample in samples]

    def find_ids(self, workflow_id: int, digests: Sequence[bytes]) -> list[int | None]:
        """Return the ids of the samples with these digests, None for those that are not there."""
        known = self._known(workflow_id, digests)
        return [known[digest][0] if digest in known else None for digest in digests]

    def shared_changes(
        self, workflow: str, samples: Sequence[NewSample], test_case_id: int | None
    ) -> tuple[int, str, str] | None:
        """Return which changes of metadata by :meth:`put` other test cases would see.

        Args:
            test_case_id: the test case whose samples are put; None if it is new.

        Returns:
            The number of samples, and one of them with a test case that has it; None if there are
            none.
        """
        given = {sample.digest: sample.metadata for sample in samples}
        workflow_id = given and self._sql.value(
            "SELECT id FROM workflow WHERE name = ?", (workflow,)
        )
        if not workflow_id:
            return None
        known = self._known(workflow_id, list(given))
        changed = _changes([(*known[digest], given[digest]) for digest in known])
        rows = changed and self._sql.fetch(
            """
            SELECT count(DISTINCT member.test_sample_id), min(sample.payload), test_case.name
            FROM json_each(?) AS wanted
            CROSS JOIN test_case_member AS member
                ON member.test_sample_id = wanted.value AND member.removed IS NULL
                AND member.test_case_id IS NOT ?
            CROSS JOIN test_sample AS sample ON sample.id = member.test_sample_id
            CROSS JOIN test_case ON test_case.id = member.test_case_id
            """,
            (as_json([id_ for _, id_ in changed]), test_case_id),
        )
        return (rows[0][0], rows[0][1], rows[0][2]) if rows and rows[0][0] else None

    def rows(self, ids: Sequence[int]) -> list[SampleRow]:
        """Return the samples with these ids, in the order given.

        Raises:
            NotFoundError: there is no sample with one of the ids.
        """
        rows = self._sql.fetch(
            """
            SELECT sample.id, sample.payload, sample.metadata
            FROM json_each(?) AS wanted CROSS JOIN test_sample AS sample
            WHERE sample.id = wanted.value
            """,
            (as_json(ids),),
        )
        found = {row[0]: row for row in as_records(SampleRow, rows)}
        try:
            return [found[id_] for id_ in ids]
        except KeyError as missing:
            raise NotFoundError(
                f"There is no test sample with the id {missing}; load the test case again."
            ) from None

    def _known(self, workflow_id: int, digests: Sequence[bytes]) -> dict[bytes, tuple[int, str]]:
        """Return id and metadata text of those samples that are stored."""
        query = "SELECT 1 FROM test_sample WHERE workflow_id = ? LIMIT 1"
        if not self._sql.value(query, (workflow_id,)):
            return {}
        rows = self._sql.look_up(
            [(digest, workflow_id) for digest in digests],
            "digest, workflow_id",
            """
            SELECT sample.digest, sample.id, sample.metadata
            FROM wanted CROSS JOIN test_sample AS sample
            WHERE sample.workflow_id = wanted.workflow_id AND sample.digest = wanted.digest
            """,
        )
        return {digest: (id_, metadata) for digest, id_, metadata in rows}


def merged(stored: str, metadata: dict[str, Json]) -> str:
    """Return the metadata that a sample has after it was put again with others."""
    # Texts first: most samples come again with the metadata that they had.
    if not metadata or dumps(metadata) == stored:
        return stored
    return dumps({**as_object(stored), **metadata})


def _changes(samples: Sequence[tuple[int, str, dict[str, Json]]]) -> list[tuple[str, int]]:
    found = ((merged(stored, metadata), stored, id_) for id_, stored, metadata in samples)
    return [(text, id_) for text, stored, id_ in found if text != stored]
