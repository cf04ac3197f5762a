"""Defining workflows: names, kinds of classes, and the classes that come back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import kolena_local.workflow as w
from kolena_local.errors import IncorrectUsageError, InputValidationError
from kolena_local.workflow import GroundTruth, Image, Inference, Workflow, define_workflow
from kolena_local.workflow.workflow import get_evaluator, list_evaluators, register_evaluator
from tests.workflow.types import Animal, Guess, Photo, TestCase, names, pairs

PARTS = (Photo, Animal, Guess)


def test_a_workflow_is_its_name_and_three_types() -> None:
    one = Workflow("  animals \n", *PARTS)
    assert one.name == "animals"
    assert (one.test_sample_type, one.ground_truth_type, one.inference_type) == PARTS
    assert one == Workflow("animals", *PARTS) != Workflow("animals", Image, Animal, Guess)
    assert {one: 1}[Workflow("animals", *PARTS)] == 1
    with pytest.raises(AttributeError):
        one.name = "other"  # type: ignore[misc]


@pytest.mark.parametrize("name", ["", "  ", None, True, ["a"], "a\0", "\ud800"])
def test_a_name_that_is_no_name_is_refused(name: Any) -> None:
    for define in (Workflow, define_workflow):
        with pytest.raises(ValueError, match="workflow"):
            define(name, *PARTS)


@pytest.mark.parametrize("name", ["fr", " FR ", "Classification", "DETECTION", "keypoints\t"])
def test_reserved_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="reserved"):
        define_workflow(name, *PARTS)


@pytest.mark.parametrize("position", [0, 1, 2])
@pytest.mark.parametrize("wrong", [int, None, "Photo", w.Evaluator, w.DataObject])
def test_a_class_of_the_wrong_kind_is_refused(position: int, wrong: Any) -> None:
    given: Any = list(PARTS)
    given[position] = wrong
    for define in (Workflow, define_workflow):
        with pytest.raises(ValueError, match=("TestSample", "GroundTruth", "Inference")[position]):
            define("animals", *given)


def test_the_classes_are_fresh_named_and_bound() -> None:
    workflow, *classes = define_workflow("animals", *PARTS)
    assert [cls.__name__ for cls in classes] == ["TestCase", "TestSuite", "Model"]
    assert all(cls.workflow is workflow for cls in classes)
    case, suite, model = classes
    assert issubclass(case, w.TestCase) and suite._test_case_type is case
    assert issubclass(suite, w.TestSuite) and issubclass(model, w.Model)
    assert define_workflow("animals", *PARTS)[1] is not case


def test_defining_twice_gives_classes_that_work_together() -> None:
    _, case, suite, model = define_workflow("animals", *PARTS)
    made = TestCase("c", test_samples=pairs("a"))
    assert case.load("c") == made
    w.test(model("m", infer=lambda sample: Guess("cat")), suite("s", test_cases=[made]))


def test_defining_opens_no_store(own_home: Path) -> None:
    define_workflow("animals", *PARTS)
    assert list(own_home.iterdir()) == []


def test_classes_may_be_made_by_hand() -> None:
    workflow = Workflow("by hand", *PARTS)

    class Case(w.TestCase):
        workflow = Workflow("by hand", *PARTS)

    class Suite(w.TestSuite):
        workflow = Workflow("by hand", *PARTS)
        _test_case_type = Case

    suite = Suite("s", test_cases=[Case("c", test_samples=pairs("a"))])
    assert suite.workflow == workflow
    assert type(Suite.load("s").test_cases[0]) is Case
    assert names(Case.load("c")) == "a"


@pytest.mark.parametrize("base", [w.TestCase, w.TestSuite, w.Model])
def test_a_class_by_hand_needs_its_workflow(base: Any) -> None:
    with pytest.raises(NotImplementedError, match="workflow"):
        type("Mine", (base,), {})


def test_a_test_suite_by_hand_needs_its_test_case_class() -> None:
    with pytest.raises(NotImplementedError, match="_test_case_type"):
        type("Mine", (w.TestSuite,), {"workflow": Workflow("by hand", *PARTS)})


def test_the_general_classes_belong_to_no_workflow() -> None:
    suite, case, model = w.TestSuite, w.TestCase, w.Model
    calls = [suite, suite.create, suite.load, case, case.create, case.load, model, model.load]
    for call in calls:
        with pytest.raises(IncorrectUsageError, match="define_workflow"):
            call("x")
    for load_all in (suite.load_all, model.load_all):
        with pytest.raises(IncorrectUsageError, match="define_workflow"):
            load_all()
    with pytest.raises(NotImplementedError, match="define_workflow"):
        case.init_many([])


def test_a_number_becomes_the_name() -> None:
    assert define_workflow(5, Image, GroundTruth, Inference)[0].name == "5"  # type: ignore[arg-type]


def test_evaluators_in_containers_are_refused() -> None:
    workflow = Workflow("animals", *PARTS)
    for call in (
        lambda: register_evaluator("animals", "name", "image"),
        lambda: list_evaluators("animals"),
        lambda: get_evaluator("animals", "name"),
        lambda: workflow.register_evaluator("name", "image", secret="s"),
        lambda: workflow.get_evaluator("name"),
    ):
        with pytest.raises(IncorrectUsageError, match="not offered"):
            call()


def test_a_bad_field_is_named_when_the_workflow_is_defined() -> None:
    class Odd(GroundTruth):
        things: dict  # type: ignore[type-arg]

    with pytest.raises(InputValidationError, match=r"Odd.*things"):
        define_workflow("odd", Image, Odd, Inference)


@pytest.mark.parametrize("cls", [w.Model, w.TestCase, w.TestSuite])
@pytest.mark.parametrize("call", ["__call__", "create", "load"])
def test_a_blank_name_is_refused_as_such_before_there_is_a_workflow(cls: Any, call: str) -> None:
    with pytest.raises(InputValidationError, match="is blank; choose a name"):
        getattr(cls, call)(" ")
    with pytest.raises(IncorrectUsageError, match="does not belong to a workflow"):
        getattr(cls, call)("x")
