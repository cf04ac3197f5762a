"""The two data sets, made from a seed, and the workflows they belong to.

D1: an image with five scalars of metadata, a label as ground truth, an optional scored label as
inference. D2: the same image and truth, ten scored labelled boxes as inference.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, List, NamedTuple, Optional, Tuple

from kolena_local.workflow import (
    GroundTruth,
    Image,
    Inference,
    Metadata,
    define_workflow,
)
from kolena_local.workflow.annotation import (
    ClassificationLabel,
    ScoredClassificationLabel,
    ScoredLabeledBoundingBox,
)

LABELS = ("cat", "dog", "horse", "deer", "frog", "bird", "ship", "truck", "plane", "car")
SLICES = 20
BOXES = 10


@dataclass(frozen=True)
class Picture(Image):
    metadata: Metadata = field(default_factory=dict)


@dataclass(frozen=True)
class Shown(GroundTruth):
    label: ClassificationLabel


@dataclass(frozen=True)
class Guess(Inference):
    prediction: Optional[ScoredClassificationLabel] = None


@dataclass(frozen=True)
class Found(Inference):
    boxes: List[ScoredLabeledBoundingBox]


class DataSet(NamedTuple):
    """One of the two data sets: its name, its workflow's classes, how its inferences are made."""

    name: str
    workflow: Any
    TestCase: Any
    TestSuite: Any
    Model: Any
    infer: Any


def _guess(generator: random.Random) -> Guess:
    if generator.random() < 0.02:
        return Guess()
    return Guess(ScoredClassificationLabel(generator.choice(LABELS), generator.random()))


def _found(generator: random.Random) -> Found:
    boxes = []
    for _ in range(BOXES):
        x, y = generator.uniform(0, 600), generator.uniform(0, 400)
        corner = (x + generator.uniform(1, 100), y + generator.uniform(1, 100))
        box = ScoredLabeledBoundingBox((x, y), corner, generator.choice(LABELS), generator.random())
        boxes.append(box)
    return Found(boxes)


D1 = DataSet("D1", *define_workflow("Benchmark D1", Picture, Shown, Guess), infer=_guess)
D2 = DataSet("D2", *define_workflow("Benchmark D2", Picture, Shown, Found), infer=_found)

Pairs = List[Tuple[Picture, Shown]]


def iter_pairs(rows: int) -> Iterator[Tuple[Picture, Shown]]:
    """Make samples with their ground truths, the same ones for the same number."""
    generator = random.Random(rows)
    for number in range(rows):
        metadata: dict[str, Any] = {
            "split": generator.choice(("train", "test")),
            "brightness": generator.random(),
            "width": generator.randrange(200, 4000),
            "night": generator.random() < 0.3,
            "source": f"camera-{generator.randrange(50)}",
        }
        yield (
            Picture(f"s3://bucket/images/{number:08d}.jpg", metadata=metadata),
            Shown(ClassificationLabel(generator.choice(LABELS))),
        )


def pairs(rows: int) -> Pairs:
    """Return what :func:`iter_pairs` makes."""
    return list(iter_pairs(rows))


def inferences(data: DataSet, rows: int) -> List[Any]:
    """Make one inference for each of so many samples."""
    generator = random.Random(rows + 1)
    return [data.infer(generator) for _ in range(rows)]
