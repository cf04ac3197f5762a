"""Configurations of evaluators, and the names by which they and evaluators are known."""

from __future__ import annotations

from typing import Any

import pytest

from kolena_local.errors import InputValidationError
from kolena_local.workflow import EvaluatorConfiguration, test
from tests.workflow.evaluated import two_cases
from tests.workflow.results import runs, suite_metrics
from tests.workflow.types import Guess, Judge, Model, Threshold, cat

UNUSABLE_NAMES = ["", " ", None, 5, b"name", "cut\0off", "half \ud800"]


@pytest.mark.parametrize(
    "configurations", [[], 5, ["x"], [Threshold(1), Threshold(1)], [Threshold({1})]]
)
def test_configurations_that_cannot_be_told_apart_or_stored_are_refused(
    configurations: Any,
) -> None:
    with pytest.raises(ValueError):
        Judge(configurations)


def test_configurations_may_come_as_any_series() -> None:
    assert Judge(None).configurations == []
    assert Judge((Threshold(1), Threshold(2))).configurations == [Threshold(1), Threshold(2)]  # type: ignore[arg-type]


class Undecorated(EvaluatorConfiguration):
    value: float

    def display_name(self) -> str:
        return f"{self.value}"


def test_undecorated_configurations_keep_their_fields_and_differ() -> None:
    one, two = Undecorated(1), Undecorated(2)
    assert one != two and len({one, two, Undecorated(1)}) == 2
    assert one._to_dict() == {"value": 1.0}
    test(Model("m", infer=cat), two_cases(), Judge([one, two]))
    assert set(suite_metrics()) == {"1.0", "2.0"}


@pytest.mark.parametrize("name", UNUSABLE_NAMES)
def test_a_configuration_needs_a_name_of_its_own(name: Any) -> None:
    class Unnamed(EvaluatorConfiguration):
        def display_name(self) -> str:
            return name  # type: ignore[no-any-return]

    def configured(samples: Any, truths: Any, guesses: Any, cases: Any, by: Any) -> Any:
        raise AssertionError("this must not be called")

    configured.__annotations__["by"] = Unnamed
    with pytest.raises(InputValidationError, match=r"Unnamed\.display_name\(\)"):
        Judge([Unnamed()])
    judge = Judge()
    judge.configurations = [Unnamed()]
    for evaluator in (judge, configured):
        with pytest.raises(InputValidationError, match=r"Unnamed\.display_name\(\)"):
            test(Model("m", infer=never), two_cases(), evaluator, [Unnamed()])
    assert runs() == []


@pytest.mark.parametrize("name", UNUSABLE_NAMES)
def test_an_evaluator_needs_a_name(name: Any) -> None:
    class Unnamed(Judge):
        def display_name(self) -> str:
            return name  # type: ignore[no-any-return]

    with pytest.raises(InputValidationError, match=r"Unnamed\.display_name\(\)"):
        test(Model("m", infer=never), two_cases(), Unnamed())
    assert runs() == []


def never(sample: Any) -> Guess:
    raise AssertionError("nothing may be inferred")
