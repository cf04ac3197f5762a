"""Images with objects and detections, drawn from a seed: the same on every machine."""

from __future__ import annotations

import random
from typing import List, NamedTuple

from kolena_local.annotation import LabeledBoundingBox, ScoredLabeledBoundingBox


class Scene(NamedTuple):
    """The objects of an image and what was detected."""

    objects: List[LabeledBoundingBox]
    detections: List[ScoredLabeledBoundingBox]


def scenes(seed: int, images: int = 12) -> List[Scene]:
    """Make images whose objects do not overlap each other, with scores that all differ.

    There PASCAL VOC and COCO match alike: no detection overlaps two objects, and no order of equal
    scores decides.
    """
    source = random.Random(seed)
    scores = [number / 5000 for number in source.sample(range(1, 5000), 1000)]
    return [_scene(source, scores) for _ in range(images)]


def _scene(source: random.Random, scores: List[float]) -> Scene:
    objects, detections = [], []
    for place in range(9):
        left, top = 100.0 * (place % 3), 100.0 * (place // 3)
        label = source.choice("abc")
        if source.random() < 0.8:
            objects.append(LabeledBoundingBox((left, top), (left + 60, top + 50), label))
        for _ in range(source.choice([0, 1, 1, 2])):
            x, y = left + source.uniform(-12, 12), top + source.uniform(-9, 9)
            seen = label if source.random() < 0.8 else source.choice("abc")
            corner = (x + 60 + source.uniform(-5, 5), y + 50)
            detections.append(ScoredLabeledBoundingBox((x, y), corner, seen, scores.pop()))
    return Scene(objects, detections)
