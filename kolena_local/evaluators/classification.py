"""``ClassificationEvaluator``: one label for each sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kolena_local.annotation import Label, ScoredLabel
from kolena_local.errors import InputValidationError
from kolena_local.evaluators.field_choice import FieldChoice, ListOf, is_label, is_text, is_whole
from kolena_local.metrics.assignment import known
from kolena_local.metrics.confusion import Confusions, calibration
from kolena_local.warn import warn
from kolena_local.workflow import (
    ConfusionMatrix,
    Curve,
    CurvePlot,
    Evaluator,
    HigherIsBetter,
    MetricsTestCase,
    MetricsTestSample,
    Plot,
    TestCase,
    TestSample,
)
from kolena_local.workflow.evaluator import Triples

_MOST_LABELS = 200
_SCORES = ("score", "confidence", "probability")


class CorrectLabel(MetricsTestSample):
    """Whether the inference has the label of the ground truth."""

    is_correct: HigherIsBetter[bool]


class ClassificationMetrics(MetricsTestCase):
    """Metrics of the labels of a test case; those named macro are unweighted means over classes."""

    n_samples: int
    accuracy: HigherIsBetter[float]
    macro_precision: HigherIsBetter[float]
    macro_recall: HigherIsBetter[float]
    macro_f1: HigherIsBetter[float]


class ClassificationEvaluator(Evaluator):
    """Compares one label of each inference with that of the ground truth.

    A label is a :class:`~kolena_local.annotation.Label`, text, an integer or a bool; that of an
    inference may also be the one with the highest score in a list of
    :class:`~kolena_local.annotation.ScoredLabel`. None and an empty list mean no label: a model
    that gives none is wrong unless the ground truth has none either.

    Test cases with 2 to 200 labels get a confusion matrix. If inferences have a confidence (the
    score of a ``ScoredLabel``, or a field ``score``, ``confidence`` or ``probability``), test cases
    also get a calibration curve: in each of ten bins, how often labels with that confidence are
    right.

    Args:
        ground_truth: the field of ground truths that holds the label; None to find it by its type.
        inference: the field of inferences that holds the label; None to find it by its type.

    Raises:
        InputValidationError: when it computes: no field or more than one could hold the label, a
            value is not a label, or the labels of the two sides cannot be compared.
    """

    def __init__(self, *, ground_truth: str | None = None, inference: str | None = None) -> None:
        super().__init__()
        kinds = (is_label, is_text, is_whole)
        name = type(self).__name__
        self.ground_truth = FieldChoice(name, "ground_truth", ground_truth, "the label", kinds)
        self.inference = FieldChoice(
            name, "inference", inference, "the label", (is_label, ListOf(is_label), *kinds[1:])
        )

    def compute_test_sample_metrics(
        self, test_case: TestCase, inferences: Triples, configuration: Any = None
    ) -> Sequence[tuple[TestSample, CorrectLabel]]:
        """Compare the labels of each sample."""
        actual, predicted = self._labels(inferences)
        return [
            (sample, CorrectLabel(is_correct=bool(given == expected)))
            for (sample, *_), expected, given in zip(inferences, actual, predicted, strict=True)
        ]

    def compute_test_case_metrics(
        self,
        test_case: TestCase,
        inferences: Triples,
        metrics: list[Any],
        configuration: Any = None,
    ) -> ClassificationMetrics:
        """Compute accuracy, and precision, recall and F1 averaged over classes."""
        averages = Confusions.read(*self._labels(inferences)).macro_averages()
        return ClassificationMetrics(
            len(metrics), sum(one.is_correct for one in metrics) / len(metrics), *averages
        )

    def compute_test_case_plots(
        self,
        test_case: TestCase,
        inferences: Triples,
        metrics: list[Any],
        configuration: Any = None,
    ) -> list[Plot]:
        """Draw a confusion matrix and, if there are scores, a calibration curve."""
        plots: list[Plot] = []
        found = Confusions.read(*self._labels(inferences))
        if len(found.labels) > _MOST_LABELS:
            warn(
                f"The test case {test_case.name!r} gets no confusion matrix, because it has"
                f" {len(found.labels)} labels, more than {_MOST_LABELS}."
            )
        elif len(found.labels) >= 2:
            names = ["(no label)" if label is None else str(label) for label in found.labels]
            plots.append(ConfusionMatrix("Confusion matrix", names, found.matrix().tolist()))
        scored = [
            (one.is_correct, score)
            for one, score in zip(metrics, self._scores(inferences), strict=True)
            if score is not None
        ]
        strange = next((score for _, score in scored if not 0 <= score <= 1), None)
        if strange is not None:
            warn(
                f"The test case {test_case.name!r} gets no calibration curve, because the score"
                f" {strange} of an inference is not between 0 and 1; make the model return"
                " probabilities."
            )
        elif scored:
            plots.append(_calibration_curve(*zip(*scored, strict=True)))
        return plots

    def _labels(self, inferences: Triples) -> tuple[list[Any], list[Any]]:
        sides = (
            [
                _label(value)
                for value in self.ground_truth.read(truth for _, truth, _ in inferences)
            ],
            [_label(value) for value in self.inference.read(given for _, _, given in inferences)],
        )
        actual, predicted = (set(side) - {None} for side in sides)
        if actual and predicted and not actual & predicted:
            kinds = [sorted({type(one).__name__ for one in side}) for side in (actual, predicted)]
            if not set(kinds[0]) & set(kinds[1]):
                raise InputValidationError(
                    f"{type(self).__name__} cannot compare the labels of ground truths"
                    f" ({', '.join(kinds[0])}) with those of inferences ({', '.join(kinds[1])});"
                    " use one type for both."
                )
        return sides

    def _scores(self, inferences: Triples) -> list[Any]:
        values = self.inference.read(given for _, _, given in inferences)
        return [
            known(_score(value, given))
            for value, (_, _, given) in zip(values, inferences, strict=True)
        ]


def _top(value: Any) -> Any:
    if not isinstance(value, (list, tuple)):
        return value
    for one in value:
        if not isinstance(one, ScoredLabel):
            raise InputValidationError(
                f"A list of labels holds {one!r:.80}; only a list of ScoredLabel says which label"
                " is meant, the one with the highest score."
            )
    return max(value, key=lambda one: -1.0 if known(one.score) is None else one.score, default=None)


def _label(value: Any) -> Any:
    value = _top(value)
    label = known(value.label if isinstance(value, Label) else value)
    if label is not None and not isinstance(label, (str, int)):
        raise InputValidationError(
            f"{label!r:.80} ({type(label).__name__}) is not a label; name a field with labels, text"
            " or integers."
        )
    return label


def _score(value: Any, inference: Any) -> Any:
    value = _top(value)
    if isinstance(value, Label) or value is None:
        return getattr(value, "score", None)
    scores = (getattr(inference, name, None) for name in _SCORES)
    return next((score for score in scores if isinstance(score, (int, float))), None)


def _calibration_curve(is_correct: Sequence[bool], scores: Sequence[float]) -> CurvePlot:
    found = calibration(is_correct, scores)
    curve = Curve(found.confidence, found.accuracy, extra={"Samples": found.size})
    return CurvePlot("Calibration curve", "Confidence", "Accuracy", [curve])
