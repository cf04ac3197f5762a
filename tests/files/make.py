"""Makes a store with something of everything, through the API, as a user's scripts would.

``freeze.py`` keeps such a store of every released version; tests of durability begin with one.
"""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, List, Optional, Tuple

import kolena_local
from kolena_local.repository import close_stores, open_store
from kolena_local.workflow import (
    BarPlot,
    Evaluator,
    EvaluatorConfiguration,
    GroundTruth,
    Image,
    Inference,
    MetricsTestCase,
    MetricsTestSample,
    MetricsTestSuite,
    Plot,
    define_workflow,
    test,
)
from kolena_local.workflow.annotation import ClassificationLabel, ScoredBoundingBox


@dataclass(frozen=True)
class Animal(GroundTruth):
    label: ClassificationLabel
    weight: float = 1.0


@dataclass(frozen=True)
class Guess(Inference):
    label: Optional[str] = None
    score: float = 0.0
    boxes: Optional[List[ScoredBoundingBox]] = None


@dataclass(frozen=True)
class Strictness(EvaluatorConfiguration):
    threshold: float

    def display_name(self) -> str:
        return f"threshold {self.threshold}"


@dataclass(frozen=True)
class IsCorrect(MetricsTestSample):
    is_correct: bool


@dataclass(frozen=True)
class Accuracy(MetricsTestCase):
    accuracy: float
    not_a_number: float = math.nan


@dataclass(frozen=True)
class Mean(MetricsTestSuite):
    mean: float


class Judge(Evaluator):
    def compute_test_sample_metrics(
        self, test_case: Any, inferences: Any, configuration: Any = None
    ) -> List[Tuple[Any, IsCorrect]]:
        return [
            (sample, IsCorrect(guess.label == animal.label.label))
            for sample, animal, guess in inferences
        ]

    def compute_test_case_metrics(
        self, test_case: Any, inferences: Any, metrics: Any, configuration: Any = None
    ) -> Accuracy:
        return Accuracy(sum(one.is_correct for one in metrics) / max(1, len(metrics)))

    def compute_test_case_plots(
        self, test_case: Any, inferences: Any, metrics: Any, configuration: Any = None
    ) -> List[Plot]:
        return [BarPlot("right and wrong", "outcome", "samples", ["right", "wrong"], [1, 2])]

    def compute_test_suite_metrics(
        self, test_suite: Any, metrics: Any, configuration: Any = None
    ) -> Mean:
        return Mean(sum(one.accuracy for _, one in metrics) / len(metrics))


_, AnimalCase, AnimalSuite, AnimalModel = define_workflow("Animals", Image, Animal, Guess)


def animals(start: int, stop: int) -> List[Tuple[Image, Animal]]:
    return [
        (
            Image(f"s3://animals/{number}.png", metadata={"number": number, "odd": number % 2}),
            Animal(ClassificationLabel("cat" if number % 3 else "dog")),
        )
        for number in range(start, stop)
    ]


def guess(sample: Image) -> Guess:
    number = int(sample.locator.rpartition("/")[2].removesuffix(".png"))
    box = ScoredBoundingBox((0, 0), (number, 1.5), score=0.5)
    return Guess("cat", math.inf if number == 0 else number / 10, [box])


def fail(sample: Image) -> Guess:
    raise ValueError("no weights")


def fill(path: Path) -> None:
    """Fill a store that does not exist yet."""
    with kolena_local.session(db=path):
        day = AnimalCase("day", description="with sun", test_samples=animals(0, 12))
        night = AnimalCase('night 🌙 "dark" 100%', test_samples=animals(8, 20))
        with night.edit() as editor:
            editor.remove(animals(8, 9)[0][0])
            editor.add(Image("s3://animals/20.png"), Animal(ClassificationLabel("dog"), math.nan))
        suite = AnimalSuite("animals", test_cases=[day, night], tags={"a", "b"})
        with suite.edit() as change:
            change.description = "some of them"
            change.remove(day)
        whole = AnimalSuite.load("animals", 1)
        first = AnimalModel(
            "first", infer=guess, metadata={"seed": 1, "loss": math.nan}, tags={"baseline"}
        )
        judge = Judge(configurations=[Strictness(0.5), Strictness(0.9)])
        test(first, whole, judge)
        test(AnimalModel("second", infer=guess), whole, judge)
        test(AnimalModel("odd\n\u202e", infer=guess), suite)
        with suppress(ValueError):
            test(AnimalModel("third", infer=fail), suite, Judge())
        with open_store().write() as unit:
            model = unit.models.get("odd\n\u202e")
            record = unit.test_suites.get("animals")
            unit.inferences.mark_stale(model.id, record.id, record.version)
    close_stores()
