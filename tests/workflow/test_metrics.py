"""Metrics come back as evaluators returned them, whatever their fields hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List

import numpy as np
import pytest

from kolena_local.errors import InputValidationError
from kolena_local.payload import dumps
from kolena_local.workflow import (
    EvaluationResults,
    MetricsTestCase,
    MetricsTestSample,
    MetricsTestSuite,
    test,
)
from kolena_local.workflow.thresholded_metrics import ThresholdedMetrics
from tests.workflow.evaluated import MATRIX, score, two_cases
from tests.workflow.results import case_metrics, plots, sample_metrics
from tests.workflow.types import Accuracy, Correct, Judge, Model, cat


def test_metrics_are_handed_on_in_the_order_in_which_they_were_returned() -> None:
    class Backwards(Judge):
        def compute_test_sample_metrics(
            self, test_case: Any, inferences: Any, configuration: Any = None
        ) -> Any:
            found = super().compute_test_sample_metrics(test_case, inferences, configuration)
            return found[::-1]

        def compute_test_case_metrics(
            self, test_case: Any, inferences: Any, metrics: Any, configuration: Any = None
        ) -> Any:
            if test_case.name == "two":
                assert [metric.correct for metric in metrics] == [False, True]
            assert all(type(triple) is tuple and len(triple) == 3 for triple in inferences)
            return Accuracy(0.0)

        def compute_test_case_plots(
            self, test_case: Any, inferences: Any, metrics: Any, configuration: Any = None
        ) -> Any:
            return [MATRIX, MATRIX] if test_case.name == "one" else None

    test(Model("m", infer=cat), two_cases(), Backwards())
    assert [(case, position) for _, case, position, _ in plots()] == [("one", 0), ("one", 1)]
    assert plots()[0][3]["data_type"] == "PLOT/CONFUSION_MATRIX"


@dataclass(frozen=True)
class AtThreshold(ThresholdedMetrics):
    count: int


@dataclass(frozen=True)
class Rich(MetricsTestSample):
    number: float
    at: List[AtThreshold]


def test_numpy_numbers_nan_and_thresholded_metrics_are_kept() -> None:
    class Numbers(Judge):
        def compute_test_sample_metrics(
            self, test_case: Any, inferences: Any, configuration: Any = None
        ) -> Any:
            at = [AtThreshold(0.5, np.int64(3)), AtThreshold(0.7, 4)]  # type: ignore[arg-type]
            return [(sample, Rich(np.float32(0.5), at)) for sample, *_ in inferences]  # type: ignore[arg-type]

        def compute_test_case_metrics(self, *arguments: Any, **more: Any) -> Any:
            return Accuracy(np.float64("nan"))

    test(Model("m", infer=cat), two_cases(), Numbers())
    assert dumps(case_metrics()[None, "one"]) == dumps({"accuracy": float("nan")})
    metrics = sample_metrics()[0][2]
    assert metrics["number"] == 0.5
    assert [(it["threshold"], it["count"]) for it in metrics["at"]] == [(0.5, 3), (0.7, 4)]


def test_the_bases_of_metrics_can_be_made_empty() -> None:
    assert [it()._to_dict() for it in (MetricsTestSample, MetricsTestCase, MetricsTestSuite)] == [
        {},
        {},
        {},
    ]


def test_results_that_are_returned_twice_are_refused_by_a_sentence() -> None:
    def samples_twice(samples: Any, truths: Any, guesses: Any, cases: Any) -> EvaluationResults:
        return EvaluationResults([(samples[0], Correct(True)), (samples[0], Correct(False))], [])

    def cases_twice(samples: Any, truths: Any, guesses: Any, cases: Any) -> EvaluationResults:
        metrics = [Correct(True) for _ in samples]
        (case, *_), *_ = cases.iter(samples, truths, guesses, metrics)
        return EvaluationResults([], [(case, Accuracy(0.5)), (case, Accuracy(1.0))])

    model, suite = Model("m", infer=score), two_cases()
    with pytest.raises(InputValidationError, match="a test sample twice"):
        test(model, suite, samples_twice)
    with pytest.raises(InputValidationError, match="twice; return one pair"):
        test(model, suite, cases_twice)
