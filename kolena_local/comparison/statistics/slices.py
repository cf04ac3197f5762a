"""Search for slices on which values are lower than elsewhere. Pure functions on arrays.

A slice is given by one or two fields and a value of each. One half of the samples suggests slices,
and the other half tests them, so what is found by looking is not also the evidence for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolena_local.comparison.statistics.correction import adjusted
from kolena_local.comparison.statistics.scaling import Floats, Mask
from kolena_local.comparison.statistics.two_groups import (
    difference_interval,
    lower_tails,
    negative_mean_tail,
)

Codes = NDArray[np.int64]
Clauses = tuple[tuple[int, int], ...]

#: The more slices are tested, the more evidence each of them needs.
_SUGGESTED: Final = 20
_LOOKED_AT: Final = 500
#: How many standard errors lower the mean of a suggested slice is.
_NOTICEABLE: Final = 2.0


class Column(NamedTuple):
    """A field of the samples: for each sample the number of its value, -1 for none of them."""

    codes: Codes
    levels: int


class ExaminedSlice(NamedTuple):
    """A slice, as the half of the samples sees it that did not suggest it.

    Attributes:
        clauses: for each of its fields, the number of the column and of the value.
        size: how many samples it has, in both halves.
        inside: the mean in the slice.
        outside: the mean elsewhere.
        interval: the confidence interval of inside minus outside.
        p_value: of the one-sided test that the mean is not lower than elsewhere.
        p_adjusted: the same, adjusted for all slices that were tested.
    """

    clauses: Clauses
    size: int
    inside: float
    outside: float
    interval: tuple[float, float]
    p_value: float
    p_adjusted: float


def find(
    values: Floats,
    columns: Sequence[Column],
    *,
    least: int,
    confidence: float,
    correction: str,
    seed: int,
    below_zero: bool = False,
) -> list[ExaminedSlice]:
    """Return slices with lower values, each tested on samples that did not suggest it.

    Args:
        values: a value of each sample, from ``scaling.scaled``, shape ``(n,)``.
        columns: the fields.
        least: how many samples a slice has at least in each half, and how many are elsewhere.
        confidence: the level of the confidence intervals.
        correction: the name of the correction for testing several slices.
        seed: the seed of the division into halves and of the tests.
        below_zero: whether the mean must be lower than zero as well; the p-value is then the larger
            one of both tests.

    Returns:
        The slices that were tested, the smallest p-value first.
    """
    order = np.random.default_rng([seed, 2]).permutation(len(values))
    search, confirm = np.sort(order[: len(values) // 2]), np.sort(order[len(values) // 2 :])
    others = [Column(column.codes[confirm], column.levels) for column in columns]
    suggested, groups = [], []
    for clauses in _suggested(
        values[search], [Column(one.codes[search], one.levels) for one in columns], least
    ):
        group = members_of(others, clauses)
        if least <= group.sum() <= len(group) - least:
            suggested.append(clauses)
            groups.append(group)
        if len(groups) == _SUGGESTED:
            break
    if not groups:
        return []
    tested = values[confirm]
    p_values = np.array(lower_tails(tested, groups, seed))
    if below_zero:
        p_values = np.maximum(p_values, [negative_mean_tail(tested[it], seed) for it in groups])
    found = [
        ExaminedSlice(
            clauses,
            int(members_of(columns, clauses).sum()),
            float(tested[group].mean()),
            float(tested[~group].mean()),
            difference_interval(tested[group], tested[~group], confidence),
            float(p_value),
            float(p_adjusted),
        )
        for clauses, group, p_value, p_adjusted in zip(
            suggested, groups, p_values, adjusted(p_values, correction), strict=True
        )
    ]
    return sorted(found, key=lambda one: (one.p_value, one.inside - one.outside))


def members_of(columns: Sequence[Column], clauses: Clauses) -> Mask:
    """Return which samples a slice has."""
    members: Mask = np.logical_and.reduce(
        [columns[field].codes == value for field, value in clauses]
    )
    return members


def _suggested(values: Floats, columns: Sequence[Column], least: int) -> Iterator[Clauses]:
    """Yield slices with lower values, the most striking ones first.

    A slice is left out if it strikes mostly because of samples that it shares with earlier ones:
    if without them its score is not noticeable, or less than half.
    """
    values = values - values.mean()  # so that squares lose no digits
    scores = sorted(_all_scores(values, columns, least), key=lambda it: (-it[0], len(it[1]), it[1]))
    explained = np.zeros(len(values), dtype=bool)
    for score, clauses in scores[:_LOOKED_AT]:
        members = members_of(columns, clauses)
        left, codes = values[~explained], members[~explained].astype(np.int64)
        outside, inside = _moments(left, codes, 2).T
        enough = max(_NOTICEABLE, score / 2)
        if inside[0] >= least and _lower_by(inside, outside, float(left.var())) >= enough:
            explained |= members
            yield clauses


def _all_scores(
    values: Floats, columns: Sequence[Column], least: int
) -> Iterator[tuple[float, Clauses]]:
    """Yield the noticeable slices with their scores.

    A slice by two fields is noticeable if it is lower than what either condition alone adds to it,
    too: else one of them would do.
    """
    n, variance = len(values), float(values.var())
    whole = np.array([n, values.sum(), (values**2).sum()])
    singles = [_moments(values, column.codes, column.levels) for column in columns]
    for number, part in enumerate(singles):
        scores = _lower_by(part, whole[:, None] - part, variance)
        fit = (part[0] >= least) & (n - part[0] >= least) & (scores >= _NOTICEABLE)
        for value in np.flatnonzero(fit).tolist():
            yield float(scores[value]), ((number, value),)
    for one, other in combinations(range(len(columns)), 2):
        left, right = columns[one], columns[other]
        codes = np.where(
            (left.codes < 0) | (right.codes < 0), -1, left.codes * right.levels + right.codes
        )
        part = _moments(values, codes, left.levels * right.levels)
        part = part.reshape(3, left.levels, right.levels)
        scores = _lower_by(part, whole[:, None, None] - part, variance)
        fit = (part[0] >= least) & (n - part[0] >= least) & (scores >= _NOTICEABLE)
        for alone in (singles[one][:, :, None], singles[other][:, None, :]):
            fit &= _lower_by(part, alone - part, variance) >= _NOTICEABLE
        for first, second in np.argwhere(fit).tolist():
            yield float(scores[first, second]), ((one, first), (other, second))


def _moments(values: Floats, codes: Codes, levels: int) -> Floats:
    """Return the number, sum and sum of squares for each value of a column, ``(3, levels)``."""
    known = codes >= 0
    codes, values = codes[known], values[known]
    weights = (None, values, values**2)
    return np.array([np.bincount(codes, one, levels) for one in weights], dtype=np.float64)


def _lower_by(part: Floats, rest: Floats, variance: float) -> Floats:
    """Return how many standard errors lower means are than those of other samples.

    Args:
        part: the number, sum and sum of squares of each group of samples, along the first axis.
        rest: those of the samples that each group is compared with.
        variance: the variance of all samples; a group in which all are alike borrows it.
    """
    (n, sums, squares), (m, other_sums, other_squares) = part, rest
    with np.errstate(divide="ignore", invalid="ignore"):
        mean, other = sums / n, other_sums / m
        error = np.maximum(squares / n - mean**2, variance) / n
        error = error + np.maximum(other_squares / m - other**2, 0.0) / m
        scores: Floats = (other - mean) / np.sqrt(error)
    # Without samples, or without any variance, nothing can be said.
    return np.where(np.isfinite(scores), scores, 0.0)
