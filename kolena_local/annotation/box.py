"""Boxes in a picture and in space."""

import dataclasses
from typing import Any

from kolena_local.annotation.base import Annotation
from kolena_local.serialization.fields import derive


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

    _type_name = "ANNOTATION/BOUNDING_BOX"

    def __post_init__(self) -> None:
        derive(self)

    @staticmethod
    def _derive(values: dict[str, Any]) -> None:
        (left, top), (right, bottom) = values["top_left"], values["bottom_right"]
        values["width"] = width = abs(left - right)
        values["height"] = height = abs(top - bottom)
        values["area"] = width * height
        values["aspect_ratio"] = width / height if height != 0 else 0.0


class LabeledBoundingBox(BoundingBox):
    """A bounding box with ``label``."""

    label: str


class ScoredBoundingBox(BoundingBox):
    """A bounding box with ``score``."""

    score: float


class ScoredLabeledBoundingBox(BoundingBox):
    """A bounding box with ``label`` and ``score``, in this order."""

    label: str
    score: float


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

    _type_name = "ANNOTATION/BOUNDING_BOX_3D"

    def __post_init__(self) -> None:
        derive(self)

    @staticmethod
    def _derive(values: dict[str, Any]) -> None:
        x, y, z = values["dimensions"]
        values["volume"] = x * y * z


class LabeledBoundingBox3D(BoundingBox3D):
    """A box in space with ``label``."""

    label: str


class ScoredBoundingBox3D(BoundingBox3D):
    """A box in space with ``score``."""

    score: float


class ScoredLabeledBoundingBox3D(BoundingBox3D):
    """A box in space with ``label`` and ``score``, in this order."""

    label: str
    score: float
