"""The overlaps of all pairs of shapes of two lists.

Matching needs the overlap of every inference with every ground truth: 10,000 pairs for an image
with 100 boxes on each side. Boxes are compared as arrays, polygons through a spatial index. The
results equal those of :func:`kolena_local.metrics.geometry.iou` to the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kolena_local.metrics.geometry import (
    LARGEST_AREA,
    SMALLEST_AREA,
    corners,
    geos,
    iou_of_boxes,
    is_box,
    outline,
)

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]

# Bounds the memory (about 100 MB) if both lists are long.
_PAIRS_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class Shapes:
    """One side of a comparison, read from its objects once."""

    corners: Floats
    """A row for each shape: left, top, right, bottom; NaN for what is not a box."""

    boxes: npt.NDArray[np.bool_]
    """Which of the shapes are boxes."""

    outlines: npt.NDArray[Any] | None
    """The shapes as shapely geometries, or None when both sides have only boxes."""

    @classmethod
    def read(cls, *sides: Sequence[Any]) -> list[Shapes]:
        """Read the sides of a comparison; outlines are made only if there is a polygon."""
        kinds = [np.array([is_box(shape) for shape in side], dtype=bool) for side in sides]
        need_outlines = not all(boxes.all() for boxes in kinds)
        nowhere = (np.nan,) * 4
        read = []
        for side, boxes in zip(sides, kinds, strict=True):
            rows = [
                corners(shape) if box else nowhere for shape, box in zip(side, boxes, strict=True)
            ]
            outlines = np.empty(len(side), dtype=object) if need_outlines else None
            if outlines is not None:
                outlines[:] = [outline(shape) for shape in side]
            read.append(cls(np.array(rows, dtype=np.float64).reshape(-1, 4), boxes, outlines))
        return read

    def __len__(self) -> int:
        return len(self.boxes)

    def take(self, which: Integers | slice) -> Shapes:
        """A selection of the shapes, in the order given."""
        outlines = None if self.outlines is None else self.outlines[which]
        return Shapes(self.corners[which], self.boxes[which], outlines)


class BestOverlaps(NamedTuple):
    """The largest overlap of each inference, by position in the list of inferences."""

    candidate: list[int]
    """Position of the first candidate with the largest overlap."""

    overlap: list[float]
    """The overlap with that candidate; -1.0 without candidates."""

    counted: list[float]
    """The largest overlap with a candidate that counts; 0.0 without one."""


def best_overlaps(
    candidates: Shapes,
    inferences: Shapes,
    counts: npt.NDArray[np.bool_],
    groups: tuple[Integers, Integers] | None = None,
) -> BestOverlaps:
    """Find the candidate that each inference overlaps most.

    Args:
        candidates: the shapes that inferences may overlap.
        inferences: the shapes of the inferences.
        counts: for each candidate, whether it counts towards ``BestOverlaps.counted``.
        groups: a number for each candidate and for each inference; only pairs with the same number
            are compared. None compares all pairs.

    Returns:
        The best candidates; of equal overlaps, the first.
    """
    best = BestOverlaps([], [], [])
    if len(candidates) == 0:
        return BestOverlaps(
            [0] * len(inferences), [-1.0] * len(inferences), [0.0] * len(inferences)
        )
    step = max(1, _PAIRS_AT_ONCE // len(candidates))
    for start in range(0, len(inferences), step):
        block = slice(start, start + step)
        table = overlaps(candidates, inferences.take(block))
        if groups is not None:
            table[groups[0][:, np.newaxis] != groups[1][block]] = -1.0
        candidate = table.argmax(axis=0)
        best.candidate.extend(candidate.tolist())
        best.overlap.extend(table[candidate, np.arange(table.shape[1])].tolist())
        best.counted.extend(table[counts].max(axis=0, initial=0.0).tolist())
    return best


def overlaps(a: Shapes, b: Shapes) -> Floats:
    """Intersection over union of the shapes of ``a`` (rows) with those of ``b`` (columns)."""
    table = _overlaps_of_boxes(a.corners, b.corners)
    if a.outlines is None or b.outlines is None:
        return table
    with geos() as shapely:
        rows, columns = shapely.STRtree(b.outlines).query(a.outlines)
        outlined = ~(a.boxes[rows] & b.boxes[columns])
        rows, columns = rows[outlined], columns[outlined]
        union = shapely.area(shapely.union(a.outlines[rows], b.outlines[columns]))
        intersection = shapely.area(shapely.intersection(a.outlines[rows], b.outlines[columns]))
    positive = (intersection > 0) & (union > 0) & (union < np.inf)
    table[rows[positive], columns[positive]] = intersection[positive] / union[positive]
    return table


def _overlaps_of_boxes(a: Floats, b: Floats) -> Floats:
    a_left, a_top, a_right, a_bottom = a.T[:, :, np.newaxis]
    b_left, b_top, b_right, b_bottom = b.T[:, np.newaxis, :]
    # NaN and infinite coordinates are allowed; comparisons with NaN are false, which gives 0.
    with np.errstate(all="ignore"):
        width = np.minimum(a_right, b_right) - np.maximum(a_left, b_left)
        height = np.minimum(a_bottom, b_bottom) - np.maximum(a_top, b_top)
        intersection = width * height
        areas = (a_right - a_left) * (a_bottom - a_top), (b_right - b_left) * (b_bottom - b_top)
        union = areas[0] + areas[1] - intersection
        overlapping = (width > 0) & (height > 0)
        usual = overlapping & (union > SMALLEST_AREA) & (union < LARGEST_AREA)
        table: Floats = np.zeros_like(union)
        np.divide(intersection, union, out=table, where=usual)
    if np.count_nonzero(overlapping) != np.count_nonzero(usual):
        for row, column in np.argwhere(overlapping & ~usual):
            table[row, column] = iou_of_boxes(tuple(a[row].tolist()), tuple(b[column].tolist()))
    return table
