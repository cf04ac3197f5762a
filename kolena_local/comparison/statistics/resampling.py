"""The sign-flip permutation test. Pure functions."""

from __future__ import annotations

from typing import Final

import numpy as np

from kolena_local.comparison.statistics.scaling import Floats

FLIPS: Final = 9_999
"""The number of random sign flips if there are too many to try all; then p is at least 1e-4."""

_BITS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)
_SIGNS: Floats = _BITS.astype(np.float64) * 2 - 1
"""The 256 ways to flip eight signs."""


def sign_flip_p_value(sums: Floats, seed: int) -> float:
    """Return the two-sided p-value of the sign-flip permutation test of a mean difference.

    If the models are equally good, each unit's difference could as well have had the opposite sign.
    With up to 13 units that differ, all flips are tried and the p-value is exact. Otherwise
    :data:`FLIPS` random flips are drawn, and the observed signs count as one more. The null
    hypothesis is a symmetric distribution: if the means are equal but one model has many small
    errors and the other a few large ones, the test rejects too often.

    Sources: R. A. Fisher, "The Design of Experiments" (1935), section 21; for counting the observed
    signs B. Phipson and G. K. Smyth, "Permutation p-values should never be zero", Stat. Appl.
    Genet. Mol. Biol. 9 (2010) article 39.

    Args:
        sums: the sum of the differences of each unit, shape ``(units,)``.
        seed: the seed; the same seed gives the same p-value.
    """
    differing = sums[sums != 0]
    if len(differing) == 0:
        return 1.0
    observed = abs(differing.sum()) - 1e-12 * np.abs(differing).sum()
    # Without their signs, so that the p-value does not depend on which model is the base.
    differing = np.sort(np.abs(differing))
    if 2 ** len(differing) <= FLIPS:
        flips = np.arange(2 ** len(differing))[:, None] >> np.arange(len(differing)) & 1
        return float(np.mean(np.abs((2.0 * flips - 1.0) @ differing) >= observed))
    generator = np.random.default_rng([seed, 1])
    padding = np.zeros(-len(differing) % 8)
    totals = np.zeros(FLIPS)
    # One random byte flips the signs of eight units.
    for eight in np.concatenate([differing, padding]).reshape(-1, 8):
        drawn = generator.integers(256, size=FLIPS, dtype=np.uint8)
        totals += (_SIGNS @ eight)[drawn]
    return float(1 + np.count_nonzero(np.abs(totals) >= observed)) / (1 + FLIPS)
