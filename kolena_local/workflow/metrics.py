"""The metrics under the import path that workflow scripts use; see :mod:`kolena_local.metrics`."""

from kolena_local.metrics import (
    InferenceMatches,
    MulticlassInferenceMatches,
    accuracy,
    f1_score,
    fpr,
    iou,
    match_inferences,
    match_inferences_multiclass,
    precision,
    recall,
    specificity,
)

__all__ = [
    "InferenceMatches",
    "MulticlassInferenceMatches",
    "accuracy",
    "f1_score",
    "fpr",
    "iou",
    "match_inferences",
    "match_inferences_multiclass",
    "precision",
    "recall",
    "specificity",
]
