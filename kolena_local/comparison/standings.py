"""The ranks of several models by one metric, with ties where the samples do not separate them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from kolena_local.comparison.direction import Direction, directions
from kolena_local.comparison.scores import BOOLEAN, NUMBER, ModelScores
from kolena_local.comparison.statistics.correction import HOLM
from kolena_local.comparison.statistics.estimate import Settings
from kolena_local.comparison.statistics.pairs import Ids, Scores, first_of_each, pair
from kolena_local.comparison.verdicts import Slice, compare_slices
from kolena_local.payload import loads

if TYPE_CHECKING:
    from kolena_local.repository import Unit
    from kolena_local.repository.headlines import Headline, HeadlineValue

_MOST_MODELS: Final = 20
#: Few enough to be read and tested while someone waits for a page.
_MOST_SCORES: Final = 20_000
_LEVEL: Final = 0.05
_SETTINGS: Final = Settings(1 - _LEVEL, 2, 0, HOLM)


class Standings(NamedTuple):
    """The first and the last rank that each model shares, by its id, and a remark on them."""

    ranks: dict[int, tuple[int, int]]
    remark: str


def higher_is_better(headline: Headline, values: Sequence[HeadlineValue]) -> bool | None:
    """Return whether a higher metric is better, as declared or by its name; None if unknown."""
    level = "suite" if headline.test_case is None else "case"
    declared: Any = loads(values[0].directions or "{}") if values else {}
    at_level = declared.get(level) if isinstance(declared, dict) else None
    better = at_level.get(headline.metric) if isinstance(at_level, dict) else None
    if better in ("higher", "lower"):
        return bool(better == "higher")
    name = headline.metric.rpartition(".")[2].strip('"')
    return directions([name], None)[name].higher_is_better


def standings(unit: Unit, headline: Headline, values: Sequence[HeadlineValue]) -> Standings:
    """Rank models by a metric; those that cannot be separated share ranks.

    Each model is compared with the best one of the rank before it. This is possible if the metric
    is the mean of a metric of the samples, which the numbers show.

    Args:
        unit: a read in progress.
        headline: the metric.
        values: the models' values; those that are stale or not finite numbers have no rank.
    """
    numbers = [(value, _number(value)) for value in values if value.is_stale is False]
    lower = higher_is_better(headline, values) is False
    order = sorted(
        ((value, number) for value, number in numbers if math.isfinite(number)),
        key=lambda one: one[1] if lower else -one[1],
    )
    equal = [one[1] for one in order]
    groups = [[place] for place in range(len(order))]
    if len(order) < 2:
        return Standings(_ranks(order, groups), "")
    refused = _refusal(unit, headline, [value for value, _ in order])
    scored = None if refused else _scored(unit, headline, order)
    if scored is None:
        groups = _grouped(len(order), lambda best, other: equal[best] != equal[other])
        remark = refused or (
            f"Ties are not tested: {headline.metric} is not the mean of a metric of the samples."
        )
        return Standings(_ranks(order, groups), f"{remark} Only equal values share a rank.")
    metric, is_boolean, members, scores = scored
    pairs = sum(1 for _ in combinations(order, 2))

    def are_separate(best: int, other: int) -> bool:
        both = pair(members, scores[best], scores[other])
        part = Slice(headline.test_case, metric, is_boolean, both, None)
        ((row,), _) = compare_slices([part], {metric: Direction(metric, None, "")}, _SETTINGS)
        return row.p_value * pairs <= _LEVEL

    test = "McNemar's exact test" if is_boolean else "a skewness-corrected t test"
    return Standings(
        _ranks(order, _grouped(len(order), are_separate)),
        f"Models that share a rank are not separated from its best one by {test} of {metric} on"
        f" the same samples, at {_LEVEL:.0%} after Bonferroni's correction for"
        f" {pairs} {'pair' if pairs == 1 else 'pairs'} of models.",
    )


def _refusal(unit: Unit, headline: Headline, values: Sequence[HeadlineValue]) -> str | None:
    """Return why ties are not tested; None if they can be."""
    if len(values) > _MOST_MODELS:
        return f"Ties are tested for at most {_MOST_MODELS} models; filter the list to test them."
    if len({value.fingerprint for value in values}) > 1:
        return "Ties are not tested: the models' evaluators differ in their code or settings."
    configurations = [value.configuration_id for value in values]
    limit = _MOST_SCORES + 1
    if unit.headlines.score_count(configurations, headline.test_case, limit) == limit:
        return "Ties are not tested here, because there are too many samples; compare two models."
    return None


def _scored(
    unit: Unit, headline: Headline, order: Sequence[tuple[HeadlineValue, float]]
) -> tuple[str, bool, Ids, list[Scores]] | None:
    """Return the metric of the samples whose mean is the headline, and each model's scores."""
    source = headline.source
    cases = [
        case
        for case in unit.test_suites.get(source.test_suite, source.version).test_cases
        if headline.test_case in (None, case.name)
    ]
    if not cases:
        return None
    members = {
        case.id: np.array(unit.test_cases.sample_ids(case.id, case.version), dtype=np.int64)
        for case in cases
    }
    models = [ModelScores(unit, value.configuration_id, [*members]) for value, _ in order]
    for metric in models[0].kinds:
        kinds = set().union(*(model.kinds.get(metric, {""}) for model in models))
        if not kinds or not kinds <= {BOOLEAN, NUMBER}:
            continue
        scores = [
            first_of_each([model.of_case(metric, id_, ids) for id_, ids in members.items()])
            for model in models
        ]
        means = [_mean(one) for one in scores]
        if all(map(_is_close, means, [number for _, number in order])):
            everyone = np.unique(np.concatenate(list(members.values())))
            return metric, kinds == {BOOLEAN}, everyone, scores
    return None


def _grouped(count: int, are_separate: Any) -> list[list[int]]:
    groups = [[0]]
    for place in range(1, count):
        if are_separate(groups[-1][0], place):
            groups.append([place])
        else:
            groups[-1].append(place)
    return groups


def _ranks(
    order: Sequence[tuple[HeadlineValue, float]], groups: Sequence[Sequence[int]]
) -> dict[int, tuple[int, int]]:
    return {
        order[place][0].model_id: (group[0] + 1, group[-1] + 1)
        for group in groups
        for place in group
    }


def _number(value: HeadlineValue) -> float:
    return float(value.value) if isinstance(value.value, (int, float)) else math.nan


def _mean(scores: Scores) -> float:
    values = scores.values.astype(np.float64)
    return float(values.mean()) if len(values) else math.nan


def _is_close(mean: float, number: float) -> bool:
    return math.isclose(mean, number, rel_tol=1e-9, abs_tol=1e-12)
