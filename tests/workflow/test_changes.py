"""Models, test cases and test suites are updated, renamed and deleted through their objects."""

from __future__ import annotations

import math
from typing import Any, Callable

import pytest

import kolena_local
from kolena_local.errors import (
    IncorrectUsageError,
    InputValidationError,
    KolenaWarning,
    NameConflictError,
    NotFoundError,
)
from kolena_local.repository import open_store
from kolena_local.workflow import EvaluationResults, TestRun, test
from tests.workflow.types import (
    Accuracy,
    Guess,
    Model,
    OtherModel,
    TestCase,
    TestSuite,
    pairs,
    photo,
)

DELETED = "was deleted or the store file was replaced since it was loaded; load it again"


def everything() -> tuple[Any, Any, Any]:
    """Return a model that was tested on a test suite of one test case."""
    case = TestCase("case", test_samples=pairs("a", "b"))
    suite = TestSuite("suite", description="old", test_cases=[case], tags={"x"})
    model = Model("model", infer=lambda _: Guess("cat"), metadata={"seed": 1}, tags={"x"})
    test(model, suite)
    return model, suite, case


def test_update_adds_and_replaces_and_the_object_shows_it() -> None:
    model = Model("m", metadata={"seed": 1, "opt": {"name": "adam"}, "note": "x"}, tags={"a"})
    model.update(metadata={"seed": 2, "opt": {"lr": math.nan}, "a.b": [None]}, tags={"b"})
    loaded = Model.load("m")
    for one in (model, loaded):
        assert math.isnan(one.metadata["opt"].pop("lr"))
        assert one.metadata == {"seed": 2, "opt": {}, "note": "x", "a.b": [None]}
        assert one.tags == {"a", "b"}
    assert model == loaded


def test_update_removes_only_what_is_named() -> None:
    model = Model("m", metadata={"seed": 1, "a.b": 2, "7": 3}, tags={"a", "b"})
    model.update(unset=["a.b", 7], untag=["a"])
    assert (model.metadata, model.tags) == ({"seed": 1}, {"b"})
    assert Model.load("m").metadata == {"seed": 1}
    model.update({})
    model.update(None, None)
    assert (model.metadata, model.tags) == ({"seed": 1}, {"b"})


def test_a_model_keeps_its_function_when_it_is_updated_and_renamed() -> None:
    model, suite, case = everything()
    with case.edit() as editor:
        editor.add(*pairs("new")[0])
    suite = TestSuite("suite", test_cases=[case], reset=True)
    model.update(metadata={"seed": 2})
    model.rename("renamed")
    test(model, suite)
    assert len(Model.load("renamed").load_inferences(case)) == 3


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"metadata": [1]}, InputValidationError, "metadata must be a dict"),
        ({"metadata": {"x": object()}}, InputValidationError, r"metadata\.x"),
        (
            {"tags": "ab"},
            InputValidationError,
            r"tags must be a set of strings, not 'ab'; put it into \[…\]",
        ),
        ({"tags": [" "]}, InputValidationError, "not blank"),
        ({"unset": "seed"}, InputValidationError, "unset must be a list of keys"),
        ({"unset": [None]}, InputValidationError, "must be text"),
        ({"unset": ["sed"]}, NotFoundError, "no metadata 'sed' to unset; there is 'seed'"),
        ({"untag": ["b"]}, NotFoundError, "no tag 'b' to remove; it has 'a'"),
    ],
)
def test_an_update_that_cannot_be_done_changes_nothing(
    arguments: dict[str, Any], error: type[Exception], text: str
) -> None:
    model = Model("m", metadata={"seed": 1}, tags={"a"})
    with pytest.raises(error, match=text):
        model.update(**{"metadata": {"new": 1}, "tags": ["new"], **arguments})
    for one in (model, Model.load("m")):
        assert (one.metadata, one.tags) == ({"seed": 1}, {"a"})


def test_updates_of_different_keys_are_all_kept() -> None:
    mine, theirs = Model("m", metadata={"a": 1, "b": 1}, tags={"x"}), Model.load("m")
    theirs.update(metadata={"b": 2, "c": 2}, tags={"y"}, untag={"x"})
    mine.update(metadata={"a": 3, "c": 2}, tags={"z"})
    assert mine.metadata == Model.load("m").metadata == {"a": 3, "b": 2, "c": 2}
    assert mine.tags == {"y", "z"}


@pytest.mark.parametrize(
    "change", [{"metadata": {"a": 3, "b": 3}}, {"metadata": {"b": 1}, "unset": ["a"]}]
)
@pytest.mark.parametrize("theirs", [{"metadata": {"a": 2}}, {"metadata": {"a": True}}])
def test_a_key_that_somebody_else_changed_is_not_overwritten(
    change: dict[str, Any], theirs: dict[str, Any]
) -> None:
    mine = Model("m", metadata={"a": 1})
    Model.load("m").update(**theirs)
    with pytest.raises(NameConflictError, match="metadata 'a' of the model 'm' was changed by"):
        mine.update(**change)
    assert repr(Model.load("m").metadata) == repr(theirs["metadata"])
    assert mine.metadata == {"a": 1}


def test_a_key_that_somebody_else_removed_is_not_added_again() -> None:
    mine = Model("m", metadata={"a": 1})
    Model.load("m").update(unset=["a"])
    with pytest.raises(NameConflictError, match="metadata 'a'"):
        mine.update(metadata={"a": 2})


def test_metadata_that_was_changed_in_place_can_be_stored() -> None:
    model = Model("m", metadata={"opt": {"lr": 1}})
    model.metadata["opt"]["lr"] = 2  # type: ignore[index,call-overload]
    model.update(metadata=model.metadata)
    assert Model.load("m").metadata == {"opt": {"lr": 2}}


def test_a_test_suite_is_updated_for_all_versions() -> None:
    _, suite, _ = everything()
    old = TestSuite.load("suite", 0)
    suite.update(description="new", tags={"y"}, untag=["x"])
    assert (suite.description, suite.tags, suite.version) == ("new", {"y"}, 1)
    for version in (0, 1):
        loaded = TestSuite.load("suite", version)
        assert (loaded.description, loaded.tags) == ("new", {"y"})
    old.update(tags=["z"])
    assert (old.version, old.description, old.tags) == (0, "new", {"y", "z"})
    with pytest.raises(NotFoundError, match="The test suite 'suite' has no tag 'x' to remove"):
        suite.update(untag=["x"])


@pytest.mark.parametrize("how", ["update", "edit"])
def test_a_description_that_somebody_else_changed_is_not_overwritten(how: str) -> None:
    _, mine, _ = everything()
    TestSuite.load("suite").update(description="theirs")
    with pytest.raises(NameConflictError, match="someone else in the meantime, to 'theirs'"):
        if how == "update":
            mine.update(description="mine", tags=["y"])
        else:
            with mine.edit() as editor:
                editor.description("mine")
                editor.tags.add("y")
    assert (TestSuite.load("suite").description, TestSuite.load("suite").tags) == ("theirs", {"x"})
    mine.update(tags=["y"])
    assert (mine.description, mine.tags) == ("theirs", {"x", "y"})


def test_a_test_case_is_updated_in_a_new_version() -> None:
    _, _, case = everything()
    case.update("why")
    assert (case.version, case.description) == (2, "why")
    assert TestCase.load("case", 1).description == ""
    with pytest.raises(NameConflictError, match="at version 2 by now"):
        TestCase.load("case", 1).update("other")


def test_objects_go_on_after_a_rename() -> None:
    model, suite, case = everything()
    others = Model.load("model"), TestSuite.load("suite", 0), TestCase.load("case")
    run = TestRun(model, suite)
    for one in (model, suite, case):
        one.rename(f"new {one.name}")
        assert one.name.startswith("new ")
    assert Model.load("new model") == model
    assert TestSuite.load("new suite").test_cases[0].name == "new case"
    assert len(others[0].load_inferences(others[2])) == 2
    others[0].update(metadata={"seed": 2})
    assert others[0].name == "new model"
    others[1].update(tags=["y"])
    assert (others[1].name, others[1].version) == ("new suite", 0)
    run.run()
    with pytest.raises(NotFoundError, match="did you mean 'new model'"):
        Model.load("model")


@pytest.mark.parametrize(("mine", "text"), [("c", "was renamed to 'b' in the meantime"), ("b", "")])
def test_of_two_renames_at_once_the_second_is_refused_unless_it_is_the_same(
    mine: str, text: str
) -> None:
    model, other = Model("a"), Model.load("a")
    other.rename("b")
    if text:
        with pytest.raises(NameConflictError, match=text):
            model.rename(mine)
    else:
        model.rename(mine)
        assert model.name == "b"
    assert [one.name for one in Model.load_all()] == ["b"]


@pytest.mark.parametrize(
    ("name", "error", "text"),
    [
        (" ", InputValidationError, "blank"),
        (None, InputValidationError, "must be text"),
        ("a\0", InputValidationError, "NUL"),
        ("taken", NameConflictError, "There is a model"),
        ("tak\u200ben", NameConflictError, "looks like"),
    ],
)
def test_a_name_that_cannot_be_given_changes_nothing(
    name: Any, error: type[Exception], text: str
) -> None:
    model = Model("a")
    OtherModel("taken")
    with pytest.raises(error, match=text):
        model.rename(name)
    assert (model.name, Model.load("a").name) == ("a", "a")


def test_a_number_becomes_a_name() -> None:
    model = Model("a")
    model.rename(7)  # type: ignore[arg-type]
    assert Model.load("7").name == model.name == "7"


@pytest.mark.parametrize("kind", ["model", "suite"])
def test_a_deleted_object_is_not_found_any_more(kind: str) -> None:
    model, suite, _ = everything()
    one = model if kind == "model" else suite
    run, other = TestRun(model, suite), type(one).load(kind)
    one.delete()
    uses: list[Callable[[], Any]] = [
        one.delete, other.delete, run.run, lambda: one.rename("x"), lambda: other.update(tags=["x"])
    ]  # fmt: skip
    for use in uses:
        with pytest.raises(NotFoundError, match=DELETED):
            use()
    with pytest.raises(NotFoundError, match="none is in the store yet"):
        type(one).load(kind)
    left = {"model": Model.load_all(), "suite": TestSuite.load_all(), "case": TestCase.load("case")}
    assert [len(left["model"]), len(left["suite"])] == ([0, 1] if kind == "model" else [1, 0])
    assert len(left["case"].load_test_samples()) == 2


def test_a_test_case_is_deleted_when_no_test_suite_has_it_and_its_samples_stay() -> None:
    model, suite, case = everything()
    with suite.edit() as editor:
        editor.remove(case)
    with pytest.raises(IncorrectUsageError, match=r"'suite' \(version 1\); delete that first"):
        case.delete()
    suite.delete()
    case.delete()
    for use in (case.load_test_samples, case.delete, lambda: model.load_inferences(case)):
        with pytest.raises(NotFoundError, match=DELETED):
            use()
    again = TestCase("case", test_samples=pairs("b", "c"))
    assert again != case
    assert [sample for sample, *_ in model.load_inferences(again)] == [photo("b")]


def test_the_log_tells_what_was_deleted(caplog: pytest.LogCaptureFixture) -> None:
    for one in everything():
        with caplog.at_level("INFO", "kolena_local"):
            one.delete()
    told = [one.getMessage() for one in caplog.records if one.getMessage().startswith("deleted")]
    assert told == [
        "deleted model 'model' (2 inferences, 1 run)",
        "deleted test suite 'suite' (2 versions, 0 runs, 0 results)",
        "deleted test case 'case' (2 versions, 2 samples)",
    ]


def test_a_delete_in_one_store_leaves_the_other(tmp_path: Any) -> None:
    model = Model("m")
    with kolena_local.session(db=tmp_path / "other.db"):
        Model("m")
        model.delete()
        assert Model.load("m").name == "m"
    with pytest.raises(NotFoundError):
        Model.load("m")
    with open_store().read() as unit:
        assert unit.models.list() == []


def test_a_renamed_test_case_is_added_to_its_test_suite_only_once() -> None:
    _, suite, case = everything()
    case.rename("new")
    with suite.edit() as editor:
        editor.add(case)
    assert (suite.version, [one.name for one in suite.test_cases]) == (1, ["new"])
    old = TestCase.load("new")
    case.rename("newer")
    with pytest.warns(KolenaWarning, match="more than once"):
        both = TestSuite("both", test_cases=[old, case])
    assert [one.name for one in both.test_cases] == ["newer"]
    with both.edit() as editor:
        editor.remove(old)
    assert both.test_cases == []


@pytest.mark.filterwarnings("ignore:The evaluator evaluate returned no metrics")
def test_results_are_of_the_test_case_that_was_returned_even_if_names_were_exchanged() -> None:
    model, _, first = everything()
    second = TestCase("second", test_samples=pairs("b"))
    suite = TestSuite("two", test_cases=[first, second])
    TestCase.load("case").rename("third")
    TestCase.load("second").rename("case")

    def evaluate(*arguments: Any) -> EvaluationResults:
        found = [(TestCase.load("third"), Accuracy(0.3)), (TestCase.load("case"), Accuracy(0.2))]
        return EvaluationResults(metrics_test_sample=[], metrics_test_case=found)

    test(model, suite, evaluate)
    frame = TestRun(model, suite, evaluate).metrics_dataframe()
    metrics = dict(zip(frame["test_case"], frame["metrics.accuracy"], strict=True))
    assert metrics == {"third": 0.3, "case": 0.2}
