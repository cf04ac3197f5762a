"""Polygons, polylines, keypoints and masks."""

from collections.abc import Iterator
from typing import Any, TypeVar

from kolena_local.annotation.base import Annotation
from kolena_local.errors import InputValidationError
from kolena_local.plurals import counted

_PolygonType = TypeVar("_PolygonType", bound="Polygon")


class Polygon(Annotation):
    """An area with straight edges.

    Args:
        points: x and y of each vertex, at least three.
    """

    points: list[tuple[float, float]]

    _type_name = "ANNOTATION/POLYGON"

    def __new__(cls: type[_PolygonType], /, *args: Any, **kwargs: Any) -> _PolygonType:
        """Refuse an iterator: counting its points would consume it."""
        points = args[0] if args else kwargs.get("points")
        if isinstance(points, Iterator):
            raise TypeError(
                f"{cls.__name__}.points is of type {type(points).__name__}, which has no length;"
                " give a list of points."
            )
        return super().__new__(cls)

    def __post_init__(self) -> None:
        if len(self.points) < 3:
            raise InputValidationError(
                f"{type(self).__name__} has {counted(len(self.points), 'point')}; give at least"
                " three."
            )

    _check = __post_init__


class LabeledPolygon(Polygon):
    """A polygon with ``label``."""

    label: str


class ScoredPolygon(Polygon):
    """A polygon with ``score``."""

    score: float


class ScoredLabeledPolygon(Polygon):
    """A polygon with ``label`` and ``score``, in this order."""

    label: str
    score: float


class Keypoints(Annotation):
    """A list of keypoints; ``skeleton`` is a usual extra.

    Args:
        points: x and y of each point.
    """

    points: list[tuple[float, float]]

    _type_name = "ANNOTATION/KEYPOINTS"


class Polyline(Annotation):
    """A line of straight segments.

    Args:
        points: x and y of each vertex, from end to end.
    """

    points: list[tuple[float, float]]

    _type_name = "ANNOTATION/POLYLINE"


class Keypoints3D(Annotation):
    """A list of three-dimensional keypoints.

    Args:
        points: x, y and z of each point.
    """

    points: list[tuple[float, float, float]]

    _type_name = "ANNOTATION/KEYPOINTS_3D"


class Polyline3D(Annotation):
    """A three-dimensional line of straight segments.

    Args:
        points: x, y and z of each vertex, from end to end.
    """

    points: list[tuple[float, float, float]]

    _type_name = "ANNOTATION/POLYLINE_3D"


class SegmentationMask(Annotation):
    """An image whose pixel values are classes.

    Args:
        labels: the name of the class for each pixel value.
        locator: the path or URL of the image.
    """

    labels: dict[int, str]
    locator: str

    _type_name = "ANNOTATION/SEGMENTATION_MASK"


class BitmapMask(Annotation):
    """An image that masks the annotated area.

    Args:
        locator: the path or URL of the image.
    """

    locator: str

    _type_name = "ANNOTATION/BITMAP_MASK"
