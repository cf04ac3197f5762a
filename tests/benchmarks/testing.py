"""The whole of ``test()``: infer, save, evaluate twenty slices, keep the metrics."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, List, Optional, Tuple

from kolena_local.workflow import (
    Evaluator,
    EvaluatorConfiguration,
    MetricsTestCase,
    MetricsTestSample,
    TestCase,
    test,
)
from kolena_local.workflow.annotation import ScoredClassificationLabel
from tests.benchmarks import plain, script
from tests.benchmarks.data import D1, SLICES, Guess, Picture, Shown, pairs
from tests.benchmarks.measure import Row, Turn, seconds_of
from tests.benchmarks.stores import MODEL, SUITE, copy, settle, use


@dataclass(frozen=True)
class Correctness(MetricsTestSample):
    is_right: bool


@dataclass(frozen=True)
class Accuracy(MetricsTestCase):
    images: int
    accuracy: float


class Exact(Evaluator):
    """Compares the label guessed with the label shown."""

    def compute_test_sample_metrics(
        self,
        test_case: TestCase,
        inferences: List[Tuple[Any, Any, Any]],
        configuration: Optional[EvaluatorConfiguration] = None,
    ) -> List[Tuple[Any, Correctness]]:
        return [
            (picture, Correctness(truth.label.label == guess.prediction.label))
            for picture, truth, guess in inferences
        ]

    def compute_test_case_metrics(
        self,
        test_case: TestCase,
        inferences: List[Tuple[Any, Any, Any]],
        metrics: List[Any],
        configuration: Optional[EvaluatorConfiguration] = None,
    ) -> Accuracy:
        share = sum(metric.is_right for metric in metrics) / len(metrics)
        return Accuracy(len(metrics), share)


def infer(picture: Picture) -> Guess:
    """Answer at once, always the same."""
    return Guess(ScoredClassificationLabel("cat", 0.875))


def make_slices(path: Path, all_pairs: List[Tuple[Picture, Shown]], size: int) -> None:
    """Make a store with a suite whose test cases have ``size`` samples each."""
    use(path)
    parts = [all_pairs[start : start + size] for start in range(0, len(all_pairs), size)]
    named = [(f"slice {number}", part) for number, part in enumerate(parts)]
    D1.TestSuite(SUITE, test_cases=D1.TestCase.init_many(named))
    D1.Model(MODEL)
    settle(path)


def run_twenty_slices(folder: Path, rows: int) -> tuple[Turn, Turn]:
    """Test a model from nothing to metrics."""
    path = folder / "slices.db"
    make_slices(path, pairs(rows), -(-rows // SLICES))

    def ours() -> float:
        use(copy(path, "turn.db"))
        model, suite = D1.Model.load(MODEL, infer), D1.TestSuite.load(SUITE)
        return seconds_of(test, model, suite, Exact())

    def theirs() -> float:
        connection = plain.connect(copy(path, "turn.db"))
        taken = seconds_of(script.run, connection, lambda _: script.Label("cat", 0.875))
        connection.close()
        return taken

    return ours, theirs


ROWS = [Row("test(), 20 slices, D1", "a script for this data", 2, run_twenty_slices)]
