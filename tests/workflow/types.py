"""One small workflow for the tests, and short words for what they put into it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, List, Optional, Tuple

import pytest

from kolena_local.errors import NotFoundError
from kolena_local.workflow import (
    Evaluator,
    EvaluatorConfiguration,
    GroundTruth,
    Image,
    Inference,
    Metadata,
    MetricsTestCase,
    MetricsTestSample,
    MetricsTestSuite,
    define_workflow,
)


@dataclass(frozen=True)
class Photo(Image):
    metadata: Metadata = field(default_factory=dict)


@dataclass(frozen=True)
class Animal(GroundTruth):
    label: str


@dataclass(frozen=True)
class Guess(Inference):
    label: str
    score: float = 1.0


workflow, TestCase, TestSuite, Model = define_workflow("animals", Photo, Animal, Guess)
other_workflow, OtherTestCase, OtherTestSuite, OtherModel = define_workflow(
    "plants", Photo, Animal, Guess
)


@dataclass(frozen=True)
class Correct(MetricsTestSample):
    correct: bool


@dataclass(frozen=True)
class Accuracy(MetricsTestCase):
    accuracy: float


@dataclass(frozen=True)
class Overall(MetricsTestSuite):
    worst: float


@dataclass(frozen=True)
class Threshold(EvaluatorConfiguration):
    value: float

    def display_name(self) -> str:
        return f"threshold {self.value}"


class Judge(Evaluator):
    """Counts calls; subclasses fail where a test wants them to."""

    def __init__(self, configurations: Optional[List[EvaluatorConfiguration]] = None) -> None:
        super().__init__(configurations)
        self.calls: List[Tuple[str, Any, Any]] = []

    def compute_test_sample_metrics(
        self, test_case: Any, inferences: Any, configuration: Any = None
    ) -> Any:
        self.calls.append(("samples", test_case.name, configuration))
        threshold = configuration.value if configuration else 0.0
        return [
            (sample, Correct(truth.label == guess.label and guess.score >= threshold))
            for sample, truth, guess in inferences
        ]

    def compute_test_case_metrics(
        self, test_case: Any, inferences: Any, metrics: Any, configuration: Any = None
    ) -> Any:
        self.calls.append(("case", test_case.name, configuration))
        return Accuracy(sum(metric.correct for metric in metrics) / max(len(metrics), 1))

    def compute_test_suite_metrics(
        self, test_suite: Any, metrics: Any, configuration: Any = None
    ) -> Any:
        self.calls.append(("suite", test_suite.name, configuration))
        return Overall(min(found.accuracy for _, found in metrics))


def photo(name: str, **metadata: Any) -> Photo:
    return Photo(f"{name}.png", metadata)


def pairs(*names: str, label: str = "cat") -> List[Tuple[Photo, Animal]]:
    return [(photo(name), Animal(label)) for name in names]


def cat(sample: Photo) -> Guess:
    """Infer that everything is a cat."""
    return Guess("cat")


def names(entity: Any) -> str:
    """Return the names of a test case's samples, in order, as one word."""
    return "".join(sample.locator[:-4] for sample, *_ in entity.load_test_samples())


def suite_of(*names: str, name: str = "s") -> Any:
    return TestSuite(name, test_cases=[TestCase(f"case of {name}", test_samples=pairs(*names))])


class Counting:
    """A model that notes what it is given, and fails where it is told to."""

    def __init__(self, fail_at: str = "", error: Any = None) -> None:
        self.seen: List[Photo] = []
        self.fail_at, self.error = fail_at, error

    def __call__(self, sample: Photo) -> Guess:
        if sample.locator == f"{self.fail_at}.png":
            raise self.error
        self.seen.append(sample)
        return Guess("cat")

    @property
    def names(self) -> str:
        return "".join(sample.locator[:-4] for sample in self.seen)


def none_of(name: str) -> None:
    with pytest.raises(NotFoundError):
        TestCase.load(name)
