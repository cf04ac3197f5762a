"""Tests and intervals for the difference between some samples and all others, against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from kolena_local.comparison.statistics.two_groups import difference_interval, lower_tails


@given(st.integers(1, 80), st.integers(1, 80), st.integers(1, 400), st.integers(0, 9))
def test_zeros_and_ones_have_the_test_of_fisher(ones: int, size: int, more: int, seed: int) -> None:
    generator, n = np.random.default_rng(seed), max(ones, size) + more
    values = (generator.permutation(n) < ones).astype(float)
    group = np.arange(n) < size
    (p_value,) = lower_tails(values, [group], 0)
    observed = int(values[group].sum())
    expected = stats.hypergeom.cdf(observed, n, ones, size)
    assert p_value == pytest.approx(expected, rel=1e-8, abs=1e-300)


def test_interval_of_numbers_is_that_of_welch() -> None:
    generator = np.random.default_rng(0)
    inside, outside = generator.normal(0.4, 2, size=13), generator.normal(size=31)
    expected = stats.ttest_ind(inside, outside, equal_var=False).confidence_interval(0.95)
    found = difference_interval(inside, outside, 0.95)
    assert found == (pytest.approx(expected.low), pytest.approx(expected.high))
