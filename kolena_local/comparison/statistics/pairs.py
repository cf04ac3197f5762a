"""Pairing two models by test sample. Pure functions on arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolena_local.comparison.statistics.scaling import Floats

Ids = NDArray[np.int64]

Numbers = NDArray[Any]
"""Floats; Python's own numbers where one of them is a whole number that a float would round."""


class Scores(NamedTuple):
    """One metric of one model: sample ids, each once, and a number for each, NaN where it has none.

    Infinite values count as none: no mean could be formed with them.
    """

    ids: Ids
    values: Numbers

    def among(self, ids: Ids, *, invert: bool = False) -> Scores:
        """Return the scores of the samples that are among others, or of those that are not."""
        kept = np.isin(self.ids, ids, invert=invert)
        return Scores(self.ids[kept], self.values[kept])


@dataclass(frozen=True)
class Pairs:
    """One metric of two models on the samples of a test case or of a whole suite.

    Attributes:
        ids: the samples that are compared, in ascending order.
        base: the base's value for each of them.
        candidate: the candidate's.
        only_base: samples that only the base has a result for; left out.
        only_candidate: samples that only the candidate has a result for; left out.
        untested: samples that neither has a result for.
        without_number: samples with results of both, of which one is NaN, infinite or null; left
            out.
    """

    ids: Ids
    base: Numbers
    candidate: Numbers
    only_base: int
    only_candidate: int
    untested: int
    without_number: int

    @cached_property
    def differences(self) -> Floats:
        """Candidate minus base, rounded once; infinite where that is too large for a float."""
        if object not in (self.base.dtype, self.candidate.dtype):
            with np.errstate(over="ignore"):
                return self.candidate - self.base
        both = zip(self.base.tolist(), self.candidate.tolist(), strict=True)
        return np.array([_difference(base, candidate) for base, candidate in both])


def pair(members: Ids, base: Scores, candidate: Scores) -> Pairs:
    """Pair two models' scores.

    Args:
        members: the samples of the test case or suite.
        base: the base's scores, also of other samples.
        candidate: the candidate's.
    """
    of_base, of_candidate = np.isin(members, base.ids), np.isin(members, candidate.ids)
    common = np.unique(members[of_base & of_candidate])
    left, right = _values(base, common), _values(candidate, common)
    numbers = np.isfinite(left.astype(np.float64)) & np.isfinite(right.astype(np.float64))
    return Pairs(
        common[numbers],
        left[numbers],
        right[numbers],
        only_base=int(np.count_nonzero(of_base & ~of_candidate)),
        only_candidate=int(np.count_nonzero(~of_base & of_candidate)),
        untested=int(np.count_nonzero(~of_base & ~of_candidate)),
        without_number=int(np.count_nonzero(~numbers)),
    )


def pair_cases(members: Ids, base: Sequence[Scores], candidate: Sequence[Scores]) -> Pairs:
    """Pair two models' scores in several test cases, each sample once.

    A sample that is in several test cases has both models' values from the first one in which both
    have a result for it. If there is no such test case, the base's result counts and the
    candidate's does not.

    Args:
        members: the samples of all the test cases.
        base: the base's scores in each test case.
        candidate: the candidate's.
    """
    both = [
        (one.among(other.ids), other.among(one.ids))
        for one, other in zip(base, candidate, strict=True)
    ]
    of_base = first_of_each([*(one for one, _ in both), *base])
    others = [one.among(of_base.ids, invert=True) for one in candidate]
    return pair(members, of_base, first_of_each([*(one for _, one in both), *others]))


def first_of_each(parts: Sequence[Scores]) -> Scores:
    """Put scores together; a sample that is in several parts keeps the value of the first."""
    ids = np.concatenate([part.ids for part in parts])
    unique, first = np.unique(ids, return_index=True)
    return Scores(unique, np.concatenate([part.values for part in parts])[first])


def _values(scores: Scores, ids: Ids) -> Numbers:
    order = np.argsort(scores.ids, kind="stable")
    return scores.values[order[np.searchsorted(scores.ids, ids, sorter=order)]]


def _difference(base: float, candidate: float) -> float:
    exact = Fraction(candidate) - Fraction(base)
    try:
        return float(exact)
    except OverflowError:
        return math.inf if exact > 0 else -math.inf
