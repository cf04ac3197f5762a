"""The types of the pre-built workflow Instance Segmentation."""

from __future__ import annotations

from dataclasses import field

from kolena_local._experimental.object_detection.workflow import TestSample as _TestSample
from kolena_local._experimental.object_detection.workflow import ThresholdConfiguration
from kolena_local.annotation import LabeledBoundingBox, LabeledPolygon, ScoredLabeledPolygon
from kolena_local.workflow import GroundTruth as _GroundTruth
from kolena_local.workflow import Inference as _Inference
from kolena_local.workflow import define_workflow


class TestSample(_TestSample):
    """An image with metadata."""

    __test__ = False


class GroundTruth(_GroundTruth):
    """The objects in an image.

    Args:
        polygons: the objects to detect.
        ignored_polygons: objects that count neither for nor against the model.
    """

    polygons: list[LabeledPolygon]
    ignored_polygons: list[LabeledBoundingBox | LabeledPolygon] = field(default_factory=list)
    n_polygons: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "n_polygons", len(self.polygons))


class Inference(_Inference):
    """The objects that a model detects in an image.

    Args:
        polygons: the detected objects.
        ignored: whether the image is left out of all metrics.
    """

    polygons: list[ScoredLabeledPolygon]
    ignored: bool = False


_, TestCase, TestSuite, Model = define_workflow(
    "Instance Segmentation", TestSample, GroundTruth, Inference
)


class EvaluatorConfiguration(ThresholdConfiguration):
    """How detections are chosen and matched, see :class:`ThresholdConfiguration`."""
