"""Pairing two models by test sample. Pure functions on arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolena_local.comparison.resampling import Floats

Ids = NDArray[np.int64]


class Scores(NamedTuple):
    """One metric of one model: sample ids, each once, and a number for each, NaN where it has none.

    Infinite values count as none: no mean could be formed with them.
    """

    ids: Ids
    values: Floats


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
    base: Floats
    candidate: Floats
    only_base: int
    only_candidate: int
    untested: int
    without_number: int


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
    numbers = np.isfinite(left) & np.isfinite(right)
    return Pairs(
        common[numbers],
        left[numbers],
        right[numbers],
        only_base=int(np.count_nonzero(of_base & ~of_candidate)),
        only_candidate=int(np.count_nonzero(~of_base & of_candidate)),
        untested=int(np.count_nonzero(~of_base & ~of_candidate)),
        without_number=int(np.count_nonzero(~numbers)),
    )


def first_of_each(parts: list[Scores]) -> Scores:
    """Put scores together; a sample that is in several parts keeps the value of the first."""
    ids = np.concatenate([part.ids for part in parts])
    unique, first = np.unique(ids, return_index=True)
    return Scores(unique, np.concatenate([part.values for part in parts])[first])


def _values(scores: Scores, ids: Ids) -> Floats:
    order = np.argsort(scores.ids, kind="stable")
    return scores.values[order[np.searchsorted(scores.ids, ids, sorter=order)]]
