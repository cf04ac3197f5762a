"""The evaluators for common tasks, through ``test`` and against scikit-learn."""

from __future__ import annotations

import math
import pickle
import sys
from dataclasses import dataclass
from typing import Any, List, Optional

import numpy as np
import pytest
from sklearn import metrics as sklearn
from sklearn.calibration import calibration_curve

from kolena_local.annotation import Label, ScoredLabel
from kolena_local.comparison import compare
from kolena_local.errors import InputValidationError, KolenaWarning
from kolena_local.evaluators import (
    ClassificationEvaluator,
    DetectionEvaluator,
    RegressionEvaluator,
    TextEvaluator,
)
from kolena_local.metrics.confusion import Confusions
from kolena_local.metrics.text_answers import exact_match, token_f1
from kolena_local.workflow import GroundTruth, Inference, Text, define_workflow, test
from tests.workflow.results import case_metrics, plots, sample_metrics

LARGEST = sys.float_info.max
numbers = np.random.default_rng(7)


def class_of(**fields: Any) -> Any:
    """Return a pair of ground truth and inference classes, each with one field ``it``."""
    made = []
    for base, hint in ((GroundTruth, fields["truth"]), (Inference, fields["given"])):
        made.append(
            dataclass(frozen=True)(type(base.__name__, (base,), {"__annotations__": {"it": hint}}))
        )
    return made


def evaluated(evaluator: Any, rows: List[Any], truth: Any, given: Any) -> Any:
    """Test a model that answers with the second values, and return metrics of the test case."""
    truth_type, given_type = class_of(truth=truth, given=given)
    _, case, suite, model = define_workflow("one field", Text, truth_type, given_type)
    samples = [(Text(str(i)), truth_type(row[0])) for i, row in enumerate(rows)]
    infer = lambda sample: given_type(rows[int(sample.text)][1])  # noqa: E731
    test(
        model("one", infer=infer),
        suite("t", test_cases=[case("c", test_samples=samples, reset=True)], reset=True),
        evaluator,
    )
    return case_metrics()[None, "c"]


def test_a_classifier_is_judged_as_by_scikit_learn() -> None:
    names = ["ant", "bee", "cat", "dog", "never"]
    truth = [names[i] for i in numbers.integers(0, 4, 200)]
    given = [
        ScoredLabel(right if numbers.random() < 0.6 else names[numbers.integers(1, 5)], score)
        for right, score in zip(truth, [0.0, 0.1, 1.0, *numbers.random(197)], strict=True)
    ]
    found = evaluated(
        ClassificationEvaluator(), list(zip(truth, given, strict=True)), str, Optional[ScoredLabel]
    )

    predicted = [one.label for one in given]
    macro = sklearn.precision_recall_fscore_support(
        truth, predicted, average="macro", zero_division=0
    )
    assert found == pytest.approx(
        {
            "n_samples": 200,
            "accuracy": sklearn.accuracy_score(truth, predicted),
            "macro_precision": macro[0],
            "macro_recall": macro[1],
            "macro_f1": macro[2],
        }
    )
    matrix, curve = (payload for *_, payload in plots())
    assert matrix["labels"] == sorted(names)
    assert matrix["matrix"] == sklearn.confusion_matrix(truth, predicted).tolist()
    right = np.equal(truth, predicted)
    y, x = calibration_curve(right, [one.score for one in given], n_bins=10)
    (curve,) = curve["curves"]
    assert (curve["x"], curve["y"]) == (pytest.approx(list(x)), pytest.approx(list(y)))
    assert [metrics["is_correct"] for *_, metrics in sample_metrics()] == right.tolist()


def test_a_regression_is_judged_as_by_scikit_learn() -> None:
    truth = numbers.normal(size=100).tolist()
    given = [value + error for value, error in zip(truth, numbers.normal(size=100), strict=True)]
    rows = [*zip(truth, given, strict=True), (1.0, None), (2.0, float("nan"))]
    found = evaluated(RegressionEvaluator(), rows, float, Optional[float])

    assert found == pytest.approx(
        {
            "n_samples": 102,
            "n_missing": 2,
            "mae": sklearn.mean_absolute_error(truth, given),
            "rmse": sklearn.mean_squared_error(truth, given) ** 0.5,
            "r_squared": sklearn.r2_score(truth, given),
        }
    )
    assert [metrics["absolute_error"] for *_, metrics in sample_metrics()][-2:] == [None, None]
    (histogram,) = (payload for *_, payload in plots())
    assert sum(histogram["frequency"]) == 100


@pytest.mark.parametrize(
    ("rows", "mae", "rmse", "r_squared"),
    [
        ([(LARGEST, -LARGEST), (-LARGEST, LARGEST), (1.0, 1.0)], math.inf, math.inf, -3),
        ([(LARGEST, 0.0), (LARGEST, LARGEST)], LARGEST / 2, LARGEST / 2**0.5, 0),
        ([(0.0, 5e-324), (5e-324, 0.0)], 5e-324, 5e-324, -3),
        ([(1e300, 1.5e300), (3e300, 2.5e300)], 5e299, 5e299, 0.75),
        ([(1.0, 1e200), (2.0, 1e200)], 1e200, 1e200, -math.inf),
        ([(0.1, 0.2), (0.1, 0.2), (0.1, 0.2)], 0.1, 0.1, 0),
        ([(1.0, math.inf), (LARGEST, 1.0)], math.inf, math.inf, -math.inf),
    ],
)
def test_errors_as_large_or_small_as_they_get_are_numbers_like_others(
    rows: Any, mae: float, rmse: float, r_squared: float
) -> None:
    found = evaluated(RegressionEvaluator(), rows, float, float)
    expected = {"mae": mae, "rmse": rmse, "r_squared": r_squared}
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(2, 2), (2, 2)], (0, 0, 1)),
        ([(2, 2), (2, 4)], (1, 2**0.5, 0)),
        ([(2, 5)], (3, 3, None)),
        ([(0, 1e200), (0, -1e200)], (1e200, 1e200, 0)),
        ([(1, None)], (None, None, None)),
    ],
)
def test_a_regression_without_variance_or_numbers(rows: Any, expected: Any) -> None:
    found = evaluated(RegressionEvaluator(), rows, float, Optional[float])
    assert (found["mae"], found["rmse"], found["r_squared"]) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("expected", "given", "match", "f1"),
    [
        ("the Cat sat", "a cat sat.", True, 1),
        ("cat cat dog", "cat fish", False, 0.4),
        ("Denver Broncos", "Broncos", False, 2 / 3),
        ("don't", "dont", True, 1),
        ("", "the", True, 1),
        ("", "cat", False, 0),
        ("theatre an", "theatre", True, 1),
    ],
)
def test_answers_are_compared_as_by_squad(
    expected: str, given: str, match: bool, f1: float
) -> None:
    assert exact_match(expected, given) is match
    assert token_f1(expected, given) == pytest.approx(f1)


def test_the_best_of_several_right_answers_counts_and_no_answer_is_an_empty_one() -> None:
    rows = [(["the cat", "a big dog"], "dog"), (["ox"], None), ([], ""), (["Ox!"], "ox")]
    found = evaluated(TextEvaluator(), rows, List[str], Optional[str])
    assert found == pytest.approx(
        {"n_samples": 4, "exact_match": 0.5, "token_f1": (2 / 3 + 0 + 1 + 1) / 4}
    )


Top = List[ScoredLabel]


@pytest.mark.parametrize(
    ("truth", "given", "row"),
    [
        (Label, Label, (Label("a"), Label("a"))),
        (str, Top, ("a", [ScoredLabel("b", float("nan")), ScoredLabel("a", 0.2)])),
        (Optional[str], Top, (None, [])),
        (bool, bool, (True, True)),
        (int, int, (3, 3)),
    ],
)
def test_labels_are_found_by_type(truth: Any, given: Any, row: Any) -> None:
    assert evaluated(ClassificationEvaluator(), [row], truth, given)["accuracy"] == 1


def test_a_model_without_an_answer_is_wrong_and_no_answer_is_not_a_class() -> None:
    rows = [("a", "a"), ("a", None)]
    found = evaluated(ClassificationEvaluator(), rows, str, Optional[str])
    assert (found["accuracy"], found["macro_precision"], found["macro_recall"]) == (0.5, 1, 0.5)
    (matrix,) = (payload for *_, payload in plots())
    assert matrix["labels"] == ["(no label)", "a"]


def test_thousands_of_labels_get_metrics_but_no_matrix() -> None:
    labels = list(range(20_000))
    averages = Confusions.read(labels, [*labels[1:], 0]).macro_averages()
    assert tuple(averages) == (0, 0, 0)
    with pytest.warns(KolenaWarning, match="it has 201 labels, more than 200"):
        found = evaluated(ClassificationEvaluator(), [(it, it) for it in range(201)], int, int)
    assert (found["macro_f1"], plots()) == (1, [])


@dataclass(frozen=True)
class Note(GroundTruth):
    label: str
    author: str
    grade: float


@dataclass(frozen=True)
class Answer(Inference):
    label: str
    confidence: float


def answered(evaluator: Any, model: str = "m", guess: str = "a", confidence: float = 0.5) -> None:
    _, case, suite, models = define_workflow("w", Text, Note, Answer)
    pairs = [(Text(str(i)), Note("a" if i % 2 else "b", "me", 1.0)) for i in range(40)]
    tested = models(model, infer=lambda _: Answer(guess, confidence))
    test(tested, suite("s", test_cases=[case("d", test_samples=pairs)]), evaluator)


def test_a_named_field_is_read_and_two_models_compare_with_the_declared_direction() -> None:
    answered(ClassificationEvaluator(ground_truth="label", inference="label"))
    assert [payload["title"] for *_, payload in plots()] == [
        "Confusion matrix",
        "Calibration curve",
    ]
    answered(ClassificationEvaluator(ground_truth="label", inference="label"), "n", "c")
    assert {row.verdict for row in compare("m", "n", "s").rows} == {"worse"}


def test_what_cannot_be_told_or_compared_is_said() -> None:
    unclear = r"holds the label, 'label' or 'author'; name it: Class\w+\(ground_truth='label'\)"
    with pytest.raises(InputValidationError, match=unclear):
        answered(ClassificationEvaluator())
    with pytest.raises(InputValidationError, match="Note does not have the field 'kind'"):
        answered(ClassificationEvaluator(ground_truth="kind"))
    with pytest.raises(InputValidationError, match=r"1.0 \(float\) is not a label"):
        answered(ClassificationEvaluator(ground_truth="grade"))
    with pytest.raises(InputValidationError, match=r"'a' .* is not a number"):
        answered(RegressionEvaluator(inference="label"))
    with pytest.raises(InputValidationError, match=r"1.0 .* is not text"):
        answered(TextEvaluator(ground_truth="grade"))
    with pytest.raises(InputValidationError, match=r"truths \(int\) with those .* \(str\)"):
        evaluated(ClassificationEvaluator(), [(3, "3")], int, str)
    with pytest.raises(InputValidationError, match="no field of GroundTruth that could hold the n"):
        evaluated(RegressionEvaluator(), [("a", "b")], str, str)
    with pytest.raises(InputValidationError, match="must be the name of a field, not 3"):
        TextEvaluator(inference=3)  # type: ignore[arg-type]
    with pytest.warns(KolenaWarning, match="score 1.5 of an inference is not between 0 and 1"):
        answered(ClassificationEvaluator(ground_truth="label"), "x", "b", 1.5)


@pytest.mark.parametrize(
    "cls", [ClassificationEvaluator, DetectionEvaluator, RegressionEvaluator, TextEvaluator]
)
def test_an_evaluator_can_be_sent_to_another_process(cls: Any) -> None:
    evaluator = pickle.loads(pickle.dumps(cls(inference="it")))
    assert evaluator.inference == cls(inference="it").inference
