"""Sign flips, against SciPy and against what can be said by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolena_local.comparison.statistics.resampling import sign_flip_p_value

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False).filter(lambda x: x == 0 or abs(x) > 1e-6)


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


def test_p_value_is_the_same_whichever_model_is_the_base() -> None:
    # More differences than all of whose signs are tried, so that signs are drawn.
    differences = np.random.default_rng(0).normal(0.3, 1.0, 40)
    p_value = sign_flip_p_value(differences, seed=0)
    assert 1e-3 < p_value < 1
    assert sign_flip_p_value(-differences, seed=0) == p_value
    assert sign_flip_p_value(differences[::-1], seed=0) == p_value
