"""Test cases: what a name, a version and samples lead to, and what is loaded again."""

from __future__ import annotations

import inspect
import multiprocessing
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

import pytest

from kolena_local.errors import (
    FrozenObjectError,
    InputValidationError,
    KolenaWarning,
    NameConflictError,
    NotFoundError,
    WorkflowMismatchError,
)
from kolena_local.repository.file import connection
from kolena_local.workflow import GroundTruth, Image, ImagePair, Inference, Text, define_workflow
from tests.conftest import long_only
from tests.workflow.types import (
    Animal,
    Guess,
    OtherTestCase,
    Photo,
    TestCase,
    names,
    none_of,
    pairs,
    photo,
)


def test_an_unknown_name_makes_a_test_case() -> None:
    case = TestCase("c")
    assert (case.name, case.version, case.description, names(case)) == ("c", 0, "", "")
    assert TestCase("d", description="why").description == "why"
    assert TestCase("c", version=0) == case


def test_an_unknown_name_with_samples_makes_version_1() -> None:
    case = TestCase("c", description="why", test_samples=pairs("a", "b"))
    assert (case.version, case.description, names(case)) == (1, "why", "ab")
    assert names(TestCase.load("c", version=0)) == ""


def test_a_known_name_loads_the_latest_version() -> None:
    TestCase("c", test_samples=pairs("a"))
    TestCase("c", test_samples=pairs("b"), reset=True)
    assert (TestCase("c").version, names(TestCase("c"))) == (2, "b")
    assert names(TestCase("c", version=1)) == "a"


def test_a_version_that_is_not_there_conflicts_in_the_constructor() -> None:
    TestCase("c")
    with pytest.raises(NameConflictError, match="no version 3, the latest is 0"):
        TestCase("c", version=3)
    with pytest.raises(NotFoundError, match="no version 3"):
        TestCase.load("c", version=3)


def test_samples_fill_a_test_case_at_version_0() -> None:
    TestCase("c", description="old")
    case = TestCase("c", description="new", test_samples=pairs("a"))
    assert (case.version, case.description, names(case)) == (1, "new", "a")
    TestCase("d", description="old")
    assert TestCase("d", test_samples=pairs("a")).description == "old"


@pytest.mark.parametrize(
    ("samples", "how"),
    [
        (pairs("c", "d"), r"2 new, 2 left out\."),
        (pairs("a"), r"1 left out\."),
        (pairs("a", "b", label="dog"), r"2 with another ground truth\."),
        ([*pairs("a"), (photo("b", day=2, hour=1), Animal("cat"))], r"1 with other metadata\."),
    ],
)
def test_other_samples_do_not_change_a_test_case_that_has_some(samples: Any, how: str) -> None:
    TestCase("c", test_samples=[*pairs("a"), (photo("b", day=1), Animal("cat"))])
    with pytest.warns(KolenaWarning, match=how):
        case = TestCase("c", test_samples=samples)
    assert (case.version, names(case)) == (1, "ab")
    assert case.load_test_samples()[1][0].metadata == {"day": 1}
    with pytest.warns(KolenaWarning, match=how):
        TestCase.init_many([("c", samples)])


def test_the_same_samples_again_do_not_warn_in_another_order_either() -> None:
    for order in ("ab", "ab", "ba"):
        assert names(TestCase("c", test_samples=pairs(*order))) == "ab"
        TestCase.init_many([("c", pairs(*order))])


@pytest.mark.parametrize(
    "ask",
    [
        lambda samples: TestCase("c", test_samples=samples),
        lambda samples: TestCase.create("c", test_samples=samples),
        lambda samples: TestCase.init_many([("c", samples)]),
    ],
)
def test_a_sample_that_is_passed_twice_warns_and_with_two_ground_truths_is_refused(
    ask: Any,
) -> None:
    with pytest.raises(InputValidationError, match=r"a\.png.*twice, with different ground truths"):
        ask([*pairs("b", "a"), *pairs("a", label="dog")])
    none_of("c")
    with pytest.warns(KolenaWarning, match="1 of 3 test samples .* 'c' repeats an earlier one"):
        ask(pairs("b", "a", "a"))
    assert names(TestCase.load("c")) == "ba"


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "ask",
    [
        lambda: TestCase("new", test_samples=pairs("a", "a")),
        lambda: TestCase("new", test_samples=[(photo("a", day=2), Animal("cat"))]),
        lambda: TestCase.create("new", test_samples=[(photo("a", day=2), Animal("cat"))]),
        lambda: TestCase.init_many([("new", pairs("b")), ("c", pairs("b"))]),
        lambda: TestCase("new", test_samples=[]),
    ],
)
def test_if_a_warning_is_an_error_nothing_is_stored(ask: Any) -> None:
    case = TestCase("c", test_samples=[(photo("a", day=1), Animal("cat"))])
    with pytest.raises(KolenaWarning):
        ask()
    none_of("new")
    assert (case.version, case.load_test_samples()[0][0].metadata) == (1, {"day": 1})


def test_reset_replaces_the_samples() -> None:
    TestCase("c", description="old", test_samples=pairs("a", "b"))
    case = TestCase("c", test_samples=pairs("d", "b"), reset=True)
    assert (case.version, case.description, names(case)) == (2, "old", "db")
    case = TestCase("c", description="new", test_samples=pairs("d"), reset=True)
    assert (case.version, case.description, names(case)) == (3, "new", "d")


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("before", [None, [], pairs("a")])
def test_an_empty_list_of_samples_warns_and_edits_nothing(before: Any, reset: bool) -> None:
    version = 1 if before else 0
    if before is not None:
        TestCase("c", test_samples=before or None)
    with pytest.warns(KolenaWarning, match="test_samples") as caught:
        case = TestCase("c", test_samples=[], reset=reset)
    assert (case.version, names(case)) == (version, "a" if before else "")
    assert len(caught) == 1


def test_another_description_warns_and_is_not_taken() -> None:
    TestCase("c", description="old")
    with pytest.warns(KolenaWarning, match="keeps its description 'old'"):
        assert TestCase("c", description="new").description == "old"
    TestCase("c", description="old")


def test_another_description_with_reset_and_no_samples_does_nothing_and_says_so() -> None:
    TestCase("c", description="old", test_samples=pairs("a"))
    with pytest.warns(KolenaWarning) as caught:
        case = TestCase("c", description="new", reset=True)
    assert (case.version, case.description) == (1, "old")
    assert ["keeps its 1 sample, because" in str(one.message) for one in caught] == [True, False]
    assert "keeps its description 'old'" in str(caught[1].message)


def test_create_makes_version_0_or_1_and_refuses_a_name_that_is_taken() -> None:
    assert TestCase.create("c").version == 0
    assert TestCase.create("d", description="why", test_samples=pairs("a")).version == 1
    for kind in (TestCase, OtherTestCase):
        with pytest.raises(NameConflictError, match="d"):
            kind.create("d", test_samples=pairs("b"))
    assert (names(TestCase.load("d")), TestCase.load("d").version) == ("a", 1)


def test_load_needs_a_test_case_of_this_workflow() -> None:
    with pytest.raises(NotFoundError, match="c"):
        TestCase.load("c")
    TestCase("c")
    for load in (OtherTestCase.load, OtherTestCase):
        with pytest.raises(WorkflowMismatchError, match="animals"):
            load("c")
    with pytest.raises(WorkflowMismatchError):
        OtherTestCase("c", test_samples=pairs("a"))
    assert TestCase.load("c").version == 0


def test_samples_are_loaded_with_metadata_in_order_as_list_or_one_by_one() -> None:
    case = TestCase("c", test_samples=[(photo("b", day=1), Animal("cat")), *pairs("a")])
    loaded = case.load_test_samples()
    assert loaded == [(photo("b", day=1), Animal("cat")), (photo("a"), Animal("cat"))]
    assert type(loaded[0][0]) is Photo
    iterator = case.iter_test_samples()
    assert inspect.isgenerator(iterator)
    assert list(iterator) == loaded


def test_metadata_belong_to_the_sample_and_are_merged_key_by_key() -> None:
    case = TestCase("c", test_samples=[(photo("a", kept=1, changed=1), Animal("cat"))])
    with pytest.warns(KolenaWarning, match=r"'d' also change .* 1 sample .*a\.png.* of 'c'"):
        TestCase("d", test_samples=[(photo("a", changed=2, added=None), Animal("dog"))])
    merged = {"kept": 1, "changed": 2, "added": None}
    ((sample, truth),) = case.load_test_samples()
    assert (sample.metadata, truth) == (merged, Animal("cat"))
    assert TestCase.load("d").load_test_samples() == [(Photo("a.png", merged), Animal("dog"))]


def test_metadata_of_the_parts_of_a_composite_is_not_stored_and_a_warning_says_so() -> None:
    _, Case, _, _ = define_workflow("pairs", ImagePair, GroundTruth, Inference)
    images = Image("a"), Image("b", metadata={"side": "left"})  # type: ignore[call-arg]
    pair = ImagePair(*images, metadata={"place": "here"})  # type: ignore[call-arg]
    with pytest.warns(KolenaWarning, match=r"^The metadata of ImagePair\.b is not stored, "):
        case = Case("c", test_samples=[(pair, GroundTruth())])
    ((loaded, _),) = case.load_test_samples()
    assert vars(loaded)["metadata"] == {"place": "here"}
    Case("again", test_samples=[(loaded, GroundTruth())])  # without a warning


def test_metadata_alone_make_no_version() -> None:
    TestCase("c", test_samples=pairs("a"))
    case = TestCase("c", test_samples=[(photo("a", day=1), Animal("cat"))], reset=True)
    assert (case.version, case.load_test_samples()[0][0].metadata) == (1, {"day": 1})


def test_the_numbers_1_and_1_0_make_one_sample() -> None:
    _, Case, _, _ = define_workflow("extras", Image, GroundTruth, Inference)
    case = Case(
        "c",
        test_samples=[
            (Image("a", width=1, size={"h": 2.0}), GroundTruth(n=1)),  # type: ignore[call-arg]
        ],
    )
    with case.edit() as editor:
        editor.add(Image("a", size={"h": 2}, width=1.0), GroundTruth(n=2))  # type: ignore[call-arg]
    ((_, truth),) = case.load_test_samples()
    assert truth.n == 2


def test_a_sample_may_have_another_ground_truth_in_another_test_case() -> None:
    one = TestCase("one", test_samples=pairs("a", label="cat"))
    two = TestCase("two", test_samples=pairs("a", label="dog"))
    assert [case.load_test_samples()[0][1].label for case in (one, two)] == ["cat", "dog"]


@dataclass(frozen=True)
class DetailedAnimal(Animal):
    breed: str = "none"


def test_a_class_with_fewer_fields_reads_what_one_with_more_has_written() -> None:
    _, Writer, _, _ = define_workflow("animals", Photo, DetailedAnimal, Guess)
    Writer("c", test_samples=[(photo("a"), DetailedAnimal("cat", "siamese"))])
    ((_, truth),) = TestCase.load("c").load_test_samples()
    assert truth == Animal("cat") and not hasattr(truth, "breed")


@pytest.mark.parametrize("wrap", [list, tuple, deque, iter], ids=lambda it: it.__name__)
def test_samples_may_come_as_list_tuple_or_generator(wrap: Callable[..., Any]) -> None:
    samples = wrap(pairs("a", "b")) if wrap is not iter else (pair for pair in pairs("a", "b"))
    assert names(TestCase("c", test_samples=samples)) == "ab"


@pytest.mark.parametrize(
    ("samples", "error", "text"),
    [
        (zip([photo("a")], [Animal("cat")], strict=True), ValueError, "list"),
        ({photo: Animal("cat")}, ValueError, "list"),
        ("ab", ValueError, "list"),
        ([(photo("a"), Animal("cat"), 1)], ValueError, r"test_samples\[0\]"),
        ([photo("a")], ValueError, "pair"),
        ([*pairs("a"), (Text("b"), Animal("cat"))], TypeError, r"test_samples\[1\]\[0\].*Photo"),
        ([(Image("a"), Animal("cat"))], TypeError, "Photo"),
        ([(photo("a"), "cat")], TypeError, r"\[0\]\[1\] must be an instance of Animal"),
        ([(photo("a"), None)], TypeError, "Animal"),
    ],
)
def test_samples_of_the_wrong_kind_are_refused(samples: Any, error: Any, text: str) -> None:
    for make in (TestCase, TestCase.create):
        with pytest.raises(error, match=text):
            make("c", test_samples=samples)
    none_of("c")


@pytest.mark.parametrize("name", ["", "  ", None, True, "a\0b", "\udfff"])
def test_a_name_that_is_no_name_is_refused(name: Any) -> None:
    for make in (TestCase, TestCase.create, TestCase.load):
        with pytest.raises(InputValidationError, match="name of a test case"):
            make(name)


def test_numbers_become_names_and_texts_versions_and_words_switches() -> None:
    TestCase(5, description=6, test_samples=pairs("a"))  # type: ignore[arg-type]
    loaded = TestCase.load("5", version="1")  # type: ignore[arg-type]
    assert (loaded.name, loaded.description, loaded.version) == ("5", "6", 1)
    same = TestCase("5", test_samples=pairs("a"), reset="no")  # type: ignore[arg-type]
    assert same.version == 1


@pytest.mark.parametrize("version", [-1, 1.5, "x", True, float("inf"), float("nan"), 2**63, [1]])
def test_a_version_that_is_no_number_is_refused(version: Any) -> None:
    TestCase("c")
    for load in (TestCase.load, TestCase):
        with pytest.raises(InputValidationError, match="version"):
            load("c", version=version)


@pytest.mark.parametrize("reset", [None, "perhaps", 2])
def test_a_switch_that_says_neither_yes_nor_no_is_refused(reset: Any) -> None:
    case = TestCase("c", test_samples=pairs("a"))
    with pytest.raises(InputValidationError, match="reset"):
        TestCase("c", test_samples=pairs("b"), reset=reset)
    with pytest.raises(InputValidationError, match="reset"):
        TestCase.init_many([("c", pairs("b"))], reset=reset)
    with pytest.raises(InputValidationError, match="reset"), case.edit(reset=reset):
        pass
    assert names(TestCase.load("c")) == "a"


@pytest.mark.parametrize("description", [["a"], b"a", True, "\ud800"])
def test_a_description_that_is_no_text_is_refused(description: Any) -> None:
    with pytest.raises(InputValidationError, match="description"):
        TestCase("c", description=description)
    none_of("c")


def test_attributes_cannot_be_set_and_equal_test_cases_can_be_keys() -> None:
    case = TestCase("c", test_samples=pairs("a"))
    with pytest.raises(FrozenObjectError, match="version"):
        case.version = 7
    assert case == TestCase.load("c") and {case: 1}[TestCase.load("c")] == 1
    assert case != TestCase.load("c", version=0)
    assert repr(case) == str(case) == "TestCase('c', version=1, workflow='animals')"


def _make(path: str, start: Any, number: int) -> None:
    import kolena_local

    connection.BUSY_SECONDS = 120.0  # type: ignore[misc]  # a turn may come late on a busy machine
    with kolena_local.session(path):
        start.wait()
        for name in range(10):
            TestCase(f"c{name}", test_samples=pairs(f"{number}"))


@long_only
def test_processes_that_name_one_test_case_at_once_get_the_same(tmp_path: Path) -> None:
    path, spawn = str(tmp_path / "shared.db"), multiprocessing.get_context("spawn")
    start = spawn.Barrier(2)
    processes = [spawn.Process(target=_make, args=(path, start, number)) for number in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
