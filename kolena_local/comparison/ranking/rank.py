"""``rank``: read the results of several models on a test suite, and sort the models by a metric."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from kolena_local.comparison import report
from kolena_local.comparison.arguments import name_of
from kolena_local.comparison.candidates import Candidates, Wanted, read_candidates
from kolena_local.comparison.ranking.difficulty import difficulty_of
from kolena_local.comparison.ranking.leaderboard import Leaderboard, RankedModel
from kolena_local.comparison.scores import clusters_of
from kolena_local.comparison.settings import check_cluster, check_metrics, check_settings
from kolena_local.comparison.statistics.all_pairs import (
    groups_of,
    p_values_of_pairs,
    paired,
    pairs_of,
    rank_ranges,
)
from kolena_local.comparison.statistics.estimate import Estimate, Settings, estimate
from kolena_local.comparison.statistics.pairs import Ids
from kolena_local.comparison.statistics.scaling import mean
from kolena_local.comparison.statistics.single_mean import mean_interval
from kolena_local.comparison.verdicts import BETTER, NOT_DECIDED, WORSE
from kolena_local.errors import InputValidationError
from kolena_local.plurals import agreeing, counted, quoted
from kolena_local.repository.metadata_paths import parse_path, path_text, value_at
from kolena_local.repository.names import unknown

if TYPE_CHECKING:
    from kolena_local.payload import Json
    from kolena_local.repository import Unit
    from kolena_local.workflow import Evaluator, EvaluatorConfiguration, Model, TestSuite

_Against = tuple[float | None, float | None, float | None, float | None, str | None]
_NONE: Final[_Against] = (None, None, None, None, None)


def rank(
    models: Sequence[str | Model] | None,
    test_suite: str | TestSuite,
    metric: str | None = None,
    *,
    baseline: str | Model | None = None,
    metadata: str | Sequence[str] | None = None,
    test_case: str | None = None,
    higher_is_better: bool | None = None,
    evaluator: str | Evaluator | Any | None = None,
    configuration: str | EvaluatorConfiguration | None = None,
    confidence: float = 0.95,
    cluster: str | None = None,
    stale_ok: bool = False,
    different_evaluators_ok: bool = False,
) -> Leaderboard:
    """Sort models by the mean of a metric, and say which of them are clearly better than others.

    All models are compared on the samples that all of them have a number for; a sample in several
    test cases counts once. Each pair is tested as by :func:`compare`. P-values are adjusted by
    Holm's method for all pairs of the models that have results of this test suite by this
    evaluator, whether they are listed or not: choosing among them is what makes the best of many
    look better than it is. Confidence intervals are not adjusted.

    Args:
        models: the models or their names; None means all that have results.
        test_suite: the test suite or its name. A name means the latest version that there are
            results for; ``name@3`` means version 3.
        metric: the metric, a bool or a number for each sample; None means the only one.
        baseline: the model that the others are compared with, or its name.
        metadata: fields of the models' metadata to show, such as ``seed`` or ``optimizer.name``.
        test_case: only the samples of the test case of this name; None means the whole suite.
        higher_is_better: whether higher is better. By default, it is as for :func:`compare`.
        evaluator: the evaluator or its name; required if there are results of several.
        configuration: the configuration or its display name; required if there are several.
        confidence: the level of the confidence intervals. The probability that any model is called
            better than another without being so is at most 1 - ``confidence``.
        cluster: a metadata field; samples with the same value belong together, such as the images
            of one patient.
        stale_ok: whether results may be stale or of unknown age; a remark says so.
        different_evaluators_ok: whether the results may come from evaluators of the same name but
            with different code or settings; a remark says so.

    Returns:
        The models, the best first.

    Raises:
        NotFoundError: a model, test suite or test case is not in the store, or has no results;
            or no model has a field of ``metadata``.
        IncorrectUsageError: it is not known whether higher or lower is better; or results are
            stale, or cannot be compared with each other.
        InputValidationError: a metric is unknown, not one of all given models, or neither a
            bool nor a number; a model is given twice; the baseline is not one of the models; no
            sample has results of all models; an argument is invalid; or there are several metrics,
            evaluators or configurations to choose from.
    """
    from kolena_local.repository import open_store

    settings = check_settings(confidence)
    fields, cluster = check_metrics(metadata, "metadata", "field") or [], check_cluster(cluster)
    wanted = Wanted(
        models=models,
        test_suite=test_suite,
        metric=metric,
        test_case=test_case,
        evaluator=evaluator,
        configuration=configuration,
        higher_is_better=higher_is_better,
        stale_ok=stale_ok,
        different_evaluators_ok=different_evaluators_ok,
    )
    store = open_store(wanted.location, create=False)
    with store.read() as unit:
        found = read_candidates(unit, wanted, "models cannot be ranked by it")
        base = None if baseline is None else name_of(unit, baseline)
        if base is not None and unit.models.get(base).name not in found.models:
            raise InputValidationError(
                f"The baseline '{base}' is not one of the models to rank, which are"
                f" {quoted(found.models)}; add it to models= (--model), or evaluate it first."
            )
        described = _metadata(unit, found, fields)
        judged = unit.test_runs.judged_models(found.test_suite.id, found.runs[0].run.evaluator)
        difficulty = difficulty_of(unit, found, test_case, store.location)
        clusters, remarks = _clusters(unit, found.ids, cluster)
    rows = _rows(found, base, described, clusters, settings, judged)
    return Leaderboard(
        test_suite=found.test_suite.name,
        test_suite_version=found.test_suite.version,
        test_case=test_case,
        evaluator=found.runs[0].run.evaluator,
        configuration=found.runs[0].configuration.display_name,
        metric=found.metric,
        direction=found.direction,
        confidence=settings.confidence,
        baseline=base,
        judged=judged,
        rows=tuple(rows),
        difficulty=difficulty,
        stale=found.stale,
        caveats=(*report.directions_of([found.direction]), *remarks, *found.remarks),
        legend=tuple(_legend(found, base, settings, judged)),
    )


def _metadata(unit: Unit, found: Candidates, fields: Sequence[str]) -> dict[str, dict[str, Json]]:
    """Return the wanted fields of each model's metadata."""
    paths = {field: parse_path(field) for field in dict.fromkeys(fields)}
    models = [unit.models.get(name) for name in found.models]
    for field, path in paths.items():
        if all(value_at(model.metadata, path, ...) is ... for model in models):
            known = dict.fromkeys(path_text((key,)) for one in models for key in one.metadata)
            raise unknown("metadata field", field, known)
    return {
        model.name: {field: value_at(model.metadata, path) for field, path in paths.items()}
        for model in models
    }


def _clusters(unit: Unit, ids: Ids, cluster: str | None) -> tuple[Ids | None, list[str]]:
    if cluster is None:
        return None, []
    codes, lacking = clusters_of(unit, ids, cluster)
    return codes, [report.clustered(cluster, codes, lacking)]


def _rows(
    found: Candidates,
    baseline: str | None,
    metadata: Mapping[str, Mapping[str, Json]],
    clusters: Ids | None,
    settings: Settings,
    judged: int,
) -> list[RankedModel]:
    means = [mean(column.astype(np.float64)) for column in found.columns]
    sign = -1 if found.direction.higher_is_better else 1
    # Models come by name, which decides between equal means.
    order = sorted(range(len(means)), key=lambda place: sign * means[place])
    models = [found.models[place] for place in order]
    columns = [found.columns[place] for place in order]
    # Underflow is harmless here, even if the program made numpy raise for it.
    with np.errstate(under="ignore"):
        p_values = p_values_of_pairs(found.ids, columns, found.boolean, clusters, settings, judged)
        intervals = [
            mean_interval(found.ids, column, found.boolean, clusters, settings)
            for column in columns
        ]
        against = [_NONE] * len(models)
        if baseline is not None:
            base = models.index(baseline)
            against = [
                _against(
                    estimate(
                        paired(found.ids, columns[base], column), found.boolean, clusters, settings
                    ),
                    float(p_values[base, place]),
                    place < base,
                    1 - settings.confidence,
                )
                if place != base
                else _NONE
                for place, column in enumerate(columns)
            ]
    separate = p_values <= 1 - settings.confidence
    ranges, groups = rank_ranges(separate), groups_of(separate)
    rows = []
    for place, model in enumerate(models):
        difference, low, high, p_adjusted, verdict = against[place]
        rows.append(
            RankedModel(
                model,
                *ranges[place],
                groups[place],
                len(found.ids),
                means[order[place]],
                *intervals[place],
                difference,
                low,
                high,
                p_adjusted,
                verdict,
                metadata[model],
            )
        )
    return rows


def _against(found: Estimate, p_adjusted: float, is_above: bool, risk: float) -> _Against:
    verdict = NOT_DECIDED
    if p_adjusted <= risk:
        verdict = BETTER if is_above else WORSE
    return found.difference, found.ci_low, found.ci_high, p_adjusted, verdict


def _legend(
    found: Candidates, baseline: str | None, settings: Settings, judged: int
) -> Iterator[str]:
    percent = f"{100 * settings.confidence:.12g} %"
    yield f"low and high: the {percent} confidence interval of the mean, not adjusted."
    if baseline is not None:
        yield (
            f"difference: the mean minus that of the baseline '{baseline}'; diff low and diff high:"
            f" its {percent} confidence interval, not adjusted."
        )
    if judged > 1:
        yield (
            "rank: all ranks that a model may have. ties: models that share a letter are not"
            " clearly different."
        )
        by = found.runs[0].run.evaluator or "an evaluator without a name"
        more = judged - len(found.models)
        yield (
            f"P-values are adjusted for {counted(pairs_of(judged), 'pair')} of the {judged} models"
            f" with results of '{found.test_suite.name}' by {by} ({settings.correction.title()})"
            + (f", {more} of which {agreeing(more, 'is', 'are')} not listed." if more else ".")
        )
