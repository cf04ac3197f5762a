"""Which results of two models may be compared: same suite version, evaluator, configuration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from kolena_local.errors import IncorrectUsageError, InputValidationError, NotFoundError
from kolena_local.payload import canonical, loads

if TYPE_CHECKING:
    from kolena_local.repository import Unit
    from kolena_local.repository.records import (
        ConfigurationRecord,
        TestRunRecord,
        TestSuiteRecord,
    )


class Offer(NamedTuple):
    """Sample metrics that a model has: those of one run under one configuration."""

    run: TestRunRecord
    configuration: ConfigurationRecord

    @property
    def version(self) -> str:
        """The version of the test suite, as a name."""
        return str(self.run.test_suite_version)


class Wanted(NamedTuple):
    """What somebody asked for; None leaves it to what both models have."""

    test_suite: str
    version: int | None
    evaluator: str | None
    configuration: str | None


class Chosen(NamedTuple):
    """What is compared."""

    test_suite: TestSuiteRecord
    base: Offer
    candidate: Offer

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


def choose(unit: Unit, base: str, candidate: str, wanted: Wanted) -> Chosen:
    """Choose the results of two models that are compared.

    Raises:
        NotFoundError: there is no such test suite or model, or a model was never tested on the
            suite, or has no results of what is wanted.
        IncorrectUsageError: the models have results, but not of the same suite version, evaluator
            and configuration.
        InputValidationError: both have results of several evaluators or configurations, and none is
            wanted.
    """
    unit.test_suites.get(wanted.test_suite)
    models = (base, candidate)
    offers = (
        _offers(unit, base, wanted.test_suite),
        _offers(unit, candidate, wanted.test_suite),
    )
    version = None if wanted.version is None else str(wanted.version)
    offers = _agreeing(models, offers, _VERSION, version)
    offers = _agreeing(models, offers, _EVALUATOR, wanted.evaluator)
    offers = _agreeing(models, offers, _CONFIGURATION, wanted.configuration)
    (left, *_), (right, *_) = offers
    _check_configurations(left, right)
    record = unit.test_suites.get(wanted.test_suite, left.run.test_suite_version)
    return Chosen(record, left, right)


def _offers(unit: Unit, model: str, test_suite: str) -> list[Offer]:
    unit.models.get(model)
    runs = unit.test_runs.list(model=model, test_suite=test_suite)
    if not runs:
        raise NotFoundError(
            f"The model '{model}' was never tested on the test suite '{test_suite}'; run test()"
            " with both and an evaluator first."
        )
    offers = [
        Offer(run, configuration)
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


class _Aspect(NamedTuple):
    """In what two results must agree.

    Attributes:
        name: what it is called.
        of: reads it from an offer.
        argument: how to choose one of several; None takes the newest.
    """

    name: str
    of: Callable[[Offer], str | None]
    argument: str | None


_VERSION = _Aspect("test suite version", lambda offer: offer.version, None)
_EVALUATOR = _Aspect("evaluator", lambda offer: offer.run.evaluator, "evaluator")
_CONFIGURATION = _Aspect(
    "configuration", lambda offer: offer.configuration.display_name, "configuration"
)


def _agreeing(
    models: tuple[str, str],
    offers: tuple[list[Offer], list[Offer]],
    aspect: _Aspect,
    wanted: str | None,
) -> tuple[list[Offer], list[Offer]]:
    """Keep the offers that agree in one aspect."""
    left, right = (list(dict.fromkeys(map(aspect.of, some))) for some in offers)
    common = [one for one in left if one in right]
    if wanted is not None:
        value: str | None = wanted
        for model, there in zip(models, (left, right), strict=True):
            if wanted not in there:
                raise NotFoundError(
                    f"The model '{model}' has no results of the {aspect.name} '{wanted}'; it has"
                    f" those of {_names(there)}."
                )
    elif not common:
        raise IncorrectUsageError(
            f"'{models[0]}' has results of the {aspect.name} {_names(left)}, '{models[1]}' of"
            f" {_names(right)}: only results of the same {aspect.name} are compared; run test()"
            " with both models alike."
        )
    elif aspect.argument is None:
        value = max(common, key=lambda one: int(one or 0))
    elif len(common) > 1:
        raise InputValidationError(
            f"Both models have results of several {aspect.name}s: {_names(common)}; choose one with"
            f" {aspect.argument}= (--{aspect.argument})."
        )
    else:
        (value,) = common
    left_offers, right_offers = offers
    return (
        [offer for offer in left_offers if aspect.of(offer) == value],
        [offer for offer in right_offers if aspect.of(offer) == value],
    )


def _check_configurations(base: Offer, candidate: Offer) -> None:
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


def _names(values: Sequence[str | None]) -> str:
    return ", ".join("(without a name)" if value is None else f"'{value}'" for value in values)
