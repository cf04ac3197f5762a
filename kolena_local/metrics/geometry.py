"""How much two shapes overlap, one pair at a time.

A box is compared by arithmetic on its two corners; anything else is an outline of points and needs
shapely, which is imported only when the first such outline is met. Shapes are told apart by what
they declare and not by their class, so a user's own box or polygon needs no base class. Whole lists
of shapes are compared in :mod:`kolena_local.metrics.overlap`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from kolena_local.errors import InputValidationError

if TYPE_CHECKING:
    from kolena_local.annotation import BoundingBox, Polygon


def iou(a: BoundingBox | Polygon, b: BoundingBox | Polygon) -> float:
    """Intersection over union of two shapes: the Jaccard index of the areas they cover.

    Two boxes are compared by their corners as they are: swapped corners, an edge or a corner in
    common, no width or height, and coordinates that are NaN all give 0.0. When at least one of the
    shapes is a polygon both are compared as outlines: self-intersections are repaired first (the
    loops of a figure eight all count), the order of a box's corners does not matter, and an outline
    of fewer than three points or with a coordinate that is not finite covers nothing.

    Args:
        a: a box, or anything with ``points``.
        b: a box, or anything with ``points``.

    Returns:
        A number from 0.0 (no area in common) to 1.0 (the same area).

    Raises:
        InputValidationError: a shape has neither corners nor points, or shapely cannot compute with
            the coordinates.
        ImportError: a polygon is to be compared and shapely is not installed.
    """
    if is_box(a) and is_box(b):
        return _iou_of_boxes(corners(a), corners(b))
    outline_a, outline_b = outline(a), outline(b)
    with geos():
        union = outline_a.union(outline_b).area
        intersection = outline_a.intersection(outline_b).area
    return float(intersection / union) if intersection > 0 and 0 < union < math.inf else 0.0


def is_box(shape: object) -> bool:
    """Tell whether a shape is compared by its two corners.

    What the class declares decides before what the object carries: a polygon that has its bounding
    box as extra attributes stays a polygon.

    Raises:
        InputValidationError: it has neither corners nor points.
    """
    declared = getattr(type(shape), "__dataclass_fields__", ())
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


def corners(box: Any) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a box as plain floats, as they were given."""
    (left, top), (right, bottom) = box.top_left, box.bottom_right
    return float(left), float(top), float(right), float(bottom)


def outline(shape: Any) -> Any:
    """The area of a box or polygon as a valid shapely geometry; empty when it covers nothing."""
    if is_box(shape):
        left, top, right, bottom = corners(shape)
        points = [(left, top), (right, top), (right, bottom), (left, bottom)]
    else:
        points = [(float(point[0]), float(point[1])) for point in shape.points]
    with geos() as shapely:
        if len(points) < 3 or not all(math.isfinite(x) and math.isfinite(y) for x, y in points):
            return shapely.Polygon()
        valid = shapely.make_valid(shapely.Polygon(points))
        if valid.geom_type != "GeometryCollection":
            return valid
        # The repair leaves spikes behind as lines, which older GEOS versions refuse to intersect.
        return shapely.union_all([part for part in valid.geoms if part.area > 0])


@contextmanager
def geos() -> Iterator[Any]:
    """Compute with shapely, whose trouble with extreme coordinates comes from the GEOS below it.

    Yields:
        The module ``shapely``.

    Raises:
        ImportError: it is not installed; the text names the extra that brings it.
        InputValidationError: the coordinates are too large or too small for it.
    """
    try:
        import shapely  # type: ignore[import-untyped]
    except ImportError as error:
        raise ImportError(
            "Polygons are compared with shapely, which is not installed; "
            "run: pip install 'kolena-local[geometry]'",
            name="shapely",
        ) from error
    try:
        # Overflows show in the result, which the callers look at.
        with np.errstate(all="ignore"):
            yield shapely
    except shapely.errors.GEOSException as error:
        raise InputValidationError(
            f"The overlap of two polygons cannot be computed ({error}); check their coordinates "
            "for values that are extremely large or extremely small."
        ) from error


def _iou_of_boxes(
    a: tuple[float, float, float, float], b: tuple[float, float, float, float]
) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    # Both must be positive: the product of two negative sides is no intersection.
    if not (width > 0 and height > 0):
        return 0.0
    intersection = width * height
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - intersection
    return intersection / union if union > 0 else 0.0
