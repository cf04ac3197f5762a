"""The test of a mean difference and its interval, against SciPy and what can be said by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from kolena_local.comparison.report import rounded, table
from kolena_local.comparison.statistics.mean_difference import (
    MeanDifference,
    mean_difference,
    standard_error,
)
from kolena_local.comparison.statistics.scaling import scaled
from tests.comparison.slices import compared, make_slice

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False).filter(lambda x: x == 0 or abs(x) > 1e-6)


def found(values: Any, sizes: Any = None, confidence: float = 0.95) -> MeanDifference:
    values = np.array(values, dtype=float)
    weights = np.ones(len(values)) if sizes is None else np.array(sizes, dtype=float)
    return mean_difference(values, weights, confidence, float(np.abs(values).max()))


@pytest.mark.parametrize("n", [20, 61, 1_000])
@pytest.mark.parametrize("shift", [0.2, -0.7])
def test_symmetric_differences_have_the_test_and_the_interval_of_student(
    n: int, shift: float
) -> None:
    # Quantiles of a normal distribution, so that there is no skewness.
    values = stats.norm.ppf((np.arange(n) + 0.5) / n) + shift
    expected = stats.ttest_1samp(values, 0)
    interval = expected.confidence_interval(0.95)
    one = found(values)
    assert one.plain_p_value == pytest.approx(expected.pvalue)
    assert (one.low, one.high) == (pytest.approx(interval.low), pytest.approx(interval.high))
    if n > 20:
        assert one.p_value == pytest.approx(expected.pvalue)
    assert one.p_value >= expected.pvalue * (1 - 1e-9)


def test_correction_for_skewness_is_that_of_its_source() -> None:
    # P. Hall (1992): T = t + g (2 t**2 + 1) / (6 sqrt(n)) + g**2 t**3 / (27 n), where g is the
    # skewness. Differences of two values have no tail that the sample could lack.
    values = np.repeat([-1.0, 0.25], [20, 180])
    t, g, n = stats.ttest_1samp(values, 0).statistic, stats.skew(values), len(values)
    corrected = t + g * (2 * t**2 + 1) / (6 * math.sqrt(n)) + g**2 * t**3 / (27 * n)
    one = found(values)
    assert one.p_value == pytest.approx(2 * stats.t.sf(corrected, n - 1))
    assert one.p_value > 1.5 * one.plain_p_value


def test_sample_may_miss_what_so_many_samples_often_miss() -> None:
    # The rule of three: 20 samples miss 16.8 % of a population with a probability of 0.025.
    one = mean_difference(np.full(20, 0.5), np.ones(20), 0.95, 1.0)
    assert one.low == pytest.approx(0.5 - 0.168434 * 1.5, abs=1e-6)
    assert one.high == 0.5
    assert one.p_value == pytest.approx(2 * (1 / 1.5) ** 20)


@pytest.mark.parametrize(("n", "smallest"), [(2, 0.5), (5, 2 / 32), (6, 2 / 64), (10, 2 / 1024)])
def test_p_value_is_at_least_that_of_the_sign_test(n: int, smallest: float) -> None:
    p_value = found(np.linspace(1, 1.01, n)).p_value
    assert smallest <= p_value < 1.03 * smallest


def test_one_sample_has_no_interval() -> None:
    one = found([3.0])
    assert one.p_value == 1
    assert math.isnan(one.low) and math.isnan(one.high)


@given(
    st.lists(NUMBERS, min_size=2, max_size=40),
    st.lists(st.integers(1, 9), min_size=40, max_size=40),
    st.sampled_from([0.5, 0.9, 0.95, 0.999]),
    st.booleans(),
)
def test_verdict_and_interval_never_contradict_each_other(
    values: list[float], counts: list[int], confidence: float, alike: bool
) -> None:
    sizes = np.array([1 if alike else count for count in counts[: len(values)]], dtype=float)
    sums, _ = scaled(np.array(values))
    one = found(sums, sizes, confidence)
    assert 0 <= one.plain_p_value <= one.p_value <= 1
    assert one.low <= sums.sum() / sizes.sum() + 1e-9 * np.abs(sums).max()
    if one.p_value <= 1 - confidence:
        rounding = 1e-9 * np.abs(sums).max()
        assert one.low >= -rounding or one.high <= rounding
    turned = found(-sums[::-1], sizes[::-1], confidence)
    assert (turned.p_value, turned.low, turned.high) == (one.p_value, -one.high, -one.low)


@given(st.lists(NUMBERS, min_size=2, max_size=30), st.booleans(), st.integers(1, 3))
def test_undecided_row_has_zero_in_its_interval_and_a_decided_one_has_not(
    values: list[float], boolean: bool, members: int
) -> None:
    candidate = np.array(values) > 0 if boolean else np.array(values)
    base = np.arange(len(values)) % 3 == 0 if boolean else np.zeros(len(values))
    clusters = None if members == 1 else np.arange(len(values)) // members
    (row,) = compared(make_slice(base, candidate, boolean=boolean, clusters=clusters))
    if row.units > 1:
        assert (row.ci_low <= 0 <= row.ci_high) == (row.verdict == "not decided")


def test_repeated_samples_of_a_cluster_add_no_evidence() -> None:
    differences = np.random.default_rng(4).normal(0.3, size=30)
    alone, ten_times = found(differences), found(10 * differences, np.full(30, 10))
    assert ten_times == pytest.approx(alone)
    expected = differences.std(ddof=1) / math.sqrt(30)
    assert standard_error(10 * differences, np.full(30, 10.0)) == pytest.approx(expected)


def test_standard_error_of_clusters_is_that_of_statsmodels() -> None:
    differences = np.array([0.2, -0.1, 0.5, 0.4, 0.0, 0.3, -0.2, 0.6, 0.1])
    clusters = np.array([0, 0, 0, 1, 1, 2, 3, 3, 3])
    # statsmodels 0.14: OLS(differences, ones).fit(cov_type="cluster", cov_kwds={"groups":
    # clusters}).bse; its correction is g / (g - 1) * (n - 1) / (n - 1) for one mean.
    sums, sizes = np.bincount(clusters, differences), np.bincount(clusters).astype(float)
    expected = math.sqrt(4 / 3 * ((sums - sizes * differences.mean()) ** 2).sum()) / 9
    assert standard_error(sums, sizes) == pytest.approx(expected)


def test_mean_of_zeros_is_not_different() -> None:
    assert found(np.zeros(100))[:] == (1.0, 1.0, 0.0, 0.0)


@pytest.mark.parametrize("boolean", [False, True])
def test_zero_is_shown_without_a_sign(boolean: bool) -> None:
    zeros, mixed = [-0.0] * 40, [0.0] * 30 + [1.0] * 10
    for base, candidate in ((zeros, zeros), (zeros, mixed), (mixed, zeros), (mixed, mixed[::-1])):
        (row,) = compared(make_slice(base, candidate, boolean=boolean))
        numbers = [row.base, row.candidate, row.difference, row.ci_low, row.ci_high]
        assert "-0.0" not in map(str, numbers)
        assert "-0.0" not in map(str, table([row])[1][0])
    assert str(rounded(-0.0, 3)) == "0.0"
