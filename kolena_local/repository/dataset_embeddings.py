"""Vectors of datasets' rows, each by a key that says what computed them."""

from __future__ import annotations

from collections.abc import Sequence

from kolena_local.errors import NotFoundError, StoreDamagedError
from kolena_local.repository.dataset_records import DatasetRecord
from kolena_local.repository.names import checked
from kolena_local.repository.rows import Repository


class DatasetEmbeddings(Repository):
    """The embeddings of a store, inside one transaction."""

    def put(
        self,
        dataset: DatasetRecord,
        key: str,
        datapoints: Sequence[bytes],
        vectors: Sequence[bytes],
    ) -> None:
        """Store vectors of some rows; those of other rows stay if they are equally long.

        Args:
            dataset: the dataset.
            key: what computed them.
            datapoints: the digests of the rows' id fields' values.
            vectors: floats of four bytes each, all vectors equally long.

        Raises:
            InputValidationError: the key is blank.
        """
        checked("key of embeddings", key)
        self._sql.execute(
            "DELETE FROM dataset_embedding"
            " WHERE test_suite_id = ? AND key = ? AND length(vector) <> ?",
            (dataset.id, key, max(map(len, vectors), default=0)),
        )
        self._sql.insert_columns(
            "INSERT INTO dataset_embedding (test_suite_id, key, datapoint, vector)",
            [[dataset.id] * len(vectors), [key] * len(vectors), datapoints, vectors],
            "ON CONFLICT DO UPDATE SET vector = excluded.vector",
        )

    def keys(self, dataset: DatasetRecord) -> list[str]:
        """Return the keys of a dataset's embeddings, sorted."""
        rows = self._sql.fetch(
            "SELECT DISTINCT key FROM dataset_embedding WHERE test_suite_id = ? ORDER BY key",
            (dataset.id,),
        )
        return [key for (key,) in rows]

    def of_rows(self, dataset: DatasetRecord, key: str) -> list[tuple[str, bytes]]:
        """Return id fields' values, as JSON objects, and vectors of the latest rows, in order.

        Raises:
            NotFoundError: the dataset has no embeddings with this key.
            StoreDamagedError: a vector is not one.
        """
        known = self.keys(dataset)
        if key not in known:
            raise NotFoundError(
                f"The dataset '{dataset.name}' has no embeddings with the key '{key}'; it has"
                f" {', '.join(map(repr, known)) or 'none'}."
            )
        rows = self._sql.fetch(
            """
            SELECT truth.payload, embedding.vector
            FROM test_case_member AS member
            CROSS JOIN ground_truth AS truth ON truth.id = member.ground_truth_id
            CROSS JOIN dataset_embedding AS embedding ON embedding.test_suite_id = ?
                AND embedding.key = ? AND embedding.datapoint = truth.digest
            WHERE member.test_case_id = ? AND member.removed IS NULL ORDER BY member.position
            """,
            (dataset.id, key, dataset.test_case_id),
        )
        for _, vector in rows:
            if not isinstance(vector, bytes) or len(vector) % 4 or not vector:
                raise StoreDamagedError(
                    f"The store is damaged (an embedding of the dataset '{dataset.name}' is not"
                    " a vector); restore a backup."
                )
        return [(ids, vector) for ids, vector in rows]
