"""Match inferences with ground truths by the rules of the PASCAL VOC challenge.

The rules are those of Everingham et al., "The PASCAL Visual Object Classes (VOC) Challenge",
International Journal of Computer Vision 88 (2010), with ignored ground truths for the objects that
the challenge calls difficult. All inferences are matched, whatever their score; filter them by
score yourself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from kolena_local.errors import InputValidationError
from kolena_local.metrics.assignment import Sides, assign, assign_by_label, assign_confusions, known
from kolena_local.metrics.matches import GT, Inf, InferenceMatches, MulticlassInferenceMatches


def match_inferences(
    ground_truths: list[GT],
    inferences: list[Inf],
    *,
    ignored_ground_truths: list[GT] | None = None,
    mode: Literal["pascal"] = "pascal",
    iou_threshold: float = 0.5,
    required_match_fields: list[str] | None = None,
) -> InferenceMatches[GT, Inf]:
    """Match inferences with ground truths, regardless of labels.

    Inferences are matched in descending order of score; equal scores keep their order, and NaN and
    None come last. Each considers only the ground truth that it overlaps most, ignored ones
    included; of equal overlaps, the first. If that overlap reaches the threshold and the ground
    truth is unmatched, they are matched; if it is already matched, the inference stays unmatched.
    Inferences that match an ignored ground truth are left out of the result; an ignored ground
    truth may match any number of them.

    Args:
        ground_truths: bounding boxes or polygons.
        inferences: scored bounding boxes or polygons.
        ignored_ground_truths: objects that count neither for nor against the model, such as crowds
            or difficult ones.
        mode: the rules; ``"pascal"`` is the only choice.
        iou_threshold: the smallest intersection over union of a match.
        required_match_fields: attributes that must be equal on both sides of a match; NaN and
            missing attributes count as None. Groups with equal values are matched one by one, in
            order of first appearance among ground truths, then inferences.

    Returns:
        Matched pairs, unmatched ground truths and unmatched inferences. Each inference is a copy,
        equal to the original, with the attribute ``iou``: its overlap with its match or, if
        unmatched, the largest overlap with any ground truth of its group that equals no ignored
        one, or 0.0.

    Raises:
        InputValidationError: the mode is unknown, an object has no shape, or a required field
            cannot be compared.
        AttributeError: an inference has no score.
        ImportError: a shape is a polygon, and shapely is not installed.
    """
    result: InferenceMatches[GT, Inf] = InferenceMatches([], [], [])
    for sides in _groups(
        ground_truths, inferences, ignored_ground_truths, mode, required_match_fields
    ):
        found = assign(sides, iou_threshold)
        result.matched.extend(found.pairs(sides))
        result.unmatched_gt.extend(sides.ground_truths[i] for i in found.free)
        result.unmatched_inf.extend(found.left_over(sides))
    return result


def match_inferences_multiclass(
    ground_truths: list[GT],
    inferences: list[Inf],
    *,
    ignored_ground_truths: list[GT] | None = None,
    mode: Literal["pascal"] = "pascal",
    iou_threshold: float = 0.5,
    required_match_fields: list[str] | None = None,
) -> MulticlassInferenceMatches[GT, Inf]:
    """Match inferences with ground truths of the same label, and find confusions.

    The objects of each label are matched as by :func:`match_inferences`, label by label in sorted
    order. Labels of several types are sorted as None (and NaN), numbers, text, then others by class
    and ``repr``. Unmatched objects are then matched again, regardless of labels: a pair of
    different labels is a confusion, well located but wrongly classified.

    Args:
        ground_truths: labeled bounding boxes or polygons.
        inferences: scored and labeled bounding boxes or polygons.
        ignored_ground_truths: labeled objects that count neither for nor against the model; in the
            second round, those of all labels are ignored.
        mode: the rules; ``"pascal"`` is the only choice.
        iou_threshold: the smallest intersection over union of a match or of a confusion.
        required_match_fields: attributes, besides the label, that must be equal on both sides; see
            :func:`match_inferences`.

    Returns:
        Matched pairs of the same label; unmatched ground truths, each with the inference of a
        confusion or None, confusions first; unmatched inferences. The inferences of confusions are
        also among the unmatched, where ``iou`` is the largest overlap with a ground truth of their
        own label; in the confusion, it is the overlap with that ground truth.

    Raises:
        AssertionError: an object has no label.
        InputValidationError: the mode is unknown, an object has no shape, or a label or a required
            field cannot be compared.
        AttributeError: an inference has no score.
        ImportError: a shape is a polygon, and shapely is not installed.
    """
    result: MulticlassInferenceMatches[GT, Inf] = MulticlassInferenceMatches([], [], [])
    for sides in _groups(
        ground_truths, inferences, ignored_ground_truths, mode, required_match_fields
    ):
        found = assign_by_label(sides, iou_threshold)
        second = assign_confusions(sides, found, iou_threshold)
        confused: list[tuple[GT, Inf]] = second.pairs(sides)
        in_confusion = {ground_truth for ground_truth, _, _ in second.matched}
        missed = [sides.ground_truths[i] for i in found.free if i not in in_confusion]
        result.matched.extend(found.pairs(sides))
        result.unmatched_gt.extend(confused)
        result.unmatched_gt.extend((ground_truth, None) for ground_truth in missed)
        result.unmatched_inf.extend(found.left_over(sides))
    return result


def _groups(
    ground_truths: Sequence[GT],
    inferences: Sequence[Inf],
    ignored_ground_truths: Sequence[GT] | None,
    mode: str,
    required_match_fields: Sequence[str] | None,
) -> list[Sides[GT, Inf]]:
    """Split the objects by their required fields, in the order of their first appearance."""
    if mode != "pascal":
        raise InputValidationError(
            f"The matching mode {mode!r} is unknown; the only mode is 'pascal'."
        )
    fields = required_match_fields or []
    if isinstance(fields, str):
        raise InputValidationError(
            f"required_match_fields is the text {fields!r}; pass a list: [{fields!r}]."
        )
    if not fields:
        return [Sides(list(ground_truths), list(inferences), list(ignored_ground_truths or []))]
    groups: dict[tuple[Any, ...], tuple[list[Any], list[Any], list[Any]]] = {}
    for role, objects in enumerate((ground_truths, inferences, ignored_ground_truths or [])):
        for item in objects:
            key = tuple(known(getattr(item, field, None)) for field in fields)
            try:
                sides = groups.setdefault(key, ([], [], []))
            except TypeError as error:
                raise InputValidationError(
                    f"The required fields {list(fields)} of an instance of {type(item).__name__}"
                    f" have the value {key!r}, which cannot be compared ({error}); name"
                    " fields that hold text, numbers or tuples."
                ) from error
            sides[role].append(item)
    return [Sides(*sides) for sides in groups.values()]
