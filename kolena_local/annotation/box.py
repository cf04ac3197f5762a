"""Boxes in two and three dimensions."""

import dataclasses
from typing import Any

from kolena_local.annotation.base import Annotation
from kolena_local.serialization.fields import derive


def _python_number(coordinate: Any) -> Any:
    # A subclass with its own constructor may keep numpy numbers, which overflow or warn.
    return coordinate.item() if hasattr(coordinate, "item") else coordinate


class BoundingBox(Annotation):
    """An axis-aligned rectangle, given by two opposite corners in any order.

    Its size, its overlap with others and its matches do not depend on the order of the corners. In
    Kolena's client, a box with swapped corners has an area, but does not overlap anything, not even
    itself. A size beyond the range of a float is infinite.

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
        if not type(left) is type(top) is type(right) is type(bottom) is float:
            left, top, right, bottom = map(_python_number, (left, top, right, bottom))
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
    """A three-dimensional box, rotated about its center.

    Args:
        center: x, y and z of its center.
        dimensions: its size along x, y and z.
        rotations: its rotations about the x, y and z axes.
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
        x, y, z = map(_python_number, values["dimensions"])
        values["volume"] = x * y * z


class LabeledBoundingBox3D(BoundingBox3D):
    """A three-dimensional box with ``label``."""

    label: str


class ScoredBoundingBox3D(BoundingBox3D):
    """A three-dimensional box with ``score``."""

    score: float


class ScoredLabeledBoundingBox3D(BoundingBox3D):
    """A three-dimensional box with ``label`` and ``score``, in this order."""

    label: str
    score: float
