"""``compare``: read the results of two models, and compare them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kolena_local.comparison import report
from kolena_local.comparison.arguments import location_of, name_of, selection_of
from kolena_local.comparison.margins import check_margins, with_margins
from kolena_local.comparison.missing_results import remarks_on_former_rows
from kolena_local.comparison.remarks.noise import Noise, check_noise, stored_checks, with_noise
from kolena_local.comparison.remarks.provenance import provenance_remarks
from kolena_local.comparison.remarks.withheld import withheld
from kolena_local.comparison.result import Comparison
from kolena_local.comparison.run_selection import (
    SelectedRuns,
    check_comparable,
    select_runs,
)
from kolena_local.comparison.scores import (
    ModelScores,
    SampleDetails,
    check_in_all,
    clusters_of,
    comparable,
    details,
    lacking_metrics,
    sample_ids_of,
)
from kolena_local.comparison.settings import (
    check_cluster,
    check_metrics,
    check_resamples,
    check_runs,
    check_settings,
)
from kolena_local.comparison.statistics.correction import HOLM
from kolena_local.comparison.statistics.estimate import Settings
from kolena_local.comparison.statistics.pairs import Ids, Pairs, pair, pair_cases
from kolena_local.comparison.verdicts import Slice, compare_slices
from kolena_local.directions import directions, without_descriptions
from kolena_local.plurals import enumerated
from kolena_local.repository.dataset_records import EVALUATOR
from kolena_local.repository.records import HeldRow

if TYPE_CHECKING:
    from kolena_local.repository import Unit
    from kolena_local.workflow import Evaluator, EvaluatorConfiguration, Model, TestSuite


def compare(
    base: str | Model,
    candidate: str | Model,
    test_suite: str | TestSuite,
    metrics: str | Sequence[str] | None = None,
    evaluator: str | Evaluator | Any | None = None,
    configuration: str | EvaluatorConfiguration | None = None,
    confidence: float = 0.95,
    cluster: str | None = None,
    *,
    higher_is_better: Mapping[str, bool] | None = None,
    correction: str = HOLM,
    resamples: int = 2_000,
    seed: int = 0,
    runs: tuple[int, int] | None = None,
    stale_ok: bool = False,
    different_evaluators_ok: bool = False,
    noise: Noise = False,
    margin: float | Mapping[str, float] | None = None,
) -> Comparison:
    """Compare two models on the samples of a test suite that both were evaluated on.

    Per-sample metrics are paired by test sample, in each test case and over the whole suite. A
    sample in several test cases counts once over the whole suite, with both models' metrics in the
    first test case for which both have some. Bools are compared by McNemar's exact test and
    Newcombe's interval; numbers by a t test that allows for skewness, and the interval of that
    test; with clusters, bools are compared as numbers. Verdicts use p-values adjusted for multiple
    comparisons. Confidence intervals are not adjusted, so one may exclude zero where
    nothing is decided. Integers are subtracted exactly, however large. Results beyond the range of
    a float are infinite. The functions in :mod:`kolena_local.comparison.statistics` name the
    sources of their formulas.

    Args:
        base: the current model, or its name.
        candidate: the model that may replace it, or its name.
        test_suite: the test suite or its name. A name means the latest version that both models
            have results for; ``name@3`` means version 3.
        metrics: the metrics to compare; None means all that are bools or numbers.
        evaluator: the evaluator or its name; required if both models have results of several.
        configuration: the configuration or its display name; required if both models have results
            of several.
        confidence: the level of the confidence intervals; each verdict is false with a probability
            of at most 1 - ``confidence``.
        cluster: a metadata field; samples with the same value belong together, such as the images
            of one patient.
        higher_is_better: for each metric by name, whether higher is better. By default, it is as
            declared where the metric is defined (``error: LowerIsBetter[float]``), else by a name
            that leaves no doubt, such as accuracy or loss. The verdict on other metrics is
            ``higher`` or ``lower``, neither better nor worse.
        correction: ``holm`` bounds the probability that any verdict is false,
            ``benjamini-hochberg`` the expected share of false verdicts.
        resamples: without effect, as is ``seed``, because nothing is drawn at random.
        seed: without effect.
        runs: the ids of the runs whose results are compared, as ``kolena-local runs list --all``
            shows them; so a model can be compared with itself as it was. None means the current
            runs.
        stale_ok: whether results may be stale or of unknown age; the title of the comparison and
            a remark say so.
        different_evaluators_ok: whether the results may come from evaluators of the same name but
            with different code or settings; a remark says so.
        noise: True adds a remark on differences that are not larger than what changed when a model
            was asked again, in the latest checks of determinism on this suite. A number is that
            change, averaged over samples: for bools, the share that flips. Verdicts stay the same.
        margin: the loss that is accepted: a number in the metric's own unit, or one for each of
            some metrics by name. ``within_margin`` of the rows then says whether the confidence
            interval rules out a larger loss, which needs enough samples.

    Returns:
        The comparison, with a row for each metric in each test case and over the whole suite.

    Raises:
        NotFoundError: a model or test suite is not in the store, or has no results.
        IncorrectUsageError: the models' results are not of the same suite version, evaluator and
            configuration, declare opposite directions of a metric, or are stale; the message says
            how to compute them again. Or ``noise`` is True, and neither model was checked.
        InputValidationError: a metric is unknown, neither a bool nor a number, or named although
            only one model has it; the models have no metric in common; an argument is invalid; or
            both models have results of several evaluators or configurations and none was chosen.
    """
    from kolena_local.repository import open_store

    settings = check_settings(confidence, correction, seed)
    check_resamples(resamples)
    wanted_metrics, cluster = check_metrics(metrics), check_cluster(cluster)
    chosen_runs, noise = check_runs(runs), check_noise(noise)
    store = open_store(location_of(base, candidate, test_suite), create=False)
    with store.read() as unit:
        chosen = select_runs(
            unit,
            name_of(unit, base),
            name_of(unit, candidate),
            selection_of(unit, test_suite, evaluator, configuration),
            chosen_runs,
        )
        check_comparable(
            *chosen[1:], stale_ok=stale_ok, different_evaluators_ok=different_evaluators_ok
        )
        models = [unit.models.get(one.run.model) for one in (chosen.base, chosen.candidate)]
        paired = pair_runs(unit, chosen, wanted_metrics, cluster, higher_is_better)
        checks = stored_checks(unit, models, chosen.test_suite) if noise is True else []
    suite = chosen.test_suite
    found = decide(
        chosen,
        paired,
        settings,
        partial(
            _details,
            store.location,
            chosen,
            [HeldRow("model", model.name, model.id, model.uid) for model in models],
            HeldRow("test suite", suite.name, suite.id, suite.uid, suite.version),
        ),
        higher_is_better,
        margin,
    )
    return found if noise is False else with_noise(found, noise, checks)


class PairedRuns(NamedTuple):
    """What is read of two models' results to compare them.

    Attributes:
        slices: one for each metric in each test case, and over the suite.
        sample_ids: the ids of the suite's samples, in order.
        remarks: sentences about which results these are.
    """

    slices: list[Slice]
    sample_ids: Ids
    remarks: list[str]


def pair_runs(
    unit: Unit,
    chosen: SelectedRuns,
    metrics: Sequence[str] | None = None,
    cluster: str | None = None,
    higher_is_better: Mapping[str, bool] | None = None,
) -> PairedRuns:
    """Read the per-sample metrics of two models, paired by sample.

    Args:
        unit: a read in progress.
        chosen: their results.
        metrics: as for :func:`compare`.
        cluster: as for :func:`compare`.
        higher_is_better: as for :func:`compare`.

    Raises:
        InputValidationError: a metric cannot be compared or only one model has it, the models have
            none in common, or no sample has ``cluster``.
    """
    cases, suite = chosen.test_suite.test_cases, chosen.test_suite
    case_ids = [case.id for case in cases]
    left, right = (
        ModelScores(unit, scored.configuration.id, case_ids)
        for scored in (chosen.base, chosen.candidate)
    )
    usable = comparable([left, right], metrics)
    described: list[str] = []
    if metrics is None and chosen.base.run.evaluator == EVALUATOR:
        given = higher_is_better if isinstance(higher_is_better, Mapping) else {}
        judged = without_descriptions(usable, given, chosen.declared())
        usable, described = judged, [f"'{name}'" for name in usable if name not in judged]
    if metrics is not None:
        runs = (chosen.base.run, chosen.candidate.run)
        names = [f"'{run.model}' (run {run.id})" for run in runs]
        check_in_all(metrics, names, [left, right], runs)
    everyone = np.array(unit.suite_samples.ids(suite.id, suite.version), dtype=np.int64)
    members = {case.id: sample_ids_of(unit, case) for case in cases}
    remarks = chosen.remarks(unit.test_suites.get(suite.name).version)
    remarks += remarks_on_former_rows(unit, suite)
    remarks += provenance_remarks(unit, chosen)
    if metrics is None:
        remarks += lacking_metrics(list(usable), chosen, [left, right])
    if described:
        remarks.append(
            "Not compared, because nothing says whether higher or lower is better:"
            f" {enumerated(described)}. Name such a metric with metrics= (--metric) to compare it."
        )
    clusters: tuple[Ids, Ids] | None = None
    if cluster is not None:
        order = np.sort(everyone)
        codes, lacking = clusters_of(unit, order, cluster)
        clusters = (order, codes)
        remarks.append(report.clustered(cluster, codes, lacking))
    slices = []
    for metric, boolean in usable.items():
        scores = [
            [model.of_case(metric, case, members[case]) for case in case_ids]
            for model in (left, right)
        ]
        pairs: list[tuple[str | None, Pairs]] = [
            (None, pair_cases(everyone, *scores)),
            *(
                (case.name, pair(members[case.id], base, candidate))
                for case, base, candidate in zip(cases, *scores, strict=True)
            ),
        ]
        slices += [
            Slice(name, metric, boolean, one, _codes(clusters, one.ids)) for name, one in pairs
        ]
    return PairedRuns(slices, everyone, remarks)


def decide(
    chosen: SelectedRuns,
    paired: PairedRuns,
    settings: Settings,
    details: Callable[[Sequence[int]], list[SampleDetails]],
    higher_is_better: Mapping[str, bool] | None = None,
    margin: float | Mapping[str, float] | None = None,
) -> Comparison:
    """Compare two models by what was read of their results.

    Args:
        chosen: their results.
        paired: what was read of them.
        settings: how to compare.
        details: returns what belongs to samples, by their ids.
        higher_is_better: as for :func:`compare`.
        margin: as for :func:`compare`.

    Raises:
        IncorrectUsageError: the models' results declare opposite directions of a metric, or one
            with a margin has none.
        InputValidationError: ``higher_is_better`` or ``margin`` is invalid.
    """
    whole = {part.metric: part for part in paired.slices if part.test_case is None}
    signed = [metric for metric, part in whole.items() if part.pairs.is_signed]
    toward = directions(whole, higher_is_better, chosen.declared(), signed)
    margins = check_margins(margin, toward, chosen.base.run.evaluator == EVALUATOR)
    rows, tests = compare_slices(paired.slices, toward, settings)
    rows = with_margins(rows, margins, toward)
    return Comparison(
        base=chosen.base.run.model,
        candidate=chosen.candidate.run.model,
        test_suite=chosen.test_suite.name,
        test_suite_version=chosen.test_suite.version,
        evaluator=chosen.base.run.evaluator,
        configuration=chosen.base.configuration.display_name,
        confidence=settings.confidence,
        rows=tuple(rows),
        directions=toward,
        stale=chosen.stale(),
        caveats=(
            *report.caveats(rows, toward),
            *report.unchanged({metric: part.pairs for metric, part in whole.items()}),
            *withheld(rows, settings.confidence, tests),
            *paired.remarks,
        ),
        legend=tuple(report.legend(rows, settings.confidence, settings.correction, tests)),
        _suite=whole,
        _order=paired.sample_ids,
        _details=details,
    )


def _codes(clusters: tuple[Ids, Ids] | None, ids: Ids) -> Ids | None:
    if clusters is None:
        return None
    order, codes = clusters
    return codes[np.searchsorted(order, ids)]


def _details(
    location: str,
    chosen: SelectedRuns,
    models: Sequence[HeldRow],
    suite: HeldRow,
    sample_ids: Sequence[int],
) -> list[SampleDetails]:
    from kolena_local.repository import open_store

    with open_store(location, create=False).held([*models, suite]).read() as unit:
        return details(unit, chosen, [model.id for model in models], sample_ids)
