"""Editing test cases: the order of things, what makes a version, and what an exception leaves."""

from __future__ import annotations

from typing import Any, Callable, Dict, List

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kolena_local
from kolena_local.errors import InputValidationError, NameConflictError
from kolena_local.workflow import Text
from tests.workflow.types import Animal, TestCase, names, pairs, photo


def truths(case: Any) -> Dict[str, str]:
    return {sample.locator[:-4]: truth.label for sample, truth in case.load_test_samples()}


def add(editor: Any, name: str, label: str = "cat") -> None:
    editor.add(photo(name), Animal(label))


def remove(editor: Any, name: str) -> None:
    editor.remove(photo(name))


def test_an_edit_makes_a_version_and_refreshes_the_object() -> None:
    case = TestCase("c", test_samples=pairs("a", "b"))
    with case.edit() as editor:
        add(editor, "d")
        remove(editor, "a")
        assert (case.version, names(case)) == (1, "ab")
    assert (case.version, names(case)) == (2, "bd")
    assert case == TestCase.load("c")
    assert names(TestCase.load("c", version=1)) == "ab"


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (lambda e: (add(e, "b", "dog"), add(e, "b", "cow")), "a:cat b:cow c:cat"),
        (lambda e: add(e, "a", "dog"), "a:dog b:cat c:cat"),
        (lambda e: (remove(e, "a"), add(e, "a", "dog")), "b:cat c:cat a:dog"),
        (lambda e: (add(e, "a", "dog"), remove(e, "a")), "b:cat c:cat"),
        (lambda e: (remove(e, "z"), remove(e, "a"), remove(e, "a")), "b:cat c:cat"),
        (lambda e: (add(e, "d"), remove(e, "d"), add(e, "e"), add(e, "d")), "a:cat b:cat c:cat e:cat d:cat"),  # noqa: E501 - a table
        (lambda e: (remove(e, "b"), remove(e, "a"), add(e, "a"), add(e, "b")), "c:cat a:cat b:cat"),
        (lambda e: (remove(e, "a"), add(e, "d"), add(e, "a")), "b:cat c:cat d:cat a:cat"),
        (lambda e: (add(e, "d"), remove(e, "a"), remove(e, "b"), remove(e, "c")), "d:cat"),
    ],
)  # fmt: skip
def test_actions_apply_in_their_order(edit: Callable[[Any], Any], expected: str) -> None:
    case = TestCase("t", test_samples=pairs("a", "b", "c"))
    with case.edit() as editor:
        edit(editor)
    assert " ".join(f"{name}:{label}" for name, label in truths(case).items()) == expected
    assert case.version == 2


@pytest.mark.parametrize(
    "edit",
    [
        lambda e: None,
        lambda e: e.description("why"),
        lambda e: remove(e, "z"),
        lambda e: add(e, "a"),
        lambda e: (add(e, "d"), remove(e, "d")),
        lambda e: (remove(e, "b"), add(e, "b")),  # it is the last one anyway
    ],
)
def test_an_edit_that_changes_nothing_makes_no_version(edit: Callable[[Any], Any]) -> None:
    case = TestCase("c", description="why", test_samples=pairs("a", "b"))
    with case.edit() as editor:
        edit(editor)
    assert (case.version, names(case)) == (1, "ab")
    assert TestCase.load("c") == case


def test_a_new_description_makes_a_version_and_each_version_keeps_its_own() -> None:
    case = TestCase("c", description="old", test_samples=pairs("a"))
    with case.edit() as editor:
        editor.description("new")
    assert (case.version, case.description, names(case)) == (2, "new", "a")
    assert TestCase.load("c", version=1).description == "old"


def test_reset_starts_from_nothing() -> None:
    case = TestCase("c", description="kept", test_samples=pairs("a", "b"))
    with case.edit(reset=True) as editor:
        add(editor, "d")
        remove(editor, "b")
    assert (case.version, case.description, names(case)) == (2, "kept", "d")
    with case.edit(reset=True):
        pass
    assert (case.version, names(case)) == (3, "")


def test_reset_to_the_same_content_makes_no_version_but_another_order_does() -> None:
    case = TestCase("c", test_samples=pairs("a", "b"))
    for order, version in (("ab", 1), ("ba", 2)):
        with case.edit(reset=True) as editor:
            for name in order:
                add(editor, name)
        assert (case.version, names(case)) == (version, order)


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt()])
@pytest.mark.parametrize("reset", [False, True])
def test_an_exception_inside_the_block_stores_nothing(error: BaseException, reset: bool) -> None:
    case = TestCase("c", description="old", test_samples=pairs("a"))
    with pytest.raises(type(error)), case.edit(reset=reset) as editor:
        editor.description("new")
        editor.add(photo("a", day=1), Animal("dog"))
        add(editor, "b")
        raise error
    assert (case.version, case.description, truths(case)) == (1, "old", {"a": "cat"})
    assert case == TestCase.load("c")
    assert case.load_test_samples()[0][0].metadata == {}
    with pytest.raises(RuntimeError):
        case.version = 9  # as unchangeable as before


def test_an_edit_of_an_outdated_version_is_refused_and_loses_nothing() -> None:
    mine, theirs = (TestCase("c", test_samples=pairs("a")) for _ in range(2))
    with theirs.edit() as editor:
        add(editor, "b")
    with pytest.raises(NameConflictError, match="load it again"), mine.edit() as editor:
        add(editor, "d")
    assert (names(TestCase.load("c")), names(mine), mine.version) == ("ab", "a", 1)
    mine = TestCase.load("c")
    with mine.edit() as editor:
        add(editor, "d")
    assert names(mine) == "abd"


@pytest.mark.parametrize(
    ("edit", "error", "text"),
    [
        (lambda e: e.add(Text("a"), Animal("cat")), TypeError, "Photo"),
        (lambda e: e.add(photo("a"), "cat"), TypeError, "Animal"),
        (lambda e: e.remove("a"), TypeError, "Photo"),
        (lambda e: e.description(["a"]), InputValidationError, "description"),
        (lambda e: e.add(photo("a")), TypeError, "ground_truth"),
        (lambda e: e.add(photo("a"), Animal({1})), ValueError, "label"),
        (lambda e: e.add(photo("a", day={1}), Animal("cat")), ValueError, r"metadata"),
    ],
)
def test_what_an_editor_cannot_use_is_refused_at_once(
    edit: Callable[[Any], Any], error: Any, text: str
) -> None:
    case = TestCase("c", test_samples=pairs("a"))
    with pytest.raises(error, match=text), case.edit() as editor:
        add(editor, "b")
        edit(editor)
    assert names(TestCase.load("c")) == "a"


def test_an_edit_goes_to_the_store_of_its_test_case(store_path: Any) -> None:
    case = TestCase("c", test_samples=pairs("a"))
    with kolena_local.session(store_path), case.edit() as editor:
        add(editor, "b")
    assert names(TestCase.load("c")) == "ab"


ACTIONS = st.lists(
    st.tuples(st.sampled_from(["add", "remove"]), st.sampled_from("abcd"), st.sampled_from("xy")),
    max_size=8,
)


@given(before=st.lists(st.sampled_from("abc"), unique=True), actions=ACTIONS, reset=st.booleans())
def test_an_edit_does_what_its_actions_would_do_to_a_dict(
    before: List[str], actions: Any, reset: bool
) -> None:
    with kolena_local.session(":memory:"):
        case = TestCase("c")
        with case.edit(reset=True) as editor:
            for name in before:
                add(editor, name, "x")
        start = case.version
        expected = {} if reset else dict.fromkeys(before, "x")
        with case.edit(reset=reset) as editor:
            for verb, name, label in actions:
                if verb == "add":
                    add(editor, name, label)
                    expected[name] = label
                else:
                    remove(editor, name)
                    expected.pop(name, None)
        assert list(truths(case).items()) == list(expected.items())
        unchanged = list(expected.items()) == [(name, "x") for name in before]
        assert case.version == (start if unchanged else start + 1)
