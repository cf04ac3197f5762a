"""The matches of a test case, computed once for its metrics and its plots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from kolena_local._experimental.object_detection.multiclass import Thresholds
from kolena_local._experimental.object_detection.utils import filter_inferences
from kolena_local._experimental.object_detection.workflow import ThresholdConfiguration
from kolena_local.metrics import match_inferences, match_inferences_multiclass
from kolena_local.metrics.assignment import in_order
from kolena_local.metrics.detection_curves import Detections


class Scene(NamedTuple):
    """What is compared in one image."""

    objects: list[Any]
    """The ground truths."""

    ignored_objects: list[Any]
    """The ground truths that count neither for nor against the model."""

    inferences: list[Any]
    """The detected objects."""

    is_ignored: bool
    """Whether the image is left out."""


@dataclass(frozen=True)
class CaseMatches:
    """The matches of a test case under a configuration.

    Args:
        given: the inferences that they were computed from, to recognize them.
        scenes: the images.
        configuration: how detections are chosen and matched.
        wanted: whether labels must agree; None to decide by the labels that there are.
    """

    given: list[Any]
    scenes: Sequence[Scene]
    configuration: ThresholdConfiguration
    wanted: bool | None

    def is_of(self, given: list[Any]) -> bool:
        """Return whether these are the matches of the very same inferences."""
        return len(given) == len(self.given) and all(
            one is other for one, other in zip(self.given, given, strict=True)
        )

    @cached_property
    def labels(self) -> list[Any]:
        """The labels of all objects, matched or not, sorted."""
        found = {
            item.label
            for scene in self.scenes
            for item in [*scene.objects, *scene.inferences]
            if hasattr(item, "label")
        }
        return list(in_order(found))

    @cached_property
    def is_multiclass(self) -> bool:
        """Whether labels must agree."""
        return len(self.labels) >= 2 if self.wanted is None else self.wanted

    @cached_property
    def by_image(self) -> list[Any]:
        """The matches of each image, None for those that are ignored."""
        match: Any = match_inferences_multiclass if self.is_multiclass else match_inferences
        lowest = self.configuration.min_confidence_score
        return [
            None
            if scene.is_ignored
            else match(
                scene.objects,
                filter_inferences(scene.inferences, lowest),
                ignored_ground_truths=scene.ignored_objects,
                iou_threshold=self.configuration.iou_threshold,
            )
            for scene in self.scenes
        ]

    @cached_property
    def matches(self) -> list[Any]:
        """The matches of all images that are not ignored."""
        return [one for one in self.by_image if one is not None]

    @cached_property
    def detections(self) -> Detections:
        """All detections, whatever their labels."""
        return Detections.read(self.matches)

    @cached_property
    def by_label(self) -> dict[Any, Detections]:
        """The detections of each label."""
        return Detections.read_by_label(self.matches)

    def thresholds(self) -> Thresholds:
        """Choose the confidence thresholds; ``default`` is the only one without classes."""
        strategy, lowest = (
            self.configuration.threshold_strategy,
            self.configuration.min_confidence_score,
        )
        if not isinstance(strategy, str):
            return Thresholds(strategy)
        if not self.is_multiclass:
            return Thresholds(max(lowest, self.detections.optimal_threshold()))
        found = {label: one.optimal_threshold() for label, one in self.by_label.items()}
        return Thresholds(lowest, found)
