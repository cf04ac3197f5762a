"""The table of the metrics of a quality standard: test cases by models."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from kolena_local.dataset.arguments import check_number
from kolena_local.dataset.frames import check_name, check_names
from kolena_local.dataset.quality_standard.fields import Fields, require
from kolena_local.dataset.quality_standard.measures import measure
from kolena_local.dataset.quality_standard.metrics import BaseMetric
from kolena_local.dataset.quality_standard.significance import margin_of_error, verdict
from kolena_local.dataset.quality_standard.standard import QualityStandard
from kolena_local.dataset.quality_standard.strata import Rows, Stratum, divide
from kolena_local.dataset.quality_standard.strict import unknown
from kolena_local.errors import IncorrectUsageError, InputValidationError
from kolena_local.flags import check_bool

ModelAndConfig = tuple[str, str]


class _Column(NamedTuple):
    pair: int
    group: str
    metric: BaseMetric


def quality_standard_result(
    standard: QualityStandard,
    datapoints: pd.DataFrame,
    results: Mapping[ModelAndConfig, pd.DataFrame],
    *,
    metric_groups: Sequence[str] | None = None,
    intersect_results: bool = True,
    confidence_level: float | None = None,
    reference_model: str | None = None,
    reference_eval_config: dict[str, Any] | Literal["first"] | None = "first",
) -> pd.DataFrame:
    """Compute the metrics of a quality standard, for each test case and model.

    Args:
        standard: the metrics and the test cases.
        datapoints: one row each, with a unique index.
        results: by model and evaluation configuration (JSON text, ``null`` for none), one row for
            each datapoint that has a result, with the index of ``datapoints``.
        metric_groups: the names of the groups to compute; all if None.
        intersect_results: use only datapoints of which all models have results; otherwise, for each
            model those of which it has results for all of its configurations.
        confidence_level: of the margin of error; adds whether each value improved on the reference.
        reference_model: the first model if None.
        reference_eval_config: a configuration of the reference model, or "first".

    Returns:
        A row for each test case, with the index (stratification, test_case), after a row
        ("Dataset", NaN); a column for each (model, eval_config, metric_group, metric), and with a
        confidence level for each of these and ``metric_value`` and ``performance_delta``. What is
        undefined is NaN.

    Raises:
        IncorrectUsageError: a metric group or the reference is unknown.
        InputValidationError: a field is unknown, an index is not unique, the confidence level is
            not below 1, or an argument has another type.
    """
    pairs = list(results)
    check_bool(intersect_results, "intersect_results")
    if confidence_level is not None:
        check_number(confidence_level, "confidence_level")
    is_first = isinstance(reference_eval_config, str) and reference_eval_config == "first"
    if not is_first and not isinstance(reference_eval_config, dict | None):
        raise InputValidationError(
            "reference_eval_config must be a dict, None or 'first', not"
            f" {reference_eval_config!r:.80}."
        )
    if reference_model is not None:
        check_name(reference_model, "model")
    if metric_groups is not None:
        metric_groups = check_names(metric_groups, "metric_groups")
    _check_arguments(standard, datapoints, results, metric_groups)
    frames = [results[pair].reindex(datapoints.index) for pair in pairs]
    fields = [Fields(datapoints, frame) for frame in frames]
    columns = [
        _Column(pair, group.name, metric)
        for pair in range(len(pairs))
        for group in standard.metric_groups
        if metric_groups is None or group.name in metric_groups
        for metric in group.metrics
    ]
    _require_fields(standard, columns, fields)
    used = _used_rows(datapoints.index, results, intersect_results)
    strata = [Stratum("Dataset", "", [np.ones(len(datapoints), dtype=bool)] * len(pairs))]
    for stratification in standard.stratifications:
        strata += divide(stratification, fields)
    with np.errstate(all="ignore"):
        measures = [measure(metric, fields[pair]) for pair, _, metric in columns]
        values = [
            [
                compute(stratum.rows[column.pair] & used[column.pair])
                for column, compute in zip(columns, measures, strict=True)
            ]
            for stratum in strata
        ]
    table = _table(values, strata, pairs, columns)
    if confidence_level is None:
        return table
    reference = _reference(pairs, reference_model, reference_eval_config)
    sizes = np.array(
        [[np.count_nonzero(r & u) for r, u in zip(s.rows, used, strict=True)] for s in strata]
    )
    return _with_deltas(table, _verdicts(table, columns, sizes, reference, confidence_level))


def _check_arguments(
    standard: QualityStandard,
    datapoints: pd.DataFrame,
    results: Mapping[ModelAndConfig, pd.DataFrame],
    metric_groups: Sequence[str] | None,
) -> None:
    if not all(frame.index.is_unique for frame in (datapoints, *results.values())):
        raise InputValidationError(
            "The index of datapoints and of results must be unique, because it says which belong"
            " together; reset it."
        )
    if not all(frame.columns.is_unique for frame in (datapoints, *results.values())):
        raise InputValidationError(
            "The columns of datapoints and of results must be unique; rename those that are not."
        )
    groups = [group.name for group in standard.metric_groups]
    for name in metric_groups or ():
        if name not in groups:
            raise IncorrectUsageError(
                f"'{standard.name}' cannot be computed: {unknown(name, groups, 'metric group')}"
            )


def _table(
    values: list[list[float]],
    strata: Sequence[Stratum],
    pairs: Sequence[ModelAndConfig],
    columns: Sequence[_Column],
) -> pd.DataFrame:
    index = pd.MultiIndex.from_tuples(
        [(s.stratification, s.test_case if place else np.nan) for place, s in enumerate(strata)],
        names=["stratification", "test_case"],
    )
    labels = [(*pairs[pair], group, metric.label) for pair, group, metric in columns]
    header = pd.MultiIndex.from_arrays(
        list(zip(*labels, strict=True)) or [[]] * 4,
        names=["model", "eval_config", "metric_group", "metric"],
    )
    cells = np.array(values, dtype=float).reshape(len(strata), len(columns))
    table: pd.DataFrame = pd.DataFrame(cells, index=index, columns=header)
    return table


def _with_deltas(table: pd.DataFrame, verdicts: list[list[str]]) -> pd.DataFrame:
    deltas = pd.DataFrame(verdicts, index=table.index, columns=table.columns)
    both = pd.concat(
        [table, deltas], axis=1, keys=["metric_value", "performance_delta"], names=["type"]
    )
    reordered: pd.DataFrame = both.reorder_levels([*table.columns.names, "type"], axis=1)
    return reordered


def _require_fields(
    standard: QualityStandard, columns: Sequence[_Column], fields: Sequence[Fields]
) -> None:
    require((name for column in columns for name in column.metric.fields()), fields)
    for stratification in standard.stratifications:
        paths = [field.path() for field in stratification.stratify_fields]
        require([*paths, *stratification.conditions()], fields)


def _used_rows(
    index: pd.Index[Any], results: Mapping[ModelAndConfig, pd.DataFrame], intersect: bool
) -> list[Rows]:
    present = {pair: np.asarray(index.isin(frame.index)) for pair, frame in results.items()}
    used = {
        model: np.logical_and.reduce(
            [rows for pair, rows in present.items() if intersect or pair[0] == model]
        )
        for model in ({""} if intersect else {model for model, _ in results})
    }
    return [used["" if intersect else model] for model, _ in results]


def _reference(
    pairs: Sequence[ModelAndConfig],
    model: str | None,
    eval_config: dict[str, Any] | Literal["first"] | None,
) -> int:
    models = [name for name, _ in pairs]
    model = models[0] if model is None else model
    if model not in models:
        raise IncorrectUsageError(
            f"The reference model '{model}' is not one of the models {', '.join(models)}."
        )
    if eval_config == "first":
        return models.index(model)
    for place, (name, text) in enumerate(pairs):
        if name == model and json.loads(text) == eval_config:
            return place
    raise IncorrectUsageError(
        f"The reference model '{model}' has no results for the configuration"
        f" {json.dumps(eval_config)}; it has them for"
        f" {', '.join(text for name, text in pairs if name == model)}."
    )


def _verdicts(
    table: pd.DataFrame,
    columns: Sequence[_Column],
    sizes: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
    reference: int,
    confidence_level: float,
) -> list[list[str]]:
    """Compare each value with the reference model's value in the same row, for the same metric."""
    same = {(group, m.label): c for c, (pair, group, m) in enumerate(columns) if pair == reference}
    largest = table.groupby(level="stratification", sort=False).transform("max").to_numpy()
    values = table.to_numpy()
    verdicts = []
    for row in range(len(table)):
        margins = [
            margin_of_error(min(size, sizes[row, reference]), confidence_level)
            for size in sizes[row]
        ]
        verdicts.append(
            [
                verdict(
                    values[row, column],
                    values[row, same[group, metric.label]],
                    largest[row, same[group, metric.label]],
                    margins[pair],
                    metric.higher_is_better,
                )
                for column, (pair, group, metric) in enumerate(columns)
            ]
        )
    return verdicts
