"""``RegressionEvaluator``: one number for each sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kolena_local.errors import InputValidationError
from kolena_local.evaluators.field_choice import FieldChoice, is_number
from kolena_local.metrics.assignment import known
from kolena_local.metrics.regression import (
    mean_absolute_error,
    r_squared,
    root_mean_squared_error,
)
from kolena_local.workflow import (
    Evaluator,
    HigherIsBetter,
    Histogram,
    LowerIsBetter,
    MetricsTestCase,
    MetricsTestSample,
    Plot,
    TestCase,
    TestSample,
)
from kolena_local.workflow.evaluator import Triples


class NumberError(MetricsTestSample):
    """The distance of the inference's number from the ground truth's; None if one is missing."""

    absolute_error: LowerIsBetter[float | None]


class RegressionMetrics(MetricsTestCase):
    """Metrics of the numbers of a test case, over samples that have both numbers."""

    n_samples: int
    n_missing: LowerIsBetter[int]
    mae: LowerIsBetter[float | None]
    rmse: LowerIsBetter[float | None]
    r_squared: HigherIsBetter[float | None]


class RegressionEvaluator(Evaluator):
    """Compares one number of each inference with that of the ground truth.

    Samples for which one of the numbers is None or NaN are counted as ``n_missing``, and left out
    of all other metrics. Test cases get a histogram of the errors, predicted minus actual.

    Args:
        ground_truth: the field of ground truths that holds the number; None to find it by its type.
        inference: the field of inferences that holds the number; None to find it by its type.

    Raises:
        InputValidationError: when it computes: no field or more than one could hold the number, or
            a value is not a number.
    """

    def __init__(self, *, ground_truth: str | None = None, inference: str | None = None) -> None:
        super().__init__()
        name, kinds = type(self).__name__, (is_number,)
        self.ground_truth = FieldChoice(name, "ground_truth", ground_truth, "the number", kinds)
        self.inference = FieldChoice(name, "inference", inference, "the number", kinds)

    def compute_test_sample_metrics(
        self, test_case: TestCase, inferences: Triples, configuration: Any = None
    ) -> Sequence[tuple[TestSample, NumberError]]:
        """Compute the error of each sample."""
        errors = [
            None if expected is None or given is None else abs(given - expected)
            for expected, given in self._numbers(inferences)
        ]
        return [
            (sample, NumberError(absolute_error=error))
            for (sample, *_), error in zip(inferences, errors, strict=True)
        ]

    def compute_test_case_metrics(
        self,
        test_case: TestCase,
        inferences: Triples,
        metrics: list[Any],
        configuration: Any = None,
    ) -> RegressionMetrics:
        """Compute the mean absolute error, root mean squared error and R²."""
        rows = [row for row in self._numbers(inferences) if None not in row]
        n_missing = len(inferences) - len(rows)
        if not rows:
            return RegressionMetrics(len(inferences), n_missing, None, None, None)
        actual, predicted = zip(*rows, strict=True)
        return RegressionMetrics(
            len(inferences),
            n_missing,
            mean_absolute_error(actual, predicted),
            root_mean_squared_error(actual, predicted),
            r_squared(actual, predicted),
        )

    def compute_test_case_plots(
        self,
        test_case: TestCase,
        inferences: Triples,
        metrics: list[Any],
        configuration: Any = None,
    ) -> list[Plot]:
        """Draw a histogram of the errors, if they are finite and differ."""
        rows = [row for row in self._numbers(inferences) if None not in row]
        errors = np.array([given - expected for expected, given in rows])
        if not len(errors):
            return []
        # The errors may be infinite or NaN, or their range may overflow.
        with np.errstate(all="ignore"):
            edges = np.linspace(errors.min(), errors.max(), 21)
            is_drawn = np.isfinite(edges).all() and (np.diff(edges) > 0).all()
        if not is_drawn:
            return []
        counts, _ = np.histogram(errors, edges)
        return [
            Histogram("Errors", "Predicted - actual", "Samples", edges.tolist(), counts.tolist())
        ]

    def _numbers(self, inferences: Triples) -> list[tuple[Any, Any]]:
        actual = self.ground_truth.read(truth for _, truth, _ in inferences)
        predicted = self.inference.read(given for _, _, given in inferences)
        return list(zip(map(_number, actual), map(_number, predicted), strict=True))


def _number(value: Any) -> float | None:
    if known(value) is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise InputValidationError(
            f"{value!r:.80} ({type(value).__name__}) is not a number that fits in a float; name a"
            " field with numbers."
        ) from None
