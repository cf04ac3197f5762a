"""What a report shows, read from the store in one transaction.

Nothing of it depends on ids, times or the order in which things were stored, so that equal stores
have equal reports. Checks of determinism are not exported, so a report of an imported store lacks
them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from kolena_local.comparison.run_selection import ScoredRun
from kolena_local.payload import Json
from kolena_local.plurals import agreeing, counted, enumerated
from kolena_local.repository import Unit
from kolena_local.repository.dataset_records import EVALUATOR
from kolena_local.repository.determinism_checks import OUTDATED
from kolena_local.repository.records import TestRunRecord
from kolena_local.view.metrics_tables import MetricTable, metric_tables
from kolena_local.view.provenance_facts import of_inferences
from kolena_local.view.report.pictures import OverlaidPlot, overlaid
from kolena_local.view.report.subject import Method, Subject
from kolena_local.view.report.verdicts import Verdicts, all_verdicts
from kolena_local.view.shortened import label
from kolena_local.view.side_by_side import Fact, fact, side_by_side

_NAMED: Final = 10


class Results(NamedTuple):
    """The results by one evaluator under one configuration.

    Attributes:
        title: the names of the evaluator and the configuration.
        titles: the names of the models, with what has to be known of their results.
        tables: the metrics.
        verdicts: the comparisons with the base.
        plots: the plots of the models.
    """

    title: str
    titles: list[str]
    tables: list[MetricTable]
    verdicts: list[Verdicts]
    plots: list[OverlaidPlot]


class Contents(NamedTuple):
    """What a report shows.

    Attributes:
        subject: what it is about.
        samples: how many samples the suite has, each counted once.
        titles: the names of the models.
        facts: what is known of the models besides their metadata and provenance.
        metadata: their metadata.
        provenance: code and environment of their inferences, as far as it was captured.
        notices: what is stale, missing or left out.
        results: the results, by evaluator and configuration.
    """

    subject: Subject
    samples: int
    titles: list[str]
    facts: list[Fact]
    metadata: list[Fact]
    provenance: list[Fact]
    notices: list[str]
    results: list[Results]


def read(
    unit: Unit, subject: Subject, worst: int, dated: bool, advance: Callable[[int], object]
) -> Contents:
    """Read what a report shows.

    Args:
        unit: a read in progress.
        subject: what the report is about.
        worst: the greatest number of samples that got worse, for each metric and comparison.
        dated: whether it says when results were computed.
        advance: called after each comparison.
    """
    suite = subject.suite
    samples = unit.suite_samples.count(suite.id, suite.version)
    missing = {
        model.name: len(unit.inferences.pending(model.id, suite.id, suite.version))
        for model in subject.models
    }
    facts: list[tuple[str, list[Json]]] = [
        ("tags", [", ".join(sorted(model.tags)) or None for model in subject.models])
    ]
    if not _are_uploaded([run for runs in subject.runs.values() for run in runs]):
        inferred = [f"{samples - left:,} of {samples:,}" for left in missing.values()]
        facts.append(("samples with an inference", [*inferred]))
    names = [model.name for model in subject.models]
    if names != [*map(label, names)]:
        facts.insert(0, ("name", [*names]))
    facts.append(
        ("inferred again", [_checked(unit, subject, model.id, dated) for model in subject.models])
    )
    if dated:
        facts.append(("evaluated", [_evaluated(subject, name) for name in missing]))
    return Contents(
        subject,
        samples,
        [*map(label, names)],
        [fact(name, values) for name, values in facts],
        side_by_side(model.metadata for model in subject.models),
        _provenance(unit, subject),
        list(_notices(subject, missing)),
        [_results(unit, subject, method, worst, advance) for method in subject.results],
    )


def _checked(unit: Unit, subject: Subject, model_id: int, dated: bool) -> str:
    """Return the result of the latest check of determinism on any version of the suite."""
    suite = subject.suite
    check = unit.determinism_checks.latest(model_id, suite.id)
    if check is None:
        return "not checked"
    text = (
        f"{check.n:,}: {check.identical:,} identical, {check.within_tolerance:,} within tolerance,"
        f" {check.different:,} different; of all inferences, {check.likely_share}"
    )
    if check.test_suite_version != suite.version:
        text += f"; on version {check.test_suite_version}"
    if check.is_outdated:
        text += f"; outdated: {OUTDATED}"
    return f"{text}; {_minute(check.checked_at)}" if dated else text


def _minute(moment: str) -> str:
    return f"{moment[:10]} {moment[11:16]} UTC"


def _provenance(unit: Unit, subject: Subject) -> list[Fact]:
    models = subject.models if unit.provenances.are_known() else []
    return side_by_side([of_inferences(unit, model, subject.suite) for model in models])


def _results(
    unit: Unit,
    subject: Subject,
    method: Method,
    worst: int,
    advance: Callable[[int], object],
) -> Results:
    scored, name = subject.results[method], method[1]
    metrics: dict[tuple[str, str | None], dict[str, Json]] = {}
    for model, one in scored.items():
        for case in unit.test_runs.case_metrics(one.run.id):
            if case.configuration == name:
                metrics[model, case.test_case] = case.metrics
        for whole in unit.test_runs.suite_metrics(one.run.id):
            if whole.configuration == name:
                metrics[model, None] = whole.metrics
    cases = [case.name for case in subject.suite.test_cases]
    plots = {
        model.name: [
            plot
            for plot in unit.test_runs.plots(scored[model.name].run.id)
            if plot.configuration == name
        ]
        for model in subject.models
        if model.name in scored
    }
    return Results(
        ", ".join(label(part) for part in method if part) or "an evaluator without a name",
        _titles(subject, scored),
        metric_tables([None, *cases], [one.name for one in subject.models], metrics),
        all_verdicts(unit, subject, method, worst, advance),
        overlaid(plots),
    )


def _titles(subject: Subject, scored: Mapping[str, ScoredRun]) -> list[str]:
    """Return the names of the models, with what has to be known of their results."""
    titles = []
    for model in subject.models:
        one, marks = scored.get(model.name), []
        if model is subject.models[0] and len(subject.models) > 1:
            marks.append("base")
        if one is None:
            marks.append("no results")
        elif one.configuration.is_stale is not False:
            marks.append("stale" if one.configuration.is_stale else "of unknown age")
        titles.append(label(model.name) + (f" ({', '.join(marks)})" if marks else ""))
    return titles


def _evaluated(subject: Subject, model: str) -> str | None:
    times = (
        found[model].configuration.evaluated_at
        for found in subject.results.values()
        if model in found
    )
    newest = max(filter(None, times), default=None)
    return newest and _minute(newest)


def _notices(subject: Subject, missing: dict[str, int]) -> Iterator[str]:
    suite = subject.suite
    if suite.version < subject.latest:
        yield (
            f"These are results on version {suite.version} of the test suite; its latest version is"
            f" {subject.latest}."
        )
    if subject.left_out:
        names = enumerated(_some([f"'{label(name)}'" for name in subject.left_out]))
        yield f"Models that have results and are not shown: {names}. Name the models to show."
    empty = [f"'{label(case.name)}'" for case in suite.test_cases if not case.sample_count]
    if empty:
        yield f"Test cases without samples: {enumerated(_some(empty))}."
    for model, runs in subject.runs.items():
        name = label(model)
        if not runs:
            yield f"'{name}' has no results on this version; run test() with an evaluator."
        left = missing[model]
        if left and not _are_uploaded(runs):
            yield (
                f"'{name}' has no current inference for {counted(left, 'sample')}; run test() to"
                f" infer {agreeing(left, 'it', 'them')}."
            )
        for run in runs:
            if run.status != "completed":
                yield (
                    f"The last run of '{name}' has not completed ({run.status}): its results are"
                    " from an earlier run, or incomplete."
                )
        reasons = dict.fromkeys(
            f"{'stale' if one.is_stale else 'of unknown age'}: {one.stale_reason}"
            for found in subject.results.values()
            if model in found and (one := found[model].configuration).stale_reason
        )
        for reason in reasons:
            yield f"The results of '{name}' are {reason}. Run test() to compute them again."


def _are_uploaded(runs: Sequence[TestRunRecord]) -> bool:
    """Return whether there are results, and all were computed elsewhere, so nothing is inferred."""
    return bool(runs) and all(run.evaluator == EVALUATOR for run in runs)


def _some(names: Sequence[str]) -> list[str]:
    more = len(names) - _NAMED
    return [*names[:_NAMED], *([f"{more:,} more"] if more > 0 else [])]
