"""p-values that allow for many comparisons."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from kolena_local.comparison.statistics.correction import adjusted, check_correction
from kolena_local.errors import InputValidationError

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=30).map(np.array)


def test_holm_by_hand() -> None:
    p_values = np.array([0.01, 0.04, 0.03, 0.005])
    assert adjusted(p_values, "holm") == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(P_VALUES)
def test_holm_lies_between_the_p_values_and_bonferroni(p_values: np.ndarray) -> None:
    found = adjusted(p_values, "holm")
    assert (p_values <= found).all()
    assert (found <= np.minimum(1, p_values * len(p_values)) + 1e-15).all()
    order = np.argsort(p_values)
    assert (np.diff(found[order]) >= 0).all()


@given(P_VALUES)
def test_benjamini_hochberg_is_the_least_rate_at_which_each_is_found(p_values: np.ndarray) -> None:
    found = adjusted(p_values, "benjamini-hochberg")
    rates = {p: p * len(p_values) / (p_values <= p).sum() for p in p_values}
    expected = [min(rate for q, rate in rates.items() if q >= p) for p in p_values]
    assert found == pytest.approx(expected)
    assert (found <= adjusted(p_values, "holm") + 1e-15).all()


@given(P_VALUES)
def test_benjamini_hochberg_is_that_of_scipy(p_values: np.ndarray) -> None:
    expected = stats.false_discovery_control(p_values, method="bh")
    assert adjusted(p_values, "benjamini-hochberg") == pytest.approx(expected)


@pytest.mark.parametrize("correction", ["holm", "benjamini-hochberg"])
def test_no_p_values_stay_none(correction: str) -> None:
    assert len(adjusted(np.array([]), correction)) == 0


def test_unknown_correction_names_those_there_are() -> None:
    with pytest.raises(InputValidationError, match="holm or benjamini-hochberg"):
        check_correction("bonferroni")
