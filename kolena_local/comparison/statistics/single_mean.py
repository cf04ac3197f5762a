"""The confidence interval of one model's mean. Pure functions on arrays."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from kolena_local.comparison.statistics.boolean import wilson_interval
from kolena_local.comparison.statistics.estimate import Settings, estimate
from kolena_local.comparison.statistics.pairs import Ids, Numbers, Pairs


def mean_interval(
    ids: Ids, values: Numbers, boolean: bool, clusters: Ids | None, settings: Settings
) -> tuple[float, float]:
    """Return the confidence interval of a mean; Wilson's for the share of a bool.

    Args:
        ids: the ids of the samples, at least one.
        values: one value for each.
        boolean: whether they are 0 and 1 for false and true.
        clusters: the cluster number of each sample; None if samples are independent.
        settings: how to compute.
    """
    if boolean and clusters is None:
        z = -float(ndtri((1 - settings.confidence) / 2))
        low, high = wilson_interval(int(values.sum()), len(ids), z)
        return max(0.0, low), min(1.0, high)
    alone = Pairs(ids, np.zeros(len(ids)), values, 0, 0, 0, 0)
    found = estimate(alone, False, clusters, settings)
    return found.ci_low, found.ci_high
