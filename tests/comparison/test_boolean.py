"""McNemar's exact test and the interval of a difference of shares."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolena_local.comparison.statistics.boolean import mcnemar_p_value, proportion_interval

COUNTS = st.integers(0, 3_000)


@given(COUNTS, COUNTS)
def test_mcnemar_is_the_two_sided_binomial_test(losses: int, gains: int) -> None:
    n = losses + gains
    tail = sum(math.comb(n, k) for k in range(min(losses, gains) + 1))
    expected = float(min(Fraction(1), Fraction(2 * tail, 2**n)))
    assert mcnemar_p_value(losses, gains) == pytest.approx(expected, rel=1e-9, abs=1e-300)


@pytest.mark.parametrize(
    ("losses", "gains", "p_value"),
    [(0, 0, 1.0), (0, 5, 2 / 32), (0, 6, 2 / 64), (1, 5, 14 / 64), (4, 4, 1.0)],
)
def test_mcnemar_by_hand(losses: int, gains: int, p_value: float) -> None:
    assert mcnemar_p_value(losses, gains) == pytest.approx(p_value)


def test_interval_is_that_of_the_source() -> None:
    # R. G. Newcombe (1998), table II, method 10: 36, 12, 2, 0 gives 0.0569 to 0.3404.
    assert proportion_interval(36, 2, 12, 0, 0.95) == pytest.approx((0.0569, 0.3404), abs=1e-4)


@given(COUNTS, COUNTS, COUNTS, COUNTS, st.sampled_from([0.8, 0.95, 0.99]))
def test_interval_holds_the_observed_difference_and_turns_with_the_models(
    both: int, losses: int, gains: int, neither: int, confidence: float
) -> None:
    n = both + losses + gains + neither
    if n == 0:
        return
    low, high = proportion_interval(both, losses, gains, neither, confidence)
    assert -1 <= low <= (gains - losses) / n <= high <= 1
    turned = proportion_interval(both, gains, losses, neither, confidence)
    assert turned == (pytest.approx(-high), pytest.approx(-low))


def test_interval_has_a_length_where_no_sample_differs() -> None:
    low, high = proportion_interval(40, 0, 0, 10, 0.95)
    assert low < 0 < high
