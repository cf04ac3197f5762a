"""Remarks on differences that may be due to asking the models twice.

What is known of that are checks of determinism, which asked a model again for stored answers. If
the per-sample metrics of the checked samples changed by 0.05 on average, in either direction, then
their mean changed by at most 0.05: a difference that is not larger needs no better model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kolena_local.comparison.report import WHOLE_SUITE
from kolena_local.comparison.result import Comparison
from kolena_local.errors import IncorrectUsageError, InputValidationError
from kolena_local.plurals import enumerated, quoted
from kolena_local.real_numbers import as_float

if TYPE_CHECKING:
    from kolena_local.repository import Unit
    from kolena_local.repository.determinism_checks import DeterminismCheck
    from kolena_local.repository.records import ModelRecord, TestSuiteRecord

Noise = bool | float
_NAMED = 4


def check_noise(noise: Any) -> Noise:
    """Return the argument ``noise`` of a comparison.

    Raises:
        InputValidationError: it is neither a bool nor a number of at least 0.
    """
    if isinstance(noise, bool):
        return noise
    number = as_float(noise)
    if number is not None and number >= 0:
        return number
    raise InputValidationError(
        "noise must be True, for what check_determinism() has found, or a number of at least 0, not"
        f" {noise!r:.80}."
    )


def stored_checks(
    unit: Unit, models: Sequence[ModelRecord], suite: TestSuiteRecord
) -> list[DeterminismCheck]:
    """Return the latest check of each model on the test suite.

    Raises:
        IncorrectUsageError: there is none.
    """
    found = {model.id: unit.determinism_checks.latest(model.id, suite.id) for model in models}
    checks = [check for check in found.values() if check is not None]
    if not checks:
        names = enumerated(dict.fromkeys(f"'{model.name}'" for model in models))
        raise IncorrectUsageError(
            f"Whether {names} would answer the same again was never checked on the test suite"
            f" '{suite.name}'; run check_determinism() or `kolena-local runs verify` first."
        )
    return checks


def with_noise(found: Comparison, noise: Noise, checks: Sequence[DeterminismCheck]) -> Comparison:
    """Return a comparison with remarks on differences that are not larger than the noise.

    Args:
        found: the comparison.
        noise: the noise if it is a number; True if it is that of ``checks``.
        checks: the checks of the models.
    """
    return replace(found, caveats=(*found.caveats, *_remarks(found, noise, checks)))


def _remarks(found: Comparison, noise: Noise, checks: Sequence[DeterminismCheck]) -> Iterator[str]:
    unknown = []
    for metric in found.directions:
        boolean = found._suite[metric].boolean
        if noise is True:
            known = [
                one
                for check in checks
                if (one := _of_check(check, metric, boolean, found.evaluator)) is not None
            ]
            if not known:
                unknown.append(metric)
                continue
            floor, source = max(known)
        else:
            floor, source = float(noise), "as given"
        within = [
            WHOLE_SUITE if row.test_case is None else f"'{row.test_case}'"
            for row in found.rows
            if row.metric == metric and 0 < abs(row.difference) <= floor
        ]
        if within:
            yield (
                f"Differences of '{metric}' that are not larger than {floor:.3g} may be due to"
                f" asking a model again ({source}): {_listed(within)}."
            )
    if unknown:
        yield (
            f"How much asking a model again changes {enumerated(unknown)} is not known; pass the"
            " evaluator to check_determinism()."
        )
    outdated = dict.fromkeys(check.model for check in checks if check.is_outdated)
    if outdated:
        yield (
            f"The check of determinism of {quoted(outdated)} is outdated, because inferences have"
            " since been replaced or deleted; run check_determinism() again."
        )
    unchecked = {check.model for check in checks}
    if noise is True and len(unchecked) == 1:
        yield f"Only '{unchecked.pop()}' was checked for determinism on this test suite."


def _of_check(
    check: DeterminismCheck, metric: str, boolean: bool, evaluator: str | None
) -> tuple[float, str] | None:
    if check.settings.evaluator is not None and check.settings.evaluator == evaluator:
        for one in check.metrics:
            if one.metric == metric and one.mean_change is not None:
                what = f"the mean change of {one.n} values of '{check.model}'"
                return one.mean_change, what
    if not boolean:
        return None
    # A metric of an answer that is the same is the same.
    what = f"{check.different} of {check.n} answers of '{check.model}' changed"
    return check.share_different, what


def _listed(names: Iterable[str]) -> str:
    every = list(dict.fromkeys(names))
    more = len(every) - _NAMED
    return ", ".join(every[:_NAMED]) + (f" and {more} more" if more > 0 else "")
