"""Simulated suites with and without a planted slice: what the search finds, and how often wrongly.

By default the suites are few; ``KOLENA_LOCAL_TESTS=long`` simulates many of each; ``-rP`` prints
what came out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

from kolena_local.comparison.statistics.slices import Clauses, Column, ExaminedSlice, find
from tests.conftest import IS_LONG, sampled

SUITES = 10 if IS_LONG else 2
SAMPLES = 2_000
RISK = 0.05
PLANTED: dict[str, Clauses] = {"single": ((2, 1),), "pair": ((0, 0), (3, 2))}

Draw = Callable[[np.random.Generator, Any], Any]

# How values are drawn, for samples of which `low` says whether they are in the planted slice.
DRAWS: dict[str, Draw] = {
    "bool": lambda generator, low: (generator.random(len(low)) > 0.1 + 0.25 * low) * 1.0,
    "normal": lambda generator, low: generator.normal(size=len(low)) - 0.8 * low,
    "skewed": lambda generator, low: -generator.gamma(1, size=len(low)) * (1 + 0.8 * low),
    "loss against a base": lambda generator, low: (
        generator.choice([-1.0, 0.0, 1.0], len(low), p=[0.04, 0.92, 0.04])
        - (generator.random(len(low)) < 0.2 * low)
    ),
}


def searched(
    generator: np.random.Generator, draw: Draw, planted: Clauses = ()
) -> list[ExaminedSlice]:
    """Return what is found among eight fields of two to five values."""
    columns = [
        Column(generator.integers(levels, size=SAMPLES), levels)
        for levels in (2, 3, 4, 5, 2, 3, 4, 5)
    ]
    low = np.full(SAMPLES, bool(planted))
    for field, value in planted:
        low &= columns[field].codes == value
    return find(
        draw(generator, low),
        columns,
        least=15,
        confidence=1 - RISK,
        correction="holm",
        seed=int(generator.integers(1_000_000)),
        below_zero=draw is DRAWS["loss against a base"],
    )


def contradicting(found: list[ExaminedSlice]) -> int:
    """Return how many verdicts are ``worse`` with an interval that has zero in it."""
    return sum(one.p_adjusted <= RISK and one.interval[1] >= 0 for one in found)


@pytest.mark.parametrize("draw", sampled(DRAWS.values()), ids=sampled(DRAWS))
def test_a_slice_is_called_worse_where_none_is_in_a_twentieth_of_suites_at_most(draw: Draw) -> None:
    generator = np.random.default_rng(3)
    suites = [searched(generator, draw) for _ in range(10 * SUITES if IS_LONG else 4 * SUITES)]
    wrong = sum(any(one.p_adjusted <= RISK for one in found) for found in suites) / len(suites)
    tested, contradictions = sum(map(len, suites)), sum(map(contradicting, suites))
    print(f"wrong: {wrong}, contradictions: {contradictions} of {tested} slices")
    assert wrong <= RISK + 3 * math.sqrt(RISK * (1 - RISK) / len(suites))


@pytest.mark.parametrize(("name", "size"), sampled(product(DRAWS, PLANTED), 14))
def test_a_planted_slice_is_called_worse(name: str, size: str) -> None:
    planted = PLANTED[size]
    generator, power, alone, contradictions, tested = np.random.default_rng(5), 0, 0, 0, 0
    for _ in range(SUITES):
        found = searched(generator, DRAWS[name], planted)
        worse = [one.clauses for one in found if one.p_adjusted <= RISK]
        power += planted in worse
        alone += worse == [planted]
        tested += len(found)
        contradictions += contradicting(found)
    print(
        f"power: {power / SUITES}, nothing else: {alone / SUITES}, contradictions: {contradictions}"
        f" of {tested} slices"
    )
    assert power / SUITES >= (0.8 if IS_LONG else 0.5)
