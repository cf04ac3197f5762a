"""Slices made from plain lists and arrays, for the statistics without a store."""

from __future__ import annotations

from typing import Optional

import numpy as np

from kolena_local.comparison.statistics.estimate import Settings
from kolena_local.comparison.statistics.pairs import Pairs
from kolena_local.comparison.verdicts import Row, Slice, compare_slices
from kolena_local.directions import directions

SETTINGS = Settings(confidence=0.95)


def make_slice(
    base: object,
    candidate: object,
    *,
    test_case: Optional[str] = None,
    metric: str = "accuracy",
    boolean: bool = False,
    clusters: object = None,
    first_id: int = 1,
) -> Slice:
    left, right = np.asarray(base, dtype=float), np.asarray(candidate, dtype=float)
    ids = np.arange(first_id, first_id + len(left))
    codes = None if clusters is None else np.asarray(clusters)
    return Slice(test_case, metric, boolean, Pairs(ids, left, right, 0, 0, 0, 0), codes)


def compared(*slices: Slice, settings: Settings = SETTINGS, **higher: bool) -> list[Row]:
    metrics = dict.fromkeys(part.metric for part in slices)
    return compare_slices(slices, directions(metrics, higher), settings)[0]
