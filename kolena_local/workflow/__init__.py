"""Define a workflow, create test cases and test suites, and test models.

A script calls ``define_workflow``, creates a ``TestCase``, ``TestSuite`` and ``Model`` of the
classes that it returns, and then calls ``test``.
"""

from kolena_local.serialization.data_object import DataObject
from kolena_local.workflow.define_workflow import define_workflow
from kolena_local.workflow.evaluator import (
    Evaluator,
    EvaluatorConfiguration,
    HigherIsBetter,
    LowerIsBetter,
    MetricsTestCase,
    MetricsTestSample,
    MetricsTestSuite,
)
from kolena_local.workflow.evaluator_function import (
    BasicEvaluatorFunction,
    EvaluationResults,
    TestCases,
    no_op_evaluator,
)
from kolena_local.workflow.ground_truth import GroundTruth
from kolena_local.workflow.inference import Inference
from kolena_local.workflow.metadata import Metadata
from kolena_local.workflow.model import Model
from kolena_local.workflow.plot import (
    AxisConfig,
    BarPlot,
    ConfusionMatrix,
    Curve,
    CurvePlot,
    Histogram,
    Plot,
)
from kolena_local.workflow.test_case import TestCase
from kolena_local.workflow.test_run import TestRun, test
from kolena_local.workflow.test_sample import (
    Audio,
    BaseVideo,
    Composite,
    Document,
    Image,
    ImagePair,
    ImageText,
    PointCloud,
    TestSample,
    Text,
    Video,
)
from kolena_local.workflow.test_suite import TestSuite
from kolena_local.workflow.workflow import Workflow

__all__ = [
    "Audio",
    "AxisConfig",
    "BarPlot",
    "BaseVideo",
    "BasicEvaluatorFunction",
    "Composite",
    "ConfusionMatrix",
    "Curve",
    "CurvePlot",
    "DataObject",
    "Document",
    "EvaluationResults",
    "Evaluator",
    "EvaluatorConfiguration",
    "GroundTruth",
    "HigherIsBetter",
    "Histogram",
    "Image",
    "ImagePair",
    "ImageText",
    "Inference",
    "LowerIsBetter",
    "Metadata",
    "MetricsTestCase",
    "MetricsTestSample",
    "MetricsTestSuite",
    "Model",
    "Plot",
    "PointCloud",
    "TestCase",
    "TestCases",
    "TestRun",
    "TestSample",
    "TestSuite",
    "Text",
    "Video",
    "Workflow",
    "define_workflow",
    "no_op_evaluator",
    "test",
]
