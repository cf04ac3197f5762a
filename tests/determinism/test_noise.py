"""A comparison says which of its differences asking a model again may make."""

from __future__ import annotations

from typing import List

import pytest

from kolena_local.comparison import compare
from kolena_local.determinism import check_determinism
from kolena_local.errors import IncorrectUsageError, InputValidationError, StoreDamagedError
from kolena_local.repository import open_store
from kolena_local.view.report import report
from kolena_local.workflow import test as run_test
from tests.cli.conftest import Invoke, invoke
from tests.comparison.conftest import Closeness, LengthModel, World, closeness
from tests.determinism import models
from tests.determinism.test_determinism import make_tested, world

__all__ = ["invoke", "world"]  # the fixtures


def test_metrics_that_flip_are_the_noise_of_a_comparison(world: World, invoke: Invoke) -> None:
    make_tested(world, "sound")
    with pytest.raises(IncorrectUsageError, match="never checked"):
        compare("sound", "sound", world.suite, noise=True)
    forgotten = make_tested(world, "forgotten")
    for evaluator in (Closeness(), closeness):
        check = check_determinism(forgotten, world.suite, n=50, evaluator=evaluator)
        metrics = {one.metric: one for one in check.metrics}
        assert metrics["close"].n == check.metrics_n == 50
        assert metrics["close"].mean_change == metrics["close"].flipped / 50 > 0
        assert metrics["remark"].flipped == 0
        assert check.metrics_flipped == metrics["error"].flipped == 50
    check_determinism(forgotten, world.suite, n=50, evaluator=Closeness())
    plain = compare("sound", "forgotten", world.suite)
    noted = compare("sound", "forgotten", world.suite, noise=True)
    more = noted.caveats[len(plain.caveats) :]
    assert noted.rows == plain.rows  # verdicts stay
    (row,) = (one for one in plain.rows if (one.test_case, one.metric) == (None, "error"))
    change = metrics["error"].mean_change
    assert change is not None
    said = [one for one in more if "'error'" in one and "(whole suite)" in one]
    assert bool(said) == (abs(row.difference) <= change)
    assert any("Only 'forgotten' was checked" in one for one in more)
    assert not any(
        "may be due" in one for one in compare("sound", "forgotten", world.suite, noise=0).caveats
    )
    assert (
        sum(
            "may be due" in one
            for one in compare("sound", "forgotten", world.suite, noise=9.0).caveats
        )
        == 2
    )
    with pytest.raises(InputValidationError, match="noise must be"):
        compare("sound", "forgotten", world.suite, noise="much")  # type: ignore[arg-type]
    shown = invoke("compare", "sound", "forgotten", "-s", "lengths", "--noise").stdout
    assert "Only 'forgotten' was checked" in shown


def test_a_check_is_outdated_once_a_checked_answer_is_replaced(
    world: World, invoke: Invoke
) -> None:
    def said() -> List[bool]:
        noted = compare("sound", "sound", world.suite, noise=True).caveats
        shown = invoke("models", "show", "sound").stdout
        reported = report(open_store(), "lengths").html
        return ["outdated" in text for text in ("\n".join(noted), shown, reported)]

    model = make_tested(world, "sound")
    check_determinism(model, world.suite, n=49)
    run_test(model, world.suite, Closeness(), reset=True)  # the same answers again
    assert said() == [False, False, False]
    changed = LengthModel.load("sound", infer=models.noisy)
    run_test(changed, world.suite, Closeness(), reset=True)
    assert said() == [True, True, True]
    check_determinism(changed, world.suite, n=49)
    assert said() == [False, False, False]


def test_a_damaged_check_is_said_to_be_damaged(world: World, invoke: Invoke) -> None:
    model = make_tested(world, "sound")
    check_determinism(model, world.suite, n=3)
    with open_store().write() as unit:
        unit._sql.execute(
            "UPDATE determinism_check SET payload = json_set(payload, '$.checked.samples[1]',"
            " json('[]'))"
        )
    with pytest.raises(StoreDamagedError, match="a check of determinism"):
        compare("sound", "sound", world.suite, noise=True)
    assert invoke("models", "show", "sound").exit_code == 5
