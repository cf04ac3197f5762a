"""Evaluators of both kinds: what they are given, what is kept, and what a failure leaves."""

from __future__ import annotations

import functools
from typing import Any, List

import pytest

from kolena_local.errors import IncorrectUsageError, InputValidationError, KolenaWarning
from kolena_local.workflow import (
    EvaluationResults,
    MetricsTestSample,
    TestRun,
    no_op_evaluator,
    test,
)
from tests.workflow import postponed_evaluators
from tests.workflow.evaluated import by_function, score, two_cases
from tests.workflow.results import case_metrics, runs, sample_metrics, status, suite_metrics
from tests.workflow.types import (
    Accuracy,
    Correct,
    Guess,
    Judge,
    Model,
    TestCase,
    TestSuite,
    Threshold,
    cat,
    pairs,
    photo,
)


def test_a_class_is_called_for_each_case_and_configuration_then_for_the_suite() -> None:
    judge = Judge([Threshold(0.0), Threshold(0.5)])
    test(Model("m", infer=score), two_cases(), judge)
    low, high = judge.configurations
    assert judge.calls == [
        *(("samples", "one", low), ("case", "one", low)),
        *(("samples", "one", high), ("case", "one", high)),
        *(("samples", "two", low), ("case", "two", low)),
        *(("samples", "two", high), ("case", "two", high)),
        *(("suite", "s", low), ("suite", "s", high)),
    ]
    assert case_metrics() == {
        ("threshold 0.0", "one"): {"accuracy": 1.0},
        ("threshold 0.0", "two"): {"accuracy": 0.5},
        ("threshold 0.5", "one"): {"accuracy": 0.5},
        ("threshold 0.5", "two"): {"accuracy": 0.5},
    }
    assert suite_metrics() == {name: {"worst": 0.5} for name in ("threshold 0.0", "threshold 0.5")}
    assert len(sample_metrics()) == 8


def test_a_class_without_configurations_gets_none_and_configurations_are_ignored() -> None:
    judge = Judge()
    with pytest.warns(KolenaWarning, match=r"evaluator Judge are not used; pass them to Judge\(\)"):
        test(Model("m", infer=cat), two_cases(), judge, [Threshold(0.5)])
    assert {configuration for _, _, configuration in judge.calls} == {None}
    assert set(suite_metrics()) == {None}
    assert [run.evaluator for run in runs()] == ["Judge"]


def test_samples_without_metrics_are_told() -> None:
    class Forgetful(Judge):
        def compute_test_sample_metrics(
            self, test_case: Any, inferences: Any, configuration: Any = None
        ) -> Any:
            found = super().compute_test_sample_metrics(test_case, inferences, configuration)
            return found[:1] if test_case.name == "two" else found

    with pytest.warns(KolenaWarning, match="Forgetful .* 1 of 2 samples of the test case 'two'"):
        test(Model("m", infer=cat), two_cases(), Forgetful())


def test_samples_and_test_cases_without_metrics_of_a_function_are_told() -> None:
    def evaluate(samples: Any, truths: Any, guesses: Any, cases: Any) -> EvaluationResults:
        found = by_function(samples, truths, guesses, cases)
        return EvaluationResults(found.metrics_test_sample[1:], found.metrics_test_case[1:])

    with pytest.warns(KolenaWarning) as caught:
        test(Model("m", infer=cat), two_cases(), evaluate)
    texts = [str(one.message) for one in caught]
    assert "for 1 of 3 samples of the test suite 's'" in texts[0]
    assert "for 1 of 2 test cases of the test suite 's'" in texts[1]


@pytest.mark.filterwarnings("error")
def test_if_missing_metrics_are_an_error_none_are_stored() -> None:
    with pytest.raises(KolenaWarning):
        test(
            Model("m", infer=cat),
            two_cases(),
            lambda samples, truths, guesses, cases: EvaluationResults([], []),
        )
    assert status() == "crashed" and case_metrics() == {}


def test_an_evaluator_is_not_called_for_test_cases_without_samples() -> None:
    suite = TestSuite(
        "s",
        test_cases=[TestCase("e"), TestCase("one", test_samples=pairs("a")), TestCase("f")],
    )
    judge, seen = Judge(), []

    def evaluate(samples: Any, truths: Any, guesses: Any, cases: Any) -> EvaluationResults:
        metrics = [Correct(True) for _ in samples]
        seen.extend(case.name for case, *_ in cases.iter(samples, truths, guesses, metrics))
        return by_function(samples, truths, guesses, cases)

    for evaluator in (judge, evaluate):
        with pytest.warns(
            KolenaWarning, match="The test cases 'e' and 'f' .* no samples"
        ) as caught:
            test(Model("m", infer=cat), suite, evaluator)
        assert len(caught) == 1
    assert [name for what, name, _ in judge.calls if what == "case"] == ["one"] == seen
    assert list(case_metrics()) == list(case_metrics(1)) == [(None, "one")]


def test_an_evaluator_is_not_called_for_a_test_suite_without_samples() -> None:
    suite, judge = TestSuite("s", test_cases=[TestCase("e")]), Judge()
    for evaluator in (judge, lambda *given: judge.calls.append(("function", None, None))):
        with pytest.warns(KolenaWarning, match="The test case 'e' .* has no samples and was not"):
            test(Model("m", infer=cat), suite, evaluator)  # type: ignore[arg-type]
    assert judge.calls == []


def test_a_class_sees_each_test_cases_own_ground_truth() -> None:
    suite = TestSuite(
        "s",
        test_cases=[
            TestCase("one", test_samples=pairs("a", label="cat")),
            TestCase("two", test_samples=pairs("a", label="dog")),
        ],
    )
    test(Model("m", infer=cat), suite, Judge())
    assert [it["accuracy"] for it in case_metrics().values()] == [1.0, 0.0]
    assert sorted(case for _, case, _ in sample_metrics()) == ["one", "two"]


def test_a_function_gets_the_first_test_cases_ground_truth_and_one_warning() -> None:
    suite = TestSuite(
        "s",
        test_cases=[
            TestCase("one", test_samples=pairs("a", "b", label="cat")),
            TestCase("two", test_samples=pairs("a", "b", label="dog")),
        ],
    )
    with pytest.warns(KolenaWarning, match=r"such as .*a\.png") as caught:
        test(Model("m", infer=cat), suite, by_function)
    assert [it["accuracy"] for it in case_metrics().values()] == [1.0, 1.0]
    assert len(caught) == 1


def test_a_function_gets_each_sample_once_and_the_cases_find_theirs_again() -> None:
    def evaluate(samples: Any, truths: Any, guesses: Any, cases: Any) -> EvaluationResults:
        assert [sample.locator for sample in samples] == ["a.png", "b.png", "d.png"]
        copies = [photo(sample.locator[:-4]) for sample in samples][::-1]
        numbers = [MetricsTestSample(n=n) for n in (2, 1, 0)]  # type: ignore[call-arg]
        found = list(cases.iter(copies, truths[::-1], guesses[::-1], numbers))
        assert [case.name for case, *_ in found] == ["one", "two"]
        (_, ones, _, _, first), (_, twos, labels, _, second) = found
        assert [sample.locator for sample in ones + twos] == ["a.png", "b.png", "b.png", "d.png"]
        assert ones[0].metadata == {"day": 1}  # the suite's own sample, not the copy
        assert [metric.n for metric in first + second] == [0, 1, 1, 2]
        assert [truth.label for truth in labels] == ["cat", "dog"]
        return EvaluationResults(list(zip(copies, numbers, strict=True)), [])

    test(Model("m", infer=cat), two_cases(), evaluate)
    found = sorted(sample_metrics(), key=lambda it: it[2]["n"])
    assert found == [(None, None, {"n": number}) for number in (0, 1, 2)]
    assert case_metrics() == {}


def test_cases_need_every_sample_of_theirs() -> None:
    def evaluate(samples: Any, truths: Any, guesses: Any, cases: Any) -> Any:
        list(cases.iter(samples[:1], truths[:1], guesses[:1], [MetricsTestSample()]))

    with pytest.raises(KeyError, match=r"b\.png"):
        test(Model("m", infer=cat), two_cases(), evaluate)
    assert status() == "crashed"

    def uneven(samples: Any, truths: Any, guesses: Any, cases: Any) -> Any:
        list(cases.iter(samples, truths, guesses, []))

    with pytest.raises(InputValidationError, match="as many"):
        test(Model("m"), TestSuite("s"), uneven)


def test_a_configured_function_is_called_once_for_each_configuration_in_order() -> None:
    calls: List[Any] = []

    def evaluate(samples: Any, truths: Any, guesses: Any, cases: Any, by: Threshold) -> Any:
        calls.append(by)
        return None if by.value == 2 else by_function(samples, truths, guesses, cases)

    evaluate.__annotations__["by"] = Threshold
    configurations: Any = [Threshold(3), Threshold(2), Threshold(1)]
    test(Model("m", infer=cat), two_cases(), evaluate, configurations)
    assert calls == configurations
    assert set(suite_metrics()) == {"threshold 3", "threshold 1"}


def test_a_plain_function_is_called_once_even_with_configurations() -> None:
    calls: List[Any] = []

    def evaluate(*given: Any) -> Any:
        calls.append(len(given))

    with pytest.warns(KolenaWarning, match="evaluator evaluate are not used; only a function with"):
        test(Model("m", infer=cat), two_cases(), evaluate, [Threshold(1), Threshold(2)])
    assert calls == [4]


def five(samples, truths, guesses, cases, by):  # type: ignore[no-untyped-def]
    return None


def six(samples, truths, guesses, cases, by: Threshold = None, more=None):  # type: ignore[no-untyped-def, assignment]
    assert by is None


def test_only_an_annotated_fifth_parameter_of_five_makes_a_function_configured() -> None:
    model, suite, by = Model("m", infer=cat), two_cases(), [Threshold(1)]
    with pytest.raises(TypeError, match="by"), pytest.warns(KolenaWarning, match="five are not"):
        test(model, suite, five, by)  # type: ignore[arg-type]
    with pytest.warns(KolenaWarning, match="six are not"):
        test(model, suite, six, by)  # type: ignore[arg-type]
    assert suite_metrics() == {} and len(runs()) == 2


@pytest.mark.parametrize(
    "evaluator",
    [
        postponed_evaluators.direct,
        postponed_evaluators.optional,
        postponed_evaluators.piped,
        postponed_evaluators.Callable(),
        postponed_evaluators.Callable().__call__,
        functools.partial(postponed_evaluators.with_one_more, 1),
    ],
)
def test_annotations_that_are_text_are_read(evaluator: Any) -> None:
    postponed_evaluators.CALLS.clear()
    test(Model("m", infer=cat), two_cases(), evaluator, [Threshold(1), Threshold(2)])
    assert [by.value for by in postponed_evaluators.CALLS] == [1, 2]
    with pytest.raises(InputValidationError, match="configuration"):
        test(Model("m"), TestSuite("s"), evaluator)


def test_an_annotation_that_cannot_be_resolved_says_what_to_do() -> None:
    with pytest.raises(InputValidationError, match=r"'Nowhere'.*move it to the top level"):
        TestRun(Model("m"), two_cases(), postponed_evaluators.lost, [Threshold(1)])
    assert runs() == []


def test_evaluators_without_a_name_share_the_run_without_one() -> None:
    test(Model("m", infer=cat), two_cases(), functools.partial(by_function))
    test(Model("m"), TestSuite("s"), by_function)
    assert [run.evaluator for run in runs()] == [None, "by_function"]


def test_the_no_op_evaluator_leaves_empty_metrics() -> None:
    test(Model("m", infer=cat), two_cases(), no_op_evaluator)
    assert case_metrics() == {(None, "one"): {}, (None, "two"): {}}
    assert [metrics for _, _, metrics in sample_metrics()] == [{}, {}, {}]


def test_evaluating_again_replaces_the_results_of_that_configuration_only() -> None:
    suite, model = two_cases(), Model("m", infer=score)
    test(model, suite, Judge([Threshold(0.0), Threshold(0.5)]))
    before = case_metrics()

    class Strict(Judge):
        def display_name(self) -> str:
            return "Judge"

        def compute_test_case_metrics(self, *arguments: Any, **more: Any) -> Any:
            return Accuracy(-1.0)

    test(Model("m"), suite, Strict([Threshold(0.5), Threshold(0.7)]))
    assert len(runs()) == 1
    after = case_metrics()
    assert after["threshold 0.0", "one"] == before["threshold 0.0", "one"]
    for name in ("threshold 0.5", "threshold 0.7"):
        assert after[name, "two"] == {"accuracy": -1.0}
    assert len(after) == 6 and len(sample_metrics()) == 12


def test_an_evaluation_without_all_inferences_warns_or_is_refused() -> None:
    model, suite = Model("m"), two_cases()
    run = TestRun(model, suite, Judge())
    run.upload_inferences([(photo("a"), Guess("cat"))])
    with pytest.warns(KolenaWarning) as caught:
        run.evaluate()
    assert status() == "completed"
    assert case_metrics()[None, "one"] == {"accuracy": 1.0}
    assert "1 of 2" in str(caught[0].message) and "2 of 2" in str(caught[1].message)
    with pytest.raises(IncorrectUsageError, match=r"2 of 3.*infer"):
        TestRun(model, suite, no_op_evaluator).evaluate()
    assert runs()[-1].status == "crashed"


@pytest.mark.parametrize("missing", ["compute_test_sample_metrics", "compute_test_case_metrics"])
def test_an_evaluator_class_needs_its_two_methods(missing: str) -> None:
    abstract: Any = type("Mine", (Judge,), {missing: getattr(Judge.__mro__[1], missing)})
    with pytest.raises(TypeError, match=missing):
        abstract()
