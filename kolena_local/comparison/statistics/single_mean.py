"""The confidence interval of one model's mean. Pure functions on arrays."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from kolena_local.comparison.statistics.estimate import Settings, estimate
from kolena_local.comparison.statistics.pairs import Ids, Numbers, Pairs


def mean_interval(
    ids: Ids, values: Numbers, boolean: bool, clusters: Ids | None, settings: Settings
) -> tuple[float, float]:
    """Return the confidence interval of a mean; Wilson's for the share of a bool.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    JASA 22 (1927) 209-212.

    Args:
        ids: the ids of the samples, at least one.
        values: one value for each.
        boolean: whether they are 0 and 1 for false and true.
        clusters: the cluster number of each sample; None if samples are independent.
        settings: how to compute.
    """
    if boolean and clusters is None:
        n, hits = len(ids), int(values.sum())
        z = -NormalDist().inv_cdf((1 - settings.confidence) / 2)
        center = (hits + z**2 / 2) / (n + z**2)
        reach = z * math.sqrt(hits * (n - hits) / n + z**2 / 4) / (n + z**2)
        return max(0.0, center - reach), min(1.0, center + reach)
    alone = Pairs(ids, np.zeros(len(ids)), values, 0, 0, 0, 0)
    found = estimate(alone, False, clusters, settings)
    return found.ci_low, found.ci_high
