"""Whether a loss of more than a margin is ruled out, and what it takes to say so."""

from __future__ import annotations

import json
import math
from typing import Any, Dict, List

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolena_local.cli import main
from kolena_local.comparison import Comparison, compare
from kolena_local.comparison.margins import check_margins, shown_loss, with_margins
from kolena_local.directions import directions
from kolena_local.errors import IncorrectUsageError, InputValidationError
from tests.cli.conftest import separating_runner
from tests.comparison.conftest import World
from tests.comparison.slices import compared, make_slice


def whole(found: Comparison, metric: str = "close") -> Any:
    (row,) = (row for row in found.rows if row.test_case is None and row.metric == metric)
    return row


def test_few_samples_do_not_show_that_nothing_is_lost(world: World) -> None:
    world.test("base", {})
    world.test("same", {})
    found = compare("base", "same", "lengths", "close", margin=0.01)
    row = whole(found)
    assert (row.n, row.difference, row.verdict) == (50, 0, "not decided")
    assert (row.margin, row.within_margin) == (0.01, "not decided")
    assert any(
        "'close' in the whole suite is not decided: 50 samples" in one for one in found.regressions
    )
    wide = compare("base", "same", "lengths", "close", margin=0.3)
    assert {row.within_margin for row in wide.rows} == {"equivalent"}
    assert wide.regressions == ()
    assert 0.0713 < -row.ci_low < 0.0714
    assert "suite rule out a loss of 'close' of more than 0.0714" in str(wide)
    narrow = str(compare("base", "same", "lengths", "close", margin=0.05))
    assert "suite do not rule out a loss of 'close' of up to 0.0714; the margin" in narrow


def test_margin_of_one_metric_by_name_in_its_own_direction(world: World) -> None:
    world.test("base", dict.fromkeys(range(50), 3.0))
    world.test("nearer", {index: 1.0 + index % 3 / 10 for index in range(50)})
    found = compare("base", "nearer", "lengths", margin={"error": 0.5})
    assert whole(found, "error").within_margin == "no worse"
    assert whole(found).within_margin is whole(found).margin is None
    turned = compare("nearer", "base", "lengths", margin={"error": 0.5})
    assert whole(turned, "error").within_margin == "worse"
    assert (
        "'error' in the whole suite is worse by more than the margin of 0.5." in turned.regressions
    )
    frame = turned.to_dataframe()
    assert set(frame["within_margin"].dropna()) == {"worse"}


def test_samples_without_a_number_count_against_the_candidate(world: World) -> None:
    world.test("base", {})
    world.test("silent", {3: None})
    found = compare("base", "silent", "lengths", "error", margin=9.0)
    assert whole(found, "error").within_margin == "equivalent"
    assert (
        "'error' in the whole suite leaves out 1 sample for which a model has no finite number."
        in (found.regressions)
    )


@pytest.mark.parametrize(("n", "said"), [(28, "not decided"), (29, "equivalent")])
def test_a_few_equal_answers_do_not_make_models_equivalent(n: int, said: str) -> None:
    toward = directions(["accuracy"], {"accuracy": True})
    base = np.linspace(0.1, 1, n)
    for candidate in (base, base + 0.2 - 0.2, base.astype(np.float32).astype(float)):
        (row,) = compared(make_slice(base, candidate))
        assert abs(row.ci_high - row.ci_low) < 1e-7
        (row,) = with_margins([row], {"accuracy": 0.1}, toward)
        assert row.within_margin == said


@given(
    st.lists(st.floats(-10, 10), min_size=2, max_size=30),
    st.floats(0, 5),
    st.booleans(),
)
def test_what_is_said_of_a_margin_is_what_the_interval_shows(
    differences: List[float], margin: float, higher: bool
) -> None:
    rows = compared(make_slice([0.0] * len(differences), differences), accuracy=higher)
    toward = directions(["accuracy"], {"accuracy": higher})
    (row,) = with_margins(rows, {"accuracy": margin}, toward)
    low, high = (row.ci_low, row.ci_high) if higher else (-row.ci_high, -row.ci_low)
    shown = {
        "equivalent": -margin <= low and high <= margin,
        "no worse": -margin <= low and high > margin,
        "worse": high < -margin,
        "not decided": low < -margin or not high - low > 1e-6 * max(-low, high),
    }
    assert shown[row.within_margin]


@pytest.mark.parametrize(
    ("margin", "error", "message"),
    [
        (-0.1, InputValidationError, "The margin must be a number of at least 0"),
        (math.nan, InputValidationError, "The margin must be a number of at least 0"),
        (math.inf, InputValidationError, "The margin must be a number of at least 0"),
        (10**400, InputValidationError, "The margin must be a number of at least 0"),
        (True, InputValidationError, "The margin must be a number of at least 0"),
        ("0.1", InputValidationError, "The margin must be a number of at least 0"),
        ({"close": "much"}, InputValidationError, "The margin of the metric 'close' must be"),
        ({"closed": 0.1}, InputValidationError, "did you mean 'close'"),
    ],
)
def test_margin_that_is_not_one_is_refused(
    world: World, margin: Any, error: Any, message: str
) -> None:
    world.test("base", {})
    with pytest.raises(error, match=message):
        compare("base", "base", "lengths", margin=margin)


def test_margin_of_a_metric_without_a_direction_is_refused() -> None:
    toward = directions(["surprise"], None)
    with pytest.raises(IncorrectUsageError, match="'surprise: HigherIsBetter"):
        check_margins(0.1, toward)


def test_command_fails_unless_a_larger_loss_is_ruled_out(world: World) -> None:
    world.test("base", {})
    world.test("same", {})
    command = ["compare", "base", "same", "-s", "lengths", "--metric", "close"]

    def run(*more: str) -> Any:
        return separating_runner().invoke(main, [*command, *more])

    codes: Dict[str, int] = {}
    for margin in ("0.01", "0.3", "close=0.3", "close=0.01"):
        codes[margin] = run("--margin", margin, "--fail-on", "worse-than-margin").exit_code
    assert codes == {"0.01": 3, "0.3": 0, "close=0.3": 0, "close=0.01": 3}
    rows = json.loads(run("--margin", "0.3", "--format", "json").stdout)
    assert {row["within_margin"] for row in rows} == {"equivalent"}
    assert "within margin" in run("--margin", "0.3").output
    assert "within margin" not in run().output
    for bad in (["x"], ["=0.3"], ["close="], ["0.1", "0.2"], ["0.1", "close=0.2"]):
        given = [word for text in bad for word in ("--margin", text)]
        assert run(*given).exit_code == 2, bad
    assert run("--fail-on", "worse-than-margin").exit_code == 2
    assert run("--margin", "-1").exit_code == 1


@pytest.mark.parametrize(
    ("loss", "margin", "at_least", "shown"),
    [
        (0.01004, 0.01, False, "0.0101"),
        (0.0100000004, 0.01, False, "0.0101"),
        (0.010041, 0.01005, False, "0.01005"),
        (0.1, 0.1, False, "0.1"),
        (0.0, 0.0, False, "0"),
        (0.010009, 0.01, True, "0.010009"),
        (0.4567, 0.01, True, "0.456"),
        (1.7e308, 1.0, False, "1.7e+308"),
    ],
)
def test_shown_loss_is_on_its_side_of_the_margin(
    loss: float, margin: float, at_least: bool, shown: str
) -> None:
    assert shown_loss(loss, margin, at_least) == shown


def test_refused_loss_is_not_said_to_be_the_margin(world: World) -> None:
    world.test("base", {})
    world.test("same", {})
    found = compare("base", "same", "lengths", "close", margin=0.0713)
    assert 0.0713 < -whole(found).ci_low < 0.07135
    (sentence,) = (one for one in found.regressions if "whole suite" in one)
    assert "than the margin of 0.0713, only of more than 0.0714." in sentence
