"""Decide from paired metrics: one row for each metric and set of samples. Pure functions."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from kolena_local.comparison.statistics.correction import adjusted
from kolena_local.comparison.statistics.estimate import (
    Estimate,
    Settings,
    estimate,
    samples_to_decide,
)
from kolena_local.comparison.statistics.pairs import Ids, Pairs
from kolena_local.directions import Direction

BETTER, WORSE, NOT_DECIDED = "better", "worse", "not decided"
HIGHER, LOWER = "higher", "lower"
"""The verdicts on a metric for which it is not known whether higher or lower is better."""


class Slice(NamedTuple):
    """The input of one row.

    Attributes:
        test_case: the name of the test case; None for the whole suite.
        metric: the name of the metric.
        boolean: whether the metric is a bool.
        pairs: the values of the two models.
        clusters: the cluster number of each pair; None if samples are independent.
    """

    test_case: str | None
    metric: str
    boolean: bool
    pairs: Pairs
    clusters: Ids | None


@dataclass(frozen=True)
class Row(Estimate):
    """How the candidate compares to the base in one metric, in one test case or the whole suite.

    Attributes:
        test_case: the name of the test case; None for the whole suite, with each sample once.
        metric: the name of the metric.
        n: the number of samples compared: those for which both models have a number.
        base: the mean of the base; NaN without samples, as are the following numbers.
        candidate: the mean of the candidate.
        difference: candidate minus base.
        ci_low: the lower end of the difference's confidence interval; NaN with one sample. It and
            the difference are infinite where they are beyond the range of a float.
        ci_high: the upper end of the confidence interval.
        p_value: the probability of a difference this large if the models were equally good.
        plain_p_value: the p-value of a test that overlooks skewness, see
            :mod:`~kolena_local.comparison.remarks.withheld`.
        p_adjusted: the p-value adjusted for multiple comparisons, which decides the verdict.
        verdict: ``better``, ``worse`` or ``not decided``: the candidate against the base.
            ``higher`` or ``lower`` if it is not known which of them is better.
        more_samples: about how many more samples would decide; None if that cannot be estimated.
        units: the number of clusters; ``n`` without clusters.
        sign: 1 if the mean of the candidate is higher, -1 if it is lower, else 0.
        relative_error: the standard error divided by the absolute difference.
        only_base: the number of samples left out because only the base has a result.
        only_candidate: the number left out because only the candidate has a result.
        untested: the number left out because neither model has a result.
        without_number: the number left out because a value is NaN, infinite (or an integer too
            large for a float) or null.
        base_without_number: for how many of them that is so of the base.
        candidate_without_number: for how many of them that is so of the candidate.
        margin: the loss that is accepted; None if none was given.
        within_margin: ``equivalent`` if the interval is within the margin on both sides, ``no
            worse`` if it rules out a larger loss, ``worse`` if the loss is larger, else ``not
            decided``; None without a margin.
        right_to_wrong: of a bool, the number of samples on which the base has the better value and
            the candidate the worse one; None for numbers, and if it is not known which is better.
        wrong_to_right: the number of samples on which it is the other way round.
    """

    test_case: str | None
    metric: str
    p_adjusted: float
    verdict: str
    more_samples: int | None
    only_base: int
    only_candidate: int
    untested: int
    without_number: int
    base_without_number: int
    candidate_without_number: int
    margin: float | None = None
    within_margin: str | None = None
    right_to_wrong: int | None = None
    wrong_to_right: int | None = None

    @property
    def left_out(self) -> int:
        """The number of samples that are not compared."""
        return self.only_base + self.only_candidate + self.untested + self.without_number


def compare_slices(
    slices: Sequence[Slice], directions: Mapping[str, Direction], settings: Settings
) -> tuple[list[Row], int]:
    """Compare two models on each slice.

    P-values are adjusted over all slices. Slices with the same samples and values are one
    comparison and count once.

    Args:
        slices: what is compared.
        directions: whether higher or lower is better, for each metric.
        settings: how to compute.

    Returns:
        A row for each slice, the strongest evidence first, and the number of comparisons that
        p-values are adjusted for.
    """
    keys = [_key(part) for part in slices]
    found: dict[bytes, Estimate] = {}
    for key, part in zip(keys, slices, strict=True):
        if key not in found:
            # Underflow is harmless here, even if the program made numpy raise for it.
            with np.errstate(under="ignore"):
                found[key] = estimate(part.pairs, part.boolean, part.clusters, settings)
    tests = [key for key, one in found.items() if not math.isnan(one.p_value)]
    p_values = np.array([found[key].p_value for key in tests])
    allowed = dict(zip(tests, adjusted(p_values, settings.correction).tolist(), strict=True))
    risk = 1 - settings.confidence
    rows = [
        _row(
            part,
            found[key],
            allowed.get(key, math.nan),
            directions[part.metric].higher_is_better,
            risk,
            len(tests),
        )
        for key, part in zip(keys, slices, strict=True)
    ]
    return sorted(rows, key=_evidence), len(tests)


def _row(
    part: Slice, found: Estimate, p_adjusted: float, higher: bool | None, risk: float, tests: int
) -> Row:
    verdict = NOT_DECIDED
    if p_adjusted <= risk and found.sign:
        verdict = HIGHER if found.sign > 0 else LOWER
        if higher is not None:
            verdict = BETTER if higher is (found.sign > 0) else WORSE
    undecided = verdict == NOT_DECIDED and tests > 0
    return Row(
        **vars(found),
        test_case=part.test_case,
        metric=part.metric,
        p_adjusted=p_adjusted,
        verdict=verdict,
        more_samples=samples_to_decide(found, risk / tests) if undecided else None,
        only_base=part.pairs.only_base,
        only_candidate=part.pairs.only_candidate,
        untested=part.pairs.untested,
        without_number=part.pairs.without_number,
        base_without_number=part.pairs.base_without_number,
        candidate_without_number=part.pairs.candidate_without_number,
        right_to_wrong=_changes(part, higher, toward=-1),
        wrong_to_right=_changes(part, higher, toward=1),
    )


def _changes(part: Slice, higher: bool | None, toward: int) -> int | None:
    """Count the bools that changed for the better (1) or the worse (-1)."""
    if not part.boolean or higher is None:
        return None
    sign = toward if higher else -toward
    return int((sign * part.pairs.differences > 0).sum())


def _evidence(row: Row) -> tuple[bool, float, float, float]:
    if math.isnan(row.p_value):
        return True, 0.0, 0.0, 0.0
    return False, row.p_adjusted, row.p_value, -abs(row.difference)


def _key(part: Slice) -> bytes:
    """Return a key that is equal for slices that are the same comparison."""
    digest = hashlib.blake2b(part.metric.encode("utf-8", "surrogatepass"), digest_size=16)
    pairs = part.pairs
    sides = (side.astype(np.float64) for side in (pairs.base, pairs.candidate))
    for values in (pairs.ids, *sides, pairs.differences):
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.digest()
