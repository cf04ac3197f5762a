"""Which inference found which ground truth, by the rules of the PASCAL VOC challenge.

The rules are those of Everingham et al., "The PASCAL Visual Object Classes (VOC) Challenge",
International Journal of Computer Vision 88 (2010), with ignored ground truths for the objects that
the challenge calls difficult. All inferences are matched, whatever their score: which scores are
high enough to count is not decided here.
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

    The inferences take their turn by descending score, equal scores in their order, a score of NaN
    or None as the lowest of all. Each looks only at the ground truth it overlaps most, ignored ones
    included and the first of equals: if that overlap reaches the threshold and the ground truth is
    free, they are matched; if it is taken, the inference stays unmatched, without a second choice.
    An inference whose best is an ignored ground truth is left out of the result; an ignored ground
    truth takes any number of them.

    Args:
        ground_truths: bounding boxes or polygons.
        inferences: scored bounding boxes or polygons.
        ignored_ground_truths: objects that are neither to be found nor to be held against the
            model, such as crowds or difficult ones.
        mode: the rules; ``"pascal"`` is the only choice.
        iou_threshold: the least intersection over union of a match.
        required_match_fields: attributes that must be equal on both sides of a match; NaN and an
            absent one are None. The groups that they form are matched one by one, in the order in
            which they first appear among ground truths, then inferences. None or empty makes one
            group.

    Returns:
        Pairs, ground truths left over and inferences left over. Each inference is a copy, equal to
        the original, with the attribute ``iou``: its overlap with its match or, unmatched, the
        largest overlap with any ground truth of its group that equals no ignored one; else 0.0.

    Raises:
        InputValidationError: the mode is unknown, an object has no shape, or a required field
            cannot be compared.
        AttributeError: an inference has no score.
        ImportError: polygons are to be compared and shapely is not installed.
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
    """Match inferences with ground truths of the same label, and name the confusions.

    The objects of each label are matched as :func:`match_inferences` does, label by label in sorted
    order. Labels of several kinds come in the order None (NaN is taken for it), numbers, text, then
    others by class and ``repr``. What is left over on both sides is then matched once more,
    regardless of labels: a pair of different labels is a confusion, well located but wrongly
    classified.

    Args:
        ground_truths: labeled bounding boxes or polygons.
        inferences: scored and labeled bounding boxes or polygons.
        ignored_ground_truths: labeled objects that are neither to be found nor to be held against
            the model; in the second round those of all labels are ignored.
        mode: the rules; ``"pascal"`` is the only choice.
        iou_threshold: the least intersection over union of a match or of a confusion.
        required_match_fields: attributes, besides the label, that must be equal on both sides; see
            :func:`match_inferences`.

    Returns:
        Pairs of one label; ground truths left over, each with the inference that it was confused
        with or with None, confusions first; inferences left over. The inferences of confusions are
        also among those left over, where ``iou`` is the largest overlap with a ground truth of
        their own label; in the confusion it is the overlap with that ground truth.

    Raises:
        AssertionError: an object has no label.
        InputValidationError: the mode is unknown, an object has no shape, or a label or a required
            field cannot be compared.
        AttributeError: an inference has no score.
        ImportError: polygons are to be compared and shapely is not installed.
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
                    f"The required fields {list(fields)} of a {type(item).__name__} have the value "
                    f"{key!r}, which cannot tell groups apart ({error}); name fields that hold "
                    "text, numbers or tuples."
                ) from error
            sides[role].append(item)
    return [Sides(*sides) for sides in groups.values()]
