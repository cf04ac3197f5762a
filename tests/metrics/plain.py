"""Matching as its definition says it: two loops, nothing shared, nothing fast.

The library's answer is compared with this one on random input. Only the overlap of polygons, one
pair at a time, is the library's own.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from kolena_local import metrics
from kolena_local.annotation import BoundingBox


class Match(NamedTuple):
    """Positions in the lists that were matched, and the numbers that go with them."""

    matched: list[tuple[Any, Any, float]]
    unmatched_gt: list[Any]
    unmatched_inf: list[tuple[Any, float]]


def iou(a: Any, b: Any) -> float:
    if isinstance(a, BoundingBox) and isinstance(b, BoundingBox):
        left, top = max(a.top_left[0], b.top_left[0]), max(a.top_left[1], b.top_left[1])
        right = min(a.bottom_right[0], b.bottom_right[0])
        bottom = min(a.bottom_right[1], b.bottom_right[1])
        if not (right > left and bottom > top):
            return 0.0
        common = (right - left) * (bottom - top)
        together = signed_area(a) + signed_area(b) - common
        return common / together if together > 0 else 0.0
    return metrics.iou(a, b)


def signed_area(box: BoundingBox) -> float:
    (left, top), (right, bottom) = box.top_left, box.bottom_right
    return (right - left) * (bottom - top)


def match(
    ground_truths: Sequence[Any],
    inferences: Sequence[Any],
    ignored: Sequence[Any],
    threshold: float,
) -> Match:
    result = Match([], list(ground_truths), [])
    taken = set()
    for inference in by_score(inferences):
        best, best_iou = None, -1.0
        reported = 0.0
        for number, ground_truth in enumerate([*ground_truths, *ignored]):
            overlap = iou(ground_truth, inference)
            if ground_truth not in ignored:
                reported = max(reported, overlap)
            if overlap >= threshold and overlap > best_iou:
                best, best_iou = number, overlap
        if best is None or best in taken:
            result.unmatched_inf.append((inference, reported))
        elif best < len(ground_truths):
            taken.add(best)
            result.matched.append((ground_truths[best], inference, best_iou))
    result.unmatched_gt[:] = [gt for i, gt in enumerate(ground_truths) if i not in taken]
    return result


def match_multiclass(
    ground_truths: Sequence[Any],
    inferences: Sequence[Any],
    ignored: Sequence[Any],
    threshold: float,
) -> Match:
    result = Match([], [], [])
    for label in sorted({item.label for item in [*ground_truths, *inferences]}):
        one = match(
            [gt for gt in ground_truths if gt.label == label],
            [inference for inference in inferences if inference.label == label],
            [gt for gt in ignored if gt.label == label],
            threshold,
        )
        result.matched.extend(one.matched)
        result.unmatched_gt.extend(one.unmatched_gt)
        result.unmatched_inf.extend(one.unmatched_inf)
    second = match(
        result.unmatched_gt,
        [inference for inference, _ in result.unmatched_inf],
        ignored,
        threshold,
    )
    confused = [triple for triple in second.matched if triple[0].label != triple[1].label]
    rest = list(result.unmatched_gt)
    for ground_truth, _, _ in confused:
        rest.remove(ground_truth)
    result.unmatched_gt[:] = [*confused, *((gt, None, None) for gt in rest)]
    return result


def by_score(inferences: Sequence[Any]) -> list[Any]:
    def rank(inference: Any) -> float:
        return math.inf if math.isnan(inference.score) else -inference.score

    return sorted(inferences, key=rank)


def grouped(items: Sequence[Any], fields: Sequence[str]) -> dict[tuple[Any, ...], list[Any]]:
    groups: dict[tuple[Any, ...], list[Any]] = {}
    for item in items:
        groups.setdefault(tuple(getattr(item, field, None) for field in fields), []).append(item)
    return groups
