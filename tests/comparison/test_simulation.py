"""Simulated suites of which the truth is known: what a comparison says of them is honest.

By default the suites are few and the bounds as wide as chance allows for their number;
``KOLENA_LOCAL_TESTS=long`` simulates many; ``-rP`` prints what came out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

from kolena_local.comparison.verdicts import Slice
from tests.comparison.slices import compared, make_slice
from tests.conftest import IS_LONG, long_only, sampled

SUITES = 100 if IS_LONG else 40
SIZE = 60 if IS_LONG else 30  # of a test case in a suite
RISK = 0.05
LEAST_COVERED = 0.93

Draw = Callable[[np.random.Generator, Any], Any]


def lognormal(generator: np.random.Generator, size: Any, sigma: float) -> Any:
    return generator.lognormal(0, sigma, size) - math.exp(sigma**2 / 2)


def mostly_zero(draw: Draw) -> Draw:
    return lambda generator, size: np.where(
        generator.random(size) < 0.1, draw(generator, size), 0.0
    )


# Each has the mean 0.
DIFFERENCES: dict[str, Draw] = {
    "normal": lambda generator, size: generator.normal(size=size),
    "exponential": lambda generator, size: generator.exponential(size=size) - 1,
    "log-normal, sigma 1": lambda generator, size: lognormal(generator, size, 1),
    "log-normal, sigma 2": lambda generator, size: lognormal(generator, size, 2),
    "t with 3 degrees of freedom": lambda generator, size: generator.standard_t(3, size),
    "90 % zeros, else normal": mostly_zero(lambda generator, size: generator.normal(size=size)),
    "90 % zeros, else exponential": mostly_zero(
        lambda generator, size: generator.exponential(size=size) - 1
    ),
    "90 % zeros, else log-normal, sigma 2": mostly_zero(
        lambda generator, size: lognormal(generator, size, 2)
    ),
    "5 % lose 1, others win 1/19": lambda generator, size: np.where(
        generator.random(size) < 0.05, -1.0, 1 / 19
    ),
    "counts": lambda generator, size: generator.poisson(0.7, size) - generator.poisson(0.7, size),
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


def called_different(*slices: Slice) -> bool:
    return any(row.verdict != "not decided" for row in compared(*slices))


CELLS = list(product(DIFFERENCES, [(20, None), (60, None), (300, None), (1_000, None)]))
CELLS += product(DIFFERENCES, [(8, None), (5, 8), (20, 8), (100, 8)])


@pytest.mark.parametrize(("name", "units", "largest"), [(a, *b) for a, b in sampled(CELLS, 14)])
def test_one_comparison_of_numbers_is_wrong_in_a_twentieth_of_cases_at_most(
    name: str, units: int, largest: int | None
) -> None:
    """Units are samples, or clusters of one sample to ``largest`` that share their difference."""
    generator, wrong, covered = np.random.default_rng(units), 0, 0
    times = 100 if IS_LONG else 60
    for _ in range(times):
        differences, clusters = DIFFERENCES[name](generator, units), None
        if largest is not None:
            clusters = np.repeat(np.arange(units), generator.integers(1, largest + 1, units))
            differences = differences[clusters]
        zeros = np.zeros(len(differences))
        wrong += called_different(make_slice(zeros, differences, clusters=clusters))
        (row,) = compared(make_slice(zeros, differences + 0.3, clusters=clusters))
        covered += row.ci_low - 1e-9 <= 0.3 <= row.ci_high + 1e-9
    print(f"{name}, {units}: wrong {wrong / times}, covered {covered / times}")
    assert wrong / times <= RISK + chance(RISK, times)
    assert covered / times >= LEAST_COVERED - chance(1 - LEAST_COVERED, times)


SUITE_CELLS = list(product(DIFFERENCES, [20, 60, 300], [8, 20]))


@pytest.mark.parametrize(("name", "size", "cases"), sampled(SUITE_CELLS, 50))
def test_suite_of_numbers_has_a_wrong_verdict_in_a_twentieth_of_cases_at_most(
    name: str, size: int, cases: int
) -> None:
    generator, times = np.random.default_rng(size + cases), 20
    wrong = 0
    for _ in range(times):
        values = DIFFERENCES[name](generator, (cases, size))
        slices = [
            make_slice(np.zeros(size), part, test_case=str(case), first_id=1 + case * size)
            for case, part in enumerate(values)
        ]
        wrong += called_different(*slices, make_slice(np.zeros(size * cases), values.ravel()))
    print(f"{name}, {cases} slices of {size}: wrong {wrong / times}")
    assert wrong / times <= RISK + chance(RISK, times)


def test_candidate_that_is_worse_because_few_samples_lose_much_is_not_called_better() -> None:
    generator, better = np.random.default_rng(3), 0
    for _ in range(SUITES):
        base = generator.normal(size=60)
        candidate = base + np.where(generator.random(60) < 0.06, -1.0, 1 / 19)
        (row,) = compared(make_slice(base, candidate))
        better += row.verdict == "better"
    print("called better:", better / SUITES)
    assert better / SUITES <= RISK


def test_candidate_that_fails_wholly_on_few_samples_is_not_called_better_by_the_others() -> None:
    # The others gain a little more or less, so that 20 of them look like a clear gain.
    generator, better = np.random.default_rng(4), 0
    for _ in range(SUITES):
        base = generator.uniform(0.5, 0.9, 20)
        gains = generator.normal(0.03, 0.005, 20)
        candidate = np.where(generator.random(20) < 0.05, 0.0, base + gains)
        (row,) = compared(make_slice(base, candidate))
        better += row.verdict == "better"
    print("called better:", better / SUITES)
    assert better / SUITES <= RISK


@pytest.mark.parametrize(("n", "shift", "of_t_test"), [(20, 0.65, 0.787), (60, 0.37, 0.804)])
def test_normal_differences_are_found_nearly_as_often_as_by_a_t_test(
    n: int, shift: float, of_t_test: float
) -> None:
    # By the noncentral t distribution, scipy.stats.nct.
    generator = np.random.default_rng(n)
    found = sum(
        called_different(make_slice(np.zeros(n), generator.normal(shift, size=n)))
        for _ in range(2 * SUITES)
    )
    print("power:", found / 2 / SUITES)
    assert found / 2 / SUITES >= of_t_test - 0.05 - chance(of_t_test, 2 * SUITES)


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
    assert covered / SUITES >= 1 - RISK - chance(RISK)
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


@long_only
@pytest.mark.parametrize(
    "draw", sampled([None, *DIFFERENCES.values()], 5), ids=sampled(["booleans", *DIFFERENCES], 5)
)
def test_equal_models_are_called_different_in_a_twentieth_of_suites_at_most(
    draw: Draw | None,
) -> None:
    generator = np.random.default_rng(7)
    wrong = sum(called_different(*suite_of_equals(generator, draw)) for _ in range(SUITES))
    print("called_different:", wrong / SUITES)
    assert wrong / SUITES <= RISK + chance(RISK)


@long_only
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
