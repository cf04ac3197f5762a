"""Metrics over counts and geometries: pure functions, usable inside and outside of evaluators.

Nothing here reads or writes a store, or chooses a confidence threshold.
"""

from kolena_local.metrics.formula import accuracy, f1_score, fpr, precision, recall, specificity
from kolena_local.metrics.geometry import iou
from kolena_local.metrics.matches import InferenceMatches, MulticlassInferenceMatches
from kolena_local.metrics.matching import match_inferences, match_inferences_multiclass

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
