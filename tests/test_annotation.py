"""Annotations: what they take, what they compute, how they look as JSON, what they refuse."""

import dataclasses
import inspect
import json
import math
from typing import Any, Dict, Optional, Tuple, Type, Union

import numpy as np
import pandas as pd
import pydantic
import pydantic.v1
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kolena_local.workflow.annotation
from kolena_local import annotation
from kolena_local.annotation import (
    Annotation,
    BitmapMask,
    BoundingBox,
    BoundingBox3D,
    ClassificationLabel,
    CustomAnnotation,
    Keypoints,
    Keypoints3D,
    Label,
    LabeledBoundingBox,
    LabeledPolygon,
    Polygon,
    Polyline,
    Polyline3D,
    ScoredBoundingBox,
    ScoredClassificationLabel,
    ScoredLabel,
    ScoredLabeledBoundingBox,
    SegmentationMask,
    TextSegment,
    TimeSegment,
)
from kolena_local.errors import InputValidationError
from kolena_local.serialization.conversion import Leniency
from kolena_local.serialization.restore import read
from kolena_local.serialization.type_shapes import shape_of

BOX = {"top_left": (1.0, 2.0), "bottom_right": (3.0, 6.0)}
CORNERS = [(0.0, 0.0), (1.0, 0.0), (1.0, 2.5)]
BOX_3D: Dict[str, Any] = {
    "center": (0.0, 0.0, 0.0),
    "dimensions": (1.0, 2.0, 4.0),
    "rotations": (0.0, 0.5, 0.0),
}
VARIANTS: Dict[str, Dict[str, Any]] = {
    "": {},
    "Labeled": {"label": "a"},
    "Scored": {"score": 0.5},
    "ScoredLabeled": {"label": "a", "score": 0.5},
}
FAMILIES: Dict[str, Tuple[str, Dict[str, Any]]] = {
    "BoundingBox": ("BOUNDING_BOX", BOX),
    "Polygon": ("POLYGON", {"points": CORNERS}),
    "BoundingBox3D": ("BOUNDING_BOX_3D", BOX_3D),
    "TimeSegment": ("TIME_SEGMENT", {"start": 1.0, "end": 0.5}),
    "TextSegment": ("TEXT_SEGMENT", {"text_field": "t", "start": 0, "end": 3}),
}
SINGLE: Dict[str, Tuple[str, Dict[str, Any]]] = {
    "Keypoints": ("KEYPOINTS", {"points": CORNERS}),
    "Polyline": ("POLYLINE", {"points": []}),
    "Keypoints3D": ("KEYPOINTS_3D", {"points": [(0.0, 1.0, 2.0)]}),
    "Polyline3D": ("POLYLINE_3D", {"points": []}),
    "SegmentationMask": ("SEGMENTATION_MASK", {"labels": {1: "cat", 2: "dog"}, "locator": "m"}),
    "BitmapMask": ("BITMAP_MASK", {"locator": "m"}),
    "Label": ("LABEL", {"label": "a"}),
    "ScoredLabel": ("LABEL", {"label": "a", "score": 0.5}),
    "CustomAnnotation": ("CUSTOM", {"kind": "arrow"}),
}
EVERY = {
    **SINGLE,
    **{
        f"{prefix}{name}": (data_type, {**fields, **added})
        for name, (data_type, fields) in FAMILIES.items()
        for prefix, added in VARIANTS.items()
    },
}


def test_every_class_is_tested_here() -> None:
    classes = {
        value.__name__
        for value in vars(annotation).values()
        if inspect.isclass(value) and value.__module__.startswith(f"{annotation.__name__}.")
    }
    assert classes == {"Annotation", *EVERY}


@pytest.mark.parametrize("name", EVERY)
class TestEveryAnnotation:
    def test_takes_its_fields_in_order(self, name: str) -> None:
        cls = getattr(annotation, name)
        fields = EVERY[name][1]
        made = cls(*fields.values())
        assert made == cls(**fields)
        assert {key: getattr(made, key) for key in fields} == fields

    def test_comes_back_from_json(self, name: str) -> None:
        cls = getattr(annotation, name)
        made = cls(**EVERY[name][1], color="red", frame_id=3)
        back = cls._from_dict(json.loads(json.dumps(made._to_dict())))
        assert back == made
        assert type(back) is cls
        assert (back.color, back.frame_id) == ("red", 3)
        assert str(back) == str(made)

    def test_says_its_data_type_last(self, name: str) -> None:
        data_type, fields = EVERY[name]
        shown = getattr(annotation, name)(**fields, color="red")._to_dict()
        assert list(shown)[-2:] == ["color", "data_type"]
        assert shown["data_type"] == f"ANNOTATION/{data_type}"

    def test_is_frozen(self, name: str) -> None:
        made = getattr(annotation, name)(**EVERY[name][1])
        with pytest.raises(dataclasses.FrozenInstanceError):
            made.frame_id = 3

    def test_lacking_a_field_is_a_type_error(self, name: str) -> None:
        with pytest.raises(TypeError):
            getattr(annotation, name)()


def test_box_computes_its_measures() -> None:
    box = BoundingBox((1, 2), (3, 6))
    assert (box.width, box.height, box.area, box.aspect_ratio) == (2.0, 4.0, 8.0, 0.5)
    assert list(ScoredLabeledBoundingBox(**BOX, label="a", score=1)._to_dict()) == [
        "top_left",
        "bottom_right",
        "width",
        "height",
        "area",
        "aspect_ratio",
        "label",
        "score",
        "data_type",
    ]


def test_box_takes_corners_in_any_order_and_of_any_value() -> None:
    assert BoundingBox((3, 6), (1, 2)).area == 8.0
    assert BoundingBox((1, 2), (3, 2)).aspect_ratio == 0.0
    assert math.isnan(BoundingBox((math.nan, 0), (1, 1)).area)
    assert BoundingBox((-math.inf, 0), (1, 1)).width == math.inf


point = st.tuples(st.floats(), st.floats())


@given(point, point)
def test_any_box_comes_back_from_json(top_left: Any, bottom_right: Any) -> None:
    box = BoundingBox(top_left, bottom_right)
    assert repr(BoundingBox._from_dict(box._to_dict())) == repr(box)


def test_measures_of_numpys_coordinates_do_not_wrap_around() -> None:
    @dataclasses.dataclass(frozen=True)
    class Tracked(BoundingBox):
        track: int = 0

    @dataclasses.dataclass(frozen=True)
    class TrackedInSpace(BoundingBox3D):
        track: int = 0

    byte, double = np.uint8, np.float64
    box = Tracked((byte(0), byte(250)), (byte(200), byte(0)))
    assert (box.width, box.height, box.area, box.aspect_ratio) == (200, 250, 50_000, 0.8)
    huge = Tracked((double(0), double(0)), (double(1e200), double(1e200)))
    assert (huge.width, huge.area, huge.aspect_ratio) == (1e200, math.inf, 1)
    assert TrackedInSpace((0, 0, 0), (byte(200),) * 3, (0, 0, 0)).volume == 8_000_000
    assert TrackedInSpace((0, 0, 0), (double(1e200),) * 3, (0, 0, 0)).volume == math.inf


def test_box_in_space_keeps_the_sign_of_its_volume() -> None:
    assert BoundingBox3D((0, 0, 0), (1, -2, 4), (0, 0, 0)).volume == -8.0


@pytest.mark.parametrize("name", ["width", "height", "area", "aspect_ratio"])
def test_computed_fields_cannot_be_given(name: str) -> None:
    with pytest.raises(TypeError, match=name):
        BoundingBox(**BOX, **{name: 1.0})
    with pytest.raises(TypeError, match="volume"):
        BoundingBox3D(**BOX_3D, volume=1.0)


def test_values_are_converted() -> None:
    box = ScoredLabeledBoundingBox([1, "2"], [np.float64(3), np.int64(6)], 5, "0.5")
    assert box == ScoredLabeledBoundingBox(**BOX, label="5", score=0.5)
    assert [type(number) for number in (*box.top_left, *box.bottom_right, box.area)] == [float] * 5
    assert Keypoints([[1, 2]]).points == [(1.0, 2.0)]
    assert Keypoints((x, x) for x in (1, 2)).points == [(1.0, 1.0), (2.0, 2.0)]


def test_mask_labels_have_numbers_as_keys_after_json_too() -> None:
    mask = SegmentationMask(labels={"1": "cat"}, locator="m")
    assert mask.labels == {1: "cat"}
    text = json.dumps(mask._to_dict())
    assert SegmentationMask._from_dict(json.loads(text)).labels == {1: "cat"}


@pytest.mark.parametrize(
    ("cls", "fields"),
    [
        (BoundingBox, {"top_left": np.array([0, 0]), "bottom_right": (1, 1)}),
        (BoundingBox, {"top_left": pd.Series([0, 0]), "bottom_right": (1, 1)}),
        (BoundingBox, {"top_left": (0, 0, 0), "bottom_right": (1, 1)}),
        (BoundingBox, {"top_left": (0, "x"), "bottom_right": (1, 1)}),
        (BoundingBox, {"top_left": None, "bottom_right": (1, 1)}),
        (Polygon, {"points": np.zeros((3, 2))}),
        (Keypoints, {"points": np.zeros((3, 2))}),
        (Polyline, {"points": pd.Series([(0, 0)])}),
        (Keypoints3D, {"points": [(0, 0)]}),
        (Polyline3D, {"points": "abc"}),
        (Label, {"label": None}),
        (ScoredLabel, {"label": "a", "score": "high"}),
        (BitmapMask, {"locator": None}),
        (CustomAnnotation, {"kind": ["x"]}),
        (SegmentationMask, {"labels": {"x": "cat"}, "locator": "m"}),
        (TimeSegment, {"start": None, "end": 1}),
    ],
)
def test_wrong_values_are_refused_by_name(cls: Type[Annotation], fields: Dict[str, Any]) -> None:
    with pytest.raises(InputValidationError, match=rf"{cls.__name__}\.{next(iter(fields))}|score"):
        cls(**fields)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_polygon_needs_three_points(count: int) -> None:
    with pytest.raises(InputValidationError, match=f"LabeledPolygon has {count} points?;"):
        LabeledPolygon(CORNERS[:count], "a")
    with pytest.raises(InputValidationError):
        Polygon._from_dict({"points": CORNERS[:count]})


def test_polygon_refuses_what_can_be_read_once_only() -> None:
    with pytest.raises(TypeError, match="zip"):
        Polygon(points=zip([0, 1, 1], [0, 0, 1], strict=True))
    with pytest.raises(TypeError, match="generator"):
        LabeledPolygon((corner for corner in CORNERS), "a")


@pytest.mark.parametrize(("start", "end"), [(-1, 3), (-3, -1), (3, 3), (4, 3), (0, -1), (0.2, 0.9)])
def test_text_segment_runs_forward(start: float, end: float) -> None:
    with pytest.raises(InputValidationError, match="TextSegment runs from"):
        TextSegment("t", start, end)


def test_text_segment_has_whole_positions() -> None:
    assert TextSegment("t", 1.7, 3.2) == TextSegment("t", 1, 3)


def test_base_class_cannot_be_made() -> None:
    with pytest.raises(TypeError):
        Annotation()


def test_old_names_are_the_same_classes() -> None:
    assert ClassificationLabel is Label
    assert ScoredClassificationLabel is ScoredLabel
    assert issubclass(ScoredLabel, Label)
    assert not issubclass(ScoredLabeledBoundingBox, (LabeledBoundingBox, ScoredBoundingBox))


def test_extras_are_shown_by_str_and_do_not_count_for_equality() -> None:
    box = BoundingBox(**BOX, frame_id=1)
    assert box == BoundingBox(**BOX)
    assert hash(box) == hash(BoundingBox(**BOX))
    assert "frame_id=1" in str(box)
    assert "frame_id" not in repr(box)
    assert BoundingBox(**BOX) != LabeledBoundingBox(**BOX, label="a")


@pytest.mark.parametrize("name", EVERY)
def test_in_a_union_with_any_other_class_it_comes_back_as_itself(name: str) -> None:
    cls = getattr(annotation, name)
    stored = json.loads(json.dumps(cls(**EVERY[name][1])._to_dict()))
    for other in EVERY.keys() - {name}:
        for union in (
            Union[cls, getattr(annotation, other)],
            Union[getattr(annotation, other), cls],
        ):
            assert type(read(stored, shape_of(union), Leniency.EQUAL)) is cls, union


def test_what_holds_lists_has_no_hash() -> None:
    with pytest.raises(TypeError):
        hash(Polygon(CORNERS))


DECORATORS = {
    "dataclass": dataclasses.dataclass(frozen=True),
    "pydantic 2": pydantic.dataclasses.dataclass(frozen=True),
    "pydantic 1": pydantic.v1.dataclasses.dataclass(frozen=True),
    "none": lambda cls: cls,
}


@pytest.mark.parametrize("decorator", DECORATORS.values(), ids=DECORATORS)
class TestOwnAnnotations:
    def test_box(self, decorator: Any) -> None:
        @decorator
        class Car(LabeledBoundingBox):
            speed: Optional[float] = None

        car = Car((1.0, 2.0), (3.0, 6.0), "car", speed=3.5)
        assert (car.area, car.label, car.speed) == (8.0, "car", 3.5)
        assert Car._from_dict(car._to_dict()) == car
        assert car._to_dict()["data_type"] == "ANNOTATION/BOUNDING_BOX"

    def test_polygon(self, decorator: Any) -> None:
        @decorator
        class Field(Polygon):
            crop: str = "oats"

        assert Field._from_dict(Field(CORNERS)._to_dict()) == Field(CORNERS)
        with pytest.raises(ValueError, match="2 points"):
            Field(CORNERS[:2])
        with pytest.raises(TypeError, match="list_iterator"):
            Field(iter(CORNERS))


def test_workflow_path_leaves_out_the_newest_kinds() -> None:
    missing = {
        name
        for name in (*EVERY, "Annotation", "ClassificationLabel", "ScoredClassificationLabel")
        if name not in kolena_local.workflow.annotation.__all__
    }
    text_segments = {f"{prefix}TextSegment" for prefix in VARIANTS}
    assert missing == {"Keypoints3D", "Polyline3D", "CustomAnnotation", *text_segments}
    assert kolena_local.workflow.annotation.BoundingBox is BoundingBox
