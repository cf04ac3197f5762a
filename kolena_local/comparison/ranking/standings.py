"""The ranks of several models by one metric, with ties where the samples do not separate them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from kolena_local.comparison.scores import BOOLEAN, NUMBER, ModelScores, sample_ids_of
from kolena_local.comparison.statistics.all_pairs import (
    on_common_samples,
    p_values_of_pairs,
    pairs_of,
    rank_ranges,
)
from kolena_local.comparison.statistics.correction import HOLM
from kolena_local.comparison.statistics.estimate import Settings
from kolena_local.comparison.statistics.pairs import Ids, Numbers, Scores, first_of_each
from kolena_local.comparison.statistics.scaling import Mask
from kolena_local.directions import directions
from kolena_local.payload import loads
from kolena_local.plurals import counted

if TYPE_CHECKING:
    from kolena_local.repository import Unit
    from kolena_local.repository.headlines import Headline, HeadlineValue

_MOST_MODELS: Final = 20
#: Few enough to be read and tested while someone waits for a page.
_MOST_SCORES: Final = 20_000
_LEVEL: Final = 0.05
_SETTINGS: Final = Settings(1 - _LEVEL)


class Standings(NamedTuple):
    """The first and the last rank that each model may have, by its id, and a remark on them."""

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
    """Rank models by a metric as :func:`rank` does: a rank is a range if samples leave it open.

    This is possible if the metric is the mean of a metric of the samples, which the numbers show.

    Args:
        unit: a read in progress.
        headline: the metric.
        values: the models' values; those that are stale or not finite numbers have no rank.
    """
    numbers = [(value, value.number) for value in values if value.is_stale is False]
    sign = 1 if higher_is_better(headline, values) is False else -1
    order = sorted(
        ((value, number) for value, number in numbers if math.isfinite(number)),
        key=lambda one: sign * one[1],
    )
    sorted_numbers = np.array([number for _, number in order])
    separate = np.not_equal.outer(sorted_numbers, sorted_numbers)
    if len(order) < 2:
        return Standings(_ranks(order, separate), "")
    refused = _refusal(unit, headline, [value for value, _ in order])
    scored = None if refused else _scored(unit, headline, order)
    if scored is None:
        remark = refused or (
            f"Ties are not tested: {headline.metric} is not the mean of a metric of the samples."
        )
        return Standings(_ranks(order, separate), f"{remark} Only equal values share a rank.")
    metric, is_boolean, ids, columns = scored
    source = headline.source
    suite = unit.test_suites.get(source.test_suite, source.version)
    judged = unit.test_runs.judged_models(suite.id, source.evaluator)
    p_values = p_values_of_pairs(ids, columns, is_boolean, None, _SETTINGS, judged)
    # Models may have values of other samples, too, in which the order is another.
    means = np.array([_mean(Scores(ids, column)) for column in columns])
    in_order = np.triu(np.subtract.outer(means, means) * sign < 0)
    separate &= (p_values <= _LEVEL) & (in_order | in_order.T)
    test = "McNemar's exact test" if is_boolean else "a skewness-corrected t test"
    return Standings(
        _ranks(order, separate),
        f"Ranks are all that a model may have: models are clearly better by {test} of {metric} on"
        f" the same samples, at {_LEVEL:.0%} after {HOLM.title()}'s correction for"
        f" {counted(pairs_of(judged), 'pair')} of the {judged} models with results of this test"
        " suite.",
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
) -> tuple[str, bool, Ids, list[Numbers]] | None:
    """Return the metric of the samples whose mean is the headline, and each model's values."""
    source = headline.source
    cases = [
        case
        for case in unit.test_suites.get(source.test_suite, source.version).test_cases
        if headline.test_case in (None, case.name)
    ]
    if not cases:
        return None
    members = {case.id: sample_ids_of(unit, case) for case in cases}
    models = [ModelScores(unit, value.configuration_id, [*members]) for value, _ in order]
    for metric in models[0].kinds:
        kinds = set().union(*(model.kinds.get(metric, {""}) for model in models))
        if not kinds or not kinds <= {BOOLEAN, NUMBER}:
            continue
        scores = [
            [model.of_case(metric, id_, ids) for id_, ids in members.items()] for model in models
        ]
        means = [_mean(first_of_each(one)) for one in scores]
        if all(map(_is_close, means, [number for _, number in order])):
            ids, columns, _ = on_common_samples(scores)
            return metric, kinds == {BOOLEAN}, ids, columns
    return None


def _ranks(
    order: Sequence[tuple[HeadlineValue, float]], separate: Mask
) -> dict[int, tuple[int, int]]:
    ranges = rank_ranges(separate)
    return {value.model_id: one for (value, _), one in zip(order, ranges, strict=True)}


def _mean(scores: Scores) -> float:
    values = scores.values.astype(np.float64)
    return float(values.mean()) if len(values) else math.nan


def _is_close(mean: float, number: float) -> bool:
    return math.isclose(mean, number, rel_tol=1e-9, abs_tol=1e-12)
