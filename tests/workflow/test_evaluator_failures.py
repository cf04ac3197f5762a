"""Evaluators that fail or answer nonsense: what is refused, and what stays as it was."""

from __future__ import annotations

from typing import Any

import pytest

from kolena_local.errors import InputValidationError
from kolena_local.workflow import EvaluationResults, test
from tests.conftest import sampled
from tests.workflow.evaluated import MATRIX, by_function, score, two_cases
from tests.workflow.results import (
    case_metrics,
    nothing_was_evaluated,
    runs,
    sample_metrics,
    status,
    suite_metrics,
)
from tests.workflow.types import (
    Accuracy,
    Animal,
    Correct,
    Judge,
    Model,
    Overall,
    TestCase,
    Threshold,
    cat,
    pairs,
    photo,
)

METHODS = [
    "compute_test_sample_metrics",
    "compute_test_case_metrics",
    "compute_test_case_plots",
    "compute_test_suite_metrics",
]


@pytest.mark.parametrize("error", sampled([KeyboardInterrupt(), ZeroDivisionError("no")], 2))
@pytest.mark.parametrize("method", METHODS)
def test_an_evaluator_that_fails_leaves_the_results_that_were_there(
    method: str, error: BaseException
) -> None:
    def fail(self: Any, subject: Any, *arguments: Any) -> Any:
        if subject.name != "one":
            raise error
        return getattr(Judge, method)(self, subject, *arguments)

    failing: Any = type("Judge", (Judge,), {method: fail})
    suite, model = two_cases(), Model("m", infer=score)
    with pytest.raises(type(error)) as caught:
        test(model, suite, failing([Threshold(0.5)]))
    assert caught.value is error
    assert status() == "crashed" and type(error).__name__ in runs()[0].error
    assert nothing_was_evaluated()
    assert len(model.load_inferences(suite.test_cases[0])) == 2
    test(Model("m"), suite, Judge([Threshold(0.5)]))
    good = (case_metrics(), suite_metrics(), sample_metrics())
    with pytest.raises(type(error)):
        test(Model("m"), suite, failing([Threshold(0.5)]))
    assert (case_metrics(), suite_metrics(), sample_metrics()) == good
    assert status() == "crashed"


def test_a_function_that_fails_at_one_configuration_keeps_the_whole_of_the_one_before() -> None:
    def evaluate(samples: Any, truths: Any, guesses: Any, cases: Any, by: Threshold) -> Any:
        if by.value == 2:
            raise ZeroDivisionError
        return by_function(samples, truths, guesses, cases)

    evaluate.__annotations__["by"] = Threshold
    with pytest.raises(ZeroDivisionError):
        test(Model("m", infer=cat), two_cases(), evaluate, [Threshold(1), Threshold(2)])  # type: ignore[arg-type]
    assert status() == "crashed"
    assert set(suite_metrics()) == {"threshold 1"} and len(case_metrics()) == 2


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("compute_test_sample_metrics", None),
        ("compute_test_sample_metrics", [Correct(True)]),
        ("compute_test_sample_metrics", [(photo("a"), Accuracy(1.0))]),
        ("compute_test_sample_metrics", [("a", Correct(True))]),
        ("compute_test_case_metrics", None),
        ("compute_test_case_metrics", Correct(True)),
        ("compute_test_case_metrics", 0.5),
        ("compute_test_case_plots", MATRIX),
        ("compute_test_case_plots", ["plot"]),
        ("compute_test_suite_metrics", Accuracy(1.0)),
        ("compute_test_suite_metrics", Overall({1})),
    ],
)
def test_an_answer_of_the_wrong_kind_is_refused_and_names_the_method(
    method: str, answer: Any
) -> None:
    wrong: Any = type("Judge", (Judge,), {method: lambda self, *arguments: answer})
    with pytest.raises(InputValidationError, match=f"{method}|Overall"):
        test(Model("m", infer=cat), two_cases(), wrong())
    assert status() == "crashed" and nothing_was_evaluated()


@pytest.mark.parametrize("answer", [5, [], EvaluationResults, (1, 2)])
def test_a_function_that_returns_no_results_is_refused(answer: Any) -> None:
    with pytest.raises(InputValidationError, match="EvaluationResults"):
        test(Model("m", infer=cat), two_cases(), lambda *given: answer)
    assert status() == "crashed" and nothing_was_evaluated()


def test_results_of_a_test_case_or_sample_that_is_not_there_are_refused() -> None:
    stranger = TestCase("stranger", test_samples=pairs("z"))
    model, suite = Model("m", infer=cat), two_cases()
    for results in (
        EvaluationResults([], [(stranger, Accuracy(1.0))]),
        EvaluationResults([(photo("z"), Correct(True))], []),
    ):
        with pytest.raises(InputValidationError, match=r"stranger|z\.png"):
            test(model, suite, lambda *given, results=results: results)
    assert nothing_was_evaluated()


def test_a_class_that_returns_metrics_of_another_test_cases_sample_is_told_which() -> None:
    class Confused(Judge):
        def compute_test_sample_metrics(self, *arguments: Any) -> Any:
            return [(photo("z"), Correct(True))]

    with pytest.raises(InputValidationError, match=r"returned the test sample Photo.*z\.png"):
        test(Model("m", infer=cat), two_cases(), Confused())
    assert status() == "crashed" and nothing_was_evaluated()


def test_a_sample_of_no_test_case_is_refused_when_samples_are_grouped() -> None:
    def evaluate(samples: Any, truths: Any, guesses: Any, cases: Any) -> Any:
        strange = [*samples[:-1], photo("z")]
        list(cases.iter(strange, truths, guesses, [Correct(True) for _ in strange]))

    with pytest.raises(InputValidationError, match=r"returned the test sample Photo.*z\.png"):
        test(Model("m", infer=cat), two_cases(), evaluate)


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        (([photo("a")], []), r"metrics_test_sample\[0\]"),
        (([(photo("a"), Correct(True), 1)], []), r"metrics_test_sample\[0\]"),
        (([(photo("a"), Accuracy(1.0))], []), r"metrics_test_sample\[0\]\[1\]"),
        (([(Animal("a"), Correct(True))], []), r"metrics_test_sample\[0\]\[0\]"),
        (([], [("one", Accuracy(1.0))]), r"metrics_test_case\[0\]\[0\]"),
        ((None, []), "metrics_test_sample"),
        (([], [], [], Accuracy(1.0)), "metrics_test_suite"),
    ],
)
def test_results_check_what_they_hold(arguments: Any, place: str) -> None:
    with pytest.raises(ValueError, match=place):
        EvaluationResults(*arguments)


def test_results_cannot_be_changed_and_start_without_plots() -> None:
    results = EvaluationResults([], [])
    assert (results.plots_test_case, results.metrics_test_suite) == ([], None)
    with pytest.raises(AttributeError):
        results.metrics_test_case = []  # type: ignore[misc]
