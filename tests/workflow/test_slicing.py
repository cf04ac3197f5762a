"""Test suites and test cases are sliced by conditions and divided into strata."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from kolena_local.errors import (
    IncorrectUsageError,
    InputValidationError,
    KolenaWarning,
    NameConflictError,
    NotFoundError,
)
from kolena_local.workflow import test
from tests.conftest import CHECKOUT
from tests.test_documents import blocks
from tests.workflow.types import Animal, Guess, Model, TestCase, TestSuite, names, photo

HOURS = {"a": 1, "b": 21, "c": 23, "d": 9, "e": 22}
WEATHER = {"a": "sun", "b": "rain", "c": "rain", "d": None}


@pytest.fixture
def suite() -> Any:
    given = [
        (photo(name, hour=hour, weather=WEATHER.get(name)), Animal("cat" if hour < 22 else "dog"))
        for name, hour in HOURS.items()
    ]
    one, two = (
        TestCase(f"case {place}", test_samples=some)
        for place, some in enumerate([given[:3], given[2:]])
    )
    return TestSuite("animals", test_cases=[one, two])


def test_a_slice_is_a_test_case_of_the_samples_that_pandas_would_choose(suite: Any) -> None:
    night = suite.slice("night", where="metadata.hour >= 20")
    assert (type(night), night.version, names(night)) == (TestCase, 1, "bce")
    assert night.description == 'Slice of the test suite "animals" where metadata.hour >= 20'
    frame: pd.DataFrame = Model("m", infer=lambda sample: Guess("cat")).to_dataframe(suite)
    chosen = frame[(frame["metadata.hour"] >= 20) & (frame["ground_truth.label"] == "dog")]
    dogs = suite.slice("dogs", ["metadata.hour >= 20", 'ground_truth.label = "dog"'])
    assert [f"{name}.png" for name in names(dogs)] == [*chosen["sample.locator"]]
    assert [truth for _, truth in dogs.load_test_samples()] == [Animal("dog")] * 2
    rainy = night.slice("rainy night", 'metadata.weather = "rain"')
    assert names(rainy) == "bc"
    assert rainy.description.startswith('Slice of the test case "night" where')
    assert TestSuite("by time", test_cases=[night, rainy]).version == 1


def test_the_same_slice_again_is_loaded_and_a_changed_one_needs_reset(suite: Any) -> None:
    night = suite.slice("night", "metadata.hour >= 20")
    assert suite.slice("night", "metadata.hour >= 20") == night
    case = TestCase.load("case 1")
    with case.edit() as editor:
        editor.add(photo("f", hour=20), Animal("cat"))
    with suite.edit() as editor:
        editor.add(case)
    with pytest.raises(NameConflictError, match="1 would be added and 0 removed; use reset"):
        suite.slice("night", "metadata.hour >= 20")
    after = suite.slice("night", "metadata.hour >= 20", reset=True)
    assert (after.version, names(after), names(night)) == (2, "bcef", "bce")
    before = TestSuite.load("animals", version=1).slice("old night", "metadata.hour >= 20")
    assert names(before) == "bce"
    assert before.description.startswith('Slice of the test suite "animals@1" where')


def test_strata_are_one_test_case_for_each_value_or_bucket(suite: Any) -> None:
    with pytest.warns(KolenaWarning, match="2 samples of the test suite 'animals' are in none"):
        by_weather = suite.stratify("animals", "metadata.weather")
    assert {case.name: names(case) for case in by_weather} == {
        "animals: weather = rain": "bc",
        "animals: weather = sun": "a",
    }
    halves = suite.stratify("half", "metadata.hour", buckets=2, where="metadata.hour != 1")
    assert {case.name: names(case) for case in halves} == {
        "half: hour < 22": "bd",
        "half: hour >= 22": "ce",
    }
    with pytest.warns(KolenaWarning, match="makes 3 test cases instead of 5"):
        suite.stratify("few", "metadata.hour", buckets=5, where="metadata.hour > 20")


def test_a_warning_as_an_error_stores_nothing(suite: Any) -> None:
    with pytest.raises(KolenaWarning):
        suite.stratify("animals", "metadata.weather")
    with pytest.raises(NotFoundError):
        TestCase.load("animals: weather = sun")


def test_inferences_of_a_model_choose_samples(suite: Any) -> None:
    def infer(sample: Any) -> Guess:
        return Guess("cat", sample.metadata["hour"] / 24)

    model = Model("resnet", infer=infer)
    test(model, suite)
    for chosen in (model, "resnet"):
        sure = suite.slice("sure", "inference.score > 0.9", model=chosen)
        assert names(sure) == "ce"
    assert ' with inferences of "resnet" where inference.score > 0.9' in sure.description


@pytest.mark.parametrize(
    ("method", "arguments", "error", "sentence"),
    [
        ("slice", {"where": "metadata.huor > 3"}, InputValidationError, "mean 'metadata.hour'"),
        ("slice", {"where": "metadata.hour > 99"}, InputValidationError, "No sample of"),
        ("slice", {"where": ["metadata.hour > 9", 3]}, InputValidationError, "is text, not 3"),
        ("slice", {"where": None}, InputValidationError, "at least one condition"),
        ("slice", {"where": []}, InputValidationError, "at least one condition"),
        ("slice", {"where": 3}, InputValidationError, "where must be"),
        ("slice", {"where": "inference.score > 3"}, InputValidationError, "choose a model"),
        ("slice", {"where": "metadata.hour > 3", "model": "no"}, NotFoundError, "no model 'no'"),
        ("slice", {"where": "metadata.hour > 3", "model": 3}, InputValidationError, "model"),
        ("slice", {"name": " ", "where": "metadata.hour > 3"}, InputValidationError, "blank"),
        ("slice", {"name": "case 0", "where": "metadata.hour > 3"}, NameConflictError, "other"),
        ("stratify", {"by": "metadata.weathr"}, InputValidationError, "mean 'metadata.weather'"),
        ("stratify", {"by": 3}, InputValidationError, "by must be a field"),
        ("stratify", {"by": "metadata.weather", "buckets": 2}, InputValidationError, "a number"),
        ("stratify", {"by": "metadata.hour", "buckets": 1}, InputValidationError, "from 2 to 100"),
        (
            "stratify",
            {"by": "metadata.hour", "buckets": 101},
            InputValidationError,
            "from 2 to 100",
        ),
        (
            "stratify",
            {"by": "metadata.hour", "buckets": True},
            InputValidationError,
            "from 2 to 100",
        ),
    ],
)
def test_what_cannot_be_sliced_is_refused_in_one_sentence(
    suite: Any, method: str, arguments: Any, error: Any, sentence: str
) -> None:
    with pytest.raises(error, match=sentence) as caught:
        getattr(suite, method)(**{"name": "new", **arguments})
    assert "\n" not in str(caught.value)
    with pytest.raises(NotFoundError):
        TestCase.load("new")


def test_a_sample_with_two_ground_truths_is_not_sliced_by_chance(suite: Any) -> None:
    other = TestCase("other", test_samples=[(photo("b", hour=21), Animal("wolf"))])
    with suite.edit() as editor:
        editor.add(other)
    with pytest.raises(IncorrectUsageError, match="different ground truths for the same sample"):
        suite.slice("night", "metadata.hour >= 20")
    assert names(suite.slice("wolves", 'ground_truth.label = "wolf"')) == "b"


def test_the_examples_of_the_readme_run() -> None:
    given = [(photo(f"{hour}", hour=hour, weather="sun"), Animal("dog")) for hour in range(24)]
    suite = TestSuite("day", test_cases=[TestCase("hours", test_samples=given)])
    test(Model("resnet-50", infer=lambda sample: Guess("cat", 0.25)), suite)
    (lines,) = blocks("Slices", "python", CHECKOUT / "kolena_local/workflow/README.md")
    exec(lines, {"suite": suite})
    assert TestCase.load("animals: hour < 6").description.endswith("where metadata.hour < 6")
    assert names(TestCase.load("dogs at night")) == "20212223"
