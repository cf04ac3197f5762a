"""``find_slices``: read the results of a model, and search for slices on which it is worse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kolena_local.comparison import report
from kolena_local.comparison.arguments import location_of, name_of, selection_of
from kolena_local.comparison.remarks.provenance import provenance_remarks
from kolena_local.comparison.run_selection import SelectedRuns, check_comparable, select_runs
from kolena_local.comparison.scores import ModelScores, comparable, sample_ids_of
from kolena_local.comparison.settings import check_metrics, check_search, check_settings
from kolena_local.comparison.slices.fields import Field, chosen, read_fields, usable
from kolena_local.comparison.slices.found_slices import FoundSlice, FoundSlices
from kolena_local.comparison.statistics.correction import HOLM
from kolena_local.comparison.statistics.estimate import Settings, scaled_differences
from kolena_local.comparison.statistics.pairs import Pairs, pair_cases
from kolena_local.comparison.statistics.scaling import unscaled
from kolena_local.comparison.statistics.slices import ExaminedSlice, find
from kolena_local.comparison.verdicts import NOT_DECIDED, WORSE
from kolena_local.directions import Direction, known_direction
from kolena_local.errors import InputValidationError
from kolena_local.plurals import agreeing, counted

if TYPE_CHECKING:
    from kolena_local.repository import Unit
    from kolena_local.workflow import Evaluator, EvaluatorConfiguration, Model, TestSuite


def find_slices(
    model: str | Model,
    test_suite: str | TestSuite,
    metric: str | None = None,
    base: str | Model | None = None,
    *,
    fields: str | Sequence[str] | None = None,
    higher_is_better: bool | None = None,
    min_samples: int = 30,
    buckets: int = 5,
    evaluator: str | Evaluator | Any | None = None,
    configuration: str | EvaluatorConfiguration | None = None,
    confidence: float = 0.95,
    correction: str = HOLM,
    seed: int = 0,
    stale_ok: bool = False,
    different_evaluators_ok: bool = False,
) -> FoundSlices:
    """Find slices of a test suite on which a model is clearly worse than on all other samples.

    A slice is given by one or two fields of the samples' metadata, or columns of a dataset: by a
    value of each, or a range of numbers. With a base, slices are found on which the candidate is
    clearly worse than the base, and has lost clearly more than elsewhere. One random half of the
    samples suggests up to 20 slices, and the other half tests them; means, intervals and p-values
    come from that half only.

    Args:
        model: the model, or its name.
        test_suite: the test suite or its name. A name means the latest version that there are
            results for; ``name@3`` means version 3.
        metric: the metric, a bool or a number for each sample; None means the only one.
        base: the model that this one may replace, or its name; None to look at one model only.
        fields: the fields of the metadata to make slices of, such as ``weather`` or
            ``camera.height``; None means all.
        higher_is_better: whether higher is better. By default, it is as for :func:`compare`.
        min_samples: how many samples a slice has at least, half of them in each half.
        buckets: how many ranges of about equal size numbers are divided into, from 2 to 100.
        evaluator: the evaluator or its name; required if there are results of several.
        configuration: the configuration or its display name; required if there are several.
        confidence: the level of the confidence intervals; a p-value of at most 1 - ``confidence``,
            adjusted for all slices that were tested, makes the verdict ``worse``.
        correction: ``holm`` bounds the probability that any verdict is false,
            ``benjamini-hochberg`` the expected share of false verdicts.
        seed: the seed of the random numbers; the same seed gives the same result.
        stale_ok: whether results may be stale or of unknown age; a remark says so.
        different_evaluators_ok: whether the results of model and base may come from evaluators of
            the same name but with different code or settings; a remark says so.

    Returns:
        The slices that were tested, with a verdict for each.

    Raises:
        NotFoundError: a model or test suite is not in the store, or has no results.
        IncorrectUsageError: it is not known whether higher or lower is better; or results are
            stale, or those of model and base cannot be compared.
        InputValidationError: a metric or field is unknown, or the metric is neither a bool nor a
            number; there is no metadata, or too few samples; the base is the model itself; an
            argument is invalid; or there are several evaluators or configurations to choose from.
    """
    from kolena_local.repository import open_store

    settings = check_settings(confidence, correction, seed)
    wanted, names = check_metrics(metric), check_metrics(fields, "fields")
    min_samples, buckets = check_search(min_samples, buckets, higher_is_better)
    store = open_store(location_of(model, base, test_suite), create=False)
    with store.read() as unit:
        candidate = name_of(unit, model)
        other = candidate if base is None else name_of(unit, base)
        if base is not None and unit.models.get(other).id == unit.models.get(candidate).id:
            raise InputValidationError(
                f"'{candidate}' cannot be its own base; choose another model as the base, or none."
            )
        selection = selection_of(unit, test_suite, evaluator, configuration)
        runs = select_runs(unit, other, candidate, selection)
        check_comparable(
            *runs[1:], stale_ok=stale_ok, different_evaluators_ok=different_evaluators_ok
        )
        name, pairs = _pairs(unit, runs, wanted, alone=base is None)
        toward = known_direction(
            name,
            higher_is_better,
            dict(zip((other, candidate), runs.declared(), strict=True)),
            signed=pairs.is_signed,
            otherwise="no slice can be called worse",
        )
        if len(pairs.ids) < 2 * min_samples:
            raise InputValidationError(
                f"Slices of at least {min_samples} samples need a test suite of at least"
                f" {2 * min_samples} with a number in {name!r}, but there are {len(pairs.ids)}; add"
                " samples, or lower min_samples= (--min-samples)."
            )
        suite = runs.test_suite
        found = chosen(
            read_fields(unit, pairs.ids, suite.name), names, f"the test suite '{suite.name}'"
        )
        latest = unit.test_suites.get(suite.name).version
        remarks = runs.currency(latest)
        if base is not None:
            remarks = runs.remarks(latest) + provenance_remarks(unit, runs)
    usable_fields, left_out = usable(found, min_samples, buckets)
    rows = _rows(pairs, usable_fields, toward, settings, min_samples, alone=base is None)
    return FoundSlices(
        model=candidate,
        base=None if base is None else other,
        test_suite=suite.name,
        test_suite_version=suite.version,
        evaluator=runs.candidate.run.evaluator,
        configuration=runs.candidate.configuration.display_name,
        metric=name,
        direction=toward,
        confidence=settings.confidence,
        rows=tuple(rows),
        caveats=(*report.directions_of([toward]), *_left_out(pairs), *left_out, *remarks),
        legend=tuple(_legend(rows, len(usable_fields), len(pairs.ids), settings, base is None)),
        stale=runs.stale(),
    )


def _pairs(
    unit: Unit, runs: SelectedRuns, wanted: Sequence[str] | None, *, alone: bool
) -> tuple[str, Pairs]:
    """Return the metric, and its values for both models; zeros for the base if there is none."""
    suite = runs.test_suite
    case_ids = [case.id for case in suite.test_cases]
    scores = ModelScores(unit, runs.candidate.configuration.id, case_ids)
    others = scores if alone else ModelScores(unit, runs.base.configuration.id, case_ids)
    metric, *more = comparable([others, scores], wanted)
    if more:
        raise InputValidationError(
            f"There are several metrics: {', '.join([metric, *more])}; choose one with metric="
            " (--metric)."
        )
    everyone = np.array(unit.suite_samples.ids(suite.id, suite.version), dtype=np.int64)
    members = [sample_ids_of(unit, case) for case in suite.test_cases]
    left, right = (
        [model.of_case(metric, *case) for case in zip(case_ids, members, strict=True)]
        for model in (others, scores)
    )
    pairs = pair_cases(everyone, left, right)
    return metric, pairs.without_base() if alone else pairs


def _rows(
    pairs: Pairs,
    fields: Sequence[Field],
    toward: Direction,
    settings: Settings,
    min_samples: int,
    *,
    alone: bool,
) -> list[FoundSlice]:
    values, exponent = scaled_differences(pairs)
    sign = 1 if toward.higher_is_better else -1
    # Underflow is harmless here, even if the program made numpy raise for it.
    with np.errstate(under="ignore"):
        found = find(
            sign * values,
            [field.column for field in fields],
            least=(min_samples + 1) // 2,
            confidence=settings.confidence,
            correction=settings.correction,
            seed=settings.seed,
            below_zero=not alone,
        )
    return [_row(one, fields, sign, exponent, 1 - settings.confidence) for one in found]


def _row(
    one: ExaminedSlice, fields: Sequence[Field], sign: int, exponent: int, risk: float
) -> FoundSlice:
    def shown(value: float) -> float:
        return unscaled(sign * value, exponent) + 0.0  # not -0.0

    low, high = sorted(map(shown, one.interval))
    return FoundSlice(
        tuple(it for field, value in one.clauses for it in fields[field].conditions[value]),
        one.size,
        shown(one.inside),
        shown(one.outside),
        shown(one.inside - one.outside),
        low,
        high,
        one.p_value,
        one.p_adjusted,
        WORSE if one.p_adjusted <= risk and one.inside < one.outside else NOT_DECIDED,
    )


def _left_out(pairs: Pairs) -> Iterator[str]:
    lacking = pairs.only_base + pairs.only_candidate + pairs.untested
    for count, what in (
        (lacking, "a result is missing"),
        (pairs.without_number, "a value is NaN, infinite or missing"),
    ):
        if count:
            yield f"{counted(count, 'sample')} {agreeing(count, 'is', 'are')} left out: {what}."


def _legend(
    rows: Sequence[FoundSlice], fields: int, n: int, settings: Settings, alone: bool
) -> Iterator[str]:
    halves = f"One random half of {counted(n, 'sample')} (seed {settings.seed}) suggested"
    of = f"of {counted(fields, 'field')}"
    if not rows:
        yield f"{halves} no slice {of}: none is noticeably worse there."
        return
    yield (
        f"{halves} {counted(len(rows), 'slice')} {of}; the other half tested"
        f" {agreeing(len(rows), 'it', 'them')}, and all columns but n are about that half only."
    )
    if not alone:
        yield "inside and elsewhere: the mean of candidate minus base."
    percent = f"{100 * settings.confidence:.12g} %"
    yield (
        "difference: inside minus elsewhere; low and high: its"
        f" {percent} confidence interval, not adjusted."
    )
    than = "elsewhere" if alone else "elsewhere and than the base"
    yield (
        f"p adjusted: of the one-sided test that the slice is not worse than {than}, adjusted for"
        f" {counted(len(rows), 'slice')} ({settings.correction.title()}). Verdicts are based on it."
    )
