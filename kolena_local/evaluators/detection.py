"""``DetectionEvaluator``: boxes or polygons in each sample."""

from __future__ import annotations

from typing import Any

from kolena_local._experimental.object_detection.case_matches import Scene
from kolena_local._experimental.object_detection.evaluator import ObjectDetectionEvaluator
from kolena_local._experimental.object_detection.workflow import ThresholdConfiguration
from kolena_local.annotation import BoundingBox, Polygon
from kolena_local.evaluators.field_choice import FieldChoice, ListOf
from kolena_local.serialization.fields import fields_of
from kolena_local.serialization.type_shapes import Object, OneOf, Shape


class DetectionEvaluator(ObjectDetectionEvaluator):
    """Matches the boxes or polygons of each inference with those of the ground truth.

    Its metrics and plots are those of the pre-built workflow Object Detection, see
    :class:`~kolena_local._experimental.object_detection.ObjectDetectionEvaluator`. Labels must
    agree if there are at least two. An inference whose field ``ignored`` is true is left out.

    Args:
        configurations: instances of
            :class:`~kolena_local._experimental.object_detection.ThresholdConfiguration`; None for
            one with its defaults.
        ground_truth: the field of ground truths that holds the objects; None to find it by its
            type.
        inference: the field of inferences that holds the scored objects; None to find it by its
            type.
        ignored: the field of ground truths that holds objects that count neither for nor against
            the model; None if there is none.

    Raises:
        InputValidationError: the list of configurations is empty, or two have the same display
            name. When it computes: no field or more than one could hold the objects.
        ImportError: when it computes: a shape is a polygon, and shapely is not installed.
    """

    def __init__(
        self,
        configurations: list[Any] | None = None,
        *,
        ground_truth: str | None = None,
        inference: str | None = None,
        ignored: str | None = None,
    ) -> None:
        super().__init__([ThresholdConfiguration()] if configurations is None else configurations)
        name = type(self).__name__
        objects = "the objects"
        self.ground_truth = FieldChoice(
            name, "ground_truth", ground_truth, objects, (ListOf(_is_shape),)
        )
        self.inference = FieldChoice(
            name, "inference", inference, "the scored objects", (ListOf(_is_scored),)
        )
        self.ignored = FieldChoice(name, "ignored", ignored, "ignored objects", ())

    def _scene(self, ground_truth: Any, inference: Any) -> Scene:
        (objects,) = self.ground_truth.read([ground_truth])
        (detections,) = self.inference.read([inference])
        ignored = [] if self.ignored.given is None else self.ignored.read([ground_truth])[0]
        return Scene(
            objects or [],
            ignored or [],
            detections or [],
            bool(getattr(inference, "ignored", False)),
        )


def _is_shape(shape: Shape) -> bool:
    if isinstance(shape, OneOf):
        return all(map(_is_shape, shape.members))
    return isinstance(shape, Object) and issubclass(shape.cls, (BoundingBox, Polygon))


def _is_scored(shape: Shape) -> bool:
    if isinstance(shape, OneOf):
        return all(map(_is_scored, shape.members))
    if not _is_shape(shape):
        return False
    assert isinstance(shape, Object), "all shapes are objects"
    return any(field.name == "score" for field in fields_of(shape.cls).stored)
