"""Models are asked again for what is stored, and metrics computed again; neither changes."""

from __future__ import annotations

import copy
import json
import math
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Dict, List, Optional

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kolena_local.comparison.statistics.proportion import exact_interval
from kolena_local.determinism import check_determinism, verify_metrics
from kolena_local.determinism.answers import (
    DIFFERENT,
    IDENTICAL,
    WITHIN_TOLERANCE,
    Tolerance,
    differing,
    outcome,
    worst,
)
from kolena_local.errors import (
    IncorrectUsageError,
    InputValidationError,
    KolenaWarning,
    NotFoundError,
)
from kolena_local.payload import dumps, loads
from kolena_local.repository import open_store
from kolena_local.workflow import test as run_test
from tests.cli.conftest import Invoke, invoke
from tests.comparison.conftest import (
    Closeness,
    Found,
    LengthModel,
    World,
    closeness,
    make_world,
)
from tests.conftest import long_only, sampled
from tests.determinism import models

__all__ = ["invoke"]  # the fixture


class Renamed(Closeness):
    """An evaluator that was edited since it computed what is stored."""

    def display_name(self) -> str:
        return "Closeness"

    def compute_test_sample_metrics(self, *arguments: Any, **_: Any) -> Any:
        found = super().compute_test_sample_metrics(*arguments)
        return [(photo, Found(not one.close, one.error, one.remark)) for photo, one in found]


@pytest.fixture
def world(store_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("KOLENA_LOCAL_DB", str(store_path))
    models.state.seed(7)
    return make_world()


def make_tested(world: World, name: str, infer: Optional[Callable[..., Any]] = None) -> LengthModel:
    model = LengthModel(name, infer=infer or getattr(models, name))
    run_test(model, world.suite, Closeness())
    return model


def stored() -> List[str]:
    """Return everything in the store that a check must not change."""
    with open_store().read() as unit:
        return [*unit.dump.lines()]


def outcome_of(old: Any, new: Any, tolerance: Tolerance = Tolerance()) -> str:  # noqa: B008
    return outcome(list(differing(loads(dumps(old)), loads(dumps(new)), tolerance)))


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters(codec="utf-8"))
)
ANSWERS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.from_regex("[a-z]{1,3}", fullmatch=True), inner),
    ),
    max_leaves=12,
)


def places(answer: Any, path: str = "") -> Dict[str, Any]:
    """Return every scalar of an answer by its path."""
    if isinstance(answer, dict):
        inner = {f"{path}.{key}" if path else key: one for key, one in answer.items()}
    elif isinstance(answer, list):
        inner = {f"{path}[{place}]": one for place, one in enumerate(answer)}
    else:
        return {path: answer}
    return {name: leaf for key, one in inner.items() for name, leaf in places(one, key).items()}


def replaced(answer: Any, path: str, new: Any, here: str = "") -> Any:
    if here == path:
        return new
    if isinstance(answer, dict):
        return {
            key: replaced(one, path, new, f"{here}.{key}" if here else key)
            for key, one in answer.items()
        }
    if isinstance(answer, list):
        return [replaced(one, path, new, f"{here}[{at}]") for at, one in enumerate(answer)]
    return answer


@given(ANSWERS, st.randoms(use_true_random=False), SCALARS, st.floats(0, 1))
def test_one_changed_field_of_any_answer_is_found_and_named(
    answer: Any, chance: random.Random, other: Any, tolerance: float
) -> None:
    allowed = Tolerance(tolerance, tolerance)
    assert outcome_of(answer, copy.deepcopy(answer), Tolerance(0.0, 0.0)) == IDENTICAL
    found = places(answer)
    assume(found)
    path, old = chance.choice(sorted(found.items(), key=lambda item: item[0]))
    leaves = list(differing(answer, replaced(answer, path, other), allowed))
    numbers = [type(one) in (int, float) for one in (old, other)]
    if all(numbers):
        same = old == other or (old != old and other != other)
        assert [one.path for one in leaves] == ([] if same else [path])
        exact = float not in (type(old), type(other))
        if leaves and exact:
            assert outcome(leaves) == DIFFERENT
        elif leaves and math.isfinite(old) and math.isfinite(other):
            bound = tolerance + tolerance * abs(old)
            assume(abs(abs(other - old) - bound) > 1e-9 * bound)
            assert (outcome(leaves) == WITHIN_TOLERANCE) == (abs(other - old) < bound)
        elif leaves:
            assert outcome(leaves) == DIFFERENT  # NaN or an infinity on one side only
    elif type(old) is type(other) and old == other:
        assert leaves == []
    else:
        assert [one.path for one in leaves] == [path]
        assert outcome(leaves) == DIFFERENT


def test_structure_counts_more_than_numbers_and_numbers_by_their_size() -> None:
    old = {"boxes": [{"score": 0.5, "label": "cat"}, {"score": 0.25}], "n": 2}
    new = {"boxes": [{"score": 0.75, "label": "cat"}, {"score": 0.25 + 1e-6}], "n": 2}
    assert worst(list(differing(old, new, Tolerance())))[:1] == ("boxes[0].score",)
    longer = {**new, "boxes": [*new["boxes"], {}]}  # type: ignore[misc]
    assert worst(list(differing(old, longer, Tolerance())))[:3] == ("boxes[2]", None, {})
    assert outcome_of({"a": None}, {}) == DIFFERENT  # a missing field is not null
    assert outcome_of(1, 1.0) == outcome_of(-0.0, 0) == IDENTICAL
    assert outcome_of(True, 1) == outcome_of(2**70, 2**70 + 1) == DIFFERENT
    assert outcome_of(10**400, 1.0) == DIFFERENT
    script, module, other = (
        {"$class": name} for name in (["__main__", "A"], ["a", "A"], ["a", "B"])
    )
    assert outcome_of(script, module) == IDENTICAL
    assert outcome_of(module, other) == DIFFERENT


@pytest.mark.parametrize(("hits", "n"), [(0, 60), (1, 60), (3, 60), (30, 60), (59, 60), (60, 60)])
def test_the_bounds_of_a_share_are_exact(hits: int, n: int) -> None:
    def at_most(k: int, share: float) -> float:
        return sum(math.comb(n, i) * share**i * (1 - share) ** (n - i) for i in range(k + 1))

    low, high = exact_interval(hits, n)
    assert high == 1 if hits == n else at_most(hits, high) == pytest.approx(0.05)
    assert low == 0 if not hits else 1 - at_most(hits - 1, low) == pytest.approx(0.05)
    assert exact_interval(0, 60)[1] < 0.05 < exact_interval(0, 58)[1]


def test_sound_noisy_and_forgetful_models_are_told_apart_and_nothing_changes(
    world: World, invoke: Invoke
) -> None:
    made = {name: make_tested(world, name) for name in ("sound", "noisy", "forgotten")}
    before, counts = stored(), {}
    for name, model in made.items():
        check = check_determinism(model, world.suite, n=40, evaluator=Closeness())
        counts[name] = (check.identical, check.within_tolerance, check.different)
        assert check.interval == exact_interval(check.different, 40)
        with open_store().read() as unit:
            assert repr(unit.determinism_checks.latest(model._id)) == repr(check)
        assert len(check.differences) == check.different
        shown = json.loads(invoke("models", "show", name, "--json").stdout)["determinism"]
        assert shown["different"] == check.different
        assert "of all inferences" in invoke("models", "show", name).stdout
    assert counts["sound"] == (40, 0, 0)
    assert counts["noisy"][1] >= 39
    assert counts["noisy"][2] == 0
    assert counts["forgotten"] == (0, 0, 40)
    assert {one.path for one in check.differences} == {"metres"}
    assert all(
        one.difference == abs(one.again - one.stored)  # type: ignore[operator]
        for one in check.differences
    )
    assert check_determinism(made["noisy"], world.suite, n=40, tolerance=0).different >= 39
    assert stored() == before  # a dump does not carry the checks
    made["forgotten"].delete()
    with open_store().read() as unit:
        left = unit.query("SELECT DISTINCT model_id FROM determinism_check", {}).rows
    assert sorted(left) == sorted((made[name]._id,) for name in ("sound", "noisy"))
    assert invoke("db", "check").exit_code == 0


def test_the_sample_is_random_shuffled_and_repeatable(world: World) -> None:
    asked: List[str] = []

    def infer(photo: Any) -> Any:
        asked.append(photo.locator)
        return models.sound(photo)

    model = make_tested(world, "m", infer)
    in_order, chosen = asked.copy(), []
    for seed in (0, 0, 1):
        asked.clear()
        check_determinism(model, world.suite, n=20, seed=seed)
        chosen.append(asked.copy())
    assert chosen[0] == chosen[1] != chosen[2]
    assert len({*chosen[0]}) == 20
    assert chosen[0] != sorted(chosen[0], key=in_order.index)


def test_metrics_are_computed_again_from_stored_inferences(world: World, invoke: Invoke) -> None:
    model = make_tested(world, "sound")
    before = stored()
    good = verify_metrics(model, world.suite, Closeness())
    assert (good.n, good.differences) == (30 + 30 + 2, ())
    one_case = verify_metrics(model, world.suite, Renamed(), n=1)
    assert {one.test_case for one in one_case.differences} == {*one_case.test_cases}
    assert len(one_case.differences) == 30
    assert {one.path for one in one_case.differences} == {"close"}
    with pytest.raises(NotFoundError, match="never tested"):
        verify_metrics(model, world.suite, closeness)
    run_test(model, world.suite, closeness)
    assert verify_metrics(model, world.suite, closeness).n == 50
    command = ["runs", "verify", "sound", "lengths", "--evaluator"]
    result = invoke(*command, f"{__name__}:Renamed", "--json")
    assert (result.exit_code, len(json.loads(result.stdout)["differences"])) == (3, 60)
    assert invoke(*command, f"{__name__}:Closeness").exit_code == 0
    assert {*before} <= {*stored()}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    sampled(
        [
            (["--infer", "tests.determinism.models:sound"], 0, "identical          40"),
            (
                [
                    "--infer",
                    "tests.determinism.models:sound",
                    "--evaluator",
                    f"{__name__}:Closeness",
                ],
                0,
                "metrics changed    none of 40 samples",
            ),
            (
                ["--infer", "tests.determinism.models:forgotten"],
                3,
                "answers that differ (20 of 40)",
            ),
            (["--infer", "tests.determinism.models:broken"], 1, "no weights (while inferring"),
            (
                ["--infer", "tests.determinism.models:of_another_type"],
                1,
                "cannot be compared: an inference must be an instance of Guess, not 3",
            ),
            (
                ["--infer", "tests.determinism.models:exiting"],
                1,
                "ended the program (sys.exit(0)), so nothing was checked",
            ),
            (["--infer", "tests.determinism.models:nobody"], 1, "has no 'nobody'"),
            *(
                (["--evaluator", f"tests.determinism.models:{name}", *more], 1, said)
                for name, said in (
                    ("Failing", "no labels (while computing metrics by the evaluator 'Closeness')"),
                    ("Unmade", "no settings (while making the evaluator"),
                )
                for more in ([], ["--infer", "tests.determinism.models:sound"])
            ),
            (["--infer", "tests.determinism.fails:infer"], 1, "no GPU (while importing"),
            (["--infer", "tests.nowhere:infer"], 1, "no module 'tests.nowhere'"),
            (["--infer", "tests"], 1, "of the form module:object"),
            (["--infer", "tests.determinism.models:sound", "--tolerance", "-1"], 1, "at least 0"),
            ([], 2, "Give --infer module:function"),
        ],
        2,
    ),
)
def test_what_the_command_says_and_its_exit_code(
    world: World, invoke: Invoke, arguments: List[str], code: int, said: str
) -> None:
    make_tested(world, "sound")
    before = stored()
    result = invoke("runs", "verify", "sound", "lengths", "--n", "40", *arguments)
    assert (result.exit_code, said in result.stdout + result.stderr) == (code, True), result.output
    assert stored() == before


def test_inferences_that_something_else_deleted_meanwhile_are_a_sentence(
    world: World, store_path: Path
) -> None:
    make_tested(world, "sound")

    def infer(sample: Any) -> Any:
        with closing(sqlite3.connect(store_path)) as connection:
            connection.execute("DELETE FROM inference")
            connection.commit()
        return models.sound(sample)

    with pytest.raises(IncorrectUsageError, match=r"no stored inferences.*run test"):
        check_determinism(LengthModel("sound", infer=infer), world.suite, n=40)


def test_bad_input_gets_one_sentence(world: World) -> None:
    silent = LengthModel("silent")
    with pytest.raises(InputValidationError, match="has no infer"):
        check_determinism(silent, world.suite)
    fresh = LengthModel("fresh", infer=models.sound)
    with pytest.raises(IncorrectUsageError, match=r"no stored inferences.*run test"):
        check_determinism(fresh, world.suite)
    model = make_tested(world, "sound")
    with pytest.warns(KolenaWarning, match=r"has 50 stored inferences.*not 60"):
        assert check_determinism(model, world.suite).n == 50
    arrays = [{name: np.array([True, False])} for name in ("configurations", "fresh_process")]
    for wrong in ({"n": 0}, {"n": True}, {"seed": -1}, {"tolerance": math.nan}, *arrays):
        with pytest.raises(InputValidationError, match="must be"):
            check_determinism(model, world.suite, **wrong)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="no weights") as raised:
        check_determinism(LengthModel.load("sound", infer=models.broken), world.suite, n=9)
    assert "while inferring the test sample" in raised.value.__notes__[0]  # type: ignore[attr-defined]
    for check in (check_determinism, verify_metrics):
        with pytest.raises(RuntimeError) as failed:
            check(model, world.suite, n=9, evaluator=models.Failing())
        assert failed.value is models.Failing.error
    with pytest.raises(IncorrectUsageError, match="cannot be sent to a new process"):
        here = LengthModel.load("sound", infer=lambda photo: models.sound(photo))
        check_determinism(here, world.suite, n=9, fresh_process=True)


@long_only
def test_a_new_process_finds_what_only_this_one_knows(world: World) -> None:
    model = make_tested(world, "sound")
    assert check_determinism(model, world.suite, n=9, fresh_process=True).identical == 9
    forgotten = make_tested(world, "forgotten")
    check = check_determinism(forgotten, world.suite, n=9, fresh_process=True)
    assert (check.different, check.settings.fresh_process) == (9, True)
    dying = LengthModel.load("sound", infer=models.dying)
    with pytest.raises(IncorrectUsageError, match="The new process ended while the model 'sound'"):
        check_determinism(dying, world.suite, n=9, fresh_process=True)
