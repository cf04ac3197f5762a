"""A workflow and models of it that other processes can import."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Tuple

from kolena_local.workflow import (
    EvaluationResults,
    GroundTruth,
    Image,
    Inference,
    MetricsTestCase,
    MetricsTestSample,
    define_workflow,
)


@dataclass(frozen=True)
class Truth(GroundTruth):
    label: str


class Guess(Inference):
    label: str


@dataclass(frozen=True)
class SampleMetrics(MetricsTestSample):
    right: bool


@dataclass(frozen=True)
class CaseMetrics(MetricsTestCase):
    n_right: int


PAGE = 4  # so many samples does a process of `child.py` lease at a time, and save

workflow, TestCase, TestSuite, Model = define_workflow("Execution", Image, Truth, Guess)


def make_suite(count: int) -> Any:
    """Make a suite of two test cases; the samples are ``0.png``, ``1.png`` and so on."""
    pairs = [(Image(f"{n}.png", metadata={"n": n}, twin=n % 2), Truth("0")) for n in range(count)]
    middle = count // 2
    cases = [TestCase("a", test_samples=pairs[:middle]), TestCase("b", test_samples=pairs[middle:])]
    return TestSuite("suite", test_cases=cases)


def guess(sample: Image) -> Guess:
    return Guess(sample.locator, n=sample.metadata["n"], twin=sample.twin)


def guess_all(samples: List[Image]) -> List[Guess]:
    return [guess(sample) for sample in samples]


def fail_at_5(sample: Image) -> Guess:
    if sample.locator == "5.png":
        raise ValueError("five is too much")
    return guess(sample)


def fail_at_5_of_many(samples: List[Image]) -> List[Guess]:
    return [fail_at_5(sample) for sample in samples]


@dataclass
class DiesOnce:
    """Kills its own process at one sample, unless that has happened already."""

    marker: Path

    def __call__(self, sample: Image) -> Guess:
        if sample.locator == "20.png" and not self.marker.exists():
            self.marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.01)
        return guess(sample)


@dataclass
class FailsOnce:
    """Raises at one sample, unless that has happened already."""

    marker: Path

    def __call__(self, sample: Image) -> Guess:
        if sample.locator == "5.png" and not self.marker.exists():
            self.marker.touch()
            raise ValueError("not now")
        return guess(sample)


def evaluate(
    samples: List[Image], truths: List[Truth], guesses: List[Guess], cases: Any
) -> EvaluationResults:
    metrics = [SampleMetrics(guess.n % 2 == 0) for guess in guesses]
    return EvaluationResults(
        metrics_test_sample=list(zip(samples, metrics, strict=True)),
        metrics_test_case=[
            (case, CaseMetrics(sum(metric.right for metric in of_case)))
            for case, *_, of_case in cases.iter(samples, truths, guesses, metrics)
        ],
    )


def stored(name: str) -> Dict[str, Tuple[str, int, int]]:
    """Return what is stored of a model's inferences, by sample."""
    model, found = Model.load(name), {}
    for case in TestSuite.load("suite").test_cases:
        for sample, _, inference in model.load_inferences(case):
            found[sample.locator] = (inference.label, inference.n, inference.twin)
    return found


def expected(count: int) -> Dict[str, Tuple[str, int, int]]:
    return {f"{n}.png": (f"{n}.png", n, n % 2) for n in range(count)}
