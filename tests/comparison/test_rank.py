"""``rank`` and ``difficulty``: several models on stored results, and bad input."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from kolena_local import session
from kolena_local.comparison import Leaderboard, compare, difficulty, rank
from kolena_local.comparison.statistics.all_pairs import (
    groups_of,
    p_values_of_pairs,
    rank_ranges,
)
from kolena_local.comparison.statistics.estimate import Settings
from kolena_local.errors import IncorrectUsageError, InputValidationError, KolenaError
from kolena_local.repository import close_store, open_store
from kolena_local.workflow import MetricsTestSample
from tests.comparison.conftest import Closeness, LengthSuite, Triples, World, make_world
from tests.conftest import IS_LONG

SUITE = "lengths"


def off(places: range, metres: float = 2.0) -> Dict[int, Optional[float]]:
    return dict.fromkeys(places, metres)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Store four models, two of which are much better than the others."""
    path = tmp_path_factory.mktemp("stored") / "store.db"
    with session(db=path):
        world = make_world()
        for name, wrong in {
            "d": range(1),
            "a": range(3),
            "c": range(28),
            "b": range(5, 35),
        }.items():
            world.test(name, off(wrong))
    close_store(str(path))
    return path


@pytest.fixture
def models(stored: Path, tmp_path: Path) -> Iterator[World]:
    path = tmp_path / "store.db"
    shutil.copy(stored, path)
    with session(db=path):
        yield World(LengthSuite.load(SUITE))
    close_store(str(path))


def shown(found: Leaderboard) -> List[Tuple[str, str, str]]:
    return [(row.model, row.rank, row.ties) for row in found.rows]


def test_models_are_ranked_and_those_that_samples_do_not_separate_share_a_letter(
    models: World,
) -> None:
    found = rank(None, models.suite, "close", baseline="c")
    assert shown(found) == [
        ("d", "1-2", "a"),
        ("a", "1-2", "a"),
        ("c", "3-4", "b"),
        ("b", "3-4", "b"),
    ]
    # The differences, intervals and p-values are those of compare().
    for cluster in (None, "patient"):
        found = rank(None, SUITE, "close", baseline="c", cluster=cluster)
        for row in found.rows:
            if row.model == "c":
                assert (row.verdict, row.difference) == (None, None)
                continue
            rows = compare("c", row.model, SUITE, "close", cluster=cluster).rows
            (pair,) = (one for one in rows if one.test_case is None)
            assert (row.n, row.mean, row.difference) == (pair.n, pair.candidate, pair.difference)
            assert (row.difference_low, row.difference_high) == (pair.ci_low, pair.ci_high)
            # Holm's factor for one of six pairs.
            assert row.p_adjusted is not None
            assert pair.p_value <= row.p_adjusted <= 6 * pair.p_value
    found = rank(None, SUITE, "close", baseline="c")
    assert [row.verdict for row in found.rows] == ["better", "better", None, "not decided"]
    # Wilson's interval of 22 of 50.
    assert (found.rows[2].ci_low, found.rows[2].ci_high) == pytest.approx((0.31161, 0.57693), 1e-4)
    # A metric of which lower values are better, in one test case.
    found = rank(None, SUITE, "error", test_case="second", baseline="c")
    assert [row.model for row in found.rows] == ["a", "d", "c", "b"]
    assert [row.mean for row in found.rows] == [0, 0, 16 / 30, 1.0]
    assert [row.difference for row in found.rows] == [-16 / 30, -16 / 30, None, 1.0 - 16 / 30]


def test_p_values_count_the_models_that_are_not_listed(models: World) -> None:
    alone = {row.test_case: row for row in compare("a", "c", SUITE, "close").rows}[None]
    found = rank(["c", "a"], SUITE, "close", baseline="a")
    assert found.judged == 4
    assert found.rows[1].p_adjusted == pytest.approx(6 * alone.p_value)
    assert "6 pairs of the 4 models" in found.legend[-1]
    assert "2 of which are not listed" in found.legend[-1]


def test_the_order_in_which_models_are_given_changes_nothing(models: World) -> None:
    one, other = (rank(list(names), SUITE, "error", baseline="a") for names in ("abcd", "dbca"))
    assert_frame_equal(one.to_dataframe(), other.to_dataframe())
    assert_frame_equal(one.difficulty.to_dataframe(), other.difficulty.to_dataframe())


def test_models_are_compared_on_the_samples_that_all_have(models: World) -> None:
    models.test("e", dict.fromkeys(range(4), None))
    found = rank(None, SUITE, "error")
    assert {row.n for row in found.rows} == {46}
    assert "4 samples of 50 are left out for all models: 'e' has 4 with NaN" in str(found)
    models.test("f", dict.fromkeys(range(50), None))
    with pytest.raises(InputValidationError, match="all of 'a', 'b', 'c', 'd', 'e' and 1 more: "):
        rank(None, SUITE, "error")


def test_stale_results_are_refused_unless_that_is_asked_for(models: World) -> None:
    with open_store().write() as unit:
        suite = unit.test_suites.get(SUITE)
        unit.inferences.mark_stale(unit.models.get("a").id, suite.id, 1)
    with pytest.raises(IncorrectUsageError, match=r"results of 'a' .* stale_ok"):
        rank(None, SUITE, "close")
    found = rank(None, SUITE, "close", stale_ok=True)
    assert found.title.startswith("stale results of a: ")
    assert len(rank(["b", "c"], SUITE, "close").rows) == 2


@dataclass(frozen=True)
class Both(MetricsTestSample):
    close: bool
    accuracy: float


class _Other(Closeness):
    def compute_test_sample_metrics(  # type: ignore[override]
        self, test_case: object, inferences: Triples, settings: object = None
    ) -> Any:
        return [(photo, Both(True, 1.0)) for photo, _, _ in inferences]


def test_a_metric_that_only_one_model_has_is_named(models: World) -> None:
    other: Any = type("Closeness", (_Other,), {})()
    models.test("e", {}, other)
    with pytest.raises(IncorrectUsageError, match="two evaluators named 'Closeness'"):
        rank(None, SUITE, "close")
    only = "'accuracy' is only in the results of 'e', not in those of 'a', 'b', 'c' and 'd'"
    with pytest.raises(InputValidationError, match=only):
        rank(None, SUITE, "accuracy", different_evaluators_ok=True)
    models.test("f", {}, other)
    found = rank(None, SUITE, "accuracy", different_evaluators_ok=True)
    assert shown(found) == [("e", "1-2", "a"), ("f", "1-2", "a")]
    assert "do not have the metric 'accuracy': 'a', 'b', 'c' and 'd'." in str(found)
    with pytest.raises(InputValidationError, match="only in the results of 'e' and 'f', not in"):
        rank(["e", "f", "a"], SUITE, "accuracy", different_evaluators_ok=True)


BAD: Dict[str, Tuple[Callable[[], Any], str]] = {
    "several metrics": (lambda: rank(None, SUITE), "several metrics: close, error; choose one"),
    "unknown metric": (lambda: rank(None, SUITE, "clos"), "No sample has a metric 'clos'"),
    "text": (lambda: rank(None, SUITE, "remark"), "neither a bool nor a number"),
    "unknown model": (lambda: rank(["a", "bb"], SUITE, "close"), "no model 'bb'; did you mean 'b'"),
    "twice": (lambda: rank(["a", "a"], SUITE, "close"), "'a' is given twice"),
    "none": (lambda: rank([], SUITE, "close"), "none is given"),
    "one name": (lambda: rank("a", SUITE, "close"), "must be a list of models"),
    "baseline": (
        lambda: rank(["a", "b"], SUITE, "close", baseline="c"),
        "baseline 'c' is not one of the models to rank, which are 'a' and 'b'",
    ),
    "test case": (
        lambda: rank(None, SUITE, "close", test_case="frist"),
        "no test case 'frist'; it has 'first' and 'second'",
    ),
    "metadata": (lambda: rank(None, SUITE, "close", metadata="sed"), "no metadata field 'sed'"),
    "fields": (
        lambda: rank(None, SUITE, "close", metadata=3),  # type: ignore[arg-type]
        "metadata must be the name of a field or a list of names",
    ),
    "version": (lambda: rank(None, f"{SUITE}@7", "close"), "7"),
    "evaluator": (
        lambda: rank(None, SUITE, "close", evaluator="X"),
        "No model has results of the evaluator 'X' on the test suite 'lengths'; there are results"
        " of 'Closeness'",
    ),
    "direction": (
        lambda: difficulty(SUITE, "close", higher_is_better=2),  # type: ignore[arg-type]
        "must be True or False",
    ),
    "name": (lambda: difficulty(SUITE, ["close"]), "must be the name of a metric"),  # type: ignore[arg-type]
}


def test_bad_input_is_one_sentence(models: World) -> None:
    for name, (call, message) in BAD.items():
        with pytest.raises(KolenaError) as caught:
            call()
        assert message in str(caught.value), name


def test_a_metric_without_a_direction_ranks_nothing(world: World) -> None:
    @dataclass(frozen=True)
    class Odd(MetricsTestSample):
        oddity: float

    class Oddness(Closeness):
        def compute_test_sample_metrics(  # type: ignore[override]
            self, test_case: object, inferences: Triples, settings: object = None
        ) -> Any:
            return [(photo, Odd(guess.metres or 0.0)) for photo, _, guess in inferences]

    for name, metres in {"a": 1.0, "b": 2.0}.items():
        world.test(name, off(range(50), metres), Oddness())
    with pytest.raises(IncorrectUsageError, match=r"not declared for 'oddity', so models cannot"):
        rank(None, world.suite)
    for higher in (True, False):
        best = rank(None, world.suite, higher_is_better=higher).rows[0]
        assert (best.model, best.rank) == ("b" if higher else "a", "1")


def test_samples_that_nobody_gets_and_that_one_model_alone_gets(models: World) -> None:
    found = difficulty(SUITE, "close", ["b", "c"])
    frame = found.to_dataframe()
    assert frame["rank"].tolist() == [1] * 23 + [24] * 12 + [36] * 15
    assert frame.right.tolist() == [0] * 23 + [1] * 12 + [2] * 15
    assert frame.locator.tolist() == [
        f"{index}.png" for index in (*range(5, 28), *range(5), *range(28, 35), *range(35, 50))
    ]
    assert frame.only_right.dropna().tolist() == ["b"] * 5 + ["c"] * 7
    assert "No model is right on 23 samples, and every model on 15." in found.remarks
    assert "Only one model is right: 'b' on 5, 'c' on 7." in found.remarks
    assert found._repr_html_().count("<tr") == 11
    # The larger the mean error over the models, the more difficult.
    frame = difficulty(SUITE, "error").to_dataframe()
    assert frame["mean"].is_monotonic_decreasing
    assert frame["rank"].tolist() == frame["mean"].rank(method="min", ascending=False).tolist()


@given(st.integers(1, 9).flatmap(lambda n: st.lists(st.booleans(), min_size=n * n, max_size=n * n)))
def test_models_share_a_letter_exactly_if_they_are_tied(flat: List[bool]) -> None:
    n = int(len(flat) ** 0.5)
    upper = np.triu(np.array(flat).reshape(n, n), 1)
    separate = upper | upper.T
    letters = groups_of(separate)
    for one in range(n):
        for other in range(n):
            shares = bool(set(letters[one]) & set(letters[other]))
            assert shares is not bool(separate[one, other])
    for place, (low, high) in enumerate(rank_ranges(separate), start=1):
        assert 1 <= low <= place <= high <= n


@pytest.mark.parametrize("boolean", [True, False])
def test_equal_models_share_a_letter_in_most_suites(boolean: bool) -> None:
    generator = np.random.default_rng(7)
    suites, models, n = (150, 6, 60) if IS_LONG else (10, 3, 20)
    settings, together = Settings(0.95), 0
    for _ in range(suites):
        hard = generator.normal(size=n)
        values = hard + generator.normal(size=(models, n))
        columns = list((values > 0).astype(float) if boolean else values)
        p_values = p_values_of_pairs(np.arange(n), columns, boolean, None, settings, models)
        assert (p_values == p_values.T).all()
        together += groups_of(p_values <= 0.05) == ["a"] * models
    print("together:", together / suites)
    assert together / suites >= 0.95 - 3 * (0.95 * 0.05 / suites) ** 0.5
