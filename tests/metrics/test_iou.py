"""The overlap of two shapes, by hand and for shapes that hardly are any."""

import math
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from kolena_local.annotation import BoundingBox, Keypoints, Label, LabeledBoundingBox, Polygon
from kolena_local.errors import InputValidationError
from kolena_local.metrics import iou
from tests.metrics import plain

UNIT = BoundingBox((0, 0), (2, 2))
SQUARE = Polygon([(0, 0), (2, 0), (2, 2), (0, 2)])

NUMBERS = st.floats(allow_nan=True, allow_infinity=True) | st.integers(-4, 4).map(float)


def box(left: float, top: float, right: float, bottom: float) -> BoundingBox:
    return BoundingBox((left, top), (right, bottom))


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (box(0, 0, 2, 2), 1.0),
        (box(1, 0, 3, 2), 1 / 3),
        (box(0, 0, 1, 1), 0.25),
        (box(-1, -1, 3, 3), 0.25),
        (box(5, 5, 6, 6), 0.0),
    ],
)
def test_boxes_worked_out_by_hand(other: BoundingBox, expected: float) -> None:
    assert iou(UNIT, other) == expected
    assert iou(other, UNIT) == expected


@pytest.mark.parametrize(
    "other",
    [
        box(2, 0, 4, 2),
        box(2, 2, 4, 4),
        box(1, 1, 1, 1),
        box(0, 1, 2, 1),
        box(math.nan, 0, 2, 2),
        box(0, 0, 2, math.nan),
        box(-math.inf, 0, math.inf, 2),
    ],
    ids=["edge", "corner", "point", "line", "nan", "nan", "infinite"],
)
def test_boxes_without_an_area_in_common(other: BoundingBox) -> None:
    for value in (iou(UNIT, other), iou(other, UNIT)):
        assert value == 0.0
        assert type(value) is float


def test_two_boxes_without_an_area_at_the_same_place() -> None:
    for nothing in (box(1, 1, 1, 1), box(0, 1, 2, 1), box(-math.inf, 0, math.inf, 2)):
        assert iou(nothing, nothing) == 0.0


CORNERS = [(0, 0, 2, 2), (2, 0, 0, 2), (0, 2, 2, 0), (2, 2, 0, 0)]


@pytest.mark.parametrize("corners", CORNERS)
def test_a_box_is_the_same_whichever_corners_it_is_given_by(corners: Any) -> None:
    this = box(*corners)

    assert (this.width, this.height, this.area) == (2, 2, 4)
    assert iou(this, this) == 1.0
    for other in CORNERS:
        assert iou(this, box(*other)) == 1.0
    for shape, expected in ((box(3, 2, 1, 0), 1 / 3), (SQUARE, 1.0), (box(2, 2, 4, 4), 0.0)):
        assert iou(this, shape) == iou(shape, this) == expected


def test_a_box_of_small_numpy_integers_does_not_wrap_around() -> None:
    small = SimpleNamespace(top_left=np.array([2, 2], np.uint8), bottom_right=(np.uint8(1), 1))

    assert iou(small, UNIT) == 0.25


@pytest.mark.parametrize("size", [5e-324, 1e-320, 1e-200, 1e-160, 1e160, 1e200, 4e307])
def test_boxes_of_any_size_overlap_by_the_same(size: float) -> None:
    two = 2 * size
    square, half = box(0, 0, two, two), box(size, two, 0, 0)

    assert iou(square, square) == 1.0
    assert iou(square, half) == iou(half, square) == 0.5
    assert iou(square, box(size, 0, size + two, two)) == pytest.approx(1 / 3)
    assert iou(square, box(two, 0, 2 * two, two)) == 0.0


def test_boxes_with_sides_of_very_different_size_overlap_by_what_fractions_say() -> None:
    wide, high = box(-1.7e308, 0, 1.7e308, 5e-324), box(0, -1.7e308, 1e-300, 1.7e308)

    assert iou(wide, wide) == iou(high, high) == 1.0
    assert iou(wide, box(1.7e308, 0, -1.7e308, 1e-323)) == 0.5
    assert iou(wide, high) == 0.0


def test_whole_numbers_that_no_float_can_hold_are_refused() -> None:
    huge = SimpleNamespace(top_left=(0, 0), bottom_right=(10**400, 1))
    outline = SimpleNamespace(points=[(0, 0), (10**400, 1), (1, 0)])

    for shape in (huge, outline):
        with pytest.raises(InputValidationError, match="coordinate beyond the range of a float"):
            iou(shape, UNIT)


@given(st.tuples(*[NUMBERS] * 8))
def test_any_two_boxes_give_a_number_from_0_to_1(corners: tuple[float, ...]) -> None:
    a, b = box(*corners[:4]), box(*corners[4:])

    assert 0.0 <= iou(a, b) <= 1.0
    assert iou(a, b) == iou(b, a) == plain.iou(a, b)
    assert iou(a, a) == (1.0 if a.width > 0 and a.height > 0 and is_finite(a) else 0.0)


def is_finite(a: BoundingBox) -> bool:
    return all(map(math.isfinite, (*a.top_left, *a.bottom_right)))


def test_polygons_worked_out_by_hand() -> None:
    triangle = Polygon([(0, 0), (2, 0), (0, 2)])

    assert iou(SQUARE, SQUARE) == 1.0
    assert iou(SQUARE, triangle) == pytest.approx(0.5)
    assert iou(triangle, Polygon([(5, 5), (6, 5), (5, 6)])) == 0.0
    assert iou(triangle, Polygon([(2, 2), (2, 0), (0, 2)])) == 0.0


def test_a_box_and_a_polygon() -> None:
    assert iou(UNIT, SQUARE) == 1.0
    assert iou(SQUARE, box(1, 0, 3, 2)) == pytest.approx(1 / 3)


def test_against_a_polygon_the_order_of_a_boxs_corners_does_not_matter() -> None:
    assert iou(box(2, 2, 0, 0), SQUARE) == 1.0
    assert iou(SQUARE, box(2, 0, 0, 2)) == 1.0


def test_a_polygon_that_crosses_itself_is_repaired() -> None:
    bow = Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])

    assert iou(bow, SQUARE) == pytest.approx(0.5)
    assert iou(bow, bow) == pytest.approx(1.0)


def test_a_spike_has_no_area() -> None:
    spiked = Polygon([(0, 0), (2, 0), (2, 2), (4, 2), (2, 2), (0, 2)])

    assert iou(spiked, SQUARE) == pytest.approx(1.0)
    assert iou(spiked, spiked) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "nothing",
    [
        Polygon([(0, 0), (1, 1), (2, 2)]),
        Polygon([(0, 0), (0, 0), (0, 0)]),
        Polygon([(0, 0), (math.nan, 1), (2, 2)]),
        Polygon([(0, 0), (math.inf, 0), (2, 2)]),
        Keypoints([(0, 0)]),
        Keypoints([]),
    ],
    ids=["line", "point", "nan", "infinite", "one point", "no points"],
)
def test_outlines_that_cover_nothing(nothing: Any) -> None:
    assert iou(nothing, SQUARE) == 0.0
    assert iou(UNIT, nothing) == 0.0
    assert iou(nothing, nothing) == 0.0


def test_coordinates_that_are_too_large_to_compute_with_cover_nothing() -> None:
    huge = Polygon([(0, 0), (1e200, 0), (0, 1e200)])

    assert iou(huge, huge) == 0.0
    assert iou(SQUARE, huge) == 0.0


def test_what_shapely_gives_up_on_is_an_error_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    def give_up(*_: Any) -> None:
        raise shapely.errors.GEOSException("TopologyException: Ring edge missing")

    monkeypatch.setattr(shapely, "make_valid", give_up)

    with pytest.raises(InputValidationError, match=r"Ring edge missing.* extremely large or"):
        iou(UNIT, SQUARE)


def test_anything_with_points_is_an_outline() -> None:
    assert iou(SimpleNamespace(points=SQUARE.points), UNIT) == 1.0
    assert iou(Keypoints(SQUARE.points), SQUARE) == 1.0


def test_extra_attributes_do_not_make_another_shape() -> None:
    polygon = Polygon([(0, 0), (2, 0), (0, 2)], top_left=(0, 0), bottom_right=(2, 2))
    labeled = LabeledBoundingBox((0, 0), (2, 2), "car", points=[(0, 0), (1, 0), (0, 1)])

    assert iou(polygon, labeled) == pytest.approx(0.5)
    assert iou(labeled, UNIT) == 1.0


def test_what_has_no_shape_is_named() -> None:
    with pytest.raises(InputValidationError, match="A Label has no area"):
        iou(Label("car"), UNIT)


def test_boxes_need_no_shapely_and_polygons_say_where_it_comes_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "shapely", None)

    assert iou(UNIT, UNIT) == 1.0
    with pytest.raises(ImportError, match=r"pip install 'kolena-local\[geometry\]'") as raised:
        iou(UNIT, SQUARE)
    assert raised.value.name == "shapely"
    assert isinstance(raised.value.__cause__, ImportError)
