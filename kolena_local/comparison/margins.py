"""Whether a candidate is no worse than its base by more than a margin. Pure functions.

A difference that is not significant is not evidence that nothing changed: a few samples may hide a
large loss. The confidence interval says what loss the samples rule out.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Context
from typing import Any

from kolena_local.comparison.verdicts import NOT_DECIDED, WORSE, Row
from kolena_local.directions import Direction
from kolena_local.errors import IncorrectUsageError, InputValidationError
from kolena_local.plurals import counted
from kolena_local.real_numbers import as_float

EQUIVALENT, NO_WORSE = "equivalent", "no worse"
_FEWEST_ALIKE = 29
_ROUNDING = 1e-6
WITHIN = (EQUIVALENT, NO_WORSE)
"""The values of ``within_margin`` by which a candidate may replace its base."""


def check_margins(
    margin: Any, directions: Mapping[str, Direction], uploaded: bool = False
) -> dict[str, float]:
    """Return the margin of each metric that has one.

    Args:
        margin: one margin for all metrics, or a mapping from metrics to margins; None for none.
        directions: whether higher or lower is better, for each metric compared.
        uploaded: whether the results were uploaded, so that no class declares their metrics.

    Raises:
        InputValidationError: a margin is not a finite number of at least 0, or that of a metric
            that is not compared.
        IncorrectUsageError: a metric with a margin has no direction.
    """
    if margin is None:
        return {}
    if isinstance(margin, Mapping) and not margin:
        raise InputValidationError("margin names no metric; give a number, or leave it out.")
    given = margin if isinstance(margin, Mapping) else dict.fromkeys(directions, margin)
    found = {}
    for name, value in given.items():
        of = f" of the metric {name!r}" if isinstance(margin, Mapping) else ""
        number = as_float(value)
        if number is None or not 0 <= number < math.inf:
            raise InputValidationError(
                f"The margin{of} must be a number of at least 0, such as 0.01, not {value!r:.80}."
            )
        if name not in directions:
            near = difflib.get_close_matches(str(name), directions, 1)
            raise InputValidationError(
                f"A margin was given for the metric {name!r}, which is not compared; "
                + (f"did you mean {near[0]!r}?" if near else f"compared: {', '.join(directions)}.")
            )
        if directions[name].higher_is_better is None:
            declare = (
                f"store the results again with `datasets results --higher-is-better {name}`"
                if uploaded
                else f"write '{name}: HigherIsBetter[...]' or LowerIsBetter (both from"
                " kolena_local.workflow) in the class of the metrics and evaluate again"
            )
            raise IncorrectUsageError(
                f"The metric {name!r} has a margin, but whether higher or lower is better is not"
                f" declared: {declare}, or pass"
                f" higher_is_better={{{name!r}: True}} (--higher-is-better {name})."
            )
        found[name] = number
    return found


def with_margins(
    rows: Sequence[Row], margins: Mapping[str, float], directions: Mapping[str, Direction]
) -> list[Row]:
    """Return rows with their margins and what their confidence intervals say of them."""
    return [
        replace(
            row,
            margin=margins[row.metric],
            within_margin=_within(row, *_in_good_direction(row, directions), margins[row.metric]),
        )
        if row.metric in margins
        else row
        for row in rows
    ]


def loss_ruled_out(row: Row, directions: Mapping[str, Direction]) -> float:
    """Return the largest loss that the confidence interval of a row allows, at least 0.

    It is NaN if there is no interval, and infinite if the interval has no end there.
    """
    low, _ = _in_good_direction(row, directions)
    return low if math.isnan(low) else max(0.0, -low)


def sentences(rows: Sequence[Row], directions: Mapping[str, Direction]) -> Iterator[str]:
    """Yield which loss over the whole suite is ruled out or not, for each metric with a margin."""
    for row in rows:
        if row.test_case is None and row.margin is not None:
            loss = loss_ruled_out(row, directions)
            samples = f"{row.n} samples of the whole suite"
            if not math.isfinite(loss) or is_alike_by_chance(row):
                yield f"The {samples} rule out no loss of '{row.metric}'; they are too few."
            else:
                verb, bound = "rule out", "more than"
                if loss > row.margin:
                    verb, bound = "do not rule out", "up to"
                yield (
                    f"The {samples} {verb} a loss of '{row.metric}' of {bound}"
                    f" {shown_loss(loss, row.margin)}; the margin is {row.margin:.12g}."
                )


def regressions(rows: Sequence[Row], directions: Mapping[str, Direction]) -> Iterator[str]:
    """Yield a sentence for each row that is worse, or with a margin not shown to be within it."""
    for row in rows:
        place = "the whole suite" if row.test_case is None else f"'{row.test_case}'"
        missing = row.only_base + row.only_candidate + row.untested
        loss = loss_ruled_out(row, directions)
        what = f"'{row.metric}' in {place}"
        if row.margin is None:
            if row.verdict == WORSE:
                yield f"{what} is worse."
        elif not (row.n or missing or row.without_number) and row.test_case is not None:
            continue  # an empty test case
        elif row.within_margin == WORSE:
            yield f"{what} is worse by more than the margin of {row.margin:.12g}."
        elif not math.isfinite(loss) or is_alike_by_chance(row):
            units = counted(row.units, "cluster" if row.units < row.n else "sample")
            yield f"{what} has {units} to compare, too few to decide."
        elif row.within_margin not in WITHIN:
            yield (
                f"{what} is not decided: {counted(row.n, 'sample')} rule out no loss of more than"
                f" the margin of {row.margin:.12g}, only of more than"
                f" {shown_loss(loss, row.margin)}."
            )
        elif missing:
            samples = counted(missing, "sample")
            yield f"{what} leaves out {samples} without a result of both models."
        elif row.without_number:
            samples = counted(row.without_number, "sample")
            yield f"{what} leaves out {samples} for which a model has no finite number."


def shown_loss(loss: float, margin: float, at_least: bool = False) -> str:
    """Return a loss as a short text that is on the same side of the margin as the loss itself.

    It is rounded up, because smaller losses are not ruled out.

    Args:
        loss: the loss, finite.
        margin: the margin that is shown beside it.
        at_least: whether the loss is known to be that large, so that it is rounded down.
    """
    exact = f"{loss:.12g}"
    for digits in range(3, 12):
        rounding = ROUND_FLOOR if at_least else ROUND_CEILING
        shown = float(Context(prec=digits, rounding=rounding).create_decimal(exact))
        if math.isfinite(shown) and (shown <= margin) is (loss <= margin):
            return f"{shown:.{digits}g}"
    return exact


def _in_good_direction(row: Row, directions: Mapping[str, Direction]) -> tuple[float, float]:
    """Return the interval of candidate minus base if higher were better."""
    if directions[row.metric].higher_is_better:
        return row.ci_low, row.ci_high
    return -row.ci_high, -row.ci_low


def _within(row: Row, low: float, high: float, margin: float) -> str:
    """Return what an interval says of a margin.

    The bound of the interval decides that a loss is not larger than the margin (non-inferiority),
    and an interval within both margins that there is no larger difference (equivalence, by two
    one-sided tests). With an interval of 95 %, each one-sided test is at 2.5 %.

    Sources: D. J. Schuirmann, "A comparison of the two one-sided tests procedure and the power
    approach for assessing the equivalence of average bioavailability", J. Pharmacokinet. Biopharm.
    15 (1987) 657-680; S. Wellek, "Testing Statistical Hypotheses of Equivalence and
    Noninferiority" (2010), chapter 3.
    """
    if math.isnan(low) or math.isnan(high) or is_alike_by_chance(row):
        return NOT_DECIDED
    if low >= -margin:
        return EQUIVALENT if high <= margin else NO_WORSE
    # That some row is worse is a claim about the best of many, so the adjusted p-value counts too.
    return WORSE if high < -margin and row.verdict == WORSE else NOT_DECIDED


def is_alike_by_chance(row: Row) -> bool:
    """Return whether few samples have the same difference, which says nothing about its spread.

    Differences that only rounding makes, of metrics in single precision, too, count as the same.
    Two models that agree on all of them may differ on a tenth of all others: fewer than 29 samples
    miss those with a probability of more than 5 %.
    """
    if row.units >= _FEWEST_ALIKE:
        return False
    rounding = _ROUNDING * max(abs(row.base), abs(row.candidate))
    return row.ci_low == row.ci_high or row.ci_high - row.ci_low <= rounding
