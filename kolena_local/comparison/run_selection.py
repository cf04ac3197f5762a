"""Which results of two models may be compared: same suite version, evaluator, configuration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from kolena_local.errors import IncorrectUsageError, InputValidationError, NotFoundError
from kolena_local.payload import canonical, loads

if TYPE_CHECKING:
    from kolena_local.repository import Unit
    from kolena_local.repository.records import (
        ConfigurationRecord,
        TestRunRecord,
        TestSuiteRecord,
    )


class ScoredRun(NamedTuple):
    """Sample metrics that a model has: those of one run under one configuration."""

    run: TestRunRecord
    configuration: ConfigurationRecord


class Selection(NamedTuple):
    """What somebody asked for; None leaves it to what both models have."""

    test_suite: str
    version: int | None
    evaluator: str | None
    configuration: str | None


class SelectedRuns(NamedTuple):
    """What is compared."""

    test_suite: TestSuiteRecord
    base: ScoredRun
    candidate: ScoredRun

    def remarks(self, latest: int) -> list[str]:
        """Say what a reader should know about how current these results are."""
        found = []
        if self.test_suite.version < latest:
            found.append(
                f"These are results on version {self.test_suite.version} of the test suite; it has"
                f" a version {latest} by now."
            )
        for run in (self.base.run, self.candidate.run):
            if run.status != "completed":
                found.append(
                    f"The last run of '{run.model}' is {run.status}: these are results of before,"
                    " or not all of them."
                )
        return found


def select_runs(unit: Unit, base: str, candidate: str, wanted: Selection) -> SelectedRuns:
    """Choose the results of two models that are compared.

    Raises:
        NotFoundError: there is no such test suite or model, or a model was never tested on the
            suite, or has no results of what is wanted.
        IncorrectUsageError: the models have results, but not of the same suite version, evaluator
            and configuration.
        InputValidationError: both have results of several evaluators or configurations, and none is
            wanted.
    """
    suite = wanted.test_suite
    unit.test_suites.get(suite)
    offers = [_scored_runs(unit, model, suite) for model in (base, candidate)]
    offers = _agreeing(
        offers,
        "test suite version",
        wanted.version,
        lambda offer: offer.run.test_suite_version,
        newest=True,
    )
    offers = _agreeing(offers, "evaluator", wanted.evaluator, lambda offer: offer.run.evaluator)
    offers = _agreeing(
        offers,
        "configuration",
        wanted.configuration,
        lambda offer: offer.configuration.display_name,
    )
    (left, *_), (right, *_) = offers
    _check_configurations(left, right)
    record = unit.test_suites.get(suite, left.run.test_suite_version)
    return SelectedRuns(record, left, right)


def _scored_runs(unit: Unit, model: str, test_suite: str) -> list[ScoredRun]:
    unit.models.get(model)
    runs = unit.test_runs.list(model=model, test_suite=test_suite)
    if not runs:
        raise NotFoundError(
            f"The model '{model}' was never tested on the test suite '{test_suite}'; run test()"
            " with both and an evaluator first."
        )
    offers = [
        ScoredRun(run, configuration)
        for run in runs
        for configuration in unit.test_runs.configurations(run.id)
        if unit.test_runs.has_sample_scores(configuration.id)
    ]
    if not offers:
        raise NotFoundError(
            f"The model '{model}' has no metrics of single samples on the test suite"
            f" '{test_suite}' yet (its last run is {runs[0].status}); run test() with an evaluator"
            " that computes them first."
        )
    return offers


def _agreeing(
    offers: Sequence[list[ScoredRun]],
    aspect: str,
    wanted: Any,
    of: Callable[[ScoredRun], Any],
    *,
    newest: bool = False,
) -> list[list[ScoredRun]]:
    """Return the offers of both models that agree in one aspect.

    Args:
        offers: the offers of each model.
        aspect: its name, for messages.
        wanted: the value that was asked for; None means a value that both models have.
        of: returns the value of an offer.
        newest: whether to choose the greatest of several common values, else they are an error.

    Raises:
        NotFoundError: a model has no results with the value that was asked for.
        IncorrectUsageError: the models have no value in common.
        InputValidationError: they have several, and neither ``wanted`` nor ``newest`` is given.
    """
    base, candidate = (it[0].run.model for it in offers)
    of_base, of_candidate = (list(dict.fromkeys(map(of, it))) for it in offers)
    common = [value for value in of_base if value in of_candidate]
    if wanted is not None:
        for model, values in ((base, of_base), (candidate, of_candidate)):
            if wanted not in values:
                raise NotFoundError(
                    f"The model '{model}' has no results of the {aspect} '{wanted}'; it has"
                    f" those of {_names(values)}."
                )
        common = [wanted]
    elif not common:
        raise IncorrectUsageError(
            f"'{base}' has results of the {aspect} {_names(of_base)}, '{candidate}' of"
            f" {_names(of_candidate)}: only results of the same {aspect} are compared; run test()"
            " with both models alike."
        )
    elif len(common) > 1 and not newest:
        raise InputValidationError(
            f"Both models have results of several {aspect}s: {_names(common)}; choose one with"
            f" {aspect}= (--{aspect})."
        )
    chosen = max(common) if newest else common[0]
    return [[offer for offer in it if of(offer) == chosen] for it in offers]


def _check_configurations(base: ScoredRun, candidate: ScoredRun) -> None:
    texts = [
        None if one.configuration.payload is None else canonical(loads(one.configuration.payload))
        for one in (base, candidate)
    ]
    if texts[0] != texts[1]:
        raise IncorrectUsageError(
            f"The configuration '{base.configuration.display_name}' had other settings for"
            f" '{base.run.model}' than for '{candidate.run.model}': results of different"
            " configurations are not compared; run test() with both models alike."
        )


def _names(values: Sequence[str | int | None]) -> str:
    return ", ".join("(without a name)" if value is None else f"'{value}'" for value in values)
