"""Models: what a name leads to, what is kept, and what was inferred."""

from __future__ import annotations

import inspect
import math
from typing import Any, Callable

import pytest

import kolena_local
from kolena_local.errors import (
    FrozenObjectError,
    IncorrectUsageError,
    InputValidationError,
    KolenaWarning,
    NameConflictError,
    NotFoundError,
    WorkflowMismatchError,
)
from kolena_local.workflow import test
from tests.workflow.types import (
    Animal,
    Guess,
    Model,
    OtherModel,
    OtherTestCase,
    TestCase,
    TestSuite,
    cat,
    names,
    pairs,
    photo,
)


def test_an_unknown_name_makes_a_model() -> None:
    bare, full = Model("bare"), Model("full", metadata={"seed": 0}, tags={"a"})
    assert (bare.metadata, bare.tags, bare.infer) == ({}, set(), None)
    assert (full.metadata, full.tags) == ({"seed": 0}, {"a"})
    assert full.workflow.name == "animals"


def test_a_known_name_loads_the_model_and_the_stored_win() -> None:
    Model("m", metadata={"seed": 0}, tags={"a"})
    with pytest.warns(KolenaWarning) as caught:
        again = Model("m", metadata={"seed": 1}, tags={"b"})
    assert (again.metadata, again.tags) == ({"seed": 0}, {"a"})
    stored = Model.load("m")
    assert (stored.metadata, stored.tags) == ({"seed": 0}, {"a"})
    assert ["its metadata" in str(one.message) for one in caught] == [True, False]
    assert "its tags" in str(caught[1].message)


def test_passing_nothing_or_the_same_to_a_model_that_has_metadata_does_not_warn() -> None:
    for _ in range(2):
        Model("m", metadata={"seed": 0, "loss": math.nan}, tags=["a", "a"])  # type: ignore[arg-type]
    Model("m")


def test_new_metadata_for_a_model_that_has_none_warns_and_names_the_command() -> None:
    Model("m")
    with pytest.warns(KolenaWarning, match="kolena-local models edit") as caught:
        assert Model("m", metadata={"seed": 1}, tags={"b"}).metadata == {}
    assert Model.load("m").tags == set()
    assert len(caught) == 2


@pytest.mark.parametrize("load", [OtherModel, OtherModel.load])
def test_a_name_of_another_workflow_is_refused(load: Callable[[str], Any]) -> None:
    Model("m")
    with pytest.raises(WorkflowMismatchError, match=r"'m'.*'animals'.*'plants'"):
        load("m")


@pytest.mark.parametrize("create", [Model.create, OtherModel.create])
def test_create_refuses_a_name_that_is_taken(create: Callable[[str], Any]) -> None:
    Model.create("m", metadata={"seed": 0})
    with pytest.raises(NameConflictError, match="m"):
        create("m")
    assert Model.load("m").metadata == {"seed": 0}


@pytest.mark.parametrize("name", ["", " ", "\t\n", "\u3000"])
@pytest.mark.parametrize("make", [Model, Model.create, Model.load])
def test_a_blank_name_is_refused(make: Callable[[str], Any], name: str) -> None:
    with pytest.raises(ValueError, match="blank"):
        make(name)
    assert Model.load_all() == []


def test_numbers_become_names_and_keys_and_tags() -> None:
    model = Model(5, metadata={1: "one"}, tags=[7])  # type: ignore[arg-type, dict-item, list-item]
    assert (model.name, model.metadata, model.tags) == ("5", {"1": "one"}, {"7"})


def test_tags_may_come_as_any_series() -> None:
    assert Model("a", tags=["x", "y", "x"]).tags == {"x", "y"}
    assert Model("b", tags=(tag for tag in "xy")).tags == {"x", "y"}
    assert Model("c", tags=frozenset("x")).tags == {"x"}


def test_load_needs_a_model_that_is_there() -> None:
    Model("resnet-50")
    with pytest.raises(NotFoundError, match="resnet-50"):
        Model.load("resnet-5")


def test_load_all_is_in_order_of_creation_and_has_all_tags() -> None:
    for name, tags in (("z", {"a", "b"}), ("y", {"a"}), ("x", set())):
        Model(name, infer=cat, tags=tags)
    OtherModel("other", tags={"a"})
    assert [model.name for model in Model.load_all()] == ["z", "y", "x"]
    assert [model.name for model in Model.load_all(tags={"a"})] == ["z", "y"]
    assert [model.name for model in Model.load_all(tags={"a", "b"})] == ["z"]
    assert Model.load_all(tags={"a", "unknown"}) == []
    assert all(model.infer is None for model in Model.load_all())
    with pytest.raises(TypeError):
        Model.load_all({"a"})  # type: ignore[misc]


def test_inferences_are_those_of_the_test_case_version_with_its_ground_truths() -> None:
    case = TestCase("c", test_samples=pairs("a", "b", "d"))
    suite = TestSuite("s", test_cases=[case])
    model = Model("m", infer=lambda sample: Guess(sample.locator))
    assert model.load_inferences(case) == []
    test(model, suite)
    older = TestCase.load("c")
    with case.edit() as editor:
        editor.remove(photo("a"))
        editor.add(photo("b"), Animal("dog"))
        editor.add(photo("new"), Animal("cow"))
    assert [(s.locator, t.label, g.label) for s, t, g in model.load_inferences(case)] == [
        ("b.png", "dog", "b.png"),
        ("d.png", "cat", "d.png"),
    ]
    assert [s.locator for s, _, _ in model.load_inferences(older)] == ["a.png", "b.png", "d.png"]
    elsewhere = TestCase("elsewhere", test_samples=[(photo("d"), Animal("owl"))])
    ((_, truth, guess),) = model.load_inferences(elsewhere)
    assert (truth, guess) == (Animal("owl"), Guess("d.png"))
    assert Model("unused").load_inferences(case) == []


def test_inferences_can_be_iterated_one_by_one() -> None:
    case = TestCase("c", test_samples=pairs("a", "b"))
    model = Model("m", infer=cat)
    test(model, TestSuite("s", test_cases=[case]))
    iterator = model.iter_inferences(case)
    assert inspect.isgenerator(iterator)
    assert next(iterator) == (photo("a"), Animal("cat"), Guess("cat"))
    assert len(list(iterator)) == 1


@pytest.mark.parametrize("load", ["load_inferences", "iter_inferences"])
def test_inferences_for_a_test_case_of_another_workflow_are_refused(load: str) -> None:
    with pytest.raises(WorkflowMismatchError, match="plants"):
        getattr(Model("m"), load)(OtherTestCase("c"))
    with pytest.raises(InputValidationError, match="test_case must be an instance of TestCase"):
        getattr(Model("m"), load)("c")


def test_inferences_for_a_test_case_of_another_store_are_refused(store_path: Any) -> None:
    model = Model("m")
    with kolena_local.session(store_path):
        case = TestCase("c", test_samples=pairs("a"))
    with pytest.raises(IncorrectUsageError, match=r"fresh\.db"):
        model.load_inferences(case)
    assert names(case) == "a"


@pytest.mark.parametrize("attribute", ["name", "infer", "unknown"])
def test_attributes_cannot_be_set(attribute: str) -> None:
    model = Model("m")
    with pytest.raises(FrozenObjectError, match=attribute):
        setattr(model, attribute, None)
    with pytest.raises(RuntimeError, match=r"what is stored, call rename\(\) or update\(\)"):
        model.name = "n"
    del model.infer  # what the original does not prevent either


def test_the_constructor_and_load_give_equal_models_that_can_be_keys() -> None:
    made, loaded = Model("m", infer=cat, tags={"a"}), Model.load("m", infer=cat)
    assert made == loaded
    assert made == Model.load("m") and made != Model("n", infer=cat) and made != "m"
    assert {made: 1}[loaded] == 1 == {made: 1}[Model.load("m")]
    assert len({hash(Model(str(number))) for number in range(20)}) > 1


def test_repr_is_one_short_line() -> None:
    model = Model("m", metadata={"seed": 0})
    assert repr(model) == str(model) == "Model('m', workflow='animals')"


def test_a_method_named_infer_is_hidden_unless_passed() -> None:
    class Own(Model):  # type: ignore[valid-type, misc]
        def infer(self, sample: Any) -> Guess:
            return Guess("dog")

    assert Own("m").infer is None
    assert Own("m", infer=cat).infer is cat


@pytest.mark.parametrize("infer", [5, "cat", Guess("cat")])
@pytest.mark.parametrize("make", [Model, Model.create])
def test_an_infer_that_is_no_function_is_refused(make: Callable[..., Any], infer: Any) -> None:
    with pytest.raises(InputValidationError, match="infer"):
        make("m", infer=infer)
    assert Model.load_all() == []


@pytest.mark.parametrize(
    ("metadata", "place"),
    [
        ({"a": {"b": [0, {1}]}}, r"metadata\.a\.b\[1\]"),
        ({"a": b"bytes"}, r"metadata\.a"),
        ({("a",): 1}, "key"),
        ({None: 1}, "key"),
        ({1: "a", "1": "b"}, "key"),
        (["a"], "dict"),
    ],
)
def test_metadata_that_cannot_be_stored_is_refused_by_its_path(metadata: Any, place: str) -> None:
    with pytest.raises(InputValidationError, match=place):
        Model("m", metadata=metadata)
    assert Model.load_all() == []


def test_metadata_comes_back_as_it_was() -> None:
    metadata = {"nested": {"list": [1, 1.5, None, True, "é\ud800"]}, "nan": float("inf"), "": 2**70}
    Model("m", metadata=metadata)
    assert Model.load("m").metadata == metadata


@pytest.mark.parametrize("tags", ["ab", {"a", ""}, [None], [["a"]], 5, {"a": 1}, ["\ud800"]])
def test_tags_that_are_no_texts_are_refused(tags: Any) -> None:
    with pytest.raises(InputValidationError, match="tag"):
        Model("m", tags=tags)
    with pytest.raises(InputValidationError, match="tag"):
        Model.load_all(tags=tags)


@pytest.mark.parametrize("name", [None, True, b"m", ["m"], "a\0b", "\ud800", math.nan])
def test_a_name_that_cannot_be_stored_is_refused(name: Any) -> None:
    for make in (Model, Model.create, Model.load):
        with pytest.raises(InputValidationError, match="name of a model"):
            make(name)
