"""The quality standards of datasets, as JSON objects that this package only keeps."""

from __future__ import annotations

from kolena_local.payload import Json, dumps
from kolena_local.repository.dataset_records import DatasetRecord
from kolena_local.repository.names import now
from kolena_local.repository.rows import Repository, as_object


class QualityStandards(Repository):
    """The quality standards of a store, inside one transaction."""

    def find(self, dataset: DatasetRecord) -> dict[str, Json] | None:
        """Return the quality standard of a dataset, or None.

        Raises:
            StoreDamagedError: what is stored is not a JSON object.
        """
        text = self._sql.value(
            "SELECT payload FROM quality_standard WHERE test_suite_id = ?", (dataset.id,)
        )
        return None if text is None else as_object(text)

    def put(self, dataset: DatasetRecord, content: dict[str, Json]) -> None:
        """Store the quality standard of a dataset; one that it has is replaced."""
        self._sql.execute(
            """
            INSERT INTO quality_standard (test_suite_id, payload, updated_at) VALUES (?, ?, ?)
            ON CONFLICT DO UPDATE SET payload = excluded.payload, updated_at = excluded.updated_at
            """,
            (dataset.id, dumps(content), now()),
        )
