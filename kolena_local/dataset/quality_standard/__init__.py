"""Quality standards: which metrics of a dataset matter, and in which of its parts.

A standard is made in Python or read from a file, and its table of results is computed from
DataFrames. No extra is needed: nearly all metrics are ratios of counts, for which there is one
function, and the rest are a few lines with NumPy and SciPy. The tests compare them with
scikit-learn's.
"""

from kolena_local.dataset.quality_standard.metrics import (
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
from kolena_local.dataset.quality_standard.result import quality_standard_result
from kolena_local.dataset.quality_standard.significance import margin_of_error
from kolena_local.dataset.quality_standard.standard import (
    MetricGroup,
    QualityStandard,
    read_quality_standard,
)
from kolena_local.dataset.quality_standard.stratification import (
    Buckets,
    FieldFilter,
    Part,
    Range,
    Stratification,
    StratifyField,
    TestCase,
)

__all__ = [
    "BinaryClassificationMetric",
    "Buckets",
    "CategoricalMetric",
    "FieldFilter",
    "FormulaMetric",
    "MetricGroup",
    "MulticlassMetric",
    "ObjectDetectionMetric",
    "Part",
    "QualityStandard",
    "Range",
    "RegressionMetric",
    "SimpleMetric",
    "Stratification",
    "StratifyField",
    "TestCase",
    "ThresholdedObjectsMetric",
    "WeightedMetric",
    "margin_of_error",
    "quality_standard_result",
    "read_quality_standard",
]
