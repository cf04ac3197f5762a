"""The means of uploaded results, which are the metrics of the dataset as a whole.

They are those of the latest rows, and are computed again whenever rows or results change.
"""

from __future__ import annotations

from typing import Any, Final

from kolena_local.payload import dumps
from kolena_local.repository.dataset_records import DatasetRecord
from kolena_local.repository.records import TestCaseRecord
from kolena_local.repository.rows import Sql, as_objects
from kolena_local.repository.test_suites import TestSuites

_PAGE: Final = 2_000


def store_means(sql: Sql, dataset: DatasetRecord, configuration_id: int) -> None:
    """Store the means of result fields in each test case of the dataset's latest suite.

    They are those of the fields that have nothing but numbers, bools and null.
    """
    sql.execute(
        "DELETE FROM metrics_test_case WHERE evaluator_configuration_id = ?", (configuration_id,)
    )
    for case in TestSuites(sql).get(dataset.name).test_cases:
        if means := _means(sql, configuration_id, case):
            sql.execute(
                "INSERT INTO metrics_test_case (evaluator_configuration_id, test_case_id, payload)"
                " VALUES (?, ?, ?)",
                (configuration_id, case.id, dumps({**means})),
            )


def _means(sql: Sql, configuration_id: int, case: TestCaseRecord) -> dict[str, float]:
    sums: dict[str, list[float]] = {}
    others: set[str] = set()
    for page in sql.pages(
        """
        SELECT metrics.payload FROM test_case_member AS member
        CROSS JOIN metrics_test_sample AS metrics
            ON metrics.evaluator_configuration_id = :configuration
            AND ifnull(metrics.test_case_id, 0) = 0
            AND metrics.test_sample_id = member.test_sample_id
        WHERE member.test_case_id = :case AND member.added <= :version
            AND (member.removed IS NULL OR member.removed > :version)
        """,
        {"configuration": configuration_id, "case": case.id, "version": case.version},
        _PAGE,
    ):
        for result in as_objects([payload for (payload,) in page]):
            _add(result, sums, others)
    return {
        name: total / count for name, (total, count) in sums.items() if count and name not in others
    }


def _add(result: dict[str, Any], sums: dict[str, list[float]], others: set[str]) -> None:
    for name, value in result.items():
        found = sums.get(name)
        if found is None:
            found = sums[name] = [0.0, 0]
        if type(value) in (float, int, bool):
            if value == value:  # not NaN
                try:
                    found[0] += value
                except OverflowError:  # an integer that is greater than all floats
                    others.add(name)
                found[1] += 1
        elif value is not None:
            others.add(name)
