"""Testing a model: the order of checks, what is inferred again and what is not."""

from __future__ import annotations

import math
from typing import Any

import pytest

import kolena_local
from kolena_local.errors import (
    FrozenObjectError,
    IncorrectUsageError,
    InputValidationError,
    KolenaWarning,
    NameConflictError,
    RemoteError,
    WorkflowMismatchError,
)
from kolena_local.workflow import Image, Inference, TestRun, Text, define_workflow, test
from tests.workflow.results import case_metrics, runs, status
from tests.workflow.types import (
    Animal,
    Counting,
    Guess,
    Judge,
    Model,
    OtherModel,
    Photo,
    TestCase,
    TestSuite,
    Threshold,
    cat,
    pairs,
    photo,
    suite_of,
)


def configured(samples: Any, truths: Any, guesses: Any, cases: Any, by: Threshold) -> None:
    return None


def test_a_test_suite_without_test_cases_is_refused_first() -> None:
    with pytest.raises(IncorrectUsageError, match="no test cases"):
        test(OtherModel("m"), TestSuite("s"), configured)
    assert runs() == []
    TestRun(Model("n", infer=cat), TestSuite("s"))  # the class itself does not check


@pytest.mark.parametrize("configurations", [None, []])
def test_a_configured_function_without_configurations_is_refused_second(
    configurations: Any,
) -> None:
    with pytest.raises(ValueError, match="configurations"):
        test(OtherModel("m"), suite_of("a"), configured, configurations)
    assert runs() == []


def test_model_and_suite_of_different_workflows_are_refused_third() -> None:
    with pytest.raises(WorkflowMismatchError, match="plants"):
        test(OtherModel("m"), suite_of("a"))
    _, _, _, Similar = define_workflow("animals", Photo, Animal, Inference)
    with pytest.raises(WorkflowMismatchError, match="types differ"):
        TestRun(Similar("n"), suite_of("a"))
    assert runs() == []


def test_the_run_is_there_as_soon_as_it_is_made() -> None:
    TestRun(Model("m"), suite_of("a"), Judge())
    assert status() == "created"
    TestRun(Model("m"), suite_of("a"), Judge())
    assert len(runs()) == 1


def test_samples_are_inferred_one_at_a_time_with_metadata_and_each_once() -> None:
    shared = [(photo("a", day=1), Animal("cat")), *pairs("b")]
    suite = TestSuite(
        "s",
        test_cases=[
            TestCase("one", test_samples=shared),
            TestCase("two", test_samples=[*pairs("d"), *shared]),
        ],
    )
    infer = Counting()
    test(Model("m", infer=infer), suite)
    assert infer.names == "abd"
    assert infer.seen[0].metadata == {"day": 1}
    assert status() == "completed"


def test_nothing_is_inferred_twice_whatever_suite_version_or_evaluator() -> None:
    infer = Counting()
    model, suite = Model("m", infer=infer), suite_of("a", "b")
    test(model, suite)
    test(model, suite, Judge())
    test(model, suite_of("b", "d", name="t"))
    with suite.edit() as editor:
        editor.add(TestCase("more", test_samples=pairs("e", "a")))
    test(model, suite)
    assert infer.names == "abde"
    assert len(runs()) == 4
    test(Model("n", infer=infer), suite)
    assert infer.names == "abdeabe"


def test_reset_infers_all_samples_of_the_suite_again() -> None:
    infer, suite = Counting(), suite_of("a", "b")
    model = Model("m", infer=infer)
    test(model, suite)
    test(model, suite_of("d", name="t"))
    test(Model("m", infer=lambda sample: Guess("dog")), suite, reset=True)
    assert [guess.label for _, _, guess in model.load_inferences(suite.test_cases[0])] == [
        "dog",
        "dog",
    ]
    other = TestCase("case of t")
    assert [guess.label for _, _, guess in model.load_inferences(other)] == ["cat"]


def test_a_model_without_infer_may_be_tested_when_nothing_is_missing() -> None:
    suite = suite_of("a")
    test(Model("m", infer=cat), suite)
    test(Model("m"), suite, Judge())
    assert case_metrics(1) == {(None, "case of s"): {"accuracy": 1.0}}
    with pytest.raises(ValueError, match="infer"):
        test(Model("m"), suite_of("b", name="t"))
    assert runs()[-1].status == "crashed"


@pytest.mark.parametrize("error", [ValueError("broken"), KeyboardInterrupt(), SystemExit(3)])
def test_a_model_that_fails_keeps_what_is_done_and_goes_on_there(error: BaseException) -> None:
    suite, infer = suite_of("a", "b", "d"), Counting("b", error)
    with pytest.raises(type(error)) as caught:
        test(Model("m", infer=infer), suite, Judge())
    assert caught.value is error
    (run,) = runs()
    assert run.status == "crashed" and type(error).__name__ in run.error
    assert case_metrics() == {}
    again = Counting()
    test(Model("m", infer=again), suite, Judge())
    assert (infer.names, again.names) == ("a", "bd")
    assert status() == "completed" and runs()[0].error is None


def test_reset_that_stops_half_way_is_finished_by_the_next_run_without_reset() -> None:
    suite = suite_of("a", "b", "d")
    case = suite.test_cases[0]
    model = Model("m", infer=lambda sample: Guess("old"))
    test(model, suite)

    def fail_at_b(sample: Photo) -> Guess:
        if sample.locator == "b.png":
            raise ValueError("broken")
        return Guess("new")

    with pytest.raises(ValueError, match="broken"):
        test(Model("m", infer=fail_at_b), suite, reset=True)
    assert [it.label for _, _, it in model.load_inferences(case)] == ["new", "old", "old"]
    rest = Counting()
    with pytest.warns(KolenaWarning, match="'m' has 1 inference .* made by other code"):
        test(Model("m", infer=rest), suite)
    assert rest.names == "bd"
    assert [it.label for _, _, it in model.load_inferences(case)] == ["new", "cat", "cat"]


def test_another_infer_warns_until_all_samples_are_inferred_again() -> None:
    suite = suite_of("a", "b")
    test(Model("m", infer=cat), suite)
    test(Model("m", infer=cat), suite)
    for functions in ({"infer": Counting()}, {"infer_batch": lambda samples: [Guess("dog")] * 2}):
        model: Any = Model("m", **functions)
        with pytest.warns(KolenaWarning, match="'m' has 2 inferences .* 's' .* other code"):
            test(model, suite)
    test(model, suite, reset=True)
    test(model, suite)
    with pytest.warns(KolenaWarning, match="other code"):
        test(Model("m", infer=cat), suite)
    test(Model("m"), suite)
    test(Model("m", infer=cat), suite_of("d", name="other"))


@pytest.mark.parametrize("answer", [None, "cat", {"label": "cat"}, ("cat",), Animal("cat"), Guess])
def test_an_answer_that_is_no_inference_is_refused(answer: Any) -> None:
    with pytest.raises(ValueError, match="Guess"):
        test(Model("m", infer=lambda sample: answer), suite_of("a"))
    assert status() == "crashed"
    assert Model("m").load_inferences(TestCase("case of s")) == []


class OtherGuess(Inference):
    label: str
    score: float
    why: str


class Shrug(Inference):
    pass


def test_an_inference_of_another_class_comes_back_if_it_has_all_that_is_declared() -> None:
    suite = suite_of("a")
    test(Model("m", infer=lambda sample: OtherGuess("cat", 0.5, "whiskers")), suite)
    ((_, _, guess),) = Model("m").load_inferences(suite.test_cases[0])
    assert guess == OtherGuess("cat", 0.5, "whiskers")
    with pytest.raises(ValueError, match="label"):
        test(Model("n", infer=lambda sample: Shrug()), suite)


def test_an_answer_that_cannot_be_stored_is_refused_by_its_path() -> None:
    with pytest.raises(ValueError, match="label"):
        test(Model("m", infer=lambda sample: Guess({1})), suite_of("a"))  # type: ignore[arg-type]
    assert status() == "crashed"


def test_nan_and_infinity_survive() -> None:
    suite = suite_of("a", "b")
    scores = {"a.png": float("nan"), "b.png": -math.inf}
    model = Model("m", infer=lambda sample: Guess("cat", scores[sample.locator]))
    test(model, suite)
    loaded = [guess.score for _, _, guess in model.load_inferences(suite.test_cases[0])]
    assert math.isnan(loaded[0]) and loaded[1] == -math.inf


def test_a_run_shows_what_remains_to_be_inferred() -> None:
    model, suite = Model("m", infer=cat), suite_of("a", "b")
    run = TestRun(model, suite)
    assert run.load_test_samples() == [photo("a"), photo("b")]
    run.upload_inferences([(photo("b"), Guess("dog"))])
    assert list(run.iter_test_samples()) == [photo("a")]
    run.run()
    assert TestRun(model, suite).load_test_samples() == []
    assert len(TestRun(model, suite, reset=True).load_test_samples()) == 2


def test_nothing_may_be_uploaded() -> None:
    TestRun(Model("m"), suite_of("a")).upload_inferences([])
    assert status() == "created"


def test_an_inference_that_is_there_is_overwritten_by_reset_only() -> None:
    model, suite = Model("m"), suite_of("a", "b")
    case = suite.test_cases[0]
    TestRun(model, suite).upload_inferences([(photo("a"), Guess("old"))])
    with pytest.raises(RemoteError, match=r"a\.png"):
        TestRun(model, suite).upload_inferences(
            [(photo("b"), Guess("new")), (photo("a"), Guess("new"))]
        )
    assert [guess.label for _, _, guess in model.load_inferences(case)] == ["old"]
    TestRun(model, suite, reset=True).upload_inferences([(photo("a"), Guess("new"))])
    assert [guess.label for _, _, guess in model.load_inferences(case)] == ["new"]


@pytest.mark.parametrize(
    ("inferences", "error", "text"),
    [
        ([(photo("a"), Guess("x")), (photo("z"), Guess("x"))], InputValidationError, r"z\.png"),
        ([(photo("a"), Guess("x")), (Text("a"), Guess("x"))], TypeError, "Photo"),
        ([(photo("a"), Guess("x")), (photo("b"), Animal("x"))], InputValidationError, "Guess"),
        ([(photo("a"), Guess("x")), (photo("b"),)], InputValidationError, r"inferences\[1\]"),
        ([photo("a")], InputValidationError, "pair"),
        (zip([photo("a")], [Guess("x")], strict=True), InputValidationError, "list"),
        ([(photo("a"), Guess("x")), (photo("a"), Guess("y"))], InputValidationError, "twice"),
    ],
)
def test_uploads_that_cannot_be_used_store_nothing(inferences: Any, error: Any, text: str) -> None:
    run = TestRun(Model("m"), suite_of("a", "b"))
    with pytest.raises(error, match=text):
        run.upload_inferences(inferences)
    assert len(run.load_test_samples()) == 2


def test_no_evaluator_stores_inferences_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "kolena_local")
    suite = suite_of("a")
    test(Model("m", infer=cat), suite)
    assert status() == "completed" and case_metrics() == {}
    assert len([it for it in caplog.records if "no evaluator" in it.getMessage()]) == 1


def test_a_run_of_a_test_suite_that_is_outdated_is_refused_unless_asked_for() -> None:
    suite = suite_of("a")
    TestSuite("s", test_cases=[TestCase("more", test_samples=pairs("b"))], reset=True)
    with pytest.raises(NameConflictError, match="load it again"):
        test(Model("m", infer=cat), suite)
    assert runs() == []
    chosen = TestSuite.load("s", version=1)
    assert chosen == suite
    test(Model("m", infer=cat), chosen)
    test(Model("m", infer=cat), TestSuite("s", version=1))
    test(Model("m", infer=cat), TestSuite.load("s"))
    assert [run.test_suite_version for run in runs()] == [1, 2]


def test_model_and_suite_of_different_stores_are_refused(store_path: Any) -> None:
    with kolena_local.session(store_path):
        model = Model("m", infer=cat)
    with pytest.raises(IncorrectUsageError, match="load all of them from the same store"):
        test(model, suite_of("a"))


@pytest.mark.parametrize(
    "arguments",
    [
        {"model": "m"},
        {"test_suite": "s"},
        {"evaluator": 5},
        {"evaluator": Judge},
        {"configurations": 5},
        {"configurations": ["x"]},
        {"reset": "perhaps"},
    ],
)
def test_arguments_of_the_wrong_kind_are_refused_before_anything(arguments: Any) -> None:
    right = {"model": Model("m", infer=cat), "test_suite": suite_of("a")}
    for call in (test, TestRun):
        with pytest.raises(InputValidationError):
            call(**{**right, **arguments})
        with pytest.raises(TypeError):
            call(**right, unknown=1)
    assert runs() == []


def test_attributes_are_what_was_passed_and_cannot_be_set() -> None:
    model, suite, judge, by = Model("m"), suite_of("a"), Judge(), [Threshold(0.5)]
    with pytest.warns(KolenaWarning, match="configurations"):
        run = TestRun(model, suite, judge, by, reset=1)  # type: ignore[arg-type, arg-type]
    assert (run.model, run.test_suite, run.evaluator) == (model, suite, judge)
    assert (run.configurations, run.reset) == (by, True)
    with pytest.raises(FrozenObjectError, match="reset"):
        run.reset = False
    assert run == TestRun(model, suite, judge, reset=True)
    assert repr(run) == str(run) == "TestRun('m', 's', version=1, evaluator=Judge)"


def test_users_of_the_plain_image_may_read_metadata_that_others_have_stored() -> None:
    TestCase("c", test_samples=[(photo("a", day=1), Animal("cat"))])
    _, Case, _, _ = define_workflow("animals", Image, Animal, Guess)
    ((sample, _),) = Case.load("c").load_test_samples()
    assert sample.metadata == {"day": 1}
