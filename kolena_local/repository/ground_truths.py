"""Ground truths: the answers of a test sample, each stored once."""

from __future__ import annotations

from collections.abc import Sequence

from kolena_local.repository.records import NewGroundTruth
from kolena_local.repository.rows import Repository


class GroundTruths(Repository):
    """The ground truths of a store, inside one transaction."""

    def put(self, ground_truths: Sequence[NewGroundTruth]) -> list[int]:
        """Store ground truths that their samples do not have yet.

        Returns:
            The ids, in the order given.
        """
        unique = {(new.test_sample_id, new.digest): new.payload for new in ground_truths}
        last = self._sql.value("SELECT ifnull(max(test_sample_id), 0) FROM ground_truth")
        ids = {
            (test_sample_id, digest): id_
            for test_sample_id, digest, id_ in self._sql.look_up(
                # Samples that came later have none yet: no need to ask for each.
                [key for key in unique if key[0] <= last],
                "test_sample_id, digest",
                """
                SELECT wanted.test_sample_id, wanted.digest, truth.id
                FROM wanted CROSS JOIN ground_truth AS truth
                WHERE truth.test_sample_id = wanted.test_sample_id
                    AND truth.digest = wanted.digest
                """,
            )
        }
        first = self._sql.next_id("ground_truth")
        new = [key for key in unique if key not in ids]
        new_ids = range(first, first + len(new))
        self._sql.insert_columns(
            "INSERT INTO ground_truth (id, test_sample_id, digest, payload)",
            [
                new_ids,
                [test_sample_id for test_sample_id, _ in new],
                [digest for _, digest in new],
                [unique[key] for key in new],
            ],
        )
        ids.update(zip(new, new_ids, strict=True))
        return [ids[new.test_sample_id, new.digest] for new in ground_truths]
