"""Simulated suites of which the truth is known: what a comparison says of them is honest.

By default the suites are few and the bounds as wide as chance allows for their number;
``KOLENA_LOCAL_TESTS=long`` simulates 200 of each; ``-rP`` prints what came out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from kolena_local.comparison.verdicts import Slice
from tests.comparison.slices import compared, make_slice
from tests.conftest import IS_LONG, sampled

SUITES = 200 if IS_LONG else 40
SIZE = 60 if IS_LONG else 30  # of a test case in a suite
RISK = 0.05

Draw = Callable[[np.random.Generator, int], Any]

# Each has the mean 0.
DIFFERENCES: dict[str, Draw] = {
    "normal": lambda generator, n: generator.normal(size=n),
    "skewed": lambda generator, n: generator.gamma(1, size=n) - 1,
    "heavy": lambda generator, n: generator.standard_t(3, size=n),
    "counts": lambda generator, n: generator.poisson(0.7, n) - generator.poisson(0.7, n),
}


def chance(share: float, times: int = SUITES) -> float:
    """Return how far a share may be off by chance: three standard deviations."""
    return 3 * math.sqrt(share * (1 - share) / times)


def booleans(
    generator: np.random.Generator, n: int, losses: float, gains: float
) -> tuple[Any, Any]:
    """Draw n samples that only the base, or only the candidate, gets right with these shares."""
    kind = generator.choice(
        4, size=n, p=[losses, gains, 0.9 * (1 - losses - gains), 0.1 * (1 - losses - gains)]
    )
    return np.isin(kind, (0, 2)), np.isin(kind, (1, 2))


@pytest.mark.parametrize("n", sampled([25, 200]))
@pytest.mark.parametrize("draw", DIFFERENCES.values(), ids=DIFFERENCES)
def test_interval_of_numbers_covers_the_true_difference(draw: Draw, n: int) -> None:
    generator, covered = np.random.default_rng(n), 0
    for _ in range(SUITES):
        base = generator.normal(size=n)
        (row,) = compared(make_slice(base, base + 0.3 + draw(generator, n)))
        covered += row.ci_low <= 0.3 <= row.ci_high
    print("covered:", covered / SUITES)
    # A mean of few skewed numbers is the bootstrap's known weakness.
    known_lack = 0.02 if n == 25 and draw is DIFFERENCES["skewed"] else 0.0
    assert covered / SUITES >= 1 - RISK - known_lack - chance(RISK)
    assert covered / SUITES <= 1 - RISK + chance(RISK)


@pytest.mark.parametrize(("losses", "gains"), [(0.01, 0.04), (0.1, 0.1), (0.0, 0.03), (0.2, 0.05)])
@pytest.mark.parametrize("n", sampled([25, 200]))
def test_interval_of_booleans_covers_the_true_difference(
    losses: float, gains: float, n: int
) -> None:
    generator, covered = np.random.default_rng(n), 0
    for _ in range(SUITES):
        (row,) = compared(make_slice(*booleans(generator, n, losses, gains), boolean=True))
        covered += row.ci_low <= gains - losses <= row.ci_high
    print("covered:", covered / SUITES)
    # With hardly a sample that differs it covers more than it must.
    assert covered / SUITES >= 1 - RISK - chance(RISK)


def test_interval_of_clusters_covers_the_true_difference() -> None:
    generator, covered, without = np.random.default_rng(0), 0, 0
    for _ in range(SUITES):
        clusters = np.repeat(np.arange(40), generator.integers(1, 9, size=40))
        shared = generator.normal(size=40)[clusters]
        differences = 0.3 + shared + 0.5 * generator.normal(size=len(clusters))
        zeros = np.zeros(len(clusters))
        (row,) = compared(make_slice(zeros, differences, clusters=clusters))
        covered += row.ci_low <= 0.3 <= row.ci_high
        (row,) = compared(make_slice(zeros, differences))
        without += row.ci_low <= 0.3 <= row.ci_high
    print("covered:", covered / SUITES)
    print("covered_without_clusters:", without / SUITES)
    assert abs(covered / SUITES - (1 - RISK)) <= chance(RISK)
    # What the clusters are for: as if they were independent, the samples seem to say too much.
    assert without / SUITES < 0.8


def suite_of_equals(generator: np.random.Generator, draw: Draw | None) -> list[Slice]:
    """Return eight test cases of which the last overlaps with all others, and the whole suite."""
    n = 8 * SIZE
    if draw is None:
        base, candidate = booleans(generator, n, 0.08, 0.08)
    else:
        base = generator.normal(size=n)
        candidate = base + draw(generator, n)
    parts = [slice(SIZE * case, SIZE * (case + 1)) for case in range(7)] + [slice(0, n, 3)]
    return [
        make_slice(
            base[part],
            candidate[part],
            test_case=str(case),
            boolean=draw is None,
            first_id=case * n,
        )
        for case, part in enumerate(parts)
    ] + [make_slice(base, candidate, boolean=draw is None)]


# Models that are equally good differ as often and as much one way as the other.
SYMMETRIC = {name: draw for name, draw in DIFFERENCES.items() if name != "skewed"}


@pytest.mark.parametrize(
    "draw", sampled([None, *SYMMETRIC.values()]), ids=sampled(["booleans", *SYMMETRIC])
)
def test_equal_models_are_called_different_in_a_twentieth_of_suites_at_most(
    draw: Draw | None,
) -> None:
    generator = np.random.default_rng(7)
    wrong = sum(
        any(row.verdict != "not decided" for row in compared(*suite_of_equals(generator, draw)))
        for _ in range(SUITES)
    )
    print("called_different:", wrong / SUITES)
    assert wrong / SUITES <= RISK + chance(RISK)


def test_gain_of_three_points_in_one_slice_is_found_there_and_not_elsewhere() -> None:
    generator, found, elsewhere = np.random.default_rng(11), 0, 0
    for _ in range(SUITES):
        cases = []
        for case in range(8):
            gains = 0.05 if case == 3 else 0.02
            values = booleans(generator, 2_000, 0.02, gains)
            cases.append(
                make_slice(*values, test_case=str(case), boolean=True, first_id=2_000 * case)
            )
        verdicts = {row.test_case: row.verdict for row in compared(*cases)}
        found += verdicts.pop("3") == "better"
        elsewhere += any(verdict != "not decided" for verdict in verdicts.values())
    print("found:", found / SUITES)
    print("elsewhere:", elsewhere / SUITES)
    assert found / SUITES >= 0.95
    assert elsewhere / SUITES <= RISK + chance(RISK)
