"""A test suite of two test cases, and metrics to return for them."""

from __future__ import annotations

from typing import Any

from kolena_local.workflow import ConfusionMatrix, EvaluationResults
from tests.workflow.types import (
    Accuracy,
    Animal,
    Correct,
    Guess,
    Overall,
    TestCase,
    TestSuite,
    pairs,
    photo,
)

MATRIX = ConfusionMatrix("confusion", ["cat", "dog"], [[1, 2], [3, 4]])


def two_cases() -> Any:
    one = TestCase("one", test_samples=[(photo("a", day=1), Animal("cat")), *pairs("b")])
    two = TestCase("two", test_samples=[*pairs("b"), *pairs("d", label="dog")])
    return TestSuite("s", test_cases=[one, two])


def score(sample: Any) -> Guess:
    return Guess("cat", {"a.png": 0.2, "b.png": 0.6, "d.png": 0.9}[sample.locator])


def by_function(samples: Any, truths: Any, guesses: Any, cases: Any) -> EvaluationResults:
    metrics = [Correct(t.label == g.label) for t, g in zip(truths, guesses, strict=True)]
    groups = list(cases.iter(samples, truths, guesses, metrics))
    return EvaluationResults(
        metrics_test_sample=list(zip(samples, metrics, strict=True)),
        metrics_test_case=[
            (case, Accuracy(sum(it.correct for it in found) / len(found)))
            for case, _, _, _, found in groups
        ],
        plots_test_case=[(case, [MATRIX]) for case, *_ in groups],
        metrics_test_suite=Overall(0.5),
    )
