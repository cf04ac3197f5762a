"""The pre-built workflow Instance Segmentation: types, an evaluator, and a helper."""

from kolena_local._experimental.instance_segmentation.dataset import (
    upload_instance_segmentation_results,
)
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
    "upload_instance_segmentation_results",
]
