"""The pre-built workflow Instance Segmentation: types and an evaluator."""

from kolena_local._experimental.instance_segmentation.evaluator import (
    InstanceSegmentationEvaluator,
)
from kolena_local._experimental.instance_segmentation.workflow import (
    EvaluatorConfiguration,
    GroundTruth,
    Inference,
    Model,
    TestCase,
    TestSample,
    TestSuite,
)

__all__ = [
    "EvaluatorConfiguration",
    "GroundTruth",
    "Inference",
    "InstanceSegmentationEvaluator",
    "Model",
    "TestCase",
    "TestSample",
    "TestSuite",
]
