"""The results of evaluators: metrics of samples, test cases and suites, and plots.

All results of one configuration of a run are replaced together, so that readers see either the old
or the new ones. Private to the test runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from kolena_local.repository.freshness import staleness
from kolena_local.repository.result_records import (
    CaseMetricsRecord,
    PlotRecord,
    Results,
    SampleMetricsRecord,
    SampleScoreRow,
    SuiteMetricsRecord,
)
from kolena_local.repository.rows import Repository, as_objects, as_records

_STALE: Final = staleness("configuration")
_TABLES: Final = ("metrics_test_sample", "metrics_test_case", "metrics_test_suite", "plot")

_CONFIGURATIONS: Final = """
    FROM test_run AS run
    CROSS JOIN evaluator_configuration AS configuration ON configuration.test_run_id = run.id
"""
_CASES: Final = """
    JOIN test_case ON test_case.id = found.test_case_id
    JOIN test_suite_member AS pinned
        ON pinned.test_suite_id = run.test_suite_id
        AND pinned.version = run.test_suite_version
        AND pinned.test_case_id = test_case.id
    JOIN test_case_version AS version
        ON version.test_case_id = pinned.test_case_id
        AND version.version = pinned.test_case_version
"""


def result_count(condition: str) -> str:
    """Return a query in parentheses that counts the metrics and plots of the runs it selects."""
    counts = " + ".join(
        f"(SELECT count(*) FROM {table} WHERE evaluator_configuration_id = configuration.id)"
        for table in _TABLES
    )
    return f"(SELECT ifnull(sum({counts}), 0) {_CONFIGURATIONS} WHERE {condition})"


class RunResults(Repository):
    """The results of a store's test runs, inside one transaction."""

    def replace_results(self, configuration_id: int, found: Results) -> None:
        """Replace all results of a configuration.

        Raises:
            NotFoundError: there is no such configuration, test case or sample.
        """
        for table in _TABLES:
            self._sql.execute(
                f"DELETE FROM {table} WHERE evaluator_configuration_id = ?", (configuration_id,)
            )
        for metrics in found.sample_metrics:
            self._sql.insert_columns(
                "INSERT INTO metrics_test_sample"
                " (evaluator_configuration_id, test_case_id, test_sample_id, payload)",
                metrics,
                first=[configuration_id],
            )
            del metrics  # frees it before the next page is decompressed
        self._sql.insert(
            "INSERT INTO metrics_test_case (evaluator_configuration_id, test_case_id, payload)",
            ((configuration_id, *metrics) for metrics in found.case_metrics),
        )
        self._sql.insert(
            "INSERT INTO plot (evaluator_configuration_id, test_case_id, position, payload)",
            ((configuration_id, *plot) for plot in found.plots),
        )
        if found.suite_metrics is not None:
            self._sql.execute(
                "INSERT INTO metrics_test_suite (evaluator_configuration_id, payload)"
                " VALUES (?, ?)",
                (configuration_id, found.suite_metrics),
            )

    def _has_results(self, configuration_id: int) -> bool:
        queries = (
            f"SELECT 1 FROM {table} WHERE evaluator_configuration_id = :id" for table in _TABLES
        )
        query = f"SELECT EXISTS ({' UNION ALL '.join(queries)})"
        return bool(self._sql.value(query, {"id": configuration_id}))

    def case_metrics(self, run_id: int) -> list[CaseMetricsRecord]:
        """Return the metrics of the test cases, by configuration and in the order of the suite."""
        columns = ("test_case.name", "version.version", "version.sample_count")
        rows = self._found(run_id, "metrics_test_case", columns, _CASES, ["pinned.position"])
        return [CaseMetricsRecord(*row) for row in rows]

    def suite_metrics(self, run_id: int) -> list[SuiteMetricsRecord]:
        """Return the metrics of the run's test suite, one for each configuration."""
        return [SuiteMetricsRecord(*row) for row in self._found(run_id, "metrics_test_suite")]

    def plots(self, run_id: int, test_case: str | None = None) -> list[PlotRecord]:
        """Return the plots, by configuration, test case in the order of the suite, and position.

        Args:
            test_case: only those of the test case of this name.
        """
        columns, order = ("test_case.name", "found.position"), ("pinned.position", "found.position")
        joins, named = _CASES, list[str]()
        if test_case is not None:
            joins, named = f"{_CASES} AND test_case.name = ?", [test_case]
        rows = self._found(run_id, "plot", columns, joins, order, named)
        return [PlotRecord(*row) for row in rows]

    def plotted_cases(self, run_id: int) -> list[str]:
        """Return the names of the test cases that have plots, in the order of the suite."""
        rows = self._sql.fetch(
            f"""
            SELECT DISTINCT test_case.name {_CONFIGURATIONS}
            JOIN plot AS found ON found.evaluator_configuration_id = configuration.id {_CASES}
            WHERE run.id = ? ORDER BY pinned.position
            """,
            (run_id,),
        )
        return [name for (name,) in rows]

    def sample_metrics(
        self, run_id: int, *, after: int = 0, limit: int = -1
    ) -> list[SampleMetricsRecord]:
        """Return metrics of the run's samples, in the order in which they were stored.

        Args:
            after: the id of the last record of the page before; 0 for the first page.
            limit: at most so many records; -1 for all.
        """
        rows = self._sql.fetch(
            f"""
            SELECT nullif(configuration.display_name, ''), test_case.name, sample.id,
                sample.payload, metrics.payload, metrics.id, {_STALE}
            {_CONFIGURATIONS}
            -- By id: the index has another order, and each page would be sorted out of all rows.
            JOIN metrics_test_sample AS metrics NOT INDEXED
                ON metrics.evaluator_configuration_id = configuration.id
            JOIN test_sample AS sample ON sample.id = metrics.test_sample_id
            LEFT JOIN test_case ON test_case.id = metrics.test_case_id
            WHERE run.id = :run AND metrics.id > :after
            ORDER BY metrics.id LIMIT :limit
            """,
            {"run": run_id, "after": after, "limit": limit},
        )
        return [SampleMetricsRecord(*(*row[:-1], _truth(row[-1]))) for row in rows]

    def has_sample_scores(self, configuration_id: int) -> bool:
        """Return whether a configuration has metrics of samples."""
        query = "SELECT 1 FROM metrics_test_sample WHERE evaluator_configuration_id = ? LIMIT 1"
        return self._sql.value(query, (configuration_id,)) is not None

    def judged_models(self, test_suite_id: int, evaluator: str | None) -> int:
        """Return how many models have metrics of a suite's samples, of any version of it.

        Args:
            evaluator: the name of the evaluator that computed them; None if it has none.
        """
        return int(
            self._sql.value(
                f"""
                SELECT count(DISTINCT run.model_id) {_CONFIGURATIONS}
                WHERE run.test_suite_id = ? AND run.evaluator = ? AND EXISTS (
                    SELECT 1 FROM metrics_test_sample
                    WHERE evaluator_configuration_id = configuration.id)
                """,
                (test_suite_id, evaluator or ""),
            )
        )

    def sample_scores(
        self, configuration_id: int, test_case_id: int | None, *, after: int = 0, limit: int = -1
    ) -> list[SampleScoreRow]:
        """Return metrics of a test case's samples under one configuration, by the samples' ids.

        Args:
            test_case_id: None for those that are the same in every test case.
            after: the last sample's id of the page before; 0 for the first page.
            limit: at most so many rows; -1 for all.
        """
        rows = self._sql.fetch(
            """
            SELECT test_sample_id, payload FROM metrics_test_sample
            WHERE evaluator_configuration_id = :id AND ifnull(test_case_id, 0) = ifnull(:case, 0)
                AND test_sample_id > :after
            ORDER BY test_sample_id LIMIT :limit
            """,
            {"id": configuration_id, "case": test_case_id, "after": after, "limit": limit},
        )
        return as_records(SampleScoreRow, rows)

    def _count_results(self, run_id: int) -> int:
        """Return how many metrics and plots a run has, of all its configurations."""
        return int(self._sql.value(f"SELECT {result_count('run.id = ?')}", (run_id,)))

    def _found(
        self,
        run_id: int,
        table: str,
        columns: Sequence[str] = (),
        joins: str = "",
        order: Sequence[str] = (),
        of_joins: Sequence[str] = (),
    ) -> Iterator[list[Any]]:
        """Yield for each row: configuration, columns, payload, whether it is stale."""
        configuration = "nullif(configuration.display_name, '')"
        rows = self._sql.fetch(
            f"""
            SELECT {", ".join((configuration, *columns, _STALE, "found.payload"))}
            {_CONFIGURATIONS}
            JOIN {table} AS found ON found.evaluator_configuration_id = configuration.id {joins}
            WHERE run.id = ? ORDER BY {", ".join(("configuration.id", *order))}
            """,
            (*of_joins, run_id),
        )
        objects = as_objects([payload for *_, payload in rows])
        for (*values, stale, _), content in zip(rows, objects, strict=True):
            yield [*values, content, _truth(stale)]


def _truth(stale: int | None) -> bool | None:
    return None if stale is None else bool(stale)
