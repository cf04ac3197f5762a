"""Samples with boxes, and models that have inferences for samples."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, List, Optional

from kolena_local.workflow import GroundTruth, Inference, test
from kolena_local.workflow.annotation import BoundingBox, ScoredClassificationLabel
from tests.workflow.types import Model, TestCase, TestSuite, cat, pairs


@dataclass(frozen=True)
class Boxed(GroundTruth):
    box: BoundingBox
    others: List[BoundingBox] = field(default_factory=list)


@dataclass(frozen=True)
class Answer(Inference):
    label: Optional[ScoredClassificationLabel] = None
    twice: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "twice", 2 * (self.label.score if self.label else 0.0))


def inferred(*names: str) -> Any:
    suite = TestSuite("suite", test_cases=[TestCase("case", test_samples=pairs(*names))])
    model = Model("model", infer=cat)
    test(model, suite)
    return model, suite
