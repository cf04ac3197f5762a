"""The overlap of two shapes.

Boxes are compared by their corners; anything else is an outline of points and needs shapely, which
is imported only for the first such outline. Shapes are recognized by their fields, not by their
class, so your own box or polygon needs no base class. :mod:`kolena_local.metrics.overlap` compares
lists of shapes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from kolena_local.errors import InputValidationError

if TYPE_CHECKING:
    from kolena_local.annotation import BoundingBox, Polygon

Corners = tuple[float, float, float, float]

#: Between these, areas of boxes and their sums neither overflow nor underflow.
SMALLEST_AREA, LARGEST_AREA = 2.0**-960, 2.0**1020


def iou(a: BoundingBox | Polygon, b: BoundingBox | Polygon) -> float:
    """Intersection over union of two shapes: the Jaccard index of the areas they cover.

    The corners of a box may be in any order; Kolena's client returns 0.0 for a box with swapped
    corners. The overlap is 0.0 for two boxes that share only an edge or a corner, and for a box
    without width or height, or with a coordinate that is NaN or infinite. If at least one shape is
    a polygon, both are compared as outlines: self-intersections are repaired first (all loops of a
    figure eight count), and an outline is empty if it has fewer than three points, a coordinate
    that is not finite, or an area beyond the range of a float.

    Args:
        a: a bounding box, or an object with ``points``.
        b: a bounding box, or an object with ``points``.

    Returns:
        A number from 0.0 (no area in common) to 1.0 (the same area).

    Raises:
        InputValidationError: a shape has neither corners nor points, a coordinate is an integer too
            large for a float, or shapely cannot compute with the coordinates.
        ImportError: a shape is a polygon, and shapely is not installed.
    """
    if is_box(a) and is_box(b):
        return iou_of_boxes(corners(a), corners(b))
    outline_a, outline_b = outline(a), outline(b)
    with geos():
        union = outline_a.union(outline_b).area
        intersection = outline_a.intersection(outline_b).area
    return float(intersection / union) if intersection > 0 and 0 < union < math.inf else 0.0


def is_box(shape: object) -> bool:
    """Return whether a shape is compared by its corners.

    Fields of the class take precedence over other attributes: a polygon with the corners of its
    bounding box as extras stays a polygon.

    Raises:
        InputValidationError: it has neither corners nor points.
    """
    # By the instance: for a class, the fields of data objects are collected anew each time.
    declared = getattr(shape, "__dataclass_fields__", ())
    if "top_left" in declared:
        return True
    if "points" not in declared and hasattr(shape, "top_left"):
        return True
    if not hasattr(shape, "points"):
        raise InputValidationError(
            f"A {type(shape).__name__} has no area to compare: pass bounding boxes (with top_left "
            "and bottom_right) or polygons (with points)."
        )
    return False


def corners(box: Any) -> Corners:
    """Left, top, right and bottom of a box as Python floats, whichever corner comes first.

    Raises:
        InputValidationError: a coordinate is beyond the range of a float.
    """
    (x, y), (other_x, other_y) = box.top_left, box.bottom_right
    try:
        left, top, right, bottom = float(x), float(y), float(other_x), float(other_y)
    except OverflowError:
        raise _too_large(box) from None
    if left > right:
        left, right = right, left
    if top > bottom:
        top, bottom = bottom, top
    return left, top, right, bottom


def outline(shape: Any) -> Any:
    """The area of a box or polygon as a valid shapely geometry, which may be empty."""
    if is_box(shape):
        left, top, right, bottom = corners(shape)
        points = [(left, top), (right, top), (right, bottom), (left, bottom)]
    else:
        try:
            points = [(float(point[0]), float(point[1])) for point in shape.points]
        except OverflowError:
            raise _too_large(shape) from None
    with geos() as shapely:
        if len(points) < 3 or not all(math.isfinite(x) and math.isfinite(y) for x, y in points):
            return shapely.Polygon()
        valid = shapely.make_valid(shapely.Polygon(points))
        if valid.geom_type != "GeometryCollection":
            return valid
        # The repair leaves lines, which older versions of GEOS cannot intersect.
        return shapely.union_all([part for part in valid.geoms if part.area > 0])


def _too_large(shape: object) -> InputValidationError:
    return InputValidationError(
        f"A {type(shape).__name__} has a coordinate beyond the range of a float, up to 1.8e308;"
        " compare smaller shapes."
    )


@contextmanager
def geos() -> Iterator[Any]:
    """Compute with shapely; errors of GEOS, the library below it, get a message.

    Yields:
        The module ``shapely``.

    Raises:
        ImportError: shapely is not installed.
        InputValidationError: the coordinates are too large or too small for it.
    """
    try:
        import shapely  # type: ignore[import-untyped]
    except ImportError as error:
        raise ImportError(
            "Polygons need shapely, which is not installed; "
            "run: pip install 'kolena-local[geometry]'",
            name="shapely",
        ) from error
    try:
        # Callers check the result for overflows.
        with np.errstate(all="ignore"):
            yield shapely
    except shapely.errors.GEOSException as error:
        raise InputValidationError(
            f"The overlap of two polygons cannot be computed ({error}); check their coordinates "
            "for values that are extremely large or extremely small."
        ) from error


def iou_of_boxes(a: Corners, b: Corners) -> float:
    """Intersection over union of two boxes, given by left, top, right and bottom."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    # Both must be positive: the product of two negative sides is not an intersection.
    if not (width > 0 and height > 0):
        return 0.0
    intersection = width * height
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - intersection
    if SMALLEST_AREA < union < LARGEST_AREA:
        return intersection / union
    if not all(map(math.isfinite, (*a, *b))):
        return 0.0
    # An area overflowed or underflowed, but their ratio does not.
    return _exact_iou(list(map(Fraction, a)), list(map(Fraction, b)))


def _exact_iou(a: list[Fraction], b: list[Fraction]) -> float:
    intersection = (min(a[2], b[2]) - max(a[0], b[0])) * (min(a[3], b[3]) - max(a[1], b[1]))
    areas = ((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return float(intersection / (sum(areas) - intersection))
