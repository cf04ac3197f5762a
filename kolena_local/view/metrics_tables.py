"""Metrics of test cases as tables: a table for each metric, a row for each test case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Final, NamedTuple

from kolena_local.payload import Json, by_label
from kolena_local.view.result_tables import size
from kolena_local.view.shortened import short_value, shortened

_MOST_ROWS: Final = 1_000  # of a metric that has parts


class Cell(NamedTuple):
    """A metric of a model; ``share`` is the length of its bar from 0 to 1, None without a bar."""

    value: Json
    share: float | None


class MetricRow(NamedTuple):
    """A metric of each model in a test case.

    Attributes:
        test_case: its name; None for the whole test suite.
        span: how many rows the test case has from this one on; 0 if this is not its first.
        part: the part of a nested metric, such as a class; an empty string if it has none.
        cells: the values.
    """

    test_case: str | None
    span: int
    part: str
    cells: list[Cell]


class MetricTable(NamedTuple):
    """A metric in all test cases; of one with very many parts, ``left_out`` rows are not there."""

    metric: str
    rows: list[MetricRow]
    left_out: int

    @property
    def has_parts(self) -> bool:
        """Whether the metric is an object or a list of objects."""
        return any(row.part for row in self.rows)


def metric_tables(
    test_cases: Sequence[str | None],
    models: Sequence[str],
    metrics: Mapping[tuple[str, str | None], Mapping[str, Json]],
) -> list[MetricTable]:
    """Return a table for each metric, and for each field that the parts of a metric have.

    Args:
        test_cases: the names of the test cases, in order; None is the whole test suite.
        models: the names of the models, in order.
        metrics: the metrics by model and test case.
    """
    tables: dict[str, dict[tuple[str | None, str], dict[str, Json]]] = {}
    for test_case in test_cases:
        for model in models:
            for name, value in metrics.get((model, test_case), {}).items():
                for path, item in _parts(value):
                    *part, field = path or [""]
                    table, part = (f"{name}: {field}", part) if part else (name, [field])
                    rows = tables.setdefault(table, {})
                    rows.setdefault((test_case, ".".join(part)), {})[model] = item
    return [_table(name, models, rows) for name, rows in tables.items()]


def _table(
    name: str,
    models: Sequence[str],
    found: Mapping[tuple[str | None, str], Mapping[str, Json]],
) -> MetricTable:
    first = {test_case: place for place, (test_case, _) in reversed([*enumerate(found)])}
    order = sorted(found, key=lambda row: first[row[0]])  # a model may have parts of its own
    scale = [size(value) for values in found.values() for value in values.values()]
    most = _MOST_ROWS if any(part for _, part in found) else len(found)
    shown = order[:most]
    spans = Counter(test_case for test_case, _ in shown)
    rows = [
        MetricRow(
            test_case,
            spans.pop(test_case, 0),
            shortened(part),
            _cells([found[test_case, part].get(model) for model in models], scale),
        )
        for test_case, part in shown
    ]
    return MetricTable(shortened(name), rows, len(found) - len(rows))


def _parts(value: Json) -> Iterator[tuple[list[str], Json]]:
    """Yield the values in a metric with their paths: names of fields, and of items of lists."""
    items: list[tuple[str, Json]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        objects = [item for item in value if isinstance(item, dict)]
        items = by_label(objects) if objects and len(objects) == len(value) else []
    if not items:
        yield [], value
    for name, item in items:
        for path, part in _parts(item):
            yield [name, *path], part


def _cells(values: Sequence[Json], scale: Sequence[float | None]) -> list[Cell]:
    known = [one for one in scale if one is not None]
    # What is between 0 and 1 is a share; other metrics have no natural end but the largest.
    end = max([1.0, *known])
    sizes = [None if min(known) < 0 else size(value) for value in values] if known else []
    return [
        Cell(short_value(value), None if one is None else one / end)
        for value, one in zip_longest(values, sizes)
    ]
