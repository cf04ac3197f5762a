"""Handwritten digits: the demo's types, data, slices and evaluator, as a user would write them.

The data is real (see ``SOURCE.md``). No model runs here: the stored predictions are looked up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from kolena_local.workflow import (
    ConfusionMatrix,
    Curve,
    CurvePlot,
    Evaluator,
    EvaluatorConfiguration,
    GroundTruth,
    HigherIsBetter,
    Image,
    Inference,
    Metadata,
    MetricsTestCase,
    MetricsTestSample,
    Plot,
    TestCase,
    define_workflow,
)
from kolena_local.workflow.annotation import ClassificationLabel, ScoredClassificationLabel

DATA = Path(__file__).parent / "data"
WORKFLOW = "Handwritten digits"


@dataclass(frozen=True)
class Digit(Image):
    """An image of one handwritten digit."""

    metadata: Metadata = field(default_factory=dict)


@dataclass(frozen=True)
class WrittenDigit(GroundTruth):
    """The digit that was written."""

    label: ClassificationLabel


@dataclass(frozen=True)
class ReadDigit(Inference):
    """The digit that a model read, with its probability."""

    prediction: ScoredClassificationLabel | None = None


_, DigitTestCase, DigitTestSuite, DigitModel = define_workflow(
    WORKFLOW, Digit, WrittenDigit, ReadDigit
)


@dataclass(frozen=True)
class Correctness(MetricsTestSample):
    """Whether one image was read correctly."""

    is_correct: HigherIsBetter[bool]


@dataclass(frozen=True)
class Accuracy(MetricsTestCase):
    """The number of images in a test case, and the share that was read correctly."""

    n_images: int
    accuracy: HigherIsBetter[float]


Triple = tuple[Digit, WrittenDigit, ReadDigit]


class DigitEvaluator(Evaluator):
    """Compares the label read with the label written."""

    def compute_test_sample_metrics(
        self,
        test_case: TestCase,
        inferences: list[Triple],
        configuration: EvaluatorConfiguration | None = None,
    ) -> list[tuple[Digit, Correctness]]:
        """Return for each image whether it was read correctly."""
        return [(digit, Correctness(_is_correct(truth, read))) for digit, truth, read in inferences]

    def compute_test_case_metrics(
        self,
        test_case: TestCase,
        inferences: list[Triple],
        metrics: list[Correctness],
        configuration: EvaluatorConfiguration | None = None,
    ) -> Accuracy:
        """Return the number of images and the share that was read correctly."""
        correct = sum(metric.is_correct for metric in metrics)
        return Accuracy(n_images=len(metrics), accuracy=correct / len(metrics))

    def compute_test_case_plots(
        self,
        test_case: TestCase,
        inferences: list[Triple],
        metrics: list[Correctness],
        configuration: EvaluatorConfiguration | None = None,
    ) -> list[Plot]:
        """Return which digits were mistaken for which, and how accurate the surest answers are."""
        labels = [str(digit) for digit in range(10)]
        counts = Counter(
            (truth.label.label, read.prediction.label)
            for _, truth, read in inferences
            if read.prediction is not None
        )
        matrix = [[counts[actual, predicted] for predicted in labels] for actual in labels]
        return [ConfusionMatrix("Confusion matrix", labels, matrix), _accuracy_curve(inferences)]


def _accuracy_curve(inferences: list[Triple]) -> CurvePlot:
    """Return the accuracy of the answers with the highest scores, for shares of all images."""
    surest = sorted(
        (read.prediction.score, _is_correct(truth, read))
        for _, truth, read in inferences
        if read.prediction is not None
    )[::-1]
    shares = [share / 20 for share in range(1, 21)]
    sizes = [max(1, round(share * len(surest))) for share in shares]
    accuracies = [sum(right for _, right in surest[:size]) / size for size in sizes]
    return CurvePlot(
        "Accuracy of the surest answers",
        "Share of images, highest scores first",
        "Accuracy",
        [Curve(shares, accuracies)],
    )


def _is_correct(truth: WrittenDigit, read: ReadDigit) -> bool:
    return read.prediction is not None and read.prediction.label == truth.label.label


class Slice(NamedTuple):
    """The name of a test case, and a function that selects its rows of ``samples.csv``."""

    name: str
    has: Callable[[Any], bool]


SLICES = [
    Slice("digits: all", lambda row: True),
    Slice("digits: thin strokes", lambda row: row.stroke == "thin"),
    Slice("digits: bold strokes", lambda row: row.stroke == "bold"),
    Slice("digits: low contrast", lambda row: row.contrast < 0.35),
    Slice("digits: narrow", lambda row: row.width <= 4),
    Slice("digits: leaning left", lambda row: row.slant_degrees < -8),
    Slice("digits: leaning right", lambda row: row.slant_degrees > 4),
    Slice("digits: look-alikes 1 4 7 9", lambda row: row.label in {"1", "4", "7", "9"}),
]


def test_cases() -> list[tuple[str, list[tuple[Digit, WrittenDigit]]]]:
    """Return each slice's name with its samples and ground truths."""
    described = ["ink", "stroke", "contrast", "width", "slant_degrees"]
    rows = [
        (
            row,
            Digit(row.locator, metadata={name: getattr(row, name) for name in described}),
            WrittenDigit(ClassificationLabel(row.label)),
        )
        for row in _rows(DATA / "samples.csv")
    ]
    return [
        (part.name, [(digit, truth) for row, digit, truth in rows if part.has(row)])
        for part in SLICES
    ]


def predictions(model: str) -> dict[str, ReadDigit]:
    """Return a model's predictions by locator."""
    return {
        row.locator: ReadDigit(ScoredClassificationLabel(label=row.label, score=row.score))
        for row in _rows(DATA / "models" / model / "inferences.csv")
    }


def _rows(file: Path) -> Iterable[Any]:
    return pd.read_csv(file, dtype={"label": str}).itertuples()
