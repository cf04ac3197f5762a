"""Headline metrics: one number of a test suite or one of its test cases, for each model."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from kolena_local.payload import Json, loads
from kolena_local.repository.freshness import staleness
from kolena_local.repository.metadata_paths import SEGMENT, parse_path, path_text, sqlite_path
from kolena_local.repository.rows import Repository, as_json, as_objects

_STALE: Final = staleness("configuration")
_RUNS: Final = """
    FROM test_run AS run
    JOIN evaluator_configuration AS configuration ON configuration.test_run_id = run.id
    JOIN test_suite AS suite ON suite.id = run.test_suite_id
"""

_IS_SOURCE: Final = """
    run.superseded_at IS NULL AND suite.name = :suite AND run.test_suite_version = :version
    AND run.evaluator = ifnull(:evaluator, '')
    AND configuration.display_name = ifnull(:configuration, '')
"""


class Source(NamedTuple):
    """What computed results that can be compared with each other."""

    test_suite: str
    version: int
    evaluator: str | None
    configuration: str | None


class Headline(NamedTuple):
    """A metric of a test case, or of the whole test suite if that is None; ``metric`` is a path."""

    source: Source
    test_case: str | None
    metric: str


class HeadlineValue(NamedTuple):
    """The metric of one model.

    ``is_stale`` is None if it is not known whether it is; ``directions`` is the configuration's.
    """

    model_id: int
    configuration_id: int
    value: Json
    is_stale: bool | None
    fingerprint: str | None
    directions: str | None

    @property
    def number(self) -> float:
        """The value as a float; NaN if it is not a number, or an integer beyond all floats."""
        try:
            return float(self.value) if isinstance(self.value, (int, float)) else math.nan
        except OverflowError:
            return math.nan


class Choices(NamedTuple):
    """The metrics that a source has: paths of single values."""

    test_cases: list[str]
    case_metrics: list[str]
    suite_metrics: list[str]


class Headlines(Repository):
    """The headline metrics of a store, inside one transaction."""

    def sources(self) -> list[Source]:
        """Return what computed the current results, the newest version of each suite first."""
        rows = self._sql.fetch(
            f"""
            SELECT DISTINCT suite.name, run.test_suite_version, nullif(run.evaluator, ''),
                nullif(configuration.display_name, '')
            {_RUNS} WHERE run.superseded_at IS NULL ORDER BY 1, 2 DESC, 3, 4
            """
        )
        return [Source(*row) for row in rows]

    def choices(self, source: Source) -> Choices:
        """Return the metrics of a source, as the newest results have them."""
        newest = self._sql.value(
            f"""
            SELECT configuration.id {_RUNS}
            WHERE {_IS_SOURCE} AND EXISTS (SELECT 1 FROM metrics_test_case
                WHERE evaluator_configuration_id = configuration.id)
            ORDER BY configuration.evaluated_at DESC, configuration.id DESC LIMIT 1
            """,
            _parameters(source),
        )
        cases = self._sql.fetch(
            f"""
            SELECT test_case.name, found.payload
            {_RUNS} JOIN metrics_test_case AS found
                ON found.evaluator_configuration_id = configuration.id
            JOIN test_case ON test_case.id = found.test_case_id
            LEFT JOIN test_suite_member AS pinned ON pinned.test_suite_id = run.test_suite_id
                AND pinned.version = run.test_suite_version
                AND pinned.test_case_id = found.test_case_id
            WHERE configuration.id = ? ORDER BY pinned.position
            """,
            (newest,),
        )
        suites = self._sql.fetch(
            "SELECT payload FROM metrics_test_suite WHERE evaluator_configuration_id = ?", (newest,)
        )
        return Choices(
            [name for name, _ in cases],
            _paths(payload for _, payload in cases),
            _paths(payload for (payload,) in suites),
        )

    def values(
        self, headline: Headline, model_ids: Sequence[int] | None = None
    ) -> dict[int, HeadlineValue]:
        """Return a metric of models that have it, by their ids.

        Args:
            headline: the metric.
            model_ids: only these models; None for all.

        Raises:
            InputValidationError: the metric is not a path.
        """
        path = sqlite_path(parse_path(headline.metric))
        of_case = headline.test_case is not None
        table = "metrics_test_case" if of_case else "metrics_test_suite"
        rows = self._sql.fetch(
            f"""
            SELECT run.model_id, configuration.id, json_extract(found.payload, :path),
                json_type(found.payload, :path), {_STALE}, configuration.fingerprint,
                configuration.directions
            {_RUNS} JOIN {table} AS found ON found.evaluator_configuration_id = configuration.id
            WHERE {_IS_SOURCE}
                AND (:ids IS NULL OR run.model_id IN (SELECT value FROM json_each(:ids)))
                {"AND found.test_case_id = (SELECT id FROM test_case WHERE name = :case)" * of_case}
            """,
            {
                **_parameters(headline.source),
                "path": path,
                "case": headline.test_case,
                "ids": None if model_ids is None else as_json(model_ids),
            },
        )
        return {
            model: HeadlineValue(
                model, id_, _value(found, kind), None if stale is None else bool(stale), *rest
            )
            for model, id_, found, kind, stale, *rest in rows
            if kind not in (None, "null")
        }

    def score_count(
        self, configuration_ids: Iterable[int], test_case: str | None, limit: int
    ) -> int:
        """Return how many metrics of samples there are, at most ``limit``.

        Args:
            configuration_ids: the configurations that computed them.
            test_case: only those of this test case, or of none; None for all.
        """
        return int(
            self._sql.value(
                """
                SELECT count(*) FROM (
                    SELECT 1 FROM json_each(:ids) AS wanted
                    CROSS JOIN metrics_test_sample AS found
                        ON found.evaluator_configuration_id = wanted.value
                    WHERE :case IS NULL OR ifnull(found.test_case_id, 0) IN (
                        0, (SELECT id FROM test_case WHERE name = :case))
                    LIMIT :limit)
                """,
                {"ids": as_json(configuration_ids), "case": test_case, "limit": limit},
            )
        )


def single_values(metrics: dict[str, Json], prefix: str = "") -> dict[str, Json]:
    """Return the single values of metrics by their paths; lists are left out."""
    found: dict[str, Json] = {}
    for key, value in metrics.items():
        step = path_text((key,))
        if not re.fullmatch(SEGMENT, step):
            continue  # a path cannot express it
        path = prefix + step
        if isinstance(value, dict):
            found |= single_values(value, f"{path}.")
        elif not isinstance(value, list):
            found[path] = value
    return found


def _paths(payloads: Iterable[str]) -> list[str]:
    objects = as_objects(list(payloads))
    return list(dict.fromkeys(path for one in objects for path in single_values(one)))


def _parameters(source: Source) -> dict[str, str | int | None]:
    return {
        "suite": source.test_suite,
        "version": source.version,
        "evaluator": source.evaluator,
        "configuration": source.configuration,
    }


def _value(found: str | float | None, kind: str) -> Json:
    if kind in ("true", "false"):
        return kind == "true"
    # An object may be NaN or an infinity as it is stored.
    return loads(found) if kind in ("object", "array") and isinstance(found, str) else found
