"""Export of a model's inferences, and import of inferences that refer to samples by their fields.

An import is collected in temporary tables, which are not part of the store's file, and is then
matched, checked and stored by one statement each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Final, NamedTuple

from kolena_local.repository import inference_matching
from kolena_local.repository.freshness import STORED, mark_results_stale
from kolena_local.repository.inferences import Inferences
from kolena_local.repository.paging import pages_by_key
from kolena_local.repository.records import ExportRow, ImportCounts, ImportProblem, NewInference
from kolena_local.repository.rows import Repository, Row
from kolena_local.repository.suite_samples import SuiteSamples

_PAGE: Final = 1000
_TABLES: Final = (
    "CREATE TEMP TABLE IF NOT EXISTS arrival (line INTEGER PRIMARY KEY, key TEXT NOT NULL,"
    " digest BLOB, payload TEXT NOT NULL)",
    "CREATE TEMP TABLE IF NOT EXISTS match (line INTEGER PRIMARY KEY,"
    " test_sample_id INTEGER NOT NULL, candidates INTEGER NOT NULL, respelled INTEGER NOT NULL)",
)
_FIRST: Final = """
    SELECT min(other.line) FROM match AS other
    WHERE other.test_sample_id = match.test_sample_id AND other.candidates = 1
"""
_PROBLEMS: Final = f"""
    SELECT line, 'missing' AS kind, key, NULL AS other FROM arrival
    WHERE NOT EXISTS (SELECT 1 FROM match WHERE match.line = arrival.line)
    UNION ALL
    SELECT match.line, 'ambiguous', arrival.key, match.candidates FROM match
    JOIN arrival ON arrival.line = match.line WHERE match.candidates > 1
    UNION ALL
    SELECT match.line, 'duplicate', arrival.key, ({_FIRST}) FROM match
    JOIN arrival ON arrival.line = match.line
    WHERE match.candidates = 1 AND match.line > ({_FIRST})
"""
_IS_KNOWN: Final = f"""
    FROM match JOIN arrival ON arrival.line = match.line
    JOIN inference ON inference.model_id = :model AND inference.stale = 0
        AND inference.test_sample_id = match.test_sample_id
    WHERE match.candidates = 1 AND match.line = ({_FIRST})
"""
_IS_RESPELLED: Final = f"""
    FROM match JOIN arrival ON arrival.line = match.line
    WHERE match.respelled AND match.candidates = 1 AND match.line = ({_FIRST})
"""


class Exported(NamedTuple):
    """What is exported: a model's inferences, of a version of a test case or suite if one is given.

    Attributes:
        model_id: the model.
        test_case: id and version.
        test_suite: id and version.
        waiting: only inferences that wait to be done again, or only others; None means both.
    """

    model_id: int
    test_case: tuple[int, int] | None = None
    test_suite: tuple[int, int] | None = None
    waiting: bool | None = None


class InferenceExchange(Repository):
    """Export and import of inferences, inside one transaction."""

    def pages(self, wanted: Exported) -> Iterator[list[ExportRow]]:
        """Return the inferences page by page, each with its sample and ground truth.

        The ground truth is that of the test case or suite; else the sample's, if it has only one.
        """
        inferences = Inferences(self._sql)
        if wanted.test_case is not None:
            case, waiting = wanted.test_case, wanted.waiting
            for rows in pages_by_key(
                lambda after: inferences.rows(
                    wanted.model_id, *case, after=after, limit=_PAGE, waiting=waiting
                ),
                itemgetter(0),
            ):
                yield [
                    ExportRow(payload, ground_truth, inference)
                    for _, _, payload, _, ground_truth, inference, _ in rows
                ]
        elif wanted.test_suite is not None:
            ids = self._suite_ids(wanted.model_id, *wanted.test_suite)
            for start in range(0, len(ids), _PAGE):
                page = ids[start : start + _PAGE]
                yield [
                    ExportRow(row.payload, row.ground_truth, row.inference)
                    for row in inferences.suite_rows(wanted.model_id, *wanted.test_suite, page)
                    if row.inference is not None and wanted.waiting in (None, bool(row.is_waiting))
                ]
        else:
            yield from self._all(wanted.model_id, wanted.waiting)

    def count(self, wanted: Exported) -> int:
        """Return how many inferences to expect; for a test case, all that the model has."""
        if wanted.test_suite is not None:
            return len(self._suite_ids(wanted.model_id, *wanted.test_suite))
        return Inferences(self._sql).count(wanted.model_id)

    def _suite_ids(self, model_id: int, test_suite_id: int, version: int) -> Sequence[int]:
        condition = """
            EXISTS (SELECT 1 FROM inference
                WHERE model_id = :model AND test_sample_id = member.test_sample_id)
        """
        return SuiteSamples(self._sql).ids(test_suite_id, version, condition, model=model_id)

    def _all(self, model_id: int, waiting: bool | None) -> Iterator[list[ExportRow]]:
        def read(after: int) -> list[Row]:
            return self._sql.fetch(
                """
                SELECT sample.id, sample.payload,
                    (SELECT min(payload) FROM ground_truth WHERE test_sample_id = sample.id
                        HAVING count(*) = 1),
                    inference.payload
                FROM inference CROSS JOIN test_sample AS sample
                    ON sample.id = inference.test_sample_id
                WHERE inference.model_id = :model AND inference.test_sample_id > :after
                    AND (:waiting IS NULL OR inference.stale = :waiting)
                ORDER BY inference.test_sample_id LIMIT :limit
                """,
                {"model": model_id, "after": after, "limit": _PAGE, "waiting": waiting},
            )

        for rows in pages_by_key(read, itemgetter(0)):
            yield [ExportRow._make(row[1:]) for row in rows]

    def gather(self, page: Sequence[NewInference]) -> None:
        """Take a page of what is to be imported; nothing reaches the store yet."""
        self._prepare()
        self._sql.insert("INSERT INTO temp.arrival (line, key, digest, payload)", page)

    def match(self, workflow_id: int, paths: Sequence[Mapping[str, tuple[str, ...]]]) -> None:
        """Find the samples of all that was gathered.

        Args:
            paths: for each set of columns that keys have, where in a sample their values are.
        """
        self._prepare()  # as nothing may have come
        inference_matching.match(self._sql, workflow_id, paths)
        self._sql.execute(
            "CREATE INDEX temp.match_sample ON match (test_sample_id, candidates, line)"
        )

    def _prepare(self) -> None:
        for table in _TABLES:
            self._sql.execute(table)

    def counts(self, model_id: int) -> ImportCounts:
        """Return how many of the gathered lines there are, fit, and have an inference already."""
        (found,) = self._sql.fetch(
            f"""
            SELECT (SELECT count(*) FROM arrival),
                (SELECT count(*) FROM ({_PROBLEMS})),
                (SELECT count(*) {_IS_KNOWN}), (SELECT count(*) {_IS_RESPELLED})
            """,
            {"model": model_id},
        )
        return ImportCounts._make(found)

    def problems(self, limit: int) -> list[ImportProblem]:
        """Return the first lines whose samples cannot be told: missing, ambiguous, duplicate."""
        query = f"SELECT * FROM ({_PROBLEMS}) ORDER BY line LIMIT ?"
        return [ImportProblem._make(row) for row in self._sql.fetch(query, (limit,))]

    def conflicts(self, model_id: int, limit: int) -> list[ImportProblem]:
        """Return the first lines whose samples have an inference already."""
        rows = self._sql.fetch(
            f"SELECT arrival.line, 'known', arrival.key, NULL {_IS_KNOWN}"
            " ORDER BY arrival.line LIMIT :limit",
            {"model": model_id, "limit": limit},
        )
        return [ImportProblem._make(row) for row in rows]

    def respelled(self, limit: int) -> list[tuple[int, str]]:
        """Return the first lines, and their keys, that spell a sample otherwise than the store."""
        return self._sql.fetch(
            f"SELECT arrival.line, arrival.key {_IS_RESPELLED} ORDER BY arrival.line LIMIT ?",
            (limit,),
        )

    def store(self, model_id: int, *, replace: bool) -> int:
        """Store what was gathered and matched.

        Args:
            replace: whether fresh inferences are overwritten, else they stay as they are.

        Returns:
            How many inferences were stored.
        """
        mark_results_stale(
            self._sql,
            STORED,
            # An equal inference changes nothing.
            "SELECT match.test_sample_id FROM temp.match"
            " CROSS JOIN temp.arrival ON arrival.line = match.line"
            " LEFT JOIN inference ON inference.model_id = :model"
            " AND inference.test_sample_id = match.test_sample_id"
            " WHERE inference.payload IS NOT arrival.payload"
            " AND (:replace OR inference.stale IS NOT 0)",
            {"replace": replace, "model": model_id},
            "run.model_id = :model",
        )
        return self._sql.execute(
            "INSERT INTO inference (model_id, test_sample_id, payload)"
            " SELECT ?, match.test_sample_id, arrival.payload"
            " FROM temp.match CROSS JOIN temp.arrival ON arrival.line = match.line"
            " WHERE TRUE ORDER BY match.test_sample_id"
            " ON CONFLICT (model_id, test_sample_id)"
            " DO UPDATE SET payload = excluded.payload, stale = 0, provenance_id = NULL"
            + ("" if replace else " WHERE stale = 1"),
            (model_id,),
        )

    def forget(self) -> None:
        """Drop what was gathered; the connection may be used for other things afterwards."""
        for table in ("arrival", "match"):
            self._sql.execute(f"DROP TABLE IF EXISTS temp.{table}")
