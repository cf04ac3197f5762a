"""Matching as its definition says it: two loops, nothing shared, nothing fast.

The library's answer is compared with this one on random input. Only the overlap of polygons, one
pair at a time, is the library's own.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from kolena_local import metrics
from kolena_local.annotation import BoundingBox
from kolena_local.metrics.geometry import LARGEST_AREA, SMALLEST_AREA


class Match(NamedTuple):
    """Positions in the lists that were matched, and the numbers that go with them."""

    matched: list[tuple[Any, Any, float]]
    unmatched_gt: list[Any]
    unmatched_inf: list[tuple[Any, float]]


def iou(a: Any, b: Any) -> float:
    if isinstance(a, BoundingBox) and isinstance(b, BoundingBox):
        numbers = [*a.top_left, *a.bottom_right, *b.top_left, *b.bottom_right]
        if not all(map(math.isfinite, numbers)):
            return 0.0
        overlap, area = iou_and_area(numbers)
        if SMALLEST_AREA < area < LARGEST_AREA:
            return overlap
        return float(iou_and_area(list(map(Fraction, numbers)))[0])
    return metrics.iou(a, b)


def iou_and_area(numbers: list[Any]) -> tuple[Any, Any]:
    """Return the overlap of two boxes, four numbers each, and the area that they cover together."""
    spans = [sorted((numbers[place], numbers[place + 2])) for place in (0, 1, 4, 5)]
    (a_left, a_right), (a_top, a_bottom), (b_left, b_right), (b_top, b_bottom) = spans
    width = min(a_right, b_right) - max(a_left, b_left)
    height = min(a_bottom, b_bottom) - max(a_top, b_top)
    if not (width > 0 and height > 0):
        return 0.0, 0.0
    areas = (a_right - a_left) * (a_bottom - a_top), (b_right - b_left) * (b_bottom - b_top)
    union = sum(areas) - width * height
    return (width * height / union if union > 0 else math.nan), union


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
