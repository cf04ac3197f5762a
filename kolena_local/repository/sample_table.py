"""Samples as a table for people: what belongs to each, filtered, sorted, and a page at a time.

SQLite filters and sorts. Where its JSON functions are not exact (text with NUL, integers beyond
2^63, escape objects), rows are filtered in Python, and may be sorted slightly out of order.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

from kolena_local.errors import InputValidationError
from kolena_local.payload import Json, needs_escape
from kolena_local.real_numbers import as_float
from kolena_local.repository.conditions import Condition
from kolena_local.repository.metadata_paths import Path, path_text, sqlite_path, value_at
from kolena_local.repository.rows import Repository, as_ids, as_object
from kolena_local.repository.suite_samples import PLACE, PLACES

#: The first words of fields, and the columns in which they are.
_COLUMNS: Final = {
    "sample": "sample.payload",
    "metadata": "sample.metadata",
    "ground_truth": "truth.payload",
    "inference": "inference.payload",
    "metrics": "metrics.payload",
    "base_inference": "base_inference.payload",
    "base_metrics": "base_metrics.payload",
}
_PAGE: Final = 2000
ROOTS: Final = (*_COLUMNS, "change")
_NUMBERS: Final = "'true', 'false', 'integer', 'real'"
#: Below this, SQLite compares integers and floats exactly.
_EXACT: Final = 9.2e18
_FIRST_ONLY: Final = """
    AND NOT EXISTS (
        -- The same sample in an earlier test case of the test suite.
        SELECT 1 FROM test_case_member AS earlier INDEXED BY test_case_member_sample
        CROSS JOIN test_suite_member AS other
            ON other.test_suite_id = :suite AND other.version = :version
            AND other.test_case_id = earlier.test_case_id AND other.position < pinned.position
            AND earlier.added <= other.test_case_version
            AND (earlier.removed IS NULL OR earlier.removed > other.test_case_version)
        WHERE pinned.position > 0 AND earlier.test_sample_id = member.test_sample_id)
"""


class TableScope(NamedTuple):
    """Which samples a table has, and whose answers stand beside them.

    Attributes:
        test_suite_id: a test suite, of which each sample comes once; None for a test case.
        version: the version of the test suite or the test case.
        test_case_id: a test case; of a test suite, only its samples. None for a whole test suite.
        model_id: the model whose inferences are shown.
        configuration_id: where its per-sample metrics are.
        base_id: a second model.
        base_configuration_id: where the second model's per-sample metrics are.
    """

    test_suite_id: int | None
    version: int
    test_case_id: int | None = None
    model_id: int | None = None
    configuration_id: int | None = None
    base_id: int | None = None
    base_configuration_id: int | None = None


class TableRow(NamedTuple):
    """A row of the table; all but ids and places are JSON texts, None where there is nothing.

    ``key`` is the value that the table is sorted by, ``place`` is where the row is without sorting.
    """

    place: int
    key: Any
    test_sample_id: int
    sample: str
    metadata: str
    ground_truth: str
    inference: str | None
    is_waiting: int | None
    metrics: str | None
    base_inference: str | None
    base_is_waiting: int | None
    base_metrics: str | None


class TableMetrics(NamedTuple):
    """Where the per-sample metrics of a model are: a configuration of one of its current runs.

    ``directions`` is the JSON text of :class:`ConfigurationRecord`.
    """

    configuration_id: int
    evaluator: str | None
    configuration: str | None
    directions: str | None
    stale_reason: str | None


class SampleTable(Repository):
    """The samples of test cases and test suites as tables, inside one transaction."""

    def metrics_of(self, model_id: int, scope: TableScope) -> list[TableMetrics]:
        """Return where a model's per-sample metrics for these samples are, the newest first."""
        rows = self._sql.fetch(
            """
            SELECT configuration.id, nullif(run.evaluator, ''),
                nullif(configuration.display_name, ''), configuration.directions,
                configuration.stale_reason
            FROM test_run AS run
            JOIN evaluator_configuration AS configuration ON configuration.test_run_id = run.id
            WHERE run.model_id = :model AND run.superseded_at IS NULL
                AND iif(:suite IS NULL,
                    EXISTS (SELECT 1 FROM test_suite_member AS pinned
                        WHERE pinned.test_suite_id = run.test_suite_id
                            AND pinned.version = run.test_suite_version
                            AND pinned.test_case_id = :case
                            AND pinned.test_case_version = :version),
                    run.test_suite_id = :suite AND run.test_suite_version = :version)
                AND EXISTS (SELECT 1 FROM metrics_test_sample
                    WHERE evaluator_configuration_id = configuration.id)
            ORDER BY configuration.evaluated_at DESC, configuration.id DESC
            """,
            {**_given(scope), "model": model_id},
        )
        return [TableMetrics(*row) for row in rows]

    def rows(
        self,
        scope: TableScope,
        conditions: Sequence[Condition] = (),
        sort: Path | None = None,
        *,
        descending: bool = False,
        after: tuple[Any, int] | None = None,
        limit: int = 100,
    ) -> list[TableRow]:
        """Return a page of the rows that satisfy all conditions.

        Args:
            scope: which samples.
            conditions: conditions on fields, which begin with one of ``ROOTS``; ``change.NAME`` is
                the model's metric minus the base's.
            sort: the field to sort by; rows without it come last. None sorts by place.
            descending: whether the greatest value comes first.
            after: key and place of the last row of the page before.
            limit: at most so many rows.

        Raises:
            InputValidationError: there is no such field.
        """
        key, parameters = ("NULL", {}) if sort is None else _value(sort, "sort")
        wanted, more = self._wanted(scope, conditions, key)
        parameters.update(more, limit=limit)
        if sort is None:
            order = "found.place"
            # No page is read again for the next one.
            start = -1 if after is None else after[1]
            parameters.update(after_case=max(start, 0) // PLACES, after_position=start % PLACES)
            page = f"""{wanted} AND pinned.position >= :after_case
                AND member.position > CASE WHEN {start} < 0 OR pinned.position > :after_case THEN -1
                    ELSE :after_position END
                ORDER BY pinned.position, member.position LIMIT :limit"""
        else:
            order = f"key IS NULL, key {'DESC' * descending}, place"
            beyond = "" if after is None else f"WHERE {_beyond(after, descending)}"
            if after is not None:
                parameters.update(after_key=_bindable(after[0]), after_place=after[1])
            page = f"SELECT * FROM ({wanted}) {beyond} ORDER BY {order} LIMIT :limit"
        rows = self._sql.fetch(
            f"""
            SELECT found.place, found.key, sample.id, {_COLUMNS["sample"]}, sample.metadata,
                truth.payload, inference.payload, inference.stale, metrics.payload,
                base_inference.payload, base_inference.stale, base_metrics.payload
            FROM ({page}) AS found
            CROSS JOIN test_case_member AS member ON member.test_case_id = found.test_case_id
                AND member.position = found.position AND member.added = found.added
            {_joins(_COLUMNS)}
            ORDER BY {order}
            """,
            {**_given(scope), **parameters},
        )
        return [TableRow(*row) for row in rows]

    def count(self, scope: TableScope, conditions: Sequence[Condition], most: int) -> int:
        """Return how many rows satisfy all conditions, counting no further than ``most``."""
        wanted, parameters = self._wanted(scope, conditions, "NULL")
        return int(
            self._sql.value(
                f"SELECT count(*) FROM ({wanted} LIMIT :most)",
                {**_given(scope), **parameters, "most": most},
            )
        )

    def pairs(
        self, scope: TableScope, conditions: Sequence[Condition]
    ) -> tuple[array[int], array[int]]:
        """Return the ids of the samples that satisfy all conditions, and of their ground truths."""
        wanted, parameters = self._wanted(scope, conditions, "NULL")
        query = (
            f"SELECT test_sample_id, ground_truth_id FROM"
            f" ({wanted} ORDER BY pinned.position, member.position)"
        )
        samples, truths = array("q"), array("q")
        for page in self._sql.pages(query, {**_given(scope), **parameters}, _PAGE):
            samples += as_ids(sample for sample, _ in page)
            truths += as_ids(truth for _, truth in page)
        return samples, truths

    def models_with_runs(self, scope: TableScope, limit: int = 200) -> list[str]:
        """Return the names of the models that were run on these samples, newest runs first."""
        rows = self._sql.fetch(
            """
            SELECT model.name FROM test_run AS run JOIN model ON model.id = run.model_id
            WHERE iif(:suite IS NULL,
                EXISTS (SELECT 1 FROM test_suite_member AS pinned
                    WHERE pinned.test_suite_id = run.test_suite_id
                        AND pinned.version = run.test_suite_version
                        AND pinned.test_case_id = :case),
                run.test_suite_id = :suite)
            GROUP BY model.id ORDER BY max(run.id) DESC LIMIT :limit
            """,
            {**_given(scope), "limit": limit},
        )
        return [name for (name,) in rows]

    def _wanted(
        self, scope: TableScope, conditions: Sequence[Condition], key: str
    ) -> tuple[str, dict[str, Any]]:
        """Return the query of the rows in no order: place, key, and the member's key."""
        parameters: dict[str, Any] = {}
        texts = []
        for number, condition in enumerate(conditions):
            text, more = _condition(condition, number)
            texts.append(f" AND {text}")
            parameters.update(more)
        if conditions:
            self._sql.driver.create_function("admits", 2, partial(_admits, conditions))
        joins = _joins([name for name, at in _COLUMNS.items() if at in f"{key}{''.join(texts)}"])
        if scope.test_suite_id is None:
            members = "(SELECT 0 AS position, :case AS test_case_id, :version AS test_case_version)"
            pins = "true"
        else:
            members = "test_suite_member"
            pins = "pinned.test_suite_id = :suite AND pinned.version = :version"
            if scope.test_case_id is not None:
                pins += " AND pinned.test_case_id = :case"
        is_whole = scope.test_suite_id is not None and scope.test_case_id is None
        # Sorting looks at every row; half of the time would be spent on looking for others of it.
        first = _FIRST_ONLY if is_whole and (key == "NULL" or self._is_sharing()) else ""
        query = f"""
            SELECT {PLACE} AS place, {key} AS key, member.test_case_id, member.position,
                member.added, member.test_sample_id, member.ground_truth_id
            FROM {members} AS pinned
            CROSS JOIN test_case_member AS member ON member.test_case_id = pinned.test_case_id
                AND member.added <= pinned.test_case_version
                AND (member.removed IS NULL OR member.removed > pinned.test_case_version)
            {joins}
            WHERE {pins} {first} {"".join(texts)}
        """
        return query, parameters

    def _is_sharing(self) -> bool:
        """Return whether a sample is in two test cases, of whatever test suite."""
        return bool(
            self._sql.value(
                """
                SELECT EXISTS (SELECT 1 FROM test_case_member GROUP BY test_sample_id
                    HAVING min(test_case_id) < max(test_case_id))
                """
            )
        )


def _given(scope: TableScope) -> dict[str, Any]:
    return {
        "suite": scope.test_suite_id,
        "version": scope.version,
        "case": scope.test_case_id,
        "model": scope.model_id,
        "configuration": scope.configuration_id,
        "base": scope.base_id,
        "base_configuration": scope.base_configuration_id,
    }


def _beyond(after: tuple[Any, int], descending: bool) -> str:
    """Return the condition of rows that come after one, if the table is sorted."""
    if after[0] is None:
        return "key IS NULL AND place > :after_place"
    sign = "<" if descending else ">"
    return f"key IS NULL OR key {sign} :after_key OR (key = :after_key AND place > :after_place)"


def _bindable(value: Json) -> Json:
    """Return a value as SQLite compares it: an integer beyond 2^63 is a float there."""
    if not isinstance(value, int) or -(2**63) <= value < 2**63:
        return value
    return as_float(value)


def _joins(names: Iterable[str]) -> str:
    """Return what must be joined to ``member`` for the columns of these fields."""
    joins, names = [], set(names)
    if {"sample", "metadata"} & names:
        joins.append("CROSS JOIN test_sample AS sample ON sample.id = member.test_sample_id")
    if "ground_truth" in names:
        joins.append("CROSS JOIN ground_truth AS truth ON truth.id = member.ground_truth_id")
    for prefix, model in ("", "model"), ("base_", "base"):
        if f"{prefix}inference" in names:
            joins.append(
                f"LEFT JOIN inference AS {prefix}inference ON {prefix}inference.model_id = :{model}"
                f" AND {prefix}inference.test_sample_id = member.test_sample_id"
            )
        if f"{prefix}metrics" in names:
            joins.append(
                f"LEFT JOIN metrics_test_sample AS {prefix}metrics ON"
                f" {prefix}metrics.evaluator_configuration_id = :{prefix}configuration"
                f" AND ifnull({prefix}metrics.test_case_id, 0) IN (0, member.test_case_id)"
                f" AND {prefix}metrics.test_sample_id = member.test_sample_id"
            )
    return " ".join(joins)


def _value(path: Path, name: str) -> tuple[str, dict[str, Any]]:
    """Return SQL for a field's value, and its parameters.

    Raises:
        InputValidationError: there is no such field.
    """
    root, *rest = path
    if root not in ROOTS or not rest:
        raise InputValidationError(
            f"'{path_text(path)}' is not a field of this table; fields begin with"
            f" {', '.join(f'{one}.' for one in ROOTS)}."
        )
    given = {name: sqlite_path(tuple(rest))}
    if root == "change":
        sides = [_COLUMNS[it] for it in ("metrics", "base_metrics")]
        # SQLite takes text, which escape objects are, for 0.
        are_numbers = " AND ".join(f"json_type({it}, :{name}) IN ({_NUMBERS})" for it in sides)
        change = " - ".join(f"json_extract({it}, :{name})" for it in sides)
        return f"iif({are_numbers}, {change}, NULL)", given
    return f"json_extract({_COLUMNS[str(root)]}, :{name})", given


def _condition(condition: Condition, number: int) -> tuple[str, dict[str, Any]]:
    name, expected = f"condition{number}", condition.value
    value, parameters = _value(condition.path, name)
    sign, is_inexact = condition.operator.replace("!=", "="), ""
    if expected is None:
        text = f"{value} IS NULL"
    else:
        column = value.replace("json_extract", "json_type")
        types = "'true', 'false'" if isinstance(expected, bool) else "'text'"
        if not isinstance(expected, (bool, str)):
            types = "'integer', 'real'"
            is_inexact = f" OR {column} IN ({types}) AND abs({value} + 0.0) > {_EXACT}"
        elif needs_escape(expected):
            is_inexact, expected = " OR true", None
        typed = "" if condition.path[0] == "change" else f"{column} IN ({types}) AND "
        text = f"ifnull({typed}{value} {sign} :{name}_value, 0)"
        parameters[f"{name}_value"] = _bindable(expected)
    text = f"NOT {text}" if condition.operator == "!=" else text
    if condition.path[0] == "change":
        return text, parameters
    payload = _COLUMNS[str(condition.path[0])]
    is_inexact = f"instr({payload}, '\"$\"') OR instr({payload}, '\\u0000'){is_inexact}"
    return f"iif({is_inexact}, admits({number}, {payload}), {text})", parameters


def _admits(conditions: Sequence[Condition], number: int, payload: str) -> bool:
    condition = conditions[number]
    return condition.admits(value_at(as_object(payload or "{}"), condition.path[1:]))


def after_text(row: TableRow) -> str:
    """Return where a page ends, as text that :func:`read_after` reads."""
    return json.dumps([row.key, row.place])


def read_after(text: str) -> tuple[Any, int]:
    """Read where a page ended.

    Raises:
        InputValidationError: it is not such a text.
    """
    try:
        key, place = json.loads(text)
        if isinstance(place, int) and isinstance(key, (str, int, float, type(None))):
            return key, place
    except (ValueError, TypeError, RecursionError):
        pass
    raise InputValidationError("This is not a page of the table; go back to its first page.")
