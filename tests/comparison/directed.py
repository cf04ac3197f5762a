"""Metrics that declare their directions in every form, or do not, and a way to store them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, List, Optional, Union

import pydantic.dataclasses

from kolena_local.workflow import (
    EvaluationResults,
    GroundTruth,
    HigherIsBetter,
    Image,
    Inference,
    LowerIsBetter,
    MetricsTestCase,
    MetricsTestSample,
    MetricsTestSuite,
    define_workflow,
)
from kolena_local.workflow import test as run_test

SAMPLES = [Image(str(number)) for number in range(30)]


@dataclass(frozen=True)
class Truth(GroundTruth):
    pass


@dataclass(frozen=True)
class Guess(Inference):
    pass


_, Case, Suite, Model = define_workflow("Directions", Image, Truth, Guess)


@dataclass(frozen=True)
class Declared(MetricsTestSample):
    """One field for each form that a declaration may have."""

    hallucinated: LowerIsBetter[bool]
    residual: LowerIsBetter[Optional[float]]
    offset: Optional[LowerIsBetter[float]] = None
    fail_to_detect: LowerIsBetter[int] = 0
    drift: LowerIsBetter[Union[int, float]] = field(default=0.0)


@pydantic.dataclasses.dataclass(frozen=True)
class OfPydantic(MetricsTestSample):
    hallucinated: LowerIsBetter[bool]


class Undecorated(MetricsTestSample):
    hallucinated: LowerIsBetter[bool]


class Inherited(Undecorated):
    pass


@dataclass(frozen=True)
class Undeclared(MetricsTestSample):
    hallucinated: bool


@dataclass(frozen=True)
class Opposite(MetricsTestSample):
    hallucinated: HigherIsBetter[bool]


@dataclass(frozen=True)
class Signed(MetricsTestSample):
    error: float


@dataclass(frozen=True)
class OfLabel(MetricsTestCase):
    missed: LowerIsBetter[float]


@dataclass(frozen=True)
class OfCase(MetricsTestCase):
    share: HigherIsBetter[float]
    by_label: List[OfLabel]


@dataclass(frozen=True)
class OfSuite(MetricsTestSuite):
    spread: LowerIsBetter[float]


def evaluate(
    name: str, metrics: Callable[[int], MetricsTestSample], case: MetricsTestCase = OfLabel(0.0)
) -> None:
    """Store metrics of a model: those that a function returns for the numbers of the samples."""
    pairs = [(sample, Truth()) for sample in SAMPLES]
    suite = Suite("suite", test_cases=[Case("all", test_samples=pairs)])

    def judge(samples: Any, truths: Any, guesses: Any, test_cases: Any) -> EvaluationResults:
        return EvaluationResults(
            metrics_test_sample=[(one, metrics(int(one.locator))) for one in samples],
            metrics_test_case=[(suite.test_cases[0], case)],
            metrics_test_suite=OfSuite(0.5),
        )

    run_test(Model(name, infer=lambda sample: Guess()), suite, judge)
