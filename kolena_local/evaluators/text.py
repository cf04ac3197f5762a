"""``TextEvaluator``: one answer for each sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kolena_local.errors import InputValidationError
from kolena_local.evaluators.field_choice import FieldChoice, ListOf, is_text
from kolena_local.metrics.assignment import known
from kolena_local.metrics.text_answers import exact_match, token_f1
from kolena_local.workflow import (
    Evaluator,
    HigherIsBetter,
    Histogram,
    MetricsTestCase,
    MetricsTestSample,
    Plot,
    TestCase,
    TestSample,
)
from kolena_local.workflow.evaluator import Triples


class AnswerScores(MetricsTestSample):
    """How well the inference's text agrees with the ground truth's."""

    exact_match: HigherIsBetter[bool]
    token_f1: HigherIsBetter[float]


class TextMetrics(MetricsTestCase):
    """Means over the answers of a test case."""

    n_samples: int
    exact_match: HigherIsBetter[float]
    token_f1: HigherIsBetter[float]


class TextEvaluator(Evaluator):
    """Compares one text of each inference with that of the ground truth, as SQuAD does.

    The metrics are the exact match and the F1 of words, see
    :mod:`kolena_local.metrics.text_answers`. A ground truth may be a list of texts, any of which is
    right: the best counts. A missing answer (None) is compared as an empty text, and so is an empty
    list of right answers. Test cases get a histogram of the token F1.

    Args:
        ground_truth: the field of ground truths that holds the text; None to find it by its type.
        inference: the field of inferences that holds the text; None to find it by its type.

    Raises:
        InputValidationError: when it computes: no field or more than one could hold the text, or a
            value is not text.
    """

    def __init__(self, *, ground_truth: str | None = None, inference: str | None = None) -> None:
        super().__init__()
        name, kinds = type(self).__name__, (is_text, ListOf(is_text))
        self.ground_truth = FieldChoice(name, "ground_truth", ground_truth, "the text", kinds)
        self.inference = FieldChoice(name, "inference", inference, "the text", (is_text,))

    def compute_test_sample_metrics(
        self, test_case: TestCase, inferences: Triples, configuration: Any = None
    ) -> Sequence[tuple[TestSample, AnswerScores]]:
        """Compare the texts of each sample."""
        expected = self.ground_truth.read(truth for _, truth, _ in inferences)
        given = self.inference.read(given for _, _, given in inferences)
        return [
            (sample, _scores(_texts(right), _text(answer)))
            for (sample, *_), right, answer in zip(inferences, expected, given, strict=True)
        ]

    def compute_test_case_metrics(
        self,
        test_case: TestCase,
        inferences: Triples,
        metrics: list[Any],
        configuration: Any = None,
    ) -> TextMetrics:
        """Average the metrics of the samples."""
        matches = sum(one.exact_match for one in metrics)
        overlap = sum(one.token_f1 for one in metrics)
        return TextMetrics(len(metrics), matches / len(metrics), overlap / len(metrics))

    def compute_test_case_plots(
        self,
        test_case: TestCase,
        inferences: Triples,
        metrics: list[Any],
        configuration: Any = None,
    ) -> list[Plot]:
        """Draw a histogram of the token F1."""
        counts = [0] * 10
        for one in metrics:
            counts[min(int(one.token_f1 * 10), 9)] += 1
        edges = [edge / 10 for edge in range(11)]
        return [Histogram("Token F1", "Token F1", "Samples", edges, counts)]


def _scores(right: list[str], answer: str) -> AnswerScores:
    return AnswerScores(
        exact_match=any(exact_match(text, answer) for text in right),
        token_f1=max(token_f1(text, answer) for text in right),
    )


def _texts(value: Any) -> list[str]:
    return (
        [_text(one) for one in value] or [""]
        if isinstance(value, (list, tuple))
        else [_text(value)]
    )


def _text(value: Any) -> str:
    if known(value) is None:
        return ""
    if not isinstance(value, str):
        raise InputValidationError(
            f"{value!r:.80} ({type(value).__name__}) is not text; name a field with text."
        )
    return value
