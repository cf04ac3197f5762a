"""The kinds of metrics that a quality standard can have: what they are, not how to compute them.

A metric names fields. A field is a column of a model's results or else of the dataset, or a path
into it (``prediction.label``). ``datapoint.`` or ``result.`` in front says which of the two is
meant.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Discriminator
from pydantic.dataclasses import dataclass

from kolena_local.dataset.quality_standard.strict import CONFIG, Bool, Name, Number, Strict, Value

Averaging = Literal["macro", "micro", "weighted"]
Format = Literal["default", "integer", "decimal", "percentage", "scientific", "dollars", "euros"]
RegressionAggregator = Literal["mae", "mse", "rmse", "r_squared", "pearson_corr", "spearman_corr"]
FormulaAggregator = Literal[
    "precision", "recall", "f1_score", "accuracy", "false_positive_rate", "true_negative_rate"
]
Source = Literal["datapoint", "result"]


@dataclass(frozen=True, kw_only=True, config=CONFIG)
class BaseMetric(Strict):
    """What metrics of every kind have.

    Attributes:
        label: the metric's name, unique in its group.
        format: how its values are displayed; it does not change them.
        higher_is_better: whether a larger value is an improvement; without it, a difference between
            two models is "unknown".
    """

    COLUMNS: ClassVar[tuple[str, ...]] = ()

    label: Name
    format: Format | None = None
    higher_is_better: Bool | None = None

    def fields(self) -> list[str]:
        """Return the fields that the metric is computed from."""
        return [name for name in (getattr(self, column) for column in self.COLUMNS) if name]


@dataclass(frozen=True, kw_only=True, config=CONFIG)
class SimpleMetric(BaseMetric):
    """An aggregate of one field, as pandas computes it: null values are skipped."""

    COLUMNS = ("key",)

    kind: Literal["simple"] = "simple"
    aggregator: Literal["count", "min", "max", "mean", "median", "stddev", "sum"]
    key: Name


@dataclass(frozen=True, kw_only=True, config=CONFIG)
class CategoricalMetric(BaseMetric):
    """How often a field has a value: the rows, or their share of the rows with any value."""

    COLUMNS = ("key",)

    kind: Literal["categorical"] = "categorical"
    aggregator: Literal["count", "rate"]
    key: Name
    field_value: Value


@dataclass(frozen=True, kw_only=True, config=CONFIG)
class BinaryClassificationMetric(BaseMetric):
    """Yes or no: an inference from ``threshold`` (0.5) on, and the ground truths 1 and True."""

    COLUMNS = ("ground_truth_field", "inference_field")

    kind: Literal["binary-classification"] = "binary-classification"
    aggregator: Literal["accuracy", "auc", "precision", "recall", "f1_score"]
    ground_truth_field: Name
    inference_field: Name
    threshold: Number | None = None


@dataclass(frozen=True, kw_only=True, config=CONFIG)
class MulticlassMetric(BaseMetric):
    """Labels or objects with a ``label``; a ``score`` below ``threshold`` predicts nothing."""

    COLUMNS = ("ground_truth_field", "inference_field")

    kind: Literal["multiclass"] = "multiclass"
    aggregator: Literal["accuracy", "precision", "recall", "f1_score"]
    averaging: Averaging = "macro"
    ground_truth_field: Name
    inference_field: Name
    threshold: Number | None = None


@dataclass(frozen=True, kw_only=True, config=CONFIG)
class RegressionMetric(BaseMetric):
    """Two numbers per row: how far apart, or how correlated."""

    COLUMNS = ("ground_truth_field", "inference_field")

    kind: Literal["regression"] = "regression"
    aggregator: RegressionAggregator
    ground_truth_field: Name
    inference_field: Name


@dataclass(frozen=True, kw_only=True, config=CONFIG)
class ObjectDetectionMetric(BaseMetric):
    """Fields with lists of objects, which have ``score_field`` and ``label_field`` as keys."""

    COLUMNS = ("tp_field", "fp_field", "fn_field")

    kind: Literal["object-detection"] = "object-detection"
    aggregator: Literal["average_precision", "precision", "recall", "f1_score"]
    averaging: Averaging = "macro"
    tp_field: Name
    fp_field: Name
    fn_field: Name
    score_field: Name = "score"
    label_field: Name | None = None


@dataclass(frozen=True, kw_only=True, config=CONFIG)
class ThresholdedObjectsMetric(BaseMetric):
    """A field with a list of counts by threshold, as the object detection results have it.

    The counts at ``threshold`` are those of the first entry from there on; above the last entry,
    nothing is predicted. The other fields are keys of these entries. ``object_label`` picks the
    entries of one label.
    """

    COLUMNS = ("thresholded_object_field",)

    kind: Literal["thresholded-objects"] = "thresholded-objects"
    aggregator: Literal["average_precision", "precision", "recall", "f1_score"]
    averaging: Averaging = "macro"
    threshold: Number
    thresholded_object_field: Name
    precision_tp_field: Name = "tp"
    precision_fp_field: Name = "fp"
    recall_tp_field: Name = "tp"
    recall_fn_field: Name = "fn"
    object_label: str | None = None


_NEEDED = {
    "precision": {"tp", "fp"},
    "recall": {"tp", "fn"},
    "f1_score": {"tp", "fp", "fn"},
    "accuracy": {"tp", "fp", "fn", "tn"},
    "false_positive_rate": {"fp", "tn"},
    "true_negative_rate": {"fp", "tn"},
}


@dataclass(frozen=True, kw_only=True, config=CONFIG)
class FormulaMetric(BaseMetric):
    """A ratio of the sums of fields with counts."""

    COLUMNS = ("tp", "fp", "fn", "tn")

    kind: Literal["formula"] = "formula"
    aggregator: FormulaAggregator
    tp: Name | None = None
    fp: Name | None = None
    fn: Name | None = None
    tn: Name | None = None

    def __post_init__(self) -> None:
        given = {name for name in self.COLUMNS if getattr(self, name)}
        if given != _NEEDED[self.aggregator]:
            needed = ", ".join(sorted(_NEEDED[self.aggregator]))
            raise ValueError(f"the formula '{self.aggregator}' needs exactly the keys {needed}.")


@dataclass(frozen=True, kw_only=True, config=CONFIG)
class WeightedMetric(BaseMetric):
    """The mean of a field, weighted by another."""

    COLUMNS = ("metric_field", "weight_field")

    kind: Literal["weighted"] = "weighted"
    aggregator: Literal["mean"] = "mean"
    metric_field: Name
    weight_field: Name
    metric_source: Source = "result"
    weight_source: Source = "result"

    def fields(self) -> list[str]:
        """Return the two fields with their sources in front."""
        return [
            f"{self.metric_source}.{self.metric_field}",
            f"{self.weight_source}.{self.weight_field}",
        ]


Metric = Annotated[
    SimpleMetric
    | CategoricalMetric
    | BinaryClassificationMetric
    | MulticlassMetric
    | RegressionMetric
    | ObjectDetectionMetric
    | ThresholdedObjectsMetric
    | FormulaMetric
    | WeightedMetric,
    Discriminator("kind"),
]
KINDS: dict[str, type[BaseMetric]] = {
    kind.__dataclass_fields__["kind"].default: kind for kind in get_args(get_args(Metric)[0])
}
