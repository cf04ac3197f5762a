"""``InstanceSegmentationEvaluator``: detections that are polygons."""

from __future__ import annotations

from typing import Any

from kolena_local._experimental.object_detection.case_matches import Scene
from kolena_local._experimental.object_detection.evaluator import ObjectDetectionEvaluator


class InstanceSegmentationEvaluator(ObjectDetectionEvaluator):
    """Matches polygons, for the rest see :class:`ObjectDetectionEvaluator`.

    Polygons need shapely, which the extra ``geometry`` installs.
    """

    def _scene(self, ground_truth: Any, inference: Any) -> Scene:
        return Scene(
            ground_truth.polygons,
            ground_truth.ignored_polygons,
            inference.polygons,
            inference.ignored,
        )
