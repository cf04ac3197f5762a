"""Annotations of test samples, by people or models: boxes, polygons, labels, segments and masks.

Every annotation keeps further keyword arguments as extra attributes. Coordinates are not checked:
swapped corners, negative numbers and NaN are allowed.
"""

from kolena_local.annotation.base import Annotation
from kolena_local.annotation.box import (
    BoundingBox,
    BoundingBox3D,
    LabeledBoundingBox,
    LabeledBoundingBox3D,
    ScoredBoundingBox,
    ScoredBoundingBox3D,
    ScoredLabeledBoundingBox,
    ScoredLabeledBoundingBox3D,
)
from kolena_local.annotation.label import (
    ClassificationLabel,
    CustomAnnotation,
    Label,
    ScoredClassificationLabel,
    ScoredLabel,
)
from kolena_local.annotation.segment import (
    LabeledTextSegment,
    LabeledTimeSegment,
    ScoredLabeledTextSegment,
    ScoredLabeledTimeSegment,
    ScoredTextSegment,
    ScoredTimeSegment,
    TextSegment,
    TimeSegment,
)
from kolena_local.annotation.shape import (
    BitmapMask,
    Keypoints,
    Keypoints3D,
    LabeledPolygon,
    Polygon,
    Polyline,
    Polyline3D,
    ScoredLabeledPolygon,
    ScoredPolygon,
    SegmentationMask,
)

__all__ = [
    "Annotation",
    "BitmapMask",
    "BoundingBox",
    "BoundingBox3D",
    "ClassificationLabel",
    "CustomAnnotation",
    "Keypoints",
    "Keypoints3D",
    "Label",
    "LabeledBoundingBox",
    "LabeledBoundingBox3D",
    "LabeledPolygon",
    "LabeledTextSegment",
    "LabeledTimeSegment",
    "Polygon",
    "Polyline",
    "Polyline3D",
    "ScoredBoundingBox",
    "ScoredBoundingBox3D",
    "ScoredClassificationLabel",
    "ScoredLabel",
    "ScoredLabeledBoundingBox",
    "ScoredLabeledBoundingBox3D",
    "ScoredLabeledPolygon",
    "ScoredLabeledTextSegment",
    "ScoredLabeledTimeSegment",
    "ScoredPolygon",
    "ScoredTextSegment",
    "ScoredTimeSegment",
    "SegmentationMask",
    "TextSegment",
    "TimeSegment",
]
