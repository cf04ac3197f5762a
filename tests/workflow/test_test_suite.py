"""Test suites: what a name, a version and test cases lead to, and editing them."""

from __future__ import annotations

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
from kolena_local.workflow import TestRun
from tests.workflow.types import (
    Model,
    OtherTestCase,
    OtherTestSuite,
    TestCase,
    TestSuite,
    pairs,
    photo,
)


def case(name: str) -> Any:
    return TestCase(name, test_samples=pairs(name))


def held(suite: Any) -> str:
    return "".join(f"{case.name}{case.version}" for case in suite.test_cases)


def test_a_new_test_suite_is_at_version_0_or_with_test_cases_at_1() -> None:
    empty = TestSuite("empty")
    assert (empty.version, empty.description, empty.test_cases, empty.tags) == (0, "", [], set())
    full = TestSuite("full", description="why", test_cases=[case("a")], tags={"x"})
    assert (full.version, full.description, held(full), full.tags) == (1, "why", "a1", {"x"})
    assert type(full.test_cases[0]) is TestCase


def test_test_cases_fill_a_test_suite_at_version_0() -> None:
    TestSuite("s")
    suite = TestSuite("s", test_cases=[case("a")])
    assert (suite.version, held(suite)) == (1, "a1")


def test_other_test_cases_are_not_taken_but_description_and_tags_are() -> None:
    a, b = case("a"), case("b")
    TestSuite("s", test_cases=[a, b])
    for wanted in ([a], [b, a]):
        more: Any = {"description": f"{wanted}", "tags": {str(len(wanted))}}
        with pytest.warns(KolenaWarning, match="reset=True"):
            suite = TestSuite("s", test_cases=wanted, **more)
        assert (suite.version, held(suite)) == (1, "a1b1")
        assert (suite.description, suite.tags) == (f"{wanted}", {str(len(wanted))})
    assert TestSuite.load("s").tags == {"2"}


@pytest.mark.filterwarnings("error")
def test_if_the_warning_is_an_error_description_and_tags_stay_too() -> None:
    TestSuite("s", test_cases=[case("a")])
    with pytest.raises(KolenaWarning):
        TestSuite("s", description="new", test_cases=[case("b")], tags={"x"})
    suite = TestSuite.load("s")
    assert (suite.description, suite.tags, suite.version) == ("", set(), 1)


def test_reset_replaces_the_test_cases_and_keeps_the_rest() -> None:
    TestSuite("s", description="why", test_cases=[case("a")], tags={"x"})
    suite = TestSuite("s", test_cases=[case("b")], reset=True)
    assert (suite.version, held(suite), suite.description, suite.tags) == (2, "b1", "why", {"x"})
    assert held(TestSuite.load("s", version=1)) == "a1"


@pytest.mark.parametrize("reset", [False, True])
def test_the_same_test_cases_change_nothing(reset: bool) -> None:
    cases = [case("a"), case("b")]
    TestSuite("s", test_cases=cases)
    assert TestSuite("s", test_cases=cases, reset=reset).version == 1


def test_an_empty_list_of_test_cases_changes_nothing_even_with_reset() -> None:
    TestSuite("s", test_cases=[case("a")])
    with pytest.warns(KolenaWarning, match="keeps its test cases, because no test_cases were"):
        suite = TestSuite("s", test_cases=[], reset=True)
    assert (suite.version, held(suite)) == (1, "a1")


def test_description_is_shared_by_all_versions_and_makes_none() -> None:
    TestSuite("s", description="old", test_cases=[case("a")])
    suite = TestSuite("s", description="new")
    assert (suite.version, suite.description) == (1, "new")
    assert TestSuite.load("s", version=0).description == "new"
    assert TestSuite("s").description == "new"


def test_tags_are_replaced_cleared_or_left() -> None:
    TestSuite("s", test_cases=[case("a")], tags={"x"})
    assert TestSuite("s", tags={"y", "z"}).tags == {"y", "z"}
    assert TestSuite("s").tags == {"y", "z"}
    assert TestSuite("s", test_cases=[case("b")], reset=True).tags == {"y", "z"}
    cleared = TestSuite("s", tags=set())
    assert (cleared.tags, cleared.version) == (set(), 2)
    assert TestSuite.load("s").tags == set()


def test_of_two_test_cases_of_one_name_the_last_counts() -> None:
    a, b = case("a"), case("b")
    older = TestCase.load("a")
    with a.edit() as editor:
        editor.remove(photo("a"))
    with pytest.warns(KolenaWarning, match="'a' more than once"):
        assert held(TestSuite("s", test_cases=[older, b, a])) == "b1a2"


def test_test_cases_stay_pinned_when_they_are_edited() -> None:
    a = case("a")
    suite = TestSuite("s", test_cases=[a])
    with a.edit() as editor:
        editor.remove(photo("a"))
    assert held(TestSuite.load("s")) == held(suite) == "a1"
    assert [len(samples) for _, samples in TestSuite.load("s").load_test_samples()] == [1]


@pytest.mark.parametrize("make", [TestSuite, TestSuite.create])
def test_what_is_no_test_case_of_the_workflow_is_refused(make: Callable[..., Any]) -> None:
    with pytest.raises(TypeError, match="plants"):
        make("s", test_cases=[case("a"), OtherTestCase("o")])
    with pytest.raises(TypeError, match="test cases"):
        make("s", test_cases=["a"])
    with pytest.raises(InputValidationError, match="list"):
        make("s", test_cases=case("a"))
    with pytest.raises(NotFoundError):
        TestSuite.load("s")


def test_a_test_case_of_another_store_is_refused(store_path: Any) -> None:
    with kolena_local.session(store_path):
        elsewhere = case("a")
    suite = TestSuite("s", test_cases=[case("b")])
    with pytest.raises(IncorrectUsageError, match=r"fresh\.db"):
        TestSuite("t", test_cases=[elsewhere])
    with pytest.raises(IncorrectUsageError, match=r"fresh\.db"), suite.edit() as editor:
        editor.add(elsewhere)
    assert held(TestSuite.load("s")) == "b1"


def test_a_version_that_is_not_there_conflicts_or_is_not_found() -> None:
    TestSuite("s")
    with pytest.raises(NameConflictError, match="no version 4"):
        TestSuite("s", version=4)
    with pytest.raises(NotFoundError, match="no version 4"):
        TestSuite.load("s", version=4)
    with pytest.raises(NotFoundError, match="t"):
        TestSuite.load("t")


@pytest.mark.parametrize("load", [OtherTestSuite, OtherTestSuite.load])
def test_a_test_suite_of_another_workflow_is_refused(load: Callable[[str], Any]) -> None:
    TestSuite("s", description="old")
    with pytest.raises(WorkflowMismatchError, match="animals"):
        load("s")
    with pytest.raises(WorkflowMismatchError):
        OtherTestSuite("s", description="new", tags={"x"})
    assert TestSuite.load("s").description == "old"


def test_create_refuses_a_name_that_is_taken() -> None:
    suite = TestSuite.create("s", description="why", test_cases=[case("a")], tags=["x"])
    assert (suite.version, suite.description, held(suite), suite.tags) == (1, "why", "a1", {"x"})
    assert TestSuite.create("empty").version == 0
    for kind in (TestSuite, OtherTestSuite):
        with pytest.raises(NameConflictError, match="s"):
            kind.create("s")
    assert TestSuite.load("s") == suite


def test_load_takes_a_version_as_text_as_from_a_variable() -> None:
    TestSuite("s", test_cases=[case("a")])
    assert TestSuite.load("s", version="0").version == 0  # type: ignore[arg-type]


def test_load_all_is_the_latest_versions_in_order_of_creation_with_all_tags() -> None:
    TestSuite("z", test_cases=[case("a")], tags={"x", "y"})
    TestSuite("y", tags={"x"})
    OtherTestSuite("other", tags={"x"})
    assert [(suite.name, suite.version) for suite in TestSuite.load_all()] == [("z", 1), ("y", 0)]
    assert [suite.name for suite in TestSuite.load_all(tags={"x"})] == ["z", "y"]
    assert [suite.name for suite in TestSuite.load_all(tags=["y", "x"])] == ["z"]
    assert TestSuite.load_all(tags={"unknown"}) == []


def test_samples_come_test_case_by_test_case_without_empty_ones() -> None:
    suite = TestSuite("s", test_cases=[case("b"), TestCase("empty"), case("a")])
    loaded = suite.load_test_samples()
    assert [(it.name, [s.locator for s in samples]) for it, samples in loaded] == [
        ("b", ["b.png"]),
        ("a", ["a.png"]),
    ]


def edited(edit: Callable[[Any], Any], reset: bool = False) -> Any:
    suite = TestSuite("s", test_cases=[case("a"), case("b")], tags={"x"}, description="why")
    with suite.edit(reset=reset) as editor:
        edit(editor)
    assert suite == TestSuite.load("s")
    return suite


@pytest.mark.parametrize(
    ("edit", "reset", "version", "expected"),
    [
        (lambda e: None, False, 1, "a1b1"),
        (lambda e: e.add(case("c")), False, 2, "a1b1c1"),
        (lambda e: e.add(case("a")), False, 2, "b1a1"),
        (lambda e: e.add(case("b")), False, 1, "a1b1"),
        (lambda e: e.remove(case("a")), False, 2, "b1"),
        (lambda e: e.remove(TestCase("a", version=0)), False, 2, "b1"),
        (lambda e: e.remove(case("z")), False, 1, "a1b1"),
        (lambda e: (e.remove(case("a")), e.add(case("a"))), False, 2, "b1a1"),
        (lambda e: e.add(TestCase("a", version=0)), False, 2, "b1a0"),
        (lambda e: None, True, 2, ""),
        (lambda e: e.add(case("c")), True, 2, "c1"),
        (lambda e: (e.add(case("a")), e.add(case("b"))), True, 1, "a1b1"),
    ],
)
def test_an_edit_makes_a_version_if_the_list_of_test_cases_changes(
    edit: Callable[[Any], Any], reset: bool, version: int, expected: str
) -> None:
    suite = edited(edit, reset)
    assert (suite.version, held(suite)) == (version, expected)
    assert (suite.tags, suite.description) == ({"x"}, "why")


def test_an_edit_of_description_and_tags_makes_no_version() -> None:
    def edit(editor: Any) -> None:
        editor.description("new")
        editor.tags = {"z"}

    suite = edited(edit)
    assert (suite.version, suite.description, suite.tags) == (1, "new", {"z"})
    assert TestSuite.load("s", version=0).tags == {"z"}


def test_tags_changed_in_place_are_noticed() -> None:
    assert edited(lambda editor: editor.tags.add("y")).tags == {"x", "y"}


def test_an_editor_has_the_tags_of_the_test_suite() -> None:
    suite = TestSuite("s", tags={"x"})
    with suite.edit(reset=True) as editor:
        assert editor.tags == {"x"}
        editor.tags.discard("x")
        assert suite.tags == {"x"}
    assert suite.tags == set()


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt()])
def test_an_exception_inside_the_block_stores_nothing(error: BaseException) -> None:
    suite = TestSuite("s", test_cases=[case("a")], tags={"x"}, description="why")
    with pytest.raises(type(error)), suite.edit(reset=True) as editor:
        editor.add(case("b"))
        editor.description("new")
        editor.tags.add("y")
        raise error
    assert suite == TestSuite.load("s")
    assert (suite.version, held(suite), suite.description, suite.tags) == (1, "a1", "why", {"x"})
    with pytest.raises(FrozenObjectError, match="tags"):
        suite.tags = set()


def test_tags_that_cannot_be_stored_store_nothing_of_the_edit() -> None:
    suite = TestSuite("s", test_cases=[case("a")])
    with pytest.raises(InputValidationError, match="tag"), suite.edit() as editor:
        editor.add(case("b"))
        editor.description("new")
        editor.tags.add("")
    assert (held(TestSuite.load("s")), TestSuite.load("s").description) == ("a1", "")


@pytest.mark.parametrize(
    "edit", [lambda e: e.add(case("c")), lambda e: e.description("mine"), lambda e: e.tags.add("y")]
)
def test_an_edit_of_an_outdated_version_is_refused_and_loses_nothing(
    edit: Callable[[Any], Any],
) -> None:
    mine = TestSuite("s", test_cases=[case("a")])
    theirs = TestSuite.load("s")
    with theirs.edit() as editor:
        editor.add(case("b"))
        editor.tags.add("x")
    with pytest.raises(NameConflictError, match="load it again"), mine.edit() as editor:
        edit(editor)
    loaded = TestSuite.load("s")
    assert (held(loaded), loaded.tags, loaded.description) == ("a1b1", {"x"}, "")


def test_edits_of_one_version_keep_each_others_tags_and_description() -> None:
    mine = TestSuite("s", tags={"x"})
    theirs = TestSuite.load("s")
    with theirs.edit() as editor:
        editor.tags = {"y"}
        editor.description("theirs")
    with mine.edit() as editor:
        editor.tags.add("z")
    assert (mine.tags, mine.description) == ({"y", "z"}, "theirs")


@pytest.mark.parametrize("name", ["", " ", None, "\ud800"])
def test_a_name_that_is_no_name_is_refused(name: Any) -> None:
    for make in (TestSuite, TestSuite.create, TestSuite.load):
        with pytest.raises(InputValidationError, match="name of a test suite"):
            make(name)


@pytest.mark.parametrize("arguments", [{"tags": "ab"}, {"tags": [None]}, {"description": ["a"]}])
def test_tags_and_descriptions_that_are_no_texts_are_refused(arguments: Any) -> None:
    with pytest.raises(InputValidationError):
        TestSuite("s", **arguments)
    with pytest.raises(InputValidationError, match="reset"):
        TestSuite("s", reset="maybe")  # type: ignore[arg-type]
    with pytest.raises(NotFoundError):
        TestSuite.load("s")


def test_equal_test_suites_can_be_keys() -> None:
    suite = TestSuite("s", test_cases=[case("a")])
    assert suite == TestSuite.load("s") and {suite: 1}[TestSuite.load("s")] == 1
    assert suite != TestSuite.load("s", version=0)
    assert repr(suite) == "TestSuite('s', version=1, test_cases=1, workflow='animals')"


def test_loading_tells_so_and_editing_only_where_something_changed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "kolena_local")
    TestSuite("s", description="why")
    TestSuite("s", description="why", tags=set())
    TestSuite("s", description="new")
    assert [record.getMessage().split(" test ")[0] for record in caplog.records] == [
        "created",
        "loaded",
        "edited",
    ]


def test_an_edit_of_nothing_leaves_an_old_version_what_it_was() -> None:
    suite, model = TestSuite("s", test_cases=[case("a")]), Model("m")
    with suite.edit() as editor:
        editor.add(case("b"))
    old = TestSuite.load("s", version=1)
    with old.edit(reset=True) as editor:
        editor.add(old.test_cases[0])
    assert TestRun(model, old).test_suite.version == 1
