"""Inferences that were made elsewhere go to their samples, in whatever order they come."""

from __future__ import annotations

import random
from typing import Any, List

import pytest

from kolena_local.errors import InputValidationError
from kolena_local.repository import suite_samples
from kolena_local.workflow import TestRun
from tests.conftest import sampled
from tests.workflow.types import Guess, Model, TestCase, TestSuite, pairs, photo

NAMES = [f"{number:03d}" for number in range(125)]
SHUFFLED = random.Random(7).sample(NAMES, len(NAMES))


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suite_samples, "_PAGE", 50)


def overlapping_suite() -> Any:
    """Make a suite with all of the names, many in both test cases, and one sample removed."""
    one = TestCase("one", test_samples=pairs("gone", *NAMES[:75]))
    with one.edit() as editor:
        editor.remove(photo("gone"))
    return TestSuite("s", test_cases=[one, TestCase("two", test_samples=pairs(*NAMES[50:]))])


def said(suite: Any) -> dict[str, str]:
    return {
        sample.locator: guess.label
        for case in suite.test_cases
        for sample, _, guess in Model("m").load_inferences(case)
    }


@pytest.mark.parametrize(
    "names",
    sampled(
        [
            NAMES,
            NAMES[:1],
            NAMES[:85],
            NAMES[1:],
            NAMES[::-1],
            SHUFFLED,
            SHUFFLED[:10],
            [*NAMES[:60], *NAMES[61:], NAMES[60]],
        ],
        2,
    ),
    ids=sampled(
        ["all", "first", "begin", "but one", "backwards", "shuffled", "a few", "one moved"], 2
    ),
)
def test_each_inference_goes_to_its_sample(names: List[str]) -> None:
    suite = overlapping_suite()
    TestRun(Model("m"), suite).upload_inferences([(photo(it), Guess(it)) for it in names])
    found = said(suite)
    assert found == {photo(it).locator: it for it in names}


@pytest.mark.parametrize("stranger", ["gone", "never there"])
@pytest.mark.parametrize("place", [0, 60, len(NAMES)])
def test_a_sample_that_is_not_in_the_suite_stores_nothing(stranger: str, place: int) -> None:
    suite, names = overlapping_suite(), [*NAMES[:place], stranger, *NAMES[place:]]
    with pytest.raises(InputValidationError, match=rf"{stranger}.*is not in the test suite 's'"):
        TestRun(Model("m"), suite).upload_inferences([(photo(it), Guess(it)) for it in names])
    assert said(suite) == {}


@pytest.mark.parametrize("names", [[*NAMES, NAMES[5]], ["001", "001"]])
def test_a_sample_given_twice_stores_nothing(names: List[str]) -> None:
    suite = overlapping_suite()
    with pytest.raises(InputValidationError, match="occurs twice"):
        TestRun(Model("m"), suite).upload_inferences([(photo(it), Guess(it)) for it in names])
    assert said(suite) == {}
