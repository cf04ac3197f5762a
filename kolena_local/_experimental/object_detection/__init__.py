"""The pre-built workflow Object Detection: types, an evaluator, and helpers."""

from kolena_local._experimental.object_detection.dataset import (
    compute_object_detection_results,
    upload_object_detection_results,
)
from kolena_local._experimental.object_detection.evaluator import ObjectDetectionEvaluator
from kolena_local._experimental.object_detection.workflow import (
    ClassMetricsPerTestCase,
    GroundTruth,
    Inference,
    Model,
    TestCase,
    TestCaseMetrics,
    TestCaseMetricsSingleClass,
    TestSample,
    TestSampleMetrics,
    TestSampleMetricsSingleClass,
    TestSuite,
    TestSuiteMetrics,
    ThresholdConfiguration,
)

__all__ = [
    "ClassMetricsPerTestCase",
    "GroundTruth",
    "Inference",
    "Model",
    "ObjectDetectionEvaluator",
    "TestCase",
    "TestCaseMetrics",
    "TestCaseMetricsSingleClass",
    "TestSample",
    "TestSampleMetrics",
    "TestSampleMetricsSingleClass",
    "TestSuite",
    "TestSuiteMetrics",
    "ThresholdConfiguration",
    "compute_object_detection_results",
    "upload_object_detection_results",
]
