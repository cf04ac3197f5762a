"""What evaluators found out: metrics of samples, test cases and suites, and plots.

Everything hangs on one configuration of a run and is replaced together, so that a reader sees the
old results or the new ones, never half of each. Private to the test runs.
"""

from __future__ import annotations

from typing import Final

from kolena_local.repository.records import (
    CaseMetricsRecord,
    PlotRecord,
    Results,
    SampleMetricsRecord,
    SampleScoreRow,
    SuiteMetricsRecord,
)
from kolena_local.repository.rows import Sql, as_object

_TABLES: Final = ("metrics_test_sample", "metrics_test_case", "metrics_test_suite", "plot")

_CONFIGURATIONS: Final = """
    FROM test_run AS run
    CROSS JOIN evaluator_configuration AS configuration ON configuration.test_run_id = run.id
"""


def replace(sql: Sql, configuration_id: int, found: Results) -> None:
    """Delete what is stored for the configuration and store what was found."""
    for table in _TABLES:
        sql.execute(
            f"DELETE FROM {table} WHERE evaluator_configuration_id = ?",
            (configuration_id,),
        )
    for metrics in found.sample_metrics:
        sql.insert_columns(
            "INSERT INTO metrics_test_sample"
            " (evaluator_configuration_id, test_case_id, test_sample_id, payload)",
            metrics,
            first=configuration_id,
        )
        del metrics  # before the next page is unfolded
    sql.insert(
        "INSERT INTO metrics_test_case (evaluator_configuration_id, test_case_id, payload)",
        ((configuration_id, *metrics) for metrics in found.case_metrics),
    )
    sql.insert(
        "INSERT INTO plot (evaluator_configuration_id, test_case_id, position, payload)",
        ((configuration_id, *plot) for plot in found.plots),
    )
    if found.suite_metrics is not None:
        sql.execute(
            "INSERT INTO metrics_test_suite (evaluator_configuration_id, payload) VALUES (?, ?)",
            (configuration_id, found.suite_metrics),
        )


def count(sql: Sql, run_id: int) -> int:
    """Return how many metrics and plots a run has, of all its configurations."""
    counts = " + ".join(
        f"(SELECT count(*) FROM {table} WHERE evaluator_configuration_id = configuration.id)"
        for table in _TABLES
    )
    query = f"SELECT ifnull(sum({counts}), 0) {_CONFIGURATIONS} WHERE run.id = ?"
    return int(sql.value(query, (run_id,)))


def case_metrics(sql: Sql, run_id: int) -> list[CaseMetricsRecord]:
    """Return the metrics of the run's test cases: by configuration, then in the suite's order."""
    rows = sql.fetch(
        f"""
        SELECT nullif(configuration.display_name, ''), test_case.name, pinned.test_case_version,
            version.sample_count, metrics.payload
        {_CONFIGURATIONS}
        JOIN metrics_test_case AS metrics
            ON metrics.evaluator_configuration_id = configuration.id
        JOIN test_case ON test_case.id = metrics.test_case_id
        JOIN test_suite_member AS pinned
            ON pinned.test_suite_id = run.test_suite_id
            AND pinned.version = run.test_suite_version
            AND pinned.test_case_id = test_case.id
        JOIN test_case_version AS version
            ON version.test_case_id = pinned.test_case_id
            AND version.version = pinned.test_case_version
        WHERE run.id = ? ORDER BY configuration.id, pinned.position
        """,
        (run_id,),
    )
    return [
        CaseMetricsRecord(name, test_case, version, sample_count, as_object(text))
        for name, test_case, version, sample_count, text in rows
    ]


def suite_metrics(sql: Sql, run_id: int) -> list[SuiteMetricsRecord]:
    """Return the metrics of the run's test suite, by configuration."""
    rows = sql.fetch(
        f"""
        SELECT nullif(configuration.display_name, ''), metrics.payload
        {_CONFIGURATIONS}
        JOIN metrics_test_suite AS metrics
            ON metrics.evaluator_configuration_id = configuration.id
        WHERE run.id = ? ORDER BY configuration.id
        """,
        (run_id,),
    )
    return [SuiteMetricsRecord(name, as_object(text)) for name, text in rows]


def sample_metrics(
    sql: Sql, run_id: int, test_case: str | None, after: int, limit: int
) -> list[SampleMetricsRecord]:
    """Return a page of the metrics of the run's samples, in the order in which they were stored."""
    rows = sql.fetch(
        f"""
        SELECT nullif(configuration.display_name, ''), test_case.name, sample.id, sample.payload,
            metrics.payload, metrics.id
        {_CONFIGURATIONS}
        -- By id: the index has another order, and each page would be sorted out of all rows.
        JOIN metrics_test_sample AS metrics NOT INDEXED
            ON metrics.evaluator_configuration_id = configuration.id
        JOIN test_sample AS sample ON sample.id = metrics.test_sample_id
        LEFT JOIN test_case ON test_case.id = metrics.test_case_id
        WHERE run.id = :run AND metrics.id > :after
            AND (:test_case IS NULL OR test_case.name = :test_case)
        ORDER BY metrics.id LIMIT :limit
        """,
        {"run": run_id, "test_case": test_case, "after": after, "limit": limit},
    )
    return [SampleMetricsRecord(*row) for row in rows]


def has_sample_scores(sql: Sql, configuration_id: int) -> bool:
    """Say whether there are metrics of any sample under one configuration."""
    query = "SELECT EXISTS (SELECT 1 FROM metrics_test_sample WHERE evaluator_configuration_id = ?)"
    return bool(sql.value(query, (configuration_id,)))


def sample_scores(
    sql: Sql, configuration_id: int, test_case_id: int | None, after: int, limit: int
) -> list[SampleScoreRow]:
    """Return a page of the metrics of a test case's samples, by the samples' ids."""
    rows = sql.fetch(
        """
        SELECT test_sample_id, payload FROM metrics_test_sample
        WHERE evaluator_configuration_id = :id AND ifnull(test_case_id, 0) = ifnull(:case, 0)
            AND test_sample_id > :after
        ORDER BY test_sample_id LIMIT :limit
        """,
        {"id": configuration_id, "case": test_case_id, "after": after, "limit": limit},
    )
    return [SampleScoreRow(*row) for row in rows]


def plots(sql: Sql, run_id: int) -> list[PlotRecord]:
    """Return the plots of the run: by configuration, in the suite's order, then the evaluator's."""
    rows = sql.fetch(
        f"""
        SELECT nullif(configuration.display_name, ''), test_case.name, plot.position, plot.payload
        {_CONFIGURATIONS}
        JOIN plot ON plot.evaluator_configuration_id = configuration.id
        JOIN test_case ON test_case.id = plot.test_case_id
        JOIN test_suite_member AS pinned
            ON pinned.test_suite_id = run.test_suite_id
            AND pinned.version = run.test_suite_version
            AND pinned.test_case_id = test_case.id
        WHERE run.id = ? ORDER BY configuration.id, pinned.position, plot.position
        """,
        (run_id,),
    )
    return [
        PlotRecord(name, test_case, position, as_object(text))
        for name, test_case, position, text in rows
    ]
