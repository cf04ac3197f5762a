"""The types of the pre-built workflow Object Detection."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from kolena_local.annotation import (
    BoundingBox,
    LabeledBoundingBox,
    LabeledPolygon,
    Polygon,
    ScoredBoundingBox,
    ScoredLabel,
    ScoredLabeledBoundingBox,
    ScoredLabeledPolygon,
    ScoredPolygon,
)
from kolena_local.errors import InputValidationError
from kolena_local.workflow import (
    EvaluatorConfiguration,
    HigherIsBetter,
    Image,
    LowerIsBetter,
    Metadata,
    MetricsTestCase,
    MetricsTestSample,
    MetricsTestSuite,
    define_workflow,
)
from kolena_local.workflow import GroundTruth as _GroundTruth
from kolena_local.workflow import Inference as _Inference


class TestSample(Image):
    """An image with metadata."""

    __test__ = False

    metadata: Metadata = field(default_factory=dict)


class GroundTruth(_GroundTruth):
    """The objects in an image.

    Args:
        bboxes: the objects to detect.
        ignored_bboxes: objects that count neither for nor against the model.
    """

    bboxes: list[LabeledBoundingBox | LabeledPolygon]
    ignored_bboxes: list[LabeledBoundingBox | LabeledPolygon] = field(default_factory=list)
    n_bboxes: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "n_bboxes", len(self.bboxes))


class Inference(_Inference):
    """The objects that a model detects in an image.

    Args:
        bboxes: the detected objects.
        ignored: whether the image is left out of all metrics.
    """

    bboxes: list[ScoredLabeledBoundingBox | ScoredLabeledPolygon]
    ignored: bool = False


_, TestCase, TestSuite, Model = define_workflow(
    "Object Detection", TestSample, GroundTruth, Inference
)


# Without classes, there may be no labels either.
_Detected = ScoredLabeledBoundingBox | ScoredLabeledPolygon | ScoredBoundingBox | ScoredPolygon
_Object = LabeledBoundingBox | LabeledPolygon | BoundingBox | Polygon


# The metrics of images are decorated, because the constructor of the standard library does not
# check each of their objects again; storing them does.
@dataclass(frozen=True)
class TestSampleMetricsSingleClass(MetricsTestSample):
    """Metrics of an image, whatever the labels; ``thresholds`` is the confidence threshold."""

    __test__ = False

    TP: list[_Detected]
    FP: list[_Detected]
    FN: list[_Object]
    count_TP: HigherIsBetter[int]
    count_FP: LowerIsBetter[int]
    count_FN: LowerIsBetter[int]
    has_TP: HigherIsBetter[bool]
    has_FP: LowerIsBetter[bool]
    has_FN: LowerIsBetter[bool]
    ignored: bool
    max_confidence_above_t: float | None
    min_confidence_above_t: float | None
    thresholds: float


class TestCaseMetricsSingleClass(MetricsTestCase):
    """Metrics of a test case, whatever the labels."""

    __test__ = False

    Objects: int
    Inferences: int
    TP: HigherIsBetter[int]
    FN: LowerIsBetter[int]
    FP: LowerIsBetter[int]
    nIgnored: int
    Precision: HigherIsBetter[float]
    Recall: HigherIsBetter[float]
    F1: HigherIsBetter[float]
    AP: HigherIsBetter[float]


@dataclass(frozen=True)
class TestSampleMetrics(MetricsTestSample):
    """Metrics of an image with objects of several classes.

    ``FP`` includes the inferences in ``Confused``, ``FN`` their ground truths. ``thresholds`` has
    the confidence threshold of each label that was inferred.
    """

    __test__ = False

    TP: list[ScoredLabeledBoundingBox | ScoredLabeledPolygon]
    FP: list[ScoredLabeledBoundingBox | ScoredLabeledPolygon]
    FN: list[LabeledBoundingBox | LabeledPolygon]
    Confused: list[ScoredLabeledBoundingBox | ScoredLabeledPolygon]
    count_TP: HigherIsBetter[int]
    count_FP: LowerIsBetter[int]
    count_FN: LowerIsBetter[int]
    count_Confused: LowerIsBetter[int]
    has_TP: HigherIsBetter[bool]
    has_FP: LowerIsBetter[bool]
    has_FN: LowerIsBetter[bool]
    has_Confused: LowerIsBetter[bool]
    ignored: bool
    max_confidence_above_t: float | None
    min_confidence_above_t: float | None
    thresholds: list[ScoredLabel]


class ClassMetricsPerTestCase(MetricsTestCase):
    """Metrics of one class in a test case; ``nImages`` is the number of images that have it."""

    Class: str
    nImages: int
    Threshold: float
    Objects: int
    Inferences: int
    TP: HigherIsBetter[int]
    FN: LowerIsBetter[int]
    FP: LowerIsBetter[int]
    Precision: HigherIsBetter[float]
    Recall: HigherIsBetter[float]
    F1: HigherIsBetter[float]
    AP: HigherIsBetter[float]


class TestCaseMetrics(MetricsTestCase):
    """Metrics of a test case with several classes.

    Those named macro, and ``mean_AP``, are means over classes; those named micro count all objects
    alike.
    """

    __test__ = False

    PerClass: list[ClassMetricsPerTestCase]
    Objects: int
    Inferences: int
    TP: HigherIsBetter[int]
    FN: LowerIsBetter[int]
    FP: LowerIsBetter[int]
    nIgnored: int
    macro_Precision: HigherIsBetter[float]
    macro_Recall: HigherIsBetter[float]
    macro_F1: HigherIsBetter[float]
    mean_AP: HigherIsBetter[float]
    micro_Precision: HigherIsBetter[float]
    micro_Recall: HigherIsBetter[float]
    micro_F1: HigherIsBetter[float]


class TestSuiteMetrics(MetricsTestSuite):
    """Metrics of a test suite.

    ``mean_AP`` is the mean over test cases. ``threshold`` is the confidence threshold; None with
    several classes, which have a threshold each.
    """

    __test__ = False

    n_images: int
    mean_AP: HigherIsBetter[float]
    threshold: float | None = None


class ThresholdConfiguration(EvaluatorConfiguration):
    """How detections are chosen and matched.

    Args:
        threshold_strategy: the confidence threshold, or ``"F1-Optimal"`` for the one with the
            highest F1 on the first test case of the test suite, for each class.
        iou_threshold: the smallest intersection over union of a match.
        min_confidence_score: detections that score lower are left out altogether.
        multiclass: whether labels must agree; None to decide by the labels of each test case.

    Raises:
        InputValidationError: the strategy is neither a number nor ``"F1-Optimal"``.
    """

    threshold_strategy: Literal["F1-Optimal"] | float = "F1-Optimal"
    iou_threshold: float = 0.5
    min_confidence_score: float = 0.0
    multiclass: bool | None = None

    def __post_init__(self) -> None:
        # A whole number must not be taken for something that is not a threshold.
        if self.threshold_strategy != "F1-Optimal":
            try:
                number = float(self.threshold_strategy)
            except (TypeError, ValueError):
                raise InputValidationError(
                    "threshold_strategy must be a number or 'F1-Optimal', not"
                    f" {self.threshold_strategy!r:.80}."
                ) from None
            object.__setattr__(self, "threshold_strategy", number)

    def display_name(self) -> str:
        """Return a name that has all settings."""
        kind = {None: "", True: "Multiclass, ", False: "SingleClass, "}[self.multiclass]
        return (
            f"{kind}Confidence Threshold: {self.threshold_strategy}, IoU: {self.iou_threshold},"
            f" min confidence ≥ {self.min_confidence_score}"
        )
