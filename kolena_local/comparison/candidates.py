"""One metric of several models on the samples that all of them have it for, read from the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import TYPE_CHECKING, Any

import numpy as np

from kolena_local.comparison.arguments import cases_of, location_of, name_of, selection_of
from kolena_local.comparison.missing_results import remarks_on_former_rows
from kolena_local.comparison.run_selection import (
    ScoredRun,
    SelectedRuns,
    agreeing_runs,
    check_comparable,
    declared_of_samples,
    tested_models,
)
from kolena_local.comparison.scores import ModelScores, check_in_all, comparable, sample_ids_of
from kolena_local.comparison.settings import check_direction, check_name
from kolena_local.comparison.statistics.all_pairs import on_common_samples
from kolena_local.comparison.statistics.pairs import Ids, Numbers, Scores
from kolena_local.directions import Direction, known_direction, without_descriptions
from kolena_local.errors import InputValidationError
from kolena_local.plurals import agreeing, counted, few, quoted
from kolena_local.repository.dataset_records import EVALUATOR

if TYPE_CHECKING:
    from kolena_local.repository import Unit
    from kolena_local.repository.records import TestSuiteRecord


@dataclass(frozen=True)
class Wanted:
    """What a caller of ``rank`` or ``difficulty`` asked for, which both describe."""

    models: Sequence[Any] | None
    test_suite: Any
    metric: str | None
    test_case: str | None
    evaluator: Any
    configuration: Any
    higher_is_better: bool | None
    stale_ok: bool
    different_evaluators_ok: bool

    def __post_init__(self) -> None:
        """Check what can be checked before anything is read.

        Raises:
            InputValidationError: an argument is invalid.
        """
        if self.models is not None and not isinstance(self.models, (list, tuple)):
            raise InputValidationError(
                f"models must be a list of models or their names, not {self.models!r:.80}."
            )
        check_name(self.metric, "metric")
        check_name(self.test_case, "test_case")
        check_direction(self.higher_is_better)

    @property
    def location(self) -> str | None:
        """The location of the store that the objects are in; None if all are names."""
        return location_of(*self.models or (), self.test_suite)


@dataclass(frozen=True)
class Candidates:
    """Several models with their values of a metric on the same samples.

    Attributes:
        test_suite: the version of the test suite.
        runs: the results of each model.
        metric: the name of the metric.
        boolean: whether it is a bool.
        direction: whether higher or lower is better.
        ids: the ids of the samples that all models have a number for, in ascending order.
        columns: the values of each model.
        stale: what is stale or of unknown age; empty if all results are fresh.
        remarks: sentences about which samples, models and results these are.
    """

    test_suite: TestSuiteRecord
    runs: list[ScoredRun]
    metric: str
    boolean: bool
    direction: Direction
    ids: Ids
    columns: list[Numbers]
    stale: str
    remarks: list[str]

    @property
    def models(self) -> list[str]:
        """The names of the models."""
        return [one.run.model for one in self.runs]


def read_candidates(unit: Unit, wanted: Wanted, otherwise: str) -> Candidates:
    """Read what was asked for.

    Args:
        unit: a read in progress.
        wanted: what was asked for.
        otherwise: what cannot be done with a metric without a direction.

    Raises:
        NotFoundError: a model, test suite or test case is not in the store, or has no results.
        IncorrectUsageError: the direction of the metric is not known, or results are stale or
            cannot be compared.
        InputValidationError: a model is given twice; the metric is not one of all given models, or
            neither a bool nor a number; the models have no sample in common; or there are several
            metrics, evaluators or configurations to choose from.
    """
    suite, runs, remarks = _runs(unit, wanted)
    cases = cases_of(suite, wanted.test_case)
    members = [sample_ids_of(unit, case) for case in cases]
    scores = [ModelScores(unit, run.configuration.id, [case.id for case in cases]) for run in runs]
    metric, boolean = _metric(scores, runs, wanted.metric)
    having = [metric in one.kinds for one in scores]
    if wanted.models is not None or sum(having) == 1:
        check_in_all(
            [metric], [f"'{run.run.model}'" for run in runs], scores, [one.run for one in runs]
        )
    lacking = [run.run.model for run, has in zip(runs, having, strict=True) if not has]
    if lacking:
        remarks.append(
            f"Not listed, because they do not have the metric {metric!r}: {quoted(lacking)}."
        )
    runs, scores = list(compress(runs, having)), list(compress(scores, having))
    found = [
        [model.of_case(metric, case.id, ids) for case, ids in zip(cases, members, strict=True)]
        for model in scores
    ]
    ids, columns, left_out = _common(members, found, [run.run.model for run in runs], metric)
    direction = known_direction(
        metric,
        wanted.higher_is_better,
        {run.run.model: declared_of_samples(run.configuration.directions) for run in runs},
        signed=any(bool((column < 0).any()) for column in columns),
        otherwise=otherwise,
    )
    alone = [SelectedRuns(suite, run, run) for run in runs]
    latest = unit.test_suites.get(suite.name).version
    if len({run.configuration.fingerprint for run in runs}) > 1:
        remarks.append("The evaluators of the models differ in their code or settings.")
    remarks += dict.fromkeys(sentence for one in alone for sentence in one.currency(latest))
    remarks += remarks_on_former_rows(unit, suite)
    return Candidates(
        suite,
        runs,
        metric,
        boolean,
        direction,
        ids,
        columns,
        ", ".join(filter(None, (one.stale() for one in alone))),
        left_out + remarks,
    )


def _runs(unit: Unit, wanted: Wanted) -> tuple[TestSuiteRecord, list[ScoredRun], list[str]]:
    """Return the results to use, those of different models, and remarks on them."""
    selection = selection_of(unit, wanted.test_suite, wanted.evaluator, wanted.configuration)
    remarks = []
    if wanted.models is None:
        names, others = tested_models(unit, selection)
        if others:
            remarks.append(
                "Not listed, because their results are of another version, evaluator or"
                f" configuration: {quoted(others)}."
            )
    else:
        names = [unit.models.get(name_of(unit, model)).name for model in wanted.models]
        twice = [name for name in names if names.count(name) > 1]
        if twice or not names:
            what = f"'{twice[0]}' is given twice" if twice else "none is given"
            raise InputValidationError(f"models must be one or more different models; {what}.")
    # By name, so that nothing depends on the order in which models were given.
    suite, runs = agreeing_runs(unit, sorted(names), selection)
    for run in runs:
        check_comparable(
            runs[0],
            run,
            stale_ok=wanted.stale_ok,
            different_evaluators_ok=wanted.different_evaluators_ok,
        )
    return suite, runs, remarks


def _metric(
    scores: Sequence[ModelScores], runs: Sequence[ScoredRun], wanted: str | None
) -> tuple[str, bool]:
    usable = comparable(scores, None if wanted is None else [wanted])
    if runs[0].run.evaluator == EVALUATOR:
        declared = [declared_of_samples(one.configuration.directions) for one in runs]
        usable = without_descriptions(usable, filter(None, [wanted]), declared)
    if len(usable) > 1:
        raise InputValidationError(
            f"There are several metrics: {', '.join(usable)}; choose one with metric= (--metric)."
        )
    return next(iter(usable.items()))


def _common(
    members: Sequence[Ids], found: Sequence[Sequence[Scores]], models: Sequence[str], metric: str
) -> tuple[Ids, list[Numbers], list[str]]:
    """Return the samples that all models have a number for, their values, and what is left out."""
    everyone = np.unique(np.concatenate(members))
    ids, columns, finite = on_common_samples(found)
    reasons = []
    for name, model, numbers in zip(models, found, finite, strict=True):
        missing = len(everyone) - len(np.unique(np.concatenate([one.ids for one in model])))
        for count, what in (
            (missing, "without a result"),
            (int(np.count_nonzero(~numbers)), "with NaN, an infinite value or none"),
        ):
            if count:
                reasons.append(f"'{name}' has {count} {what}")
    lost = len(everyone) - len(ids)
    why = few(reasons) if reasons else "their results are in different test cases"
    if not len(ids):
        raise InputValidationError(
            f"No sample has a number in {metric!r} for all of {quoted(models)}: {why}; add what is"
            " missing, or choose models with models= (--model)."
        )
    left_out = (
        f"{counted(lost, 'sample')} of {len(everyone)} {agreeing(lost, 'is', 'are')} left out"
    )
    return ids, columns, [f"{left_out} for all models: {why}."] if lost else []
