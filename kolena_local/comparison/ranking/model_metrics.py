"""One number of each model on a test suite, to sort models by."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from kolena_local.comparison.arguments import cases_of, selection_of
from kolena_local.comparison.run_selection import (
    Selection,
    agreeing_runs,
    choose_source,
    tested_models,
)
from kolena_local.comparison.scores import BOOLEAN, NUMBER, ModelScores, sample_ids_of
from kolena_local.comparison.statistics.pairs import first_of_each
from kolena_local.comparison.statistics.scaling import mean
from kolena_local.errors import InputValidationError, NotFoundError
from kolena_local.plurals import quoted
from kolena_local.repository.headlines import Headline
from kolena_local.repository.names import unknown

if TYPE_CHECKING:
    from kolena_local.repository import Unit
    from kolena_local.repository.records import ModelRecord, TestCaseRecord

_NUMBERS: Final = frozenset({BOOLEAN, NUMBER})


class MetricValue(NamedTuple):
    """A metric of a model; ``is_stale`` is None if it is not known whether it is."""

    value: float
    is_stale: bool | None


def metric_of_models(
    unit: Unit,
    test_suite: str,
    metric: str,
    test_case: str | None = None,
    evaluator: str | None = None,
    configuration: str | None = None,
) -> dict[str, MetricValue]:
    """Return a metric of all models that have it, by the models' names.

    It is the metric of that name of the test suite; else that of the test case, if one was given or
    only one has metrics; else the mean of that metric over the model's samples.

    Args:
        unit: a read in progress.
        test_suite: the name of the test suite; ``name@3`` means version 3, else it is the latest
            one that has results.
        metric: the name of the metric, such as ``accuracy`` or ``by_class.cat.recall``.
        test_case: the name of a test case, to take only its metrics and samples.
        evaluator: the name of the evaluator; required if there are results of several.
        configuration: the display name of the configuration; required if there are several.

    Raises:
        NotFoundError: there is no such test suite, test case, metric or result.
        InputValidationError: there are several test cases, evaluators or configurations to choose
            from.
    """
    wanted = selection_of(unit, test_suite, evaluator, configuration)
    sources = [one for one in unit.headlines.sources() if one.test_suite == wanted.test_suite]
    if not sources:
        raise NotFoundError(f"No model has results on the test suite '{test_suite}' yet.")
    source = choose_source(sources, wanted)
    choices = unit.headlines.choices(source)
    suite = unit.test_suites.get(source.test_suite, source.version)
    cases = cases_of(suite, test_case)
    with_metric = [case for case in choices.test_cases if test_case in (None, case)]
    headline = None
    if test_case is None and metric in choices.suite_metrics:
        headline = Headline(source, None, metric)
    elif metric in choices.case_metrics and len(with_metric) == 1:
        headline = Headline(source, with_metric[0], metric)
    if headline is not None:
        found = unit.headlines.values(headline)
        names = {model.id: model.name for model in unit.models.of_ids(found)}
        return {
            names[id_]: MetricValue(one.number, one.is_stale)
            for id_, one in found.items()
            if math.isfinite(one.number)
        }
    means, fields = _means(unit, wanted, metric, cases)
    if metric in fields:
        return means
    if metric in choices.case_metrics:
        raise InputValidationError(
            f"{metric!r} is a metric of test cases; choose one with --test-case:"
            f" {quoted(with_metric)}."
        )
    raise unknown("metric", metric, [*choices.suite_metrics, *choices.case_metrics, *fields])


def in_order_of_metric(
    models: Sequence[ModelRecord], values: Mapping[str, MetricValue], *, descending: bool
) -> list[ModelRecord]:
    """Return models in the order of a metric; those without it come last."""
    found = [model for model in models if model.name in values]
    found.sort(key=lambda model: values[model.name].value, reverse=descending)
    return found + [model for model in models if model.name not in values]


def _means(
    unit: Unit, wanted: Selection, metric: str, cases: Sequence[TestCaseRecord]
) -> tuple[dict[str, MetricValue], list[str]]:
    """Return each model's mean of a metric of the samples, and the names of all such metrics."""
    try:
        models, _ = tested_models(unit, wanted)
    except NotFoundError:
        return {}, []
    members = {case.id: sample_ids_of(unit, case) for case in cases}
    means, fields = {}, dict[str, None]()
    for run in agreeing_runs(unit, models, wanted)[1]:
        scores = ModelScores(unit, run.configuration.id, [*members])
        usable = {name for name, kinds in scores.kinds.items() if kinds and kinds <= _NUMBERS}
        fields.update(dict.fromkeys(sorted(usable)))
        if metric in usable:
            of_cases = [scores.of_case(metric, id_, ids) for id_, ids in members.items()]
            values = first_of_each(of_cases).values.astype(np.float64)
            values = values[np.isfinite(values)]
            if len(values):
                means[run.run.model] = MetricValue(mean(values), run.configuration.is_stale)
    return means, [*fields]
