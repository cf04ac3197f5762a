"""Choose comparable results of two models: of one suite version, evaluator and configuration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kolena_local.comparison.missing_results import how_to_test, results_command
from kolena_local.errors import IncorrectUsageError, InputValidationError, NotFoundError
from kolena_local.flags import check_bool
from kolena_local.payload import canonical, loads
from kolena_local.repository.dataset_records import EVALUATOR
from kolena_local.repository.headlines import Source
from kolena_local.repository.names import local_minute

if TYPE_CHECKING:
    from kolena_local.repository import Unit
    from kolena_local.repository.records import ConfigurationRecord, TestRunRecord, TestSuiteRecord

_RUN_TEST: Final = "run test() with an evaluator that computes them first."


class ScoredRun(NamedTuple):
    """The per-sample metrics of a model from one run under one configuration."""

    run: TestRunRecord
    configuration: ConfigurationRecord


class Selection(NamedTuple):
    """What the caller asked for; None means what both models have, '' what has no name."""

    test_suite: str
    version: int | None
    evaluator: str | None
    configuration: str | None


class SelectedRuns(NamedTuple):
    """The results to compare."""

    test_suite: TestSuiteRecord
    base: ScoredRun
    candidate: ScoredRun

    def declared(self) -> list[dict[str, str]]:
        """Return ``higher`` or ``lower`` for the metrics that base and candidate declare so."""
        return [
            declared_of_samples(one.configuration.directions) for one in (self.base, self.candidate)
        ]

    def _how_to_follow(self) -> str:
        """Return how uploaded results get to the latest version, which other results do not."""
        if self.base.run.evaluator != EVALUATOR:
            return ""
        return f" Store the results again: {results_command(self.test_suite.name)}"

    def stale(self) -> str:
        """Return which results are stale or of unknown age, in a few words; '' if none are."""
        found = []
        for one in (self.base, self.candidate):
            if one.configuration.is_stale is not False:
                word = "stale results" if one.configuration.is_stale else "results of unknown age"
                found.append(f"{word} of {one.run.model}")
        return ", ".join(dict.fromkeys(found))

    def remarks(self, latest: int) -> list[str]:
        """Return sentences about which results these are, and whether they are current."""
        remarks = []
        if self.base.configuration.id == self.candidate.configuration.id:
            remarks.append(
                f"Base and candidate are the same results, of run {self.base.run.id}; earlier ones"
                " are compared by runs= (--runs)."
            )
        elif self.base.configuration.fingerprint != self.candidate.configuration.fingerprint:
            remarks.append("The evaluators of base and candidate differ in their code or settings.")
        return remarks + self.currency(latest)

    def currency(self, latest: int) -> list[str]:
        """Return sentences about whether the results are current."""
        remarks = []
        for run, configuration in dict.fromkeys((self.base, self.candidate)):
            if configuration.is_stale is not False:
                remarks.append(
                    f"The results of '{run.model}' (run {run.id}) are {configuration.staleness}."
                )
            if run.superseded_at is not None:
                remarks.append(
                    f"The results of '{run.model}' in run {run.id} are earlier ones, which others"
                    f" replaced on {local_minute(run.superseded_at)}."
                )
        if self.test_suite.version < latest:
            remarks.append(
                f"These are results on version {self.test_suite.version} of the test suite; its"
                f" latest version is {latest}.{self._how_to_follow()}"
            )
        for run in dict.fromkeys((self.base.run, self.candidate.run)):
            if run.status != "completed":
                remarks.append(
                    f"The last run of '{run.model}' has not completed ({run.status}): these results"
                    " are from an earlier run, or incomplete."
                )
        return remarks


def select_runs(
    unit: Unit, base: str, candidate: str, wanted: Selection, run_ids: tuple[int, int] | None = None
) -> SelectedRuns:
    """Choose the results of two models to compare.

    Args:
        unit: a read in progress.
        base: the name of one model.
        candidate: the name of the other.
        wanted: what the caller asked for.
        run_ids: the runs to choose from; None means all that are current.

    Raises:
        NotFoundError: there is no such test suite, model or run, or a model was never tested on
            the suite, or has no results of what was asked for.
        IncorrectUsageError: the models have no results of the same suite version, evaluator and
            configuration.
        InputValidationError: both have results of several evaluators or configurations, and none
            was asked for.
    """
    record, (left, right) = agreeing_runs(unit, [base, candidate], wanted, run_ids)
    return SelectedRuns(record, left, right)


def agreeing_runs(
    unit: Unit, models: Sequence[str], wanted: Selection, run_ids: Sequence[int] | None = None
) -> tuple[TestSuiteRecord, list[ScoredRun]]:
    """Choose the results of several models that can be compared with each other.

    The arguments and errors are those of :func:`select_runs`.

    Returns:
        The version of the test suite, and the results of each model.
    """
    suite = wanted.test_suite
    unit.test_suites.get(suite)
    ids: Sequence[int | None] = run_ids or [None] * len(models)
    scored = [
        _scored_runs(unit, model, suite, run_id) for model, run_id in zip(models, ids, strict=True)
    ]
    for aspect in _aspects(wanted):
        scored = _agreeing(scored, aspect)
    first, *others = [runs[0] for runs in scored]
    for other in others:
        check_configurations(first, other)
    return unit.test_suites.get(suite, first.run.test_suite_version), [first, *others]


def tested_models(unit: Unit, wanted: Selection) -> tuple[list[str], list[str]]:
    """Return the models that have results of what the caller asked for, and those without, by name.

    If no version of the test suite was asked for, it is the latest one that has results.

    Args:
        unit: a read in progress.
        wanted: what the caller asked for.

    Raises:
        NotFoundError: there is no such test suite, or it has no results of what was asked for.
        InputValidationError: it has results of several evaluators or configurations, and none was
            asked for.
    """
    suite = wanted.test_suite
    unit.test_suites.get(suite)
    scored = _with_scores(unit, unit.test_runs.list(test_suite=suite))
    if not scored:
        raise NotFoundError(
            f"No model has per-sample metrics on the test suite '{suite}' yet;"
            f" {how_to_test(unit, suite, _RUN_TEST)}"
        )
    source = choose_source(list(dict.fromkeys(map(_source, scored))), wanted)
    names = {one.run.model for one in scored if _source(one) == source}
    return sorted(names), sorted({one.run.model for one in scored} - names)


def choose_source(sources: Sequence[Source], wanted: Selection) -> Source:
    """Choose results that can be compared with each other.

    Args:
        sources: what computed results on the test suite, at least one.
        wanted: what the caller asked for; without a version, it is the latest one that has results.

    Raises:
        NotFoundError: there are no results of what was asked for.
        InputValidationError: there are results of several evaluators or configurations, and none
            was asked for.
    """
    suite, found = wanted.test_suite, sources
    for aspect in _aspects(wanted):
        values = list(dict.fromkeys(map(aspect.of, found)))
        if aspect.wanted is not None and aspect.wanted not in values:
            raise NotFoundError(
                f"No model has results of the {aspect.name} {_names([aspect.wanted])} on the test"
                f" suite '{suite}'; there are results of {_names(values)}."
            )
        if aspect.wanted is None and len(values) > 1 and not aspect.newest:
            raise InputValidationError(
                f"The test suite '{suite}' has results of several {aspect.name}s: {_names(values)};"
                f" {_how_to_choose(aspect, values)}"
            )
        if aspect.wanted is None:
            chosen = max(values) if aspect.newest else values[0]
        else:
            chosen = aspect.wanted
        found = [one for one in found if aspect.of(one) == chosen]
    return found[0]


def check_comparable(
    base: ScoredRun, candidate: ScoredRun, *, stale_ok: bool, different_evaluators_ok: bool
) -> None:
    """Refuse results that say nothing about the models as they are now, or about one evaluator.

    Raises:
        IncorrectUsageError: they are stale or of unknown age, or of different evaluators.
        InputValidationError: a flag is not a bool.
    """
    for run, found in (base, candidate):
        if not check_bool(stale_ok, "stale_ok") and found.is_stale is not False:
            raise IncorrectUsageError(
                f"The results of '{run.model}' on '{run.test_suite}@{run.test_suite_version}' (run"
                f" {run.id}) are {found.staleness}. Compute them again by test() with this model,"
                " test suite and evaluator, which infers only what is missing; or pass"
                " stale_ok=True (--stale-ok) to use them as they are."
            )
    fingerprints = {one.configuration.fingerprint for one in (base, candidate)}
    if not check_bool(different_evaluators_ok, "different_evaluators_ok") and len(fingerprints) > 1:
        left, right = (f"'{one.run.model}' (run {one.run.id})" for one in (base, candidate))
        raise IncorrectUsageError(
            f"The results of {left} and {right} were computed by two evaluators named"
            f" {_names([base.run.evaluator])}: their code or settings differ. Run test() with one"
            " evaluator for both models. To see the results as they are, compare them"
            " with different_evaluators_ok=True (--different-evaluators-ok)."
        )


def _scored_runs(
    unit: Unit, model: str, test_suite: str, run_id: int | None = None
) -> list[ScoredRun]:
    unit.models.get(model)
    runs = unit.test_runs.list(model=model, test_suite=test_suite, superseded=run_id is not None)
    if run_id is not None:
        unit.test_runs.get(run_id)
        runs = [run for run in runs if run.id == run_id]
        if not runs:
            raise NotFoundError(
                f"The run {run_id} is not one of '{model}' on the test suite '{test_suite}'; list"
                " its runs with: kolena-local runs list --all"
            )
    if not runs:
        raise NotFoundError(
            f"The model '{model}' was never tested on the test suite '{test_suite}';"
            f" {how_to_test(unit, test_suite, 'run test() with both and an evaluator first.')}"
        )
    scored = _with_scores(unit, runs)
    if not scored:
        raise NotFoundError(
            f"The model '{model}' has no per-sample metrics on the test suite"
            f" '{test_suite}' yet (the status of its last run: {runs[0].status});"
            f" {how_to_test(unit, test_suite, _RUN_TEST)}"
        )
    return scored


def _with_scores(unit: Unit, runs: Sequence[TestRunRecord]) -> list[ScoredRun]:
    return [
        ScoredRun(run, configuration)
        for run in runs
        for configuration in unit.test_runs.configurations(run.id)
        if unit.test_runs.has_sample_scores(configuration.id)
    ]


class _Aspect(NamedTuple):
    """What results must have in common to be compared.

    Attributes:
        name: its name, for messages.
        wanted: the value that was asked for; None means a value that all models have.
        of: returns the value of results.
        newest: whether the largest of several common values is chosen; otherwise they are an error.
    """

    name: str
    wanted: Any
    of: Callable[[Source], Any]
    newest: bool = False


def _aspects(wanted: Selection) -> list[_Aspect]:
    return [
        _Aspect("test suite version", wanted.version, lambda one: one.version, newest=True),
        _Aspect("evaluator", wanted.evaluator, lambda one: one.evaluator or ""),
        _Aspect("configuration", wanted.configuration, lambda one: one.configuration or ""),
    ]


def _source(one: ScoredRun) -> Source:
    run = one.run
    return Source(
        run.test_suite, run.test_suite_version, run.evaluator, one.configuration.display_name
    )


def _agreeing(scored: Sequence[list[ScoredRun]], aspect: _Aspect) -> list[list[ScoredRun]]:
    """Return the runs of all models that have the same value of one aspect.

    Args:
        scored: the scored runs of each model.
        aspect: the aspect.

    Raises:
        NotFoundError: a model has no results with the value that was asked for.
        IncorrectUsageError: the models have no value in common.
        InputValidationError: they have several, and none was asked for or is the newest.
    """
    models = [runs[0].run.model for runs in scored]
    values = [list(dict.fromkeys(aspect.of(_source(one)) for one in runs)) for runs in scored]
    common = [value for value in values[0] if all(value in others for others in values)]
    if aspect.wanted is not None:
        for runs, found in zip(scored, values, strict=True):
            if aspect.wanted not in found:
                run = runs[0].run
                advice = (
                    " Uploaded results follow the newest commit of the dataset: write"
                    f" '{run.test_suite}' without a version."
                    if aspect.newest and run.evaluator == EVALUATOR
                    else ""
                )
                raise NotFoundError(
                    f"The model '{run.model}' has no results of the {aspect.name}"
                    f" {_names([aspect.wanted])}; it has results of {_names(found)}.{advice}"
                )
        common = [aspect.wanted]
    elif not common:
        having = [
            f"'{model}' of {_names(found)}" for model, found in zip(models, values, strict=True)
        ]
        having[0] = f"'{models[0]}' has results of the {aspect.name} {_names(values[0])}"
        both = "both" if len(models) == 2 else "all"
        run = scored[0][0].run
        again = f"run test() with the same arguments for {both} models."
        if run.evaluator == EVALUATOR:
            again = f"store them: {results_command(run.test_suite)} --config JSON"
        raise IncorrectUsageError(
            f"{', '.join(having)}: only results of the same {aspect.name} can be compared; {again}"
        )
    elif len(common) > 1 and not aspect.newest:
        subjects = {1: f"'{models[0]}' has", 2: "Both models have"}
        who = subjects.get(len(set(models)), "All models have")
        raise InputValidationError(
            f"{who} results of several {aspect.name}s: {_names(common)};"
            f" {_how_to_choose(aspect, common)}"
        )
    chosen = max(common) if aspect.newest else common[0]
    return [[run for run in runs if aspect.of(_source(run)) == chosen] for runs in scored]


def check_configurations(base: ScoredRun, candidate: ScoredRun) -> None:
    """Refuse results of two configurations that have the same name only.

    Raises:
        IncorrectUsageError: their settings differ.
    """
    texts = [
        None if one.configuration.payload is None else canonical(loads(one.configuration.payload))
        for one in (base, candidate)
    ]
    if texts[0] != texts[1]:
        raise IncorrectUsageError(
            f"The configuration '{base.configuration.display_name}' had other settings for"
            f" '{base.run.model}' than for '{candidate.run.model}': results of different"
            " configurations cannot be compared; run test() with the same one for both models."
        )


def declared_of_samples(text: str | None) -> dict[str, str]:
    """Return which metrics of samples a stored configuration declares ``higher`` or ``lower``."""
    found: Any = loads(text or "{}")
    # A file that something else has changed may say anything here; `db check` says so.
    of_samples = found.get("sample") if isinstance(found, dict) else None
    if not isinstance(of_samples, dict):
        return {}
    return {name: better for name, better in of_samples.items() if better in ("higher", "lower")}


def _names(values: Sequence[str | int | None]) -> str:
    return ", ".join(
        "(without a name)" if value in ("", None) else f"'{value}'" for value in values
    )


def _how_to_choose(aspect: _Aspect, values: Sequence[str]) -> str:
    unnamed = "; '' is the one without a name" if "" in values else ""
    return f"choose one with {aspect.name}= (--{aspect.name}){unnamed}."
