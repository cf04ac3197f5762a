"""What matching returns. The two results hold the objects themselves, never indices into a list."""

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

    The ground truths are the objects that were passed in. The inferences are copies that carry one
    more attribute, ``iou``, and are equal to the originals.
    """

    matched: list[tuple[GT, Inf]]
    """Pairs of a ground truth and the inference that found it, with their overlap as ``iou``."""

    unmatched_gt: list[GT]
    """Ground truths that no inference found, in their order."""

    unmatched_inf: list[Inf]
    """Inferences without a ground truth of their own; ``iou`` is their largest overlap with any."""


@dataclass(frozen=True)
class MulticlassInferenceMatches(Generic[GT, Inf]):
    """The result of :func:`~kolena_local.metrics.match_inferences_multiclass`.

    The ground truths are the objects that were passed in. The inferences are copies that carry one
    more attribute, ``iou``, and are equal to the originals.
    """

    matched: list[tuple[GT, Inf]]
    """Pairs of a ground truth and the inference of the same label that found it."""

    unmatched_gt: list[tuple[GT, Inf | None]]
    """Ground truths that no inference of their label found.

    Those that an inference of another label covers come first, paired with it (a confusion); the
    others are paired with None.
    """

    unmatched_inf: list[Inf]
    """Inferences that found no ground truth of their label, those of the confusions among them."""
