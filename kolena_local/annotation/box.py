"""Boxes in a picture and in space."""

import dataclasses

from kolena_local.annotation.base import Annotation
from kolena_local.serialization.data_object import data_object
from kolena_local.serialization.layout import keep_derived


@data_object
class BoundingBox(Annotation):
    """A rectangle with upright sides, given by two opposite corners in any order.

    Args:
        top_left: x and y of one corner, in pixels.
        bottom_right: x and y of the opposite corner.
    """

    top_left: tuple[float, float]
    bottom_right: tuple[float, float]
    width: float = dataclasses.field(init=False)
    height: float = dataclasses.field(init=False)
    area: float = dataclasses.field(init=False)
    aspect_ratio: float = dataclasses.field(init=False)

    @classmethod
    def _data_type(cls) -> str:
        return "ANNOTATION/BOUNDING_BOX"

    def __post_init__(self) -> None:
        (left, top), (right, bottom) = self.top_left, self.bottom_right
        width, height = abs(left - right), abs(top - bottom)
        # Boxes are most of what is loaded, and this takes half the time of setting attributes.
        values = self.__dict__ if "top_left" in self.__dict__ else {}
        values["width"] = width
        values["height"] = height
        values["area"] = width * height
        values["aspect_ratio"] = width / height if height != 0 else 0.0
        if values is not self.__dict__:  # a subclass has slots
            keep_derived(self, values)


@data_object
class LabeledBoundingBox(BoundingBox):
    """A bounding box with ``label``."""

    label: str


@data_object
class ScoredBoundingBox(BoundingBox):
    """A bounding box with ``score``."""

    score: float


@data_object
class ScoredLabeledBoundingBox(BoundingBox):
    """A bounding box with ``label`` and ``score``, in this order."""

    label: str
    score: float


@data_object
class BoundingBox3D(Annotation):
    """A box in space, turned about its middle.

    Args:
        center: x, y and z of its middle.
        dimensions: its extent along x, y and z.
        rotations: its rotation about x, y and z.
    """

    center: tuple[float, float, float]
    dimensions: tuple[float, float, float]
    rotations: tuple[float, float, float]
    volume: float = dataclasses.field(init=False)

    @classmethod
    def _data_type(cls) -> str:
        return "ANNOTATION/BOUNDING_BOX_3D"

    def __post_init__(self) -> None:
        x, y, z = self.dimensions
        object.__setattr__(self, "volume", x * y * z)


@data_object
class LabeledBoundingBox3D(BoundingBox3D):
    """A box in space with ``label``."""

    label: str


@data_object
class ScoredBoundingBox3D(BoundingBox3D):
    """A box in space with ``score``."""

    score: float


@data_object
class ScoredLabeledBoundingBox3D(BoundingBox3D):
    """A box in space with ``label`` and ``score``, in this order."""

    label: str
    score: float
