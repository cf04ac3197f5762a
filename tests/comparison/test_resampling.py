"""Bootstrap intervals and sign flips, against SciPy and against what can be said by hand."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolena_local.comparison.statistics.resampling import (
    bootstrap_interval,
    sign_flip_p_value,
    standard_error,
)

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False).filter(lambda x: x == 0 or abs(x) > 1e-6)


def ones(n: int) -> Any:
    return np.ones(n)


def test_interval_is_that_of_scipy_where_there_are_many_samples() -> None:
    differences = np.random.default_rng(1).gamma(0.5, size=400)
    low, high = bootstrap_interval(differences, ones(400), 0.95, 20_000, 0)
    # SciPy 1.17: bootstrap((differences,), np.mean, n_resamples=20_000, method="BCa",
    # random_state=1). Importing it would take longer than most of the tests.
    of_scipy = (0.4332203474480131, 0.5872543492074616)
    assert (low, high) == pytest.approx(of_scipy, abs=0.03 * (high - low))


@given(st.lists(NUMBERS, min_size=6, max_size=40), st.integers(0, 5))
def test_interval_holds_nothing_that_was_not_drawn(values: list[float], seed: int) -> None:
    differences = np.array(values)
    low, high = bootstrap_interval(differences, ones(len(values)), 0.95, 200, seed)
    tolerance = 1e-9 * np.abs(differences).max()
    assert differences.min() - tolerance <= low <= high <= differences.max() + tolerance
    assert (low, high) == bootstrap_interval(differences, ones(len(values)), 0.95, 200, seed)


@pytest.mark.parametrize(
    ("n", "of_scipy"),  # ttest_1samp(differences, 0).confidence_interval(0.95)
    [
        (2, (-2.441240947234939, 2.641240947234939)),
        (3, (-0.5255832733860186, 0.9922499400526852)),
        (4, (-0.17280578816046344, 0.6228057881604634)),
        (5, (-0.10125770329836153, 0.8212577032983615)),
    ],
)
def test_few_samples_have_the_interval_of_student(n: int, of_scipy: tuple[float, float]) -> None:
    differences = np.array([0.3, -0.1, 0.5, 0.2, 0.9])[:n]
    interval = bootstrap_interval(differences, ones(n), 0.95, 200, 0)
    assert interval == pytest.approx(of_scipy, rel=0.003)


def test_one_sample_has_no_interval() -> None:
    assert all(map(math.isnan, bootstrap_interval(ones(1), ones(1), 0.95, 200, 0)))


@pytest.mark.parametrize("n", [2, 10, 500])
@pytest.mark.parametrize("value", [0.0, 0.1, -3.7])
def test_differences_without_spread_are_their_own_interval(n: int, value: float) -> None:
    low, high = bootstrap_interval(np.full(n, value), ones(n), 0.95, 200, 0)
    assert (low, high) == (pytest.approx(value), pytest.approx(value))


@given(st.lists(st.integers(-9, 9), max_size=10))
def test_sign_flips_of_few_samples_are_counted_one_by_one(values: list[int]) -> None:
    observed = abs(sum(values))
    flipped = [
        abs(sum(map(int.__mul__, signs, values)))
        for signs in itertools.product((-1, 1), repeat=len(values))
    ]
    expected = sum(total >= observed for total in flipped) / len(flipped)
    assert sign_flip_p_value(np.array(values, dtype=float), 0) == pytest.approx(expected)


@given(st.lists(NUMBERS, max_size=60), st.floats(1e-3, 1e3))
def test_sign_flips_do_not_see_the_unit_of_measure_nor_which_model_is_first(
    values: list[float], factor: float
) -> None:
    differences = np.array(values)
    p_value = sign_flip_p_value(differences, 0)
    assert 0 < p_value <= 1
    assert sign_flip_p_value(-differences, 0) == p_value
    assert sign_flip_p_value(differences * factor, 0) == pytest.approx(p_value, abs=2e-3)


def test_drawn_sign_flips_agree_with_the_test_of_student() -> None:
    generator = np.random.default_rng(3)
    # SciPy 1.17: ttest_1samp(differences, 0).pvalue
    for shift, expected in ((0.0, 0.42435135232018933), (0.1, 0.10102117085518598), (0.2, 3.3e-06)):
        differences = generator.normal(shift, size=203)
        assert sign_flip_p_value(differences, 0) == pytest.approx(expected, abs=0.02)


def test_no_difference_at_all_is_no_evidence() -> None:
    assert sign_flip_p_value(np.zeros(100), 0) == 1.0


def test_repeated_samples_of_a_cluster_add_no_evidence() -> None:
    differences = np.random.default_rng(4).normal(0.3, size=30)
    alone = bootstrap_interval(differences, ones(30), 0.95, 500, 0)
    ten_times = bootstrap_interval(10 * differences, 10 * ones(30), 0.95, 500, 0)
    assert ten_times == pytest.approx(alone)
    expected = differences.std(ddof=1) / math.sqrt(30)
    assert standard_error(10 * differences, 10 * ones(30)) == pytest.approx(expected)
    assert sign_flip_p_value(10 * differences, 0) == sign_flip_p_value(differences, 0)


def test_clusters_of_unequal_size_are_drawn_whole() -> None:
    sizes = np.array([1.0, 50, 3, 2, 8, 1, 4, 9])
    sums = sizes * np.array([0, 1.0, 0, 0, 0, 0, 0, 0])
    low, high = bootstrap_interval(sums, sizes, 0.95, 2_000, 0)
    # Without the large cluster, which is not drawn in a third of all resamples, nothing is left.
    assert low == 0
    assert high > 50 / 78


def test_p_value_is_the_same_whichever_model_is_the_base() -> None:
    # More differences than all of whose signs are tried, so that signs are drawn.
    differences = np.random.default_rng(0).normal(0.3, 1.0, 40)
    p_value = sign_flip_p_value(differences, seed=0)
    assert 1e-3 < p_value < 1
    assert sign_flip_p_value(-differences, seed=0) == p_value
    assert sign_flip_p_value(differences[::-1], seed=0) == p_value
