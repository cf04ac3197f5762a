"""The rows of each test case of a quality standard."""

from __future__ import annotations

import itertools
import json
import math
import sys
from collections.abc import Hashable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kolena_local.dataset.quality_standard.fields import Fields, equals, numbers
from kolena_local.dataset.quality_standard.stratification import (
    Buckets,
    FieldFilter,
    Part,
    Range,
    Stratification,
    StratifyField,
)
from kolena_local.errors import InputValidationError

Rows = NDArray[np.bool_]

_MOST_TEST_CASES = 1000
_LARGE = sys.float_info.max / 4
_QUANTILES = {1: "all", 2: "half", 3: "tertile", 4: "quartile", 5: "quintile", 6: "sextile"}
_QUANTILES |= {7: "septile", 8: "octile", 10: "decile", 100: "percentile"}


class Stratum(NamedTuple):
    """The rows of a test case, for each model: they differ if results divide the dataset."""

    stratification: str
    test_case: str
    rows: list[Rows]


def divide(stratification: Stratification, models: Sequence[Fields]) -> list[Stratum]:
    """Return the test cases of a stratification.

    Where buckets are and which values occur is decided by all datapoints that the filters leave,
    with or without results, and, for a field of results, by all models together: the test cases are
    the same for each model.

    Args:
        stratification: what divides.
        models: the fields of each model, with the same datapoints.

    Returns:
        The test cases in the order of the stratification.

    Raises:
        InputValidationError: a field without values or buckets has too many values.
    """
    left = np.ones(len(models[0].index), dtype=bool)
    for name, condition in stratification.conditions().items():
        left &= _satisfies(models[0].get(name), condition)
    divisions = [_Division(field, models, left) for field in stratification.stratify_fields]
    if stratification.test_cases:
        cases = [(case.name, case.stratification) for case in stratification.test_cases]
        for place, division in enumerate(divisions):
            division.notice_ranges(
                [case.stratification[place] for case in stratification.test_cases]
            )
    else:
        cases = _all_test_cases(stratification, divisions)
    strata = []
    for name, parts in cases:
        rows = [left.copy() for _ in models]
        for division, part in zip(divisions, parts, strict=True):
            for mask, taken in zip(rows, division.rows(part), strict=True):
                mask &= taken
        strata.append(Stratum(stratification.name, name, rows))
    return strata


def _satisfies(values: pd.Series[Any], condition: FieldFilter) -> Rows:
    found = np.zeros(len(values), dtype=bool)
    for value in condition.value_in or ():
        found |= equals(values, value)
    return found | equals(values, None) if condition.null_value else found


def _all_test_cases(
    stratification: Stratification, divisions: list[_Division]
) -> list[tuple[str, list[Part]]]:
    parts = [division.all_parts() for division in divisions]
    n_cases = math.prod(len(each) for each in parts)
    if n_cases > _MOST_TEST_CASES:
        raise InputValidationError(
            f"The stratification '{stratification.name}' has {n_cases:,} test cases, more than"
            f" {_MOST_TEST_CASES:,}; give its fields values or buckets."
        )
    if not parts:
        return [(stratification.name, [])]
    return [
        (", ".join(name for name, _ in combination), [part for _, part in combination])
        for combination in itertools.product(*parts)
    ]


class _Division:
    """A stratify field, and its values for each model."""

    def __init__(self, field: StratifyField, models: Sequence[Fields], left: Rows) -> None:
        self.field = field
        self._left = left
        self._of_results = field.source == "result"
        asked = models if self._of_results else models[:1]
        self._values = [model.get(field.path()) for model in asked]
        self._n_models = len(models)
        self._numbers = [numbers(values) for values in self._values]
        self._edges = self._bucket_edges() if field.buckets is not None else np.array([])
        self._lowest = self._edges[0] if isinstance(field.buckets, list) else math.inf

    def notice_ranges(self, parts: Sequence[Part]) -> None:
        """Let the lowest of some ranges have its lower edge."""
        ranges = [part.value for part in parts if isinstance(part.value, Range)]
        lows = [-math.inf if each.min is None else each.min for each in ranges]
        self._lowest = min([self._lowest, *lows])

    def rows(self, part: Part) -> list[Rows]:
        """Return the rows of a part, for each model."""
        if part.index is not None:
            taken = [self._buckets(values) == part.index for values in self._numbers]
        elif isinstance(part.value, Range):
            taken = [self._within(values, part.value) for values in self._numbers]
        else:
            taken = [equals(values, part.value) for values in self._values]
        return taken if self._of_results else taken * self._n_models

    def all_parts(self) -> list[tuple[str, Part]]:
        """Return the parts, with their names."""
        buckets = self.field.buckets
        if buckets is None:
            values = self._distinct() if self.field.values is None else self.field.values
            names = [value if isinstance(value, str) else json.dumps(value) for value in values]
            if len(set(names)) < len(names):  # 1 and "1"
                names = [json.dumps(value) for value in values]
            return [(name, Part(value)) for name, value in zip(names, values, strict=True)]
        if isinstance(buckets, Buckets):
            names = [_bucket_name(index, buckets) for index in range(buckets.count)]
        elif len(buckets) == 1:
            names = [f"(-inf, {buckets[0]:.15g}]", f"({buckets[0]:.15g}, inf)"]
        else:
            names = [f"({low:.15g}, {high:.15g}]" for low, high in itertools.pairwise(buckets)]
            names[0] = f"[{names[0][1:]}"
        return [(name, Part(index=index)) for index, name in enumerate(names)]

    def _distinct(self) -> list[Any]:
        """Return the values that occur, in their order; null, if it occurs, as the last."""
        values = pd.concat([each[self._left].astype(object) for each in self._values])
        present = values[values.notna()]
        found: dict[Hashable, Any] = {}
        for value in present:
            if not np.isscalar(value):
                raise InputValidationError(
                    f"The field '{self.field.field}' cannot divide the dataset: it has"
                    f" {type(value).__name__} objects; name a field of them, as in"
                    f" '{self.field.field}.label'."
                )
            value = value.item() if isinstance(value, np.generic) else value
            found.setdefault((isinstance(value, bool), value), value)
        distinct = list(found.values())
        with suppress(TypeError):  # of different types: the order of the datapoints
            distinct.sort()
        return distinct if len(present) == len(values) else [*distinct, None]

    def _bucket_edges(self) -> NDArray[np.float64]:
        buckets = self.field.buckets
        if isinstance(buckets, list):
            return np.array(buckets)
        assert buckets is not None
        values = np.concatenate([each[self._left] for each in self._numbers])
        values = values[np.isfinite(values)]
        if len(values) == 0 or (values == values[0]).all():
            return np.array([])  # one bucket has them all
        scale = 4.0 if np.max(np.abs(values)) > _LARGE else 1.0  # their difference may overflow
        values = values / scale
        if buckets.type == "equal-height":
            _, edges = pd.qcut(values, buckets.count, labels=False, retbins=True, duplicates="drop")
        else:
            edges = np.linspace(values.min(), values.max(), buckets.count + 1)
        return np.asarray(edges * scale, dtype=float)

    def _buckets(self, values: NDArray[np.float64]) -> NDArray[np.intp]:
        """Return the index of the bucket of each value, -1 if it is in none."""
        edges = self._edges
        counted = isinstance(self.field.buckets, Buckets)
        if counted or len(edges) == 1:
            inner = edges[1:-1] if counted else edges
            index = np.searchsorted(inner, values, side="left")
            return np.where(np.isnan(values), -1, index)
        index = np.searchsorted(edges, values, side="left") - 1
        index = np.where(values == edges[0], 0, index)
        return np.where((values >= edges[0]) & (values <= edges[-1]), index, -1)

    def _within(self, values: NDArray[np.float64], bounds: Range) -> Rows:
        low = -math.inf if bounds.min is None else bounds.min
        high = math.inf if bounds.max is None else bounds.max
        above = values >= low if low <= self._lowest or low == high else values > low
        return np.asarray(above & (values <= high))


def _bucket_name(index: int, buckets: Buckets) -> str:
    if buckets.type == "equal-width":
        return f"bucket {index + 1} of {buckets.count}"
    tens, ones = divmod(index + 1, 10)
    ending = "th" if tens % 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(ones, "th")
    return f"{index + 1}{ending} {_QUANTILES.get(buckets.count, 'quantile')}"
