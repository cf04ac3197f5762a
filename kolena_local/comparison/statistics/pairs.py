"""Pairing two models by test sample. Pure functions on arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolena_local.comparison.statistics.scaling import Floats

Ids = NDArray[np.int64]

Numbers = NDArray[Any]
"""Floats; Python numbers if one of them is an integer that a float would round."""


class Scores(NamedTuple):
    """One metric of one model: unique sample ids, and a number for each; NaN if it has none.

    Infinite values count as missing, because they have no mean.
    """

    ids: Ids
    values: Numbers

    def among(self, ids: Ids, *, invert: bool = False) -> Scores:
        """Return the scores of samples that are in ``ids``, or with ``invert`` of all others."""
        kept = np.isin(self.ids, ids, invert=invert)
        return Scores(self.ids[kept], self.values[kept])


@dataclass(frozen=True)
class Pairs:
    """One metric of two models on the samples of a test case or of a whole suite.

    Attributes:
        ids: the ids of the samples compared, in ascending order.
        base: the value of the base for each sample.
        candidate: the value of the candidate for each sample.
        only_base: the number of samples left out because only the base has a result.
        only_candidate: the number left out because only the candidate has a result.
        untested: the number left out because neither model has a result.
        without_number: the number left out because a result is NaN, infinite or null.
        base_without_number: for how many of them that of the base is.
        candidate_without_number: for how many of them that of the candidate is.
    """

    ids: Ids
    base: Numbers
    candidate: Numbers
    only_base: int
    only_candidate: int
    untested: int
    without_number: int
    base_without_number: int = 0
    candidate_without_number: int = 0

    @cached_property
    def differences(self) -> Floats:
        """Candidate minus base, rounded once; infinite if too large for a float."""
        if object not in (self.base.dtype, self.candidate.dtype):
            with np.errstate(over="ignore"):
                return self.candidate - self.base
        both = zip(self.base.tolist(), self.candidate.tolist(), strict=True)
        return np.array([_difference(base, candidate) for base, candidate in both])

    @property
    def is_signed(self) -> bool:
        """Whether a value is below zero."""
        return any(bool((side < 0).any()) for side in (self.base, self.candidate))

    def without_base(self) -> Pairs:
        """Return the same with zeros for the base, so that differences are the candidate's."""
        return replace(self, base=np.zeros(len(self.ids)))


def pair(members: Ids, base: Scores, candidate: Scores) -> Pairs:
    """Pair two models' scores.

    Args:
        members: the ids of the samples of the test case or suite.
        base: the scores of the base, which may include other samples.
        candidate: the scores of the candidate, likewise.
    """
    of_base, of_candidate = np.isin(members, base.ids), np.isin(members, candidate.ids)
    common = np.unique(members[of_base & of_candidate])
    left, right = _values(base, common), _values(candidate, common)
    finite = [np.isfinite(side.astype(np.float64)) for side in (left, right)]
    numbers = finite[0] & finite[1]
    return Pairs(
        common[numbers],
        left[numbers],
        right[numbers],
        only_base=int(np.count_nonzero(of_base & ~of_candidate)),
        only_candidate=int(np.count_nonzero(~of_base & of_candidate)),
        untested=int(np.count_nonzero(~of_base & ~of_candidate)),
        without_number=int(np.count_nonzero(~numbers)),
        base_without_number=int(np.count_nonzero(~finite[0])),
        candidate_without_number=int(np.count_nonzero(~finite[1])),
    )


def pair_cases(members: Ids, base: Sequence[Scores], candidate: Sequence[Scores]) -> Pairs:
    """Pair two models' scores in several test cases, each sample once.

    For a sample in several test cases, both values come from the first one in which both models
    have a result. If there is no such test case, only the result of the base counts.

    Args:
        members: the ids of the samples of all test cases.
        base: the scores of the base in each test case.
        candidate: the scores of the candidate in each test case.
    """
    both = [
        (one.among(other.ids), other.among(one.ids))
        for one, other in zip(base, candidate, strict=True)
    ]
    of_base = first_of_each([*(one for one, _ in both), *base])
    others = [one.among(of_base.ids, invert=True) for one in candidate]
    return pair(members, of_base, first_of_each([*(one for _, one in both), *others]))


def first_of_each(parts: Sequence[Scores]) -> Scores:
    """Concatenate scores; a sample in several parts keeps the value of the first."""
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
