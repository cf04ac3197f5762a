"""Ranks of several models: ties where the samples do not separate them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

import pytest

from kolena_local.comparison import rank
from kolena_local.comparison.ranking.model_metrics import metric_of_models
from kolena_local.comparison.ranking.standings import Standings, standings
from kolena_local.repository import open_store
from kolena_local.repository.headlines import Headline, Source
from kolena_local.workflow import MetricsTestCase
from tests.comparison.conftest import Closeness, Found, Triples, World


@dataclass(frozen=True)
class Means(MetricsTestCase):
    accuracy: float
    mean_error: float
    f1: float


class Averages(Closeness):
    def compute_test_case_metrics(  # type: ignore[override]
        self, test_case: object, inferences: Triples, metrics: List[Found], settings: object = None
    ) -> Means:
        count = len(metrics)
        errors = [one.error or 0.0 for one in metrics]
        accuracy = sum(one.close for one in metrics) / count
        return Means(accuracy, sum(errors) / count, accuracy**2)


@dataclass(frozen=True)
class Count(MetricsTestCase):
    count: int


class Counting(Closeness):
    def compute_test_case_metrics(  # type: ignore[override]
        self, test_case: object, inferences: Triples, metrics: List[Found], settings: object = None
    ) -> Count:
        wrong = sum(not one.close for one in metrics)
        return Count(wrong if wrong < 2 else 10**400)


def ranked(
    metric: str, case: str = "first", evaluator: str = "Averages"
) -> Tuple[Dict[str, Tuple[int, int]], Standings]:
    with open_store().read() as unit:
        headline = Headline(Source("lengths", 1, evaluator, None), case, metric)
        found = standings(unit, headline, list(unit.headlines.values(headline).values()))
        names = {model.id: model.name for model in unit.models.of_ids(found.ranks)}
    return {names[id_]: ranks for id_, ranks in found.ranks.items()}, found


def wrong(count: int, metres: float = 2.0) -> Dict[int, Optional[float]]:
    return dict.fromkeys(range(count), metres)


def test_models_that_the_samples_do_not_separate_share_a_rank(world: World) -> None:
    for name, count in {"best": 1, "nearly": 3, "poor": 20, "poorer": 22}.items():
        world.test(name, wrong(count), Averages())
    ranks, found = ranked("accuracy")
    assert ranks == {"best": (1, 2), "nearly": (1, 2), "poor": (3, 4), "poorer": (3, 4)}
    assert "McNemar's exact test of close" in found.remark
    assert "6 pairs" in found.remark
    # Lower errors are better; the test is the one for numbers.
    ranks, found = ranked("mean_error")
    assert ranks == {"best": (1, 2), "nearly": (1, 2), "poor": (3, 4), "poorer": (3, 4)}
    assert "a skewness-corrected t test of error" in found.remark


def test_a_model_that_neither_neighbor_is_separated_from_may_have_the_ranks_of_both(
    world: World,
) -> None:
    for name, count in {"best": 1, "middle": 7, "poor": 13}.items():
        world.test(name, wrong(count), Averages())
    assert ranked("accuracy")[0] == {"best": (1, 2), "middle": (1, 3), "poor": (2, 3)}
    board = rank(None, "lengths", "close", test_case="first")
    assert [(row.rank, row.ties) for row in board.rows] == [
        ("1-2", "a"),
        ("1-3", "ab"),
        ("2-3", "b"),
    ]


def test_a_metric_that_is_not_a_mean_has_no_ties_but_equal_values(world: World) -> None:
    for name, count in {"best": 1, "nearly": 3, "same": 3}.items():
        world.test(name, wrong(count), Averages())
    ranks, found = ranked("f1")
    assert ranks == {"best": (1, 1), "nearly": (2, 3), "same": (2, 3)}
    assert "f1 is not the mean of a metric of the samples" in found.remark


def test_an_integer_beyond_all_floats_has_no_rank(world: World) -> None:
    for name, count in {"best": 1, "long": 3}.items():
        world.test(name, wrong(count), Counting())
    assert ranked("count", evaluator="Counting")[0] == {"best": (1, 1)}
    with open_store().read() as unit:
        assert metric_of_models(unit, "lengths", "count", "first") == {"best": (1, False)}


def test_stale_results_have_no_rank(world: World) -> None:
    for name, count in {"best": 1, "other": 20}.items():
        world.test(name, wrong(count), Averages())
    with open_store().write() as unit:
        unit.inferences.mark_stale(
            unit.models.get("best").id, unit.test_suites.get("lengths").id, 1
        )
    assert ranked("accuracy")[0] == {"other": (1, 1)}


def test_ties_are_tested_only_where_that_takes_no_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, count in {"best": 1, "other": 20}.items():
        world.test(name, wrong(count), Averages())
    monkeypatch.setattr("kolena_local.comparison.ranking.standings._MOST_SCORES", 60)
    assert "McNemar" in ranked("accuracy")[1].remark
    monkeypatch.setattr("kolena_local.comparison.ranking.standings._MOST_SCORES", 59)
    assert "too many samples" in ranked("accuracy")[1].remark
    assert ranked("accuracy")[0] == {"best": (1, 1), "other": (2, 2)}
    monkeypatch.setattr("kolena_local.comparison.ranking.standings._MOST_MODELS", 1)
    assert "at most 1 models" in ranked("accuracy")[1].remark
