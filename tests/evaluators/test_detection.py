"""``DetectionEvaluator`` on a workflow of one's own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import List

import pytest

from kolena_local.annotation import (
    BoundingBox,
    LabeledBoundingBox,
    ScoredBoundingBox,
    ScoredLabeledBoundingBox,
)
from kolena_local.errors import InputValidationError
from kolena_local.evaluators import DetectionEvaluator
from kolena_local.workflow import GroundTruth, Image, Inference, define_workflow, test
from tests.workflow.results import case_metrics, sample_metrics


@dataclass(frozen=True)
class Cars(GroundTruth):
    cars: List[BoundingBox]
    far_away: List[BoundingBox] = field(default_factory=list)


@dataclass(frozen=True)
class Seen(Inference):
    found: List[ScoredBoundingBox]
    regions: List[BoundingBox]


def at(left: float) -> BoundingBox:
    return BoundingBox((left, 0), (left + 10, 10))


def test_boxes_without_labels_are_found_by_type_and_some_are_ignored() -> None:
    _, case, suite, model = define_workflow("cars", Image, Cars, Seen)
    samples = [(Image("a.png"), Cars([at(0)], [at(50)]))]
    seen = [ScoredBoundingBox((left, 0), (left + 10, 10), 0.5) for left in (0, 50, 90)]
    cars, cases = model("m", infer=lambda _: Seen(seen, [])), [case("c", test_samples=samples)]
    with pytest.raises(InputValidationError, match="'cars' or 'far_away'; name it: Detection"):
        test(cars, suite("s", test_cases=cases), DetectionEvaluator())
    test(cars, suite("s"), DetectionEvaluator(ground_truth="cars", ignored="far_away"))
    (metrics,) = case_metrics(-1).values()
    assert (metrics["TP"], metrics["FP"], metrics["FN"]) == (1, 1, 0)


@dataclass(frozen=True)
class Objects(GroundTruth):
    objects: List[LabeledBoundingBox]


@dataclass(frozen=True)
class Guesses(Inference):
    guesses: List[ScoredLabeledBoundingBox]
    ignored: bool = False


def test_labeled_boxes_are_judged_class_by_class() -> None:
    _, case, suite, model = define_workflow("things", Image, Objects, Guesses)
    box = ((0, 0), (10, 10))
    truth = Objects([LabeledBoundingBox(*box, "a"), LabeledBoundingBox((50, 0), (60, 9), "b")])
    samples = [(Image(name), truth) for name in ("a.png", "b.png")]

    def infer(sample: Image) -> Guesses:
        guess = ScoredLabeledBoundingBox(*box, "a", 0.7)
        return Guesses([guess], ignored=sample.locator == "b.png")

    test(
        model("m", infer=infer),
        suite("s", test_cases=[case("c", test_samples=samples)]),
        DetectionEvaluator(),
    )
    (metrics,) = case_metrics().values()
    assert {it["Class"]: it["AP"] for it in metrics["PerClass"]} == {"a": 1, "b": 0}
    assert (metrics["TP"], metrics["FN"], metrics["nIgnored"]) == (1, 1, 1)
    assert [it["count_TP"] for *_, it in sample_metrics()] == [1, 0]
