"""Who is matched with whom, in scenes small enough to be worked out by hand."""

import math
from typing import Any

import numpy as np
import pytest

from kolena_local.annotation import (
    BoundingBox,
    LabeledBoundingBox,
    LabeledPolygon,
    Polygon,
    ScoredBoundingBox,
    ScoredLabeledBoundingBox,
    ScoredLabeledPolygon,
    ScoredPolygon,
)
from kolena_local.errors import InputValidationError
from kolena_local.metrics import (
    InferenceMatches,
    MulticlassInferenceMatches,
    match_inferences,
    match_inferences_multiclass,
)

MATCHERS = pytest.mark.parametrize("matcher", [match_inferences, match_inferences_multiclass])


def truth(left: float, right: float, label: str = "a", **extras: Any) -> LabeledBoundingBox:
    return LabeledBoundingBox((left, 0), (right, 1), label, **extras)


def found(
    left: float, right: float, score: float, label: str = "a", **extras: Any
) -> ScoredLabeledBoundingBox:
    return ScoredLabeledBoundingBox((left, 0), (right, 1), label, score, **extras)


def test_a_match_a_miss_and_a_false_alarm() -> None:
    hit, missed = truth(0, 10), truth(20, 30)
    right, wrong = found(0, 8, 0.9), found(28, 38, 0.8)

    result = match_inferences([hit, missed], [wrong, right])

    assert result == InferenceMatches([(hit, right)], [missed], [wrong])
    assert result.matched[0][0] is hit
    assert result.matched[0][1].iou == 0.8
    assert result.unmatched_inf[0].iou == pytest.approx(2 / 18)


@MATCHERS
@pytest.mark.parametrize("corners", [((0, 1), (10, 0)), ((10, 0), (0, 1)), ((10, 1), (0, 0))])
def test_a_box_with_swapped_corners_is_found(matcher: Any, corners: Any) -> None:
    swapped, usual = LabeledBoundingBox(*corners, "a"), truth(0, 10)
    outline = LabeledPolygon([(0, 0), (10, 0), (10, 1), (0, 1)], "a")

    for target, inference in (
        (swapped, ScoredLabeledBoundingBox(*corners, "a", 0.9)),
        (swapped, found(0, 10, 0.9)),
        (usual, ScoredLabeledBoundingBox(*corners, "a", 0.9)),
        (outline, ScoredLabeledBoundingBox(*corners, "a", 0.9)),
    ):
        ((gt, match),) = matcher([target], [inference, found(20, 30, 0.8)]).matched
        assert (gt, match, match.iou) == (target, inference, 1.0)


@MATCHERS
def test_boxes_whose_areas_are_beyond_the_range_of_a_float_are_found(matcher: Any) -> None:
    for size in (1e-200, 1e200, 1.7e308):
        target = LabeledBoundingBox((-size, -size), (size, size), "a")
        inference = ScoredLabeledBoundingBox((-size, 0), (size, size), "a", 0.9)

        assert matcher([target, truth(0, 10)], [inference]).matched[0][1].iou == 0.5


def test_the_inferences_are_copies_with_one_more_attribute() -> None:
    inference = found(0, 8, 0.9, color="red")

    copy = match_inferences([truth(0, 10)], [inference]).matched[0][1]

    assert copy is not inference
    assert copy == inference
    assert type(copy) is ScoredLabeledBoundingBox
    assert not hasattr(inference, "iou")
    assert copy._to_dict() == {**inference._to_dict(), "iou": 0.8}
    assert copy.color == "red"


def test_an_iou_that_is_already_there_is_replaced() -> None:
    first = match_inferences([], [found(0, 8, 0.9)]).unmatched_inf
    second = match_inferences([truth(0, 10)], first)

    assert first[0].iou == 0.0
    assert second.matched[0][1].iou == 0.8


def test_the_higher_score_goes_first_and_equal_scores_in_their_order() -> None:
    target = truth(0, 10)
    low, high, same = found(0, 10, 0.1), found(0, 8, 0.9), found(0, 9, 0.9)

    result = match_inferences([target], [low, high, same])

    assert result == InferenceMatches([(target, high)], [], [same, low])


class Unusual:
    """A box of somebody's own, with a label and a score of any kind."""

    def __init__(self, label: Any, score: Any, **attributes: Any) -> None:
        self.top_left, self.bottom_right = (0, 0), (10, 1)
        self.label, self.score = label, score
        vars(self).update(attributes)


@pytest.mark.parametrize("label", [["a"], {"a": 1}, np.array(["a", "b"])])
def test_a_label_that_cannot_be_compared_is_refused(label: Any) -> None:
    with pytest.raises(InputValidationError, match=r"A label cannot be compared .*unhashab"):
        match_inferences_multiclass([truth(0, 10)], [Unusual(label, 0.5)])


@MATCHERS
@pytest.mark.parametrize("nothing", [None, math.nan, np.float32(math.nan)])
def test_a_score_that_is_missing_is_the_lowest(matcher: Any, nothing: Any) -> None:
    scores = [nothing, -1e300, -(10**400), np.int8(3), 10**400]
    inferences = [Unusual("a", score) for score in scores]

    result = matcher([Unusual("a", 0)], inferences)

    assert result.matched[0][1].score == 10**400
    assert [one.score for one in result.unmatched_inf] == [3, -1e300, -(10**400), nothing]


def test_required_fields_that_are_missing_are_equal() -> None:
    targets = [Unusual("a", 0, frame_id=float("nan")), Unusual("a", 0, frame_id=1)]
    inferences = [Unusual("a", 0.5, frame_id=float("nan")), Unusual("a", 0.4)]

    result = match_inferences(targets, inferences, required_match_fields=["frame_id"])

    assert [gt for gt, _ in result.matched] == targets[:1]
    assert result.unmatched_gt == targets[1:]


def test_a_nan_score_is_the_lowest() -> None:
    target = truth(0, 10)
    unsure, sure = found(0, 10, float("nan"), note=1), found(0, 9, 0.1)

    result = match_inferences([target], [unsure, sure])

    assert result.matched[0][1] == sure
    assert [inference.note for inference in result.unmatched_inf] == [1]


def test_there_is_no_second_choice() -> None:
    best, second = truth(0, 10), truth(1, 11)
    first, late = found(0, 10, 0.9), found(0, 10, 0.8)

    result = match_inferences([best, second], [first, late])

    assert result == InferenceMatches([(best, first)], [second], [late])
    assert result.unmatched_inf[0].iou == 1.0


def test_the_first_of_equal_ground_truths_is_taken() -> None:
    one, other = truth(0, 10, name="one"), truth(0, 10, name="other")

    result = match_inferences([one, other], [found(0, 10, 0.5)])

    assert result.matched[0][0] is one
    assert result.unmatched_gt[0] is other


@pytest.mark.parametrize(("threshold", "matches"), [(0.8, 1), (0.81, 0), (0.0, 1), (1.0, 0)])
def test_the_threshold_is_reached_by_its_own_value(threshold: float, matches: int) -> None:
    result = match_inferences([truth(0, 10)], [found(0, 8, 0.9)], iou_threshold=threshold)

    assert len(result.matched) == matches
    assert len(result.unmatched_gt) == len(result.unmatched_inf) == 1 - matches


def test_ignored_ground_truths_take_any_number_and_do_not_appear() -> None:
    crowd, target = truth(0, 10), truth(20, 30)
    absorbed = [found(0, 10, 0.9), found(0, 9, 0.8)]
    partly = found(18, 30, 0.7)

    result = match_inferences([target], [*absorbed, partly], ignored_ground_truths=[crowd])

    assert result == InferenceMatches([(target, partly)], [], [])


def test_an_unmatched_inference_reports_no_overlap_with_ignored_ones() -> None:
    crowd, target = truth(0, 10), truth(9, 19)
    stray = found(8, 18, 0.9), found(0, 4, 0.8)

    result = match_inferences([target], [*stray], ignored_ground_truths=[crowd])

    assert result.unmatched_inf == [stray[1]]
    assert result.unmatched_inf[0].iou == 0.0


def test_a_ground_truth_that_is_also_ignored_can_be_found_but_is_not_reported() -> None:
    both = truth(0, 10)
    first, late = found(0, 10, 0.9), found(0, 10, 0.8)

    result = match_inferences([both], [first, late], ignored_ground_truths=[truth(0, 10)])

    assert result == InferenceMatches([(both, first)], [], [late])
    assert result.unmatched_inf[0].iou == 0.0


@MATCHERS
def test_empty_sides(matcher: Any) -> None:
    target, inference = truth(0, 10), found(0, 10, 0.9)

    for ignored in (None, []):
        nothing = matcher([], [], ignored_ground_truths=ignored)
        assert (nothing.matched, nothing.unmatched_gt, nothing.unmatched_inf) == ([], [], [])
    assert len(matcher([target], []).unmatched_gt) == 1
    alone = matcher([], [inference])
    assert alone.unmatched_inf == [inference]
    assert alone.unmatched_inf[0].iou == 0.0
    assert matcher([], [inference], ignored_ground_truths=[target]).unmatched_inf == []


@MATCHERS
def test_the_lists_of_the_caller_are_left_alone(matcher: Any) -> None:
    targets, inferences, crowd = [truth(5, 9)], [found(0, 9, 0.1), found(5, 9, 0.9)], [truth(0, 9)]
    before = (list(targets), list(inferences), list(crowd))

    matcher(targets, inferences, ignored_ground_truths=crowd, required_match_fields=["frame_id"])

    assert (targets, inferences, crowd) == before


def test_objects_without_labels_match_in_a_single_class() -> None:
    box, polygon = BoundingBox((0, 0), (2, 2)), Polygon([(5, 0), (7, 0), (7, 2), (5, 2)])
    scored = ScoredBoundingBox((0, 0), (2, 2), 0.5)
    outline = ScoredPolygon([(5, 0), (7, 0), (7, 2), (5, 2)], 0.9)

    result: Any = match_inferences([box, polygon], [scored, outline])

    assert result.matched == [(polygon, outline), (box, scored)]


def test_the_labels_are_matched_one_by_one_in_sorted_order() -> None:
    dog, cat = truth(0, 10, "dog"), truth(0, 10, "cat")
    a_dog, a_cat = found(0, 10, 0.9, "dog"), found(0, 10, 0.1, "cat")

    result = match_inferences_multiclass([dog, cat], [a_dog, a_cat])

    assert result == MulticlassInferenceMatches([(cat, a_cat), (dog, a_dog)], [], [])


def test_a_confusion_comes_first_and_its_inference_is_also_left_over() -> None:
    cat, dog = truth(50, 60, "cat"), truth(0, 10, "dog")
    a_wolf = found(0, 8, 0.9, "wolf")

    result = match_inferences_multiclass([cat, dog], [a_wolf])

    assert result == MulticlassInferenceMatches([], [(dog, a_wolf), (cat, None)], [a_wolf])
    assert result.unmatched_gt[0][1].iou == 0.8  # type: ignore[union-attr]
    assert result.unmatched_inf[0].iou == 0.0


def test_a_second_choice_of_the_same_label_is_no_confusion_but_blocks_one() -> None:
    near, far = truth(0, 10, "dog"), truth(2, 12, "dog")
    first, late = found(0, 10, 0.9, "dog"), found(0.5, 10.5, 0.8, "dog")
    wolf = found(2, 12, 0.1, "wolf")

    result = match_inferences_multiclass([near, far], [first, late, wolf])

    assert result == MulticlassInferenceMatches([(near, first)], [(far, None)], [late, wolf])


def test_ignored_ground_truths_of_any_label_swallow_confusions() -> None:
    dog, crowd = truth(0, 10, "dog"), truth(0, 9, "crowd")
    wolf = found(0, 9, 0.9, "wolf")

    result = match_inferences_multiclass([dog], [wolf], ignored_ground_truths=[crowd])

    assert result == MulticlassInferenceMatches([], [(dog, None)], [wolf])


def test_polygons_by_class() -> None:
    square = [(0, 0), (2, 0), (2, 2), (0, 2)]
    dog = LabeledPolygon(square, "dog")
    a_dog, wolf = ScoredLabeledPolygon(square, "dog", 0.5), ScoredLabeledPolygon(square, "wolf", 1)

    result = match_inferences_multiclass([dog], [wolf, a_dog])

    assert result.matched == [(dog, a_dog)]
    assert result.unmatched_inf == [wolf]


@MATCHERS
def test_required_fields_keep_frames_apart(matcher: Any) -> None:
    early, late = truth(0, 10, frame_id=7), truth(0, 10, frame_id=1)
    in_late, in_none = found(0, 10, 0.9, frame_id=1), found(0, 10, 0.9)

    result = matcher([early, late], [in_none, in_late], required_match_fields=["frame_id"])

    assert result.matched == [(late, in_late)]
    assert [inference.iou for inference in result.unmatched_inf] == [0.0]
    assert result.unmatched_inf == [in_none]
    assert len(result.unmatched_gt) == 1


@MATCHERS
def test_no_required_fields_make_one_group(matcher: Any) -> None:
    target, inference = truth(0, 10, frame_id=1), found(0, 10, 0.9, frame_id=2)

    for fields in (None, []):
        assert len(matcher([target], [inference], required_match_fields=fields).matched) == 1


@MATCHERS
def test_unusable_arguments_are_named(matcher: Any) -> None:
    inference = found(0, 10, 0.9, tags=["x"])

    with pytest.raises(InputValidationError, match=r"mode 'coco' is unknown; .* 'pascal'"):
        matcher([], [], mode="coco")
    with pytest.raises(InputValidationError, match=r"pass a list: \['frame_id'\]"):
        matcher([], [inference], required_match_fields="frame_id")
    expected = r"\['tags'\] of an instance of ScoredLabeledBoundingBox have"
    with pytest.raises(InputValidationError, match=expected):
        matcher([], [inference], required_match_fields=["tags"])
    with pytest.raises(AttributeError, match="score"):
        matcher([truth(0, 10)], [truth(0, 10)])


@pytest.mark.parametrize("place", [0, 1, 2])
def test_matching_by_class_needs_labels(place: int) -> None:
    sides: list[Any] = [[truth(0, 10)], [found(0, 10, 0.9)], [truth(0, 10)]]
    sides[place] = [ScoredBoundingBox((0, 0), (1, 1), 0.5)]

    with pytest.raises(AssertionError, match="A ScoredBoundingBox has no label"):
        match_inferences_multiclass(sides[0], sides[1], ignored_ground_truths=sides[2])


@pytest.mark.parametrize("threshold", [0.0, -1.0, -5.0])
def test_no_threshold_is_low_enough_to_match_another_label(threshold: float) -> None:
    dog, wolf = truth(0, 10, "dog"), found(20, 30, 0.9, "wolf")

    result = match_inferences_multiclass([dog], [wolf], iou_threshold=threshold)

    assert result == MulticlassInferenceMatches([], [(dog, wolf)], [wolf])


@MATCHERS
def test_the_fields_of_a_class_are_not_collected_anew_for_each_box(
    matcher: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sides: tuple[Any, Any] = [truth(0, 10)], [found(0, 10, 0.9)]
    expected = matcher(*sides)
    collected: list[type] = []
    monkeypatch.setattr("kolena_local.serialization.data_object.declared_fields", collected.append)

    assert matcher(*sides) == expected
    assert collected == []
