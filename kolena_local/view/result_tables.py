"""Metrics as tables: one column for each metric, lists of objects as tables of their own."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeGuard

from kolena_local.payload import Json, dumps
from kolena_local.repository.result_records import CaseMetricsRecord, SuiteMetricsRecord
from kolena_local.view.shortened import flat, without_types

MetricsRecord = CaseMetricsRecord | SuiteMetricsRecord
Values = dict[str, Json]


class MetricTable(NamedTuple):
    """Metrics of test cases, or of a test suite.

    Attributes:
        name: the metric that is a list of the objects in the rows; None for the metrics themselves.
        columns: the names of the values.
        rows: the record that each row belongs to, and its values by name.
    """

    name: str | None
    columns: list[str]
    rows: list[tuple[MetricsRecord, Values]]

    def numeric(self) -> set[str]:
        """Return the columns that have numbers only, or nothing."""
        other = {
            name
            for _, values in self.rows
            for name, value in values.items()
            if value is not None and not is_number(value)
        }
        return {name for name in self.columns if name not in other}

    def shares(self) -> dict[str, list[float | None]]:
        """Return how far the bars of each column's values reach; see :func:`shares`."""
        return {
            name: shares([values.get(name) for _, values in self.rows]) for name in self.columns
        }


def metric_tables(records: Iterable[MetricsRecord]) -> list[MetricTable]:
    """Return the metrics of records as tables: single values first, then each list of objects."""
    top: list[tuple[MetricsRecord, Values]] = []
    nested: dict[str, list[tuple[MetricsRecord, Values]]] = {}
    for record in records:
        values = dict(flat(record.metrics))
        top.append((record, values))
        for name, value in values.items():
            if isinstance(value, list) and value:
                objects = [dict(flat(item)) for item in value if isinstance(item, dict)]
                if len(objects) == len(value):
                    nested.setdefault(name, []).extend((record, item) for item in objects)
    tables = [_table(None, top, nested)] if top else []
    return tables + [_table(name, rows, ()) for name, rows in nested.items()]


def _table(
    name: str | None, rows: list[tuple[MetricsRecord, Values]], without: Iterable[str]
) -> MetricTable:
    columns = dict.fromkeys(column for _, values in rows for column in values)
    return MetricTable(name, [column for column in columns if column not in set(without)], rows)


def numeric_names(metrics: Iterable[Mapping[str, Json]]) -> list[str]:
    """Return the names of flat metrics that are numbers, those with a share in them first."""
    found: dict[str, bool] = {}
    for values in metrics:
        for name, value in values.items():
            if is_number(value):
                found[name] = found.get(name, False) or isinstance(value, float)
    return sorted(found, key=lambda name: not found[name])


def shares(values: Sequence[Json]) -> list[float | None]:
    """Return for each value how far its bar reaches, from 0 to 1; None draws none.

    The values are of one metric. Shares of 1 reach as far as they are; other numbers are compared
    to the largest. Counts, and numbers of which some are negative, have no bars.
    """
    sizes = list(map(size, values))
    known = [one for one in sizes if one is not None]
    if not known or min(known) < 0 or max(known) == 0 or all(_is_count(one) for one in values):
        return [None] * len(values)
    full = max(1.0, *known)
    return [None if one is None else one / full for one in sizes]


def size(value: Json) -> float | None:
    """Return what a bar shows; None of what is not a finite number."""
    try:
        return float(value) if is_number(value) and math.isfinite(value) else None
    except OverflowError:  # an integer beyond 1e308
        return None


def _is_count(value: Json) -> bool:
    return not isinstance(value, float)


def is_number(value: object) -> TypeGuard[int | float]:
    """Return whether a value is a number, and not a bool."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def in_words(value: Json, longest: int = 300) -> str:
    """Return an object's values on one line, without their types; a single one as it is.

    Args:
        value: a ground truth, an inference or any other value.
        longest: where the text is cut: an answer may have thousands of points.
    """
    if not isinstance(value, dict):
        text = "\N{EN DASH}" if value is None else value if isinstance(value, str) else dumps(value)
    else:
        fields = {
            name: item if isinstance(item, str) else dumps(item)
            for name, item in without_types(value)
        }
        several = ", ".join(f"{name}: {item}" for name, item in fields.items())
        text = next(iter(fields.values())) if len(fields) == 1 else several
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
