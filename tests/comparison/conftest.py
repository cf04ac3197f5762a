"""Models whose answers are numbers, and evaluators of every kind that a comparison meets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

import pytest

from kolena_local.workflow import (
    EvaluationResults,
    Evaluator,
    EvaluatorConfiguration,
    GroundTruth,
    HigherIsBetter,
    Image,
    Inference,
    Metadata,
    MetricsTestCase,
    MetricsTestSample,
    define_workflow,
)
from kolena_local.workflow import test as run_test


@dataclass(frozen=True)
class Photo(Image):
    metadata: Metadata = field(default_factory=dict)


@dataclass(frozen=True)
class Length(GroundTruth):
    metres: float


@dataclass(frozen=True)
class Guess(Inference):
    metres: Optional[float] = None


_, LengthCase, LengthSuite, LengthModel = define_workflow("Lengths", Photo, Length, Guess)


@dataclass(frozen=True)
class Found(MetricsTestSample):
    close: HigherIsBetter[bool]
    error: Optional[float]
    remark: str


@dataclass(frozen=True)
class Counted(MetricsTestCase):
    n: int


@dataclass(frozen=True)
class Tolerance(EvaluatorConfiguration):
    metres: float
    name: str = "usual"

    def display_name(self) -> str:
        return self.name


Triples = List[Tuple[Photo, Length, Guess]]


def found(truth: Length, guess: Guess, tolerance: float = 1.0) -> Found:
    error = None if guess.metres is None else abs(guess.metres - truth.metres)
    return Found(close=error is not None and error < tolerance, error=error, remark="-")


class Closeness(Evaluator):
    def compute_test_sample_metrics(
        self, test_case: object, inferences: Triples, configuration: Optional[Tolerance] = None
    ) -> Sequence[Tuple[Photo, Found]]:
        metres = 1.0 if configuration is None else configuration.metres
        return [(photo, found(truth, guess, metres)) for photo, truth, guess in inferences]

    def compute_test_case_metrics(
        self,
        test_case: object,
        inferences: Triples,
        metrics: List[Found],
        configuration: Optional[Tolerance] = None,
    ) -> Counted:
        return Counted(len(metrics))


def closeness(
    test_samples: List[Photo],
    ground_truths: List[Length],
    inferences: List[Guess],
    test_cases: object,
) -> EvaluationResults:
    pairs = zip(ground_truths, inferences, strict=True)
    return EvaluationResults(
        metrics_test_sample=[
            (photo, found(truth, guess))
            for photo, (truth, guess) in zip(test_samples, pairs, strict=True)
        ],
        metrics_test_case=[],
    )


class World(NamedTuple):
    """Photos of known length in two test cases that share ten of them."""

    suite: LengthSuite

    def photo(self, index: int) -> Photo:
        return Photo(f"{index}.png", metadata={"patient": index // 5, "odd": index % 2})

    def test(self, name: str, guesses: Dict[int, Optional[float]], *arguments: object) -> object:
        """Register a model that guesses by photo, 0 metres by default, and test it."""
        by_locator = {f"{index}.png": guess for index, guess in guesses.items()}
        model = LengthModel(name, infer=lambda photo: Guess(by_locator.get(photo.locator, 0.0)))
        run_test(model, self.suite, *(arguments or (Closeness(),)))
        return model


@pytest.fixture
def world() -> World:
    return make_world()


def make_world() -> World:
    world = World(None)  # type: ignore[arg-type]
    samples = [(world.photo(index), Length(0.0)) for index in range(50)]
    cases = [
        LengthCase("first", test_samples=samples[:30]),
        LengthCase("second", test_samples=samples[20:]),
    ]
    return World(LengthSuite("lengths", test_cases=cases))
