"""The evaluator of detections of several classes."""

from __future__ import annotations

from kolena_local._experimental.object_detection.evaluator import ObjectDetectionEvaluator
from kolena_local._experimental.object_detection.workflow import ThresholdConfiguration


class MulticlassObjectDetectionEvaluator(ObjectDetectionEvaluator):
    """Matches detected objects of the same label, even if there is only one label."""

    def _wants_classes(self, configuration: ThresholdConfiguration) -> bool:
        return True
