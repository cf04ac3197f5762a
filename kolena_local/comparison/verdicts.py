"""From pairs to verdicts: one row for each metric and set of samples. Pure."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from kolena_local.comparison.direction import Direction
from kolena_local.comparison.statistics.correction import adjusted
from kolena_local.comparison.statistics.estimate import (
    Estimate,
    Settings,
    estimate,
    samples_to_decide,
)
from kolena_local.comparison.statistics.pairs import Ids, Pairs

BETTER, WORSE, NOT_DECIDED = "better", "worse", "not decided"


class Slice(NamedTuple):
    """What one row is computed from.

    Attributes:
        test_case: the test case's name; None is the whole suite.
        metric: the metric's name.
        boolean: the metric is a bool.
        pairs: the two models' values.
        clusters: for each pair, a number that samples which belong together share; None if each
            stands by itself.
    """

    test_case: str | None
    metric: str
    boolean: bool
    pairs: Pairs
    clusters: Ids | None


@dataclass(frozen=True)
class Row:
    """How the candidate compares to the base by one metric, in one test case or the whole suite.

    Attributes:
        test_case: the test case's name; None is the whole suite, each of its samples once.
        metric: the metric's name.
        n: how many samples are compared: those for which both models have a number.
        base: the base's mean over them; NaN without samples, as are all numbers that follow.
        candidate: the candidate's.
        difference: candidate minus base.
        ci_low: lower end of the difference's confidence interval; NaN with one sample. It is
            infinite, and so may be the difference, where it is beyond the range of a float.
        ci_high: upper end.
        p_value: how likely so large a difference is if neither model is better.
        p_adjusted: the same, allowing for the number of comparisons; the verdict goes by it.
        verdict: ``better``, ``worse`` or ``not decided``, of the candidate.
        more_samples: about how many more samples would decide; None where that cannot be said.
        units: how many clusters the samples are in; ``n`` without clusters.
        only_base: samples that only the base has a result for; left out.
        only_candidate: samples that only the candidate has a result for; left out.
        untested: samples that neither has a result for; left out.
        without_number: samples for which a value is NaN, infinite (or a whole number that no float
            can hold) or null; left out.
    """

    test_case: str | None
    metric: str
    n: int
    base: float
    candidate: float
    difference: float
    ci_low: float
    ci_high: float
    p_value: float
    p_adjusted: float
    verdict: str
    more_samples: int | None
    units: int
    only_base: int
    only_candidate: int
    untested: int
    without_number: int


def compare_slices(
    slices: Sequence[Slice], directions: Mapping[str, Direction], settings: Settings
) -> tuple[list[Row], int]:
    """Compare two models on each slice, and decide what can be decided.

    All rows are one family: the risk that any verdict is false, where the models are equal, is at
    most 1 - confidence. Slices of the same samples are one comparison and count once.

    Args:
        slices: what is compared.
        directions: for each metric, which way it is better.
        settings: how to compute.

    Returns:
        A row for each slice, those with the strongest evidence first; and for how many comparisons
        the p-values allow.
    """
    keys = [_key(part) for part in slices]
    found: dict[bytes, Estimate] = {}
    for key, part in zip(keys, slices, strict=True):
        if key not in found:
            # What vanishes beside larger numbers is not an error, whatever a program told numpy.
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
    part: Slice, found: Estimate, p_adjusted: float, higher: bool, risk: float, tests: int
) -> Row:
    verdict = NOT_DECIDED
    if p_adjusted <= risk and found.sign:
        verdict = BETTER if (found.sign > 0) == higher else WORSE
    undecided = verdict == NOT_DECIDED and tests > 0
    return Row(
        part.test_case,
        part.metric,
        found.n,
        found.base,
        found.candidate,
        found.difference,
        found.ci_low,
        found.ci_high,
        found.p_value,
        p_adjusted,
        verdict,
        samples_to_decide(found, risk / tests) if undecided else None,
        found.units,
        part.pairs.only_base,
        part.pairs.only_candidate,
        part.pairs.untested,
        part.pairs.without_number,
    )


def _evidence(row: Row) -> tuple[bool, float, float, float]:
    if math.isnan(row.p_value):
        return True, 0.0, 0.0, 0.0
    return False, row.p_adjusted, row.p_value, -abs(row.difference)


def _key(part: Slice) -> bytes:
    """Return the same for slices that are the same comparison."""
    digest = hashlib.blake2b(part.metric.encode("utf-8", "surrogatepass"), digest_size=16)
    pairs = part.pairs
    sides = (side.astype(np.float64) for side in (pairs.base, pairs.candidate))
    for values in (pairs.ids, *sides, pairs.differences):
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.digest()
