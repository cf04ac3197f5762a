"""Evaluators for common tasks, ready for ``test(model, test_suite, ClassificationEvaluator())``.

They work with workflows of your own: what they read from ground truths and inferences is found by
the types of the fields, or given by name.
"""

from kolena_local.evaluators.classification import ClassificationEvaluator
from kolena_local.evaluators.detection import DetectionEvaluator
from kolena_local.evaluators.regression import RegressionEvaluator
from kolena_local.evaluators.text import TextEvaluator

__all__ = ["ClassificationEvaluator", "DetectionEvaluator", "RegressionEvaluator", "TextEvaluator"]
