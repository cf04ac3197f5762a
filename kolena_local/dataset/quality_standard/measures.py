"""How each kind of metric is computed.

A metric and the fields of a model become a function from a mask of rows to a value: what a metric
needs of all rows is prepared once, and the function is called for each test case. What is undefined
is NaN, without a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kolena_local.comparison.statistics.scaling import scaled
from kolena_local.dataset.quality_standard import detections
from kolena_local.dataset.quality_standard.fields import Fields, below, equals, has_objects, numbers
from kolena_local.dataset.quality_standard.metrics import (
    BaseMetric,
    BinaryClassificationMetric,
    CategoricalMetric,
    FormulaMetric,
    MulticlassMetric,
    ObjectDetectionMetric,
    RegressionMetric,
    SimpleMetric,
    ThresholdedObjectsMetric,
    WeightedMetric,
)
from kolena_local.dataset.quality_standard.ratios import (
    Counts,
    Floats,
    area_under_curve,
    averaged,
    ratio,
    ratio_of,
)
from kolena_local.metrics.regression import (
    mean_absolute_error,
    r_squared,
    root_mean_squared_error,
)

Rows = NDArray[np.bool_]
Measure = Callable[[Rows], float]

_PANDAS_NAMES = {"stddev": "std"}


def measure(metric: BaseMetric, fields: Fields) -> Measure:
    """Prepare a metric of the rows of a model.

    Args:
        metric: the metric.
        fields: the datapoints, and the model's results.

    Returns:
        A function that computes the metric of some of the rows.
    """
    match metric:
        case SimpleMetric():
            return _simple(metric, fields)
        case CategoricalMetric():
            return _categorical(metric, fields)
        case BinaryClassificationMetric():
            return _binary(metric, fields)
        case MulticlassMetric():
            return _multiclass(metric, fields)
        case RegressionMetric():
            return _regression(metric, fields)
        case ObjectDetectionMetric():
            key = (*metric.fields(), metric.score_field, metric.label_field)
            found = fields.prepared(key, lambda: detections.of_objects(metric, fields))
            return lambda rows: found.value(metric.aggregator, metric.averaging, -np.inf, rows)
        case ThresholdedObjectsMetric():
            key = (*metric.fields(), *detections.count_keys(metric), metric.object_label)
            counted = fields.prepared(key, lambda: detections.of_thresholds(metric, fields))
            threshold = metric.threshold
            return lambda rows: counted.value(metric.aggregator, metric.averaging, threshold, rows)
        case FormulaMetric():
            return _formula(metric, fields)
        case WeightedMetric():
            return _weighted(metric, fields)
    raise AssertionError(metric)


def _simple(metric: SimpleMetric, fields: Fields) -> Measure:
    values = fields.get(metric.key)
    if metric.aggregator == "count":
        present = values.notna().to_numpy()
        return lambda rows: float(np.count_nonzero(present & rows))
    floats = pd.Series(fields.numbers(metric.key))
    present = floats.notna().to_numpy()  # older versions of pandas warn of a median of NaN
    name = _PANDAS_NAMES.get(metric.aggregator, metric.aggregator)
    return lambda rows: float(getattr(floats[rows & present], name)())


def _categorical(metric: CategoricalMetric, fields: Fields) -> Measure:
    values = fields.get(metric.key)
    found, present = equals(values, metric.field_value), values.notna().to_numpy()
    if metric.aggregator == "count":
        return lambda rows: float(np.count_nonzero(found & rows))
    return lambda rows: float(
        ratio(np.count_nonzero(found & rows), np.count_nonzero(present & rows))
    )


def _binary(metric: BinaryClassificationMetric, fields: Fields) -> Measure:
    truth, score = (fields.numbers(name) for name in metric.fields())
    valid = ~(np.isnan(truth) | np.isnan(score))
    positive = truth == 1
    if metric.aggregator == "auc":
        return lambda rows: area_under_curve(positive[rows & valid], score[rows & valid])
    found = score >= (0.5 if metric.threshold is None else metric.threshold)
    if metric.aggregator == "accuracy":
        return _share(positive == found, valid)
    cells = Counts(positive & found, ~positive & found, positive & found, positive & ~found)

    def compute(rows: Rows) -> float:
        rows = rows & valid
        counts = Counts(*(np.sum(cell & rows) for cell in cells))
        return float(ratio_of(metric.aggregator, counts))

    return compute


def _share(right: Rows, valid: Rows) -> Measure:
    return lambda rows: float(
        ratio(np.count_nonzero(right & valid & rows), np.count_nonzero(valid & rows))
    )


def _multiclass(metric: MulticlassMetric, fields: Fields) -> Measure:
    truth, inference = (fields.get(name) for name in metric.fields())
    nothing = np.zeros(len(truth), dtype=bool)
    if metric.threshold is not None and inference.dtype == object:
        scores = numbers(pd.Series([below(value, "score") for value in inference], dtype=object))
        nothing = scores < metric.threshold
    truth, inference = (v.map(_label) if has_objects(v) else v for v in (truth, inference))
    valid = (truth.notna() & inference.notna()).to_numpy()
    codes, labels = pd.factorize(pd.concat([truth.astype(object), inference.astype(object)]))
    true_code, code = codes[: len(truth)], np.where(nothing, len(labels), codes[len(truth) :])
    if metric.aggregator == "accuracy":
        return _share(true_code == code, valid)

    def compute(rows: Rows) -> float:
        rows, n = rows & valid, len(labels) + 1
        true, found = true_code[rows], code[rows]
        tp = np.bincount(true[true == found], minlength=n)[:-1].astype(float)
        n_true, n_found = (np.bincount(each, minlength=n)[:-1] for each in (true, found))
        return averaged(
            metric.aggregator, Counts(tp, n_found - tp, tp, n_true - tp), metric.averaging
        )

    return compute


def _label(value: Any) -> Any:
    label = below(value, "label")
    label = value if label is None else label
    return label if isinstance(label, Hashable) else None


def _regression(metric: RegressionMetric, fields: Fields) -> Measure:
    truth, estimate = (fields.numbers(name) for name in metric.fields())
    valid = ~(np.isnan(truth) | np.isnan(estimate))

    def compute(rows: Rows) -> float:
        rows = rows & valid
        return _agreement(metric.aggregator, truth[rows], estimate[rows])

    return compute


def _agreement(aggregator: str, truth: Floats, estimate: Floats) -> float:
    if aggregator.endswith("_corr"):
        return _correlation(truth, estimate, ranked=aggregator == "spearman_corr")
    if not len(truth):
        return float("nan")
    if aggregator == "mae":
        return mean_absolute_error(truth, estimate)
    if aggregator == "rmse":
        return root_mean_squared_error(truth, estimate)
    if aggregator == "mse":
        return float(np.mean((truth - estimate) ** 2))
    both, _ = scaled(np.stack([truth, estimate]))
    # It is 0 or 1 where the ground truths are all equal, which is undefined here.
    explained = r_squared(*both) if np.isfinite(both).all() and np.ptp(both[0]) > 0 else None
    return float("nan") if explained is None else explained


def _correlation(truth: Floats, estimate: Floats, *, ranked: bool) -> float:
    if len(truth) < 2 or np.ptp(truth) == 0 or np.ptp(estimate) == 0:
        return float("nan")
    if ranked:
        from scipy.stats import rankdata

        truth, estimate = rankdata(truth), rankdata(estimate)
    return float(np.corrcoef(scaled(truth)[0], scaled(estimate)[0])[0, 1])


def _formula(metric: FormulaMetric, fields: Fields) -> Measure:
    columns = {
        name: fields.numbers(getattr(metric, name))
        for name in metric.COLUMNS
        if getattr(metric, name)
    }

    def compute(rows: Rows) -> float:
        total = {name: np.nansum(column[rows]) for name, column in columns.items()}
        tp, fp, fn, tn = (total.get(name, np.float64(0)) for name in metric.COLUMNS)
        if metric.aggregator == "accuracy":
            return float(ratio(tp + tn, tp + fp + fn + tn))
        if metric.aggregator.endswith("_rate"):
            part = fp if metric.aggregator == "false_positive_rate" else tn
            return float(ratio(part, fp + tn))
        return float(ratio_of(metric.aggregator, Counts(tp, fp, tp, fn)))

    return compute


def _weighted(metric: WeightedMetric, fields: Fields) -> Measure:
    values, weights = (fields.numbers(name) for name in metric.fields())
    valid = ~(np.isnan(values) | np.isnan(weights))

    def compute(rows: Rows) -> float:
        rows = rows & valid
        return float(ratio(np.sum(values[rows] * weights[rows]), np.sum(weights[rows])))

    return compute
