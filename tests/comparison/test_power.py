"""What a test suite can show: published and simulated values, and what the user is told."""

from __future__ import annotations

import json
import math
import sys
from typing import Any, Dict

import numpy as np
import pytest

from kolena_local.cli import main
from kolena_local.comparison import power
from kolena_local.comparison.statistics.boolean import mcnemar_p_value
from kolena_local.comparison.statistics.power import (
    samples_for_change,
    samples_for_difference,
    smallest_change,
    smallest_difference,
)
from kolena_local.errors import InputValidationError, KolenaWarning, NotFoundError
from tests.cli.conftest import separating_runner
from tests.comparison.conftest import Length, LengthCase, LengthSuite, World
from tests.conftest import sampled


def test_differences_of_numbers_are_those_of_statsmodels() -> None:
    # TTestPower().solve_power of statsmodels 0.15.0, with nobs=50 and with effect_size=0.2.
    assert smallest_difference(50, 1.0, 0.05, 0.8) == pytest.approx(0.404183, abs=1e-5)
    assert samples_for_difference(0.2, 1.0, 0.05, 0.8) == math.ceil(198.150820955562)
    assert smallest_difference(50, 3.0, 0.05, 0.8) == pytest.approx(3 * 0.404183, abs=1e-4)
    assert math.isnan(smallest_difference(1, 1.0, 0.05, 0.8))
    assert samples_for_difference(1e-9, 1.0, 0.05, 0.8) is None


@pytest.mark.parametrize(("n", "discordant"), sampled([(200, 0.1), (1000, 0.02), (50, 0.3)]))
def test_changes_of_bools_are_shown_about_as_often_as_said(n: int, discordant: float) -> None:
    change = smallest_change(n, discordant, 0.05, 0.8)
    share = max(discordant, change)
    drawn = np.random.default_rng(0).multinomial(
        n, [(share - change) / 2, (share + change) / 2, 1 - share], 4_000
    )
    shown = sum(mcnemar_p_value(int(lost), int(won)) <= 0.05 for lost, won, _ in drawn)
    assert 0.74 <= shown / 4_000 <= 0.84  # the exact test is somewhat conservative
    needed = samples_for_change(change, discordant, 0.05, 0.8)
    assert needed is not None
    assert abs(needed - n) <= 1


def test_few_samples_cannot_show_a_change_at_all() -> None:
    assert math.isnan(smallest_change(5, 0.5, 0.05, 0.8))
    # All six have to change, which they do with a probability of 80 %.
    assert smallest_change(6, 0.01, 0.05, 0.8) ** 6 == pytest.approx(0.8)


@pytest.mark.parametrize("n", [50, 200, 1_000])
def test_models_that_hardly_differ_need_enough_changes_with_the_wanted_probability(n: int) -> None:
    change = smallest_change(n, 0.001, 0.05, 0.8)
    changed = np.random.default_rng(0).binomial(n, change, 4_000)
    shown = sum(mcnemar_p_value(0, int(count)) <= 0.05 for count in changed)
    assert shown / 4_000 == pytest.approx(0.8, abs=0.03)


def test_plan_for_few_samples_at_a_very_high_confidence(world: World) -> None:
    pair = [(world.photo(index), Length(0.0)) for index in range(41)]
    LengthSuite(
        "small",
        test_cases=[LengthCase("2", test_samples=pair[:2]), LengthCase("41", test_samples=pair)],
    )
    numbers = power("small", spread=1.0, confidence=1 - 1e-8)
    smallest = {row.n: row.smallest_difference for row in numbers.rows}
    assert smallest[2] > 1e6 > 10 > smallest[41]
    bools = power("small", discordant=0.1, confidence=1 - 2e-12)
    assert max(row.smallest_difference for row in bools.rows if row.n == 41) <= 1


def test_spread_comes_from_the_models_that_differ_the_most(world: World) -> None:
    world.test("base", {})
    world.test("close", dict.fromkeys(range(5), 2.0))
    world.test("far", dict.fromkeys(range(20), 2.0))
    found = power("lengths", "close", difference=0.1)
    rows = {row.test_case: row for row in found.rows}
    assert list(rows) == [None, "first", "second"]
    assert [row.n for row in found.rows] == [50, 30, 30]
    assert {row.spread for row in found.rows} == {0.4}
    assert found.comparisons == 3
    assert "spread: as between 'base' and 'far'" in found.remarks[0]
    level = 0.05 / 3
    assert rows[None].smallest_difference == pytest.approx(smallest_change(50, 0.4, level, 0.8))
    assert rows["first"].samples_needed == samples_for_change(0.1, 0.4, level, 0.8)
    one = world.suite.power("close", models=["far"], comparisons=1)
    assert one.rows[0].spread == pytest.approx(2 * 0.4 * 0.6)
    assert list(one.to_dataframe()["n"]) == [50, 30, 30]
    numbers = power("lengths", "error", models=["base", "far"])
    assert numbers.rows[0].spread == pytest.approx(np.std([2.0] * 20 + [0.0] * 30, ddof=1))


def test_what_power_does_not_look_at_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["kolena_local.comparison.power"], "_MOST_MODELS", 2)
    for name, wrong in (("a", 0), ("b", 5), ("c", 20)):
        world.test(name, dict.fromkeys(range(wrong), 2.0))
    found = power("lengths", "close")
    assert found.rows[0].spread == 0.1
    assert "Only the first 2 of 3 models by name" in found.remarks[0]
    found = power("lengths", "close", models=["a", "b", "c"])
    assert found.rows[0].spread == 0.4
    assert "Only the first" not in found.remarks[0]
    with pytest.warns(KolenaWarning, match="so models and evaluator have no effect"):
        power("lengths", spread=1, models=["nobody"], evaluator="none")
    line = ["power", "lengths", "--discordant", "0.1", "--configuration", "c"]
    assert "configuration has no effect" in separating_runner().invoke(main, line).stderr


def test_command_plans_without_results(world: World) -> None:
    with pytest.raises(NotFoundError):
        power(world.suite, "close")
    line = ["power", "lengths", "--discordant", "0.1", "--difference", "0.05"]
    result = separating_runner().invoke(main, line)
    assert result.exit_code == 0
    assert "samples needed" in result.output
    (whole, *_) = json.loads(separating_runner().invoke(main, [*line, "--format", "json"]).stdout)
    assert whole["samples_needed"] == samples_for_change(0.05, 0.1, 0.05 / 3, 0.8)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"spread": 0}, "spread must be a number above 0"),
        ({"discordant": 1.5}, "above 0 and at most 1"),
        ({"discordant": 0.1, "spread": 1}, "not both"),
        ({"spread": 1, "difference": math.nan}, "difference must be"),
        ({"spread": 1, "difference": 10**400}, "difference must be"),
        ({"spread": 10**400}, "spread must be"),
        ({"discordant": 0.1, "difference": 5}, "difference must be .* at most 1"),
        ({"spread": 1, "comparisons": 2_000_000}, "from 1 to 1,000,000"),
        ({"spread": 1, "power": 1}, "power must be from 0.5"),
        ({"spread": 1, "comparisons": 0}, "comparisons must be"),
        ({"spread": 1, "confidence": 2}, "confidence must be"),
    ],
)
def test_power_of_nonsense(world: World, options: Dict[str, Any], message: str) -> None:
    with pytest.raises(InputValidationError, match=message):
        power("lengths", **options)


def test_shares_do_not_differ_by_more_than_one(world: World) -> None:
    world.test("base", {})
    world.test("far", dict.fromkeys(range(20), 2.0))
    with pytest.raises(InputValidationError, match=r"difference must be .* at most 1, such"):
        power("lengths", "close", difference=5)
    assert power("lengths", "error", difference=5).rows[0].samples_needed


def test_models_that_never_differ_say_nothing(world: World) -> None:
    world.test("base", {})
    world.test("same", {})
    with pytest.raises(InputValidationError, match="discordant="):
        power("lengths", "close")
