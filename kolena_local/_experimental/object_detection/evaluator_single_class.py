"""The evaluator of detections whose labels do not matter."""

from __future__ import annotations

from kolena_local._experimental.object_detection.evaluator import ObjectDetectionEvaluator
from kolena_local._experimental.object_detection.workflow import ThresholdConfiguration


class SingleClassObjectDetectionEvaluator(ObjectDetectionEvaluator):
    """Matches detected objects whatever their labels."""

    def _wants_classes(self, configuration: ThresholdConfiguration) -> bool:
        return False
