"""The results of matching. They hold the objects themselves, not positions in a list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from kolena_local.annotation import (
        BoundingBox,
        Polygon,
        ScoredBoundingBox,
        ScoredLabeledBoundingBox,
        ScoredLabeledPolygon,
        ScoredPolygon,
    )

GT = TypeVar("GT", bound="BoundingBox | Polygon")
Inf = TypeVar(
    "Inf",
    bound="ScoredBoundingBox | ScoredLabeledBoundingBox | ScoredPolygon | ScoredLabeledPolygon",
)


@dataclass(frozen=True)
class InferenceMatches(Generic[GT, Inf]):
    """The result of :func:`~kolena_local.metrics.match_inferences`.

    The ground truths are the objects that were passed. The inferences are copies, equal to the
    originals, with one more attribute, ``iou``.
    """

    matched: list[tuple[GT, Inf]]
    """Pairs of a ground truth and its inference, which has their overlap as ``iou``."""

    unmatched_gt: list[GT]
    """Unmatched ground truths, in their order."""

    unmatched_inf: list[Inf]
    """Unmatched inferences; ``iou`` is their largest overlap with any ground truth."""


@dataclass(frozen=True)
class MulticlassInferenceMatches(Generic[GT, Inf]):
    """The result of :func:`~kolena_local.metrics.match_inferences_multiclass`.

    The ground truths are the objects that were passed. The inferences are copies, equal to the
    originals, with one more attribute, ``iou``.
    """

    matched: list[tuple[GT, Inf]]
    """Pairs of a ground truth and its inference of the same label."""

    unmatched_gt: list[tuple[GT, Inf | None]]
    """Ground truths without an inference of their label.

    Those matched by an inference of another label come first, paired with it (a confusion); the
    others are paired with None.
    """

    unmatched_inf: list[Inf]
    """Inferences without a ground truth of their label, including those of confusions."""
