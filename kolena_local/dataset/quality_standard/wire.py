"""The JSON form of metrics, in which the keys of a metric are spread over nested objects.

Only keys move; values are checked by the classes of ``metrics``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from kolena_local.dataset.quality_standard.metrics import (
    KINDS,
    FormulaAggregator,
    FormulaMetric,
    RegressionAggregator,
    SimpleMetric,
)

_TOP = {"label", "format"}
_AGGREGATOR = {"aggregator": "aggregator", "averaging": "averagingMethod"}
_AGGREGATOR |= {"field_value": "fieldValue"}
_PARAMS = {
    "ground_truth_field": "groundTruthField",
    "inference_field": "inferenceField",
    "tp_field": "tpField",
    "fp_field": "fpField",
    "fn_field": "fnField",
    "score_field": "scoreField",
    "label_field": "labelField",
    "object_label": "label",
}
_TYPES = {
    "binary-classification": "binary-classification",
    "thresholded-objects": "thresholded-object-powered",
    "weighted": "weighted-metric",
}
# The original's client writes it, but its value has no effect.
_IGNORED = {"include_auc"}


def flattened(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return a standard of the JSON form with its metrics as flat dicts, as in a TOML file."""
    return _with_metrics(payload, _flat)


def nested(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return a standard with flat metrics in the JSON form."""
    content = _with_metrics(payload, _nested)
    for stratification in content["stratifications"]:
        for case in stratification["test_cases"]:
            case["stratification"] = [
                {"value": part["value"]} if part["index"] is None else {"index": part["index"]}
                for part in case["stratification"]
            ]
    return content


def _with_metrics(payload: Mapping[str, Any], changed: Any) -> dict[str, Any]:
    content = dict(payload)
    groups = content.get("metric_groups")
    if isinstance(groups, list):
        content["metric_groups"] = [
            {**group, "metrics": [changed(metric) for metric in group["metrics"]]}
            if isinstance(group, Mapping) and isinstance(group.get("metrics"), list)
            else group
            for group in groups
        ]
    return content


def _flat(metric: Any) -> Any:
    if not isinstance(metric, Mapping):
        return metric
    flat = {key: value for key, value in metric.items() if key not in _NESTED}
    aggregator, params = metric.get("aggregator"), metric.get("params")
    flat["kind"] = _kind(aggregator, params)
    if isinstance(aggregator, Mapping):
        flat |= _renamed({k: v for k, v in aggregator.items() if k != "type"}, _AGGREGATOR)
    else:
        flat["aggregator"] = aggregator
    if isinstance(params, Mapping):
        flat |= _renamed({k: v for k, v in params.items() if k not in _IGNORED}, _PARAMS)
    highlight = metric.get("highlight")
    if isinstance(highlight, Mapping):
        flat["higher_is_better"] = highlight.get("higherIsBetter")
    return flat


_NESTED = {"aggregator", "params", "highlight", "source"}


def _renamed(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    ours = {theirs: name for name, theirs in names.items()}
    return {ours.get(key, key): value for key, value in values.items() if value is not None}


def _kind(aggregator: Any, params: Any) -> str:
    if not isinstance(aggregator, Mapping):
        return "formula" if aggregator in get_args(FormulaAggregator) else "simple"
    for kind, name in _TYPES.items():
        if aggregator.get("type") == name:
            return kind
    if "fieldValue" in aggregator:
        return "categorical"
    if isinstance(params, Mapping) and "tpField" in params:
        return "object-detection"
    regression = aggregator.get("aggregator") in get_args(RegressionAggregator)
    return "regression" if regression else "multiclass"


def _nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    kind = KINDS[flat["kind"]]
    values = {key: value for key, value in flat.items() if key not in {"kind", "higher_is_better"}}
    aggregator: Any = {_AGGREGATOR[key]: values[key] for key in values if key in _AGGREGATOR}
    if flat["kind"] in _TYPES:
        aggregator["type"] = _TYPES[flat["kind"]]
    if kind in (SimpleMetric, FormulaMetric):
        aggregator = flat["aggregator"]
    return {
        "label": flat["label"],
        "source": "result",
        "aggregator": aggregator,
        "params": {
            _PARAMS.get(key, key): value
            for key, value in values.items()
            if key not in _TOP and key not in _AGGREGATOR and value is not None
        },
        "format": flat["format"],
        "highlight": {"higherIsBetter": flat["higher_is_better"]},
    }
