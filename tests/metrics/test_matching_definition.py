"""Matching equals its plain definition on random input, to the last bit of every ``iou``."""

import enum
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kolena_local.annotation import (
    BoundingBox,
    LabeledBoundingBox,
    LabeledPolygon,
    ScoredLabeledBoundingBox,
    ScoredLabeledPolygon,
)
from kolena_local.metrics import match_inferences, match_inferences_multiclass, overlap
from tests.conftest import IS_LONG
from tests.metrics import plain

# Few values, so that equal scores, equal overlaps, touching edges and swapped corners are common.
# Half precision keeps clear of the coordinates that shapely cannot compute with.
GRID = st.integers(0, 5).map(float) | st.floats(0, 5, width=16)
POINTS = st.tuples(GRID, GRID)
ANY_NUMBER = GRID | st.sampled_from([math.nan, math.inf, -math.inf, -0.0, 1e200, -1.7e308, 1e-200])
ANY_POINTS = st.tuples(ANY_NUMBER, ANY_NUMBER)
SCORES = st.sampled_from([0.25, 0.5, 0.75, math.nan, -1.0, math.inf, 2])
THRESHOLDS = st.sampled_from([0.5, 0.25, 0.0, 1.0, 0.1, -1.0, math.nan])
# The rules interact; a handful of scenes would not meet all of them.
THOROUGH = settings(max_examples=(6 if IS_LONG else 2) * settings().max_examples)
LABELS = st.sampled_from(["a", "b", "c"])
FRAMES = st.sampled_from([{}, {"frame_id": 0}, {"frame_id": 1}])


@st.composite
def boxes(draw: Any, cls: type, points: Any = ANY_POINTS, **fields: Any) -> Any:
    first, second = draw(points), draw(points)
    if draw(st.integers(0, 9)):
        first, second = tuple(map(min, first, second)), tuple(map(max, first, second))
    values = {name: draw(strategy) for name, strategy in fields.items()}
    return cls(first, second, **values, **draw(FRAMES))


@st.composite
def polygons(draw: Any, cls: type, **fields: Any) -> Any:
    values = {name: draw(strategy) for name, strategy in fields.items()}
    return cls(draw(st.lists(POINTS, min_size=3, max_size=5)), **values, **draw(FRAMES))


@st.composite
def scenes(draw: Any, truth: Any, inference: Any, size: int = 12) -> Any:
    ground_truths = draw(st.lists(truth, max_size=size))
    ignored = draw(st.lists(truth, max_size=3))
    if ground_truths and draw(st.booleans()):
        ignored.append(draw(st.sampled_from(ground_truths)))
        ground_truths.append(draw(st.sampled_from(ground_truths)))
    return ground_truths, draw(st.lists(inference, max_size=size)), ignored


BOX_SCENES = scenes(
    boxes(LabeledBoundingBox, label=LABELS),
    boxes(ScoredLabeledBoundingBox, label=LABELS, score=SCORES),
)
# Half of the outlines are boxes, whose overlap with each other stays analytic.
MIXED_SCENES = scenes(
    polygons(LabeledPolygon, label=LABELS) | boxes(LabeledBoundingBox, POINTS, label=LABELS),
    polygons(ScoredLabeledPolygon, label=LABELS, score=SCORES)
    | boxes(ScoredLabeledBoundingBox, POINTS, label=LABELS, score=SCORES),
    size=5,
)


def values(item: Any) -> str:
    """All that an object holds, extras included; a text, because NaN is not equal to itself."""
    return f"{type(item).__name__} {vars(item)}"


def with_iou(inference: Any, iou: float) -> str:
    return f"{type(inference).__name__} { {**vars(inference), 'iou': iou} }"


def pairs(matches: Any) -> list[Any]:
    return [(id(gt), inf if inf is None else values(inf)) for gt, inf in matches]


def check(result: Any, expected: plain.Match) -> None:
    assert pairs(result.matched) == [
        (id(gt), with_iou(inf, iou)) for gt, inf, iou in expected.matched
    ]
    assert list(map(values, result.unmatched_inf)) == [
        with_iou(inf, iou) for inf, iou in expected.unmatched_inf
    ]


@THOROUGH
@given(BOX_SCENES, THRESHOLDS)
def test_boxes(scene: Any, threshold: float) -> None:
    ground_truths, inferences, ignored = scene
    expected = plain.match(*scene, threshold)

    result = match_inferences(
        ground_truths, inferences, ignored_ground_truths=ignored, iou_threshold=threshold
    )

    check(result, expected)
    assert list(map(id, result.unmatched_gt)) == list(map(id, expected.unmatched_gt))


@THOROUGH
@given(BOX_SCENES, THRESHOLDS)
def test_boxes_by_class(scene: Any, threshold: float) -> None:
    ground_truths, inferences, ignored = scene
    expected = plain.match_multiclass(*scene, threshold)

    result = match_inferences_multiclass(
        ground_truths, inferences, ignored_ground_truths=ignored, iou_threshold=threshold
    )

    check(result, expected)
    assert pairs(result.unmatched_gt) == [
        (id(gt), inf if inf is None else with_iou(inf, iou))
        for gt, inf, iou in expected.unmatched_gt
    ]


@given(MIXED_SCENES, THRESHOLDS)
def test_boxes_and_polygons(scene: Any, threshold: float) -> None:
    ground_truths, inferences, ignored = scene

    single = match_inferences(
        ground_truths, inferences, ignored_ground_truths=ignored, iou_threshold=threshold
    )
    by_class = match_inferences_multiclass(
        ground_truths, inferences, ignored_ground_truths=ignored, iou_threshold=threshold
    )

    check(single, plain.match(*scene, threshold))
    check(by_class, plain.match_multiclass(*scene, threshold))


class Kind(enum.Enum):
    X = "x"
    Y = "y"


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 2


class Anything(BoundingBox):
    label: Any
    score: Any = 0.5


# Ascending in the documented order; NaN is not itself, so it must be seen as None.
OTHER_LABELS = [
    [None, 3, "3"],
    [math.nan, -math.inf, np.float32(2)],
    [True, np.int64(2), 10**400],
    [Kind.X, Kind.Y, ("a", None)],
    [Size.SMALL, Size.LARGE, 2.5],
    ["", Kind.X, frozenset({1, "a"})],
    [None, "a", pd.NA],
    [np.int64(1), np.int64(5), (1, 2)],
]


@given(BOX_SCENES, st.sampled_from(OTHER_LABELS))
def test_labels_of_any_kind_are_matched_as_texts_are(scene: Any, labels: list[Any]) -> None:
    def as_anything(item: Any) -> Anything:
        extras = {"score": item.score} if hasattr(item, "score") else {}
        label = labels["abc".index(item.label)]
        # Another NaN for each object, as data frames may hold.
        label = float("nan") if isinstance(label, float) and label != label else label
        return Anything(item.top_left, item.bottom_right, label, **extras)

    def places(result: Any, truths: Any, inferences: Any) -> list[Any]:
        gt = {id(item): place for place, item in enumerate(truths)}
        corners = [(item.top_left, item.bottom_right, item.score) for item in inferences]

        def place(inf: Any) -> Any:
            this = (inf.top_left, inf.bottom_right, inf.score)
            return inf and [n for n, one in enumerate(corners) if repr(one) == repr(this)]

        pairs = [*result.matched, *result.unmatched_gt]
        return [(gt[id(one)], inf and (place(inf), inf.iou)) for one, inf in pairs] + [
            (place(inf), inf.iou) for inf in result.unmatched_inf
        ]

    # One object may stand in a scene twice.
    made = {id(item): as_anything(item) for side in scene for item in side}
    others = [[made[id(item)] for item in side] for side in scene]

    expected, result = (
        match_inferences_multiclass(truths, inferences, ignored_ground_truths=ignored)
        for truths, inferences, ignored in (scene, others)
    )

    assert places(result, *others[:2]) == places(expected, *scene[:2])


@given(BOX_SCENES, st.sampled_from([["frame_id"], ["frame_id", "label"], ["absent"]]))
def test_required_fields_make_groups_in_the_order_of_first_appearance(
    scene: Any, fields: list[str]
) -> None:
    ground_truths, inferences, ignored = scene
    expected = plain.Match([], [], [])
    for key in plain.grouped([*ground_truths, *inferences], fields):
        sides = [plain.grouped(side, fields).get(key, []) for side in scene]
        one = plain.match(*sides, 0.5)
        for all_groups, group in zip(expected, one, strict=True):
            all_groups.extend(group)

    result = match_inferences(
        ground_truths, inferences, ignored_ground_truths=ignored, required_match_fields=fields
    )

    check(result, expected)
    assert list(map(id, result.unmatched_gt)) == list(map(id, expected.unmatched_gt))


@given(BOX_SCENES)
def test_long_lists_are_compared_in_pieces(scene: Any) -> None:
    ground_truths, inferences, ignored = scene
    expected = plain.match_multiclass(*scene, 0.5)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(overlap, "_PAIRS_AT_ONCE", 7)
        result = match_inferences_multiclass(
            ground_truths, inferences, ignored_ground_truths=ignored
        )

    check(result, expected)
