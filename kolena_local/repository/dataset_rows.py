"""How the rows of an upload become test samples and ground truths; private to the datasets.

Unlike the samples of a test case they have no metadata, and in most uploads either all of them are
new or nearly all are known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kolena_local.repository.dataset_records import NewRows
from kolena_local.repository.rows import Sql

_PARENTS: Final = {"test_sample": "workflow_id", "ground_truth": "test_sample_id"}


class DatasetRows:
    """Stores rows, each once.

    Args:
        sql: the transaction.
        workflow_id: the workflow of all datasets.
        are_known: whether the first rows are probably there; they are looked up first then.
    """

    def __init__(self, sql: Sql, workflow_id: int, *, are_known: bool) -> None:
        self._sql = sql
        self._workflow_id = workflow_id
        self._are_known = are_known

    def put(self, rows: NewRows) -> tuple[Sequence[int], Sequence[int]]:
        """Store those of the rows that are not there; return all their samples and truths."""
        workflows = [self._workflow_id] * len(rows.digests)
        samples = self._put("test_sample", workflows, rows.digests, rows.payloads)
        truths = self._put("ground_truth", samples, rows.keys, rows.ids)
        return samples, truths

    def _put(
        self, table: str, parents: Sequence[int], digests: Sequence[bytes], payloads: Sequence[str]
    ) -> Sequence[int]:
        if self._are_known:
            known = self._look_up(table, parents, digests)
            if len(known) == len(digests):
                return [known[digest] for digest in digests]
        first = self._sql.next_id(table)
        ids = range(first, first + len(digests))
        inserted = self._sql.insert_columns(
            f"INSERT INTO {table} (id, {_PARENTS[table]}, digest, payload)",
            [ids, parents, digests, payloads],
            "ON CONFLICT DO NOTHING",
        )
        self._are_known = inserted < len(digests)
        if not self._are_known:
            return ids
        known = self._look_up(table, parents, digests)
        return [known[digest] for digest in digests]

    def _look_up(
        self, table: str, parents: Sequence[int], digests: Sequence[bytes]
    ) -> dict[bytes, int]:
        parent = _PARENTS[table]
        rows = self._sql.look_up(
            list(zip(digests, parents, strict=True)),
            "digest, parent",
            f"""
            SELECT found.digest, found.id FROM wanted CROSS JOIN {table} AS found
            WHERE found.{parent} = wanted.parent AND found.digest = wanted.digest
            """,
        )
        return dict(rows)
