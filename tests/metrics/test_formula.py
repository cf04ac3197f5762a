"""The ratios: their values, their names, and what they are when there is nothing to divide by."""

import math
import sys
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolena_local import metrics
from kolena_local.errors import InputValidationError
from kolena_local.metrics import accuracy, f1_score, fpr, precision, recall, specificity
from kolena_local.workflow import metrics as workflow_metrics

COUNTS = st.integers(min_value=0, max_value=10**6)


def test_the_public_names_are_the_same_on_both_paths() -> None:
    assert set(metrics.__all__) == {
        "InferenceMatches",
        "MulticlassInferenceMatches",
        "accuracy",
        "f1_score",
        "fpr",
        "iou",
        "match_inferences",
        "match_inferences_multiclass",
        "precision",
        "recall",
        "specificity",
    }
    assert workflow_metrics.__all__ == metrics.__all__
    for name in metrics.__all__:
        assert getattr(workflow_metrics, name) is getattr(metrics, name)


def test_values_worked_out_by_hand() -> None:
    assert accuracy(5, 1, 2, 2) == 0.7
    assert precision(3, 1) == 0.75
    assert recall(3, 2) == 0.6
    assert f1_score(3, 1, 2) == pytest.approx(2 / 3)
    assert fpr(3, 1) == 0.25
    assert specificity(3, 1) == 0.75


def test_parameters_have_the_names_that_scripts_use() -> None:
    assert accuracy(
        true_positives=1, false_positives=0, false_negatives=1, true_negatives=0
    ) == pytest.approx(0.5)
    assert precision(true_positives=1, false_positives=1) == 0.5
    assert recall(true_positives=1, false_negatives=1) == 0.5
    assert f1_score(true_positives=1, false_positives=1, false_negatives=1) == 0.5
    assert fpr(true_negatives=1, false_positives=1) == 0.5
    assert specificity(true_negatives=1, false_positives=1) == 0.5


@pytest.mark.parametrize("ratio", [precision, recall, fpr, specificity])
@pytest.mark.parametrize("counts", [(0, 0), (1, -1), (-3, 1), (math.nan, 1), (1, math.nan)])
def test_a_ratio_without_a_positive_denominator_is_the_integer_zero(ratio, counts) -> None:
    value = ratio(*counts)

    assert value == 0
    assert type(value) is int


def test_the_other_formulas_without_a_positive_denominator() -> None:
    for value in (accuracy(0, 0, 0, 0), accuracy(1, math.nan, 1, 1), f1_score(0, 3, 4)):
        assert value == 0
        assert type(value) is int


def test_numpy_counts_give_numpy_floats() -> None:
    one, three = np.int64(1), np.int64(3)

    assert precision(three, one) == np.float64(0.75)
    assert isinstance(precision(three, one), np.float64)


@given(tp=COUNTS, fp=COUNTS, fn=COUNTS, tn=COUNTS)
def test_relations_that_hold_for_all_counts(tp: int, fp: int, fn: int, tn: int) -> None:
    assert 0 <= accuracy(tp, fp, fn, tn) <= 1
    assert f1_score(tp, fp, fn) == pytest.approx(2 * tp / (2 * tp + fp + fn) if tp else 0)
    assert fpr(tn, fp) + specificity(tn, fp) == pytest.approx(1 if tn + fp else 0)
    assert recall(tp, fn) == precision(tp, fn)


ALL = [
    (accuracy, 4, lambda tp, fp, fn, tn: Fraction(tp + tn, tp + fp + fn + tn)),
    (precision, 2, lambda tp, fp: Fraction(tp, tp + fp)),
    (recall, 2, lambda tp, fn: Fraction(tp, tp + fn)),
    (f1_score, 3, lambda tp, fp, fn: Fraction(2 * tp, 2 * tp + fp + fn)),
    (fpr, 2, lambda tn, fp: Fraction(fp, tn + fp)),
    (specificity, 2, lambda tn, fp: Fraction(tn, tn + fp)),
]
WIDTHS = [
    "bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16",
    "float32", "float64", "longdouble", "object",
]  # fmt: skip


def largest(dtype: str) -> Any:
    if dtype in ("bool", "object"):
        return 1 if dtype == "bool" else 10**300
    kind = np.dtype(dtype)
    return int(np.iinfo(kind).max) if kind.kind in "iu" else 2**11


@pytest.mark.parametrize(("ratio", "arguments", "exact"), ALL)
def test_large_counts_of_any_width_do_not_wrap_around(
    ratio: Any, arguments: int, exact: Any
) -> None:
    for dtype in WIDTHS:
        most = largest(dtype)
        for counts in ([most] * arguments, [most, *[most // 2] * (arguments - 1)]):
            expected = pytest.approx(float(exact(*counts)), rel=1e-14)
            arrays = [np.array([count, most], dtype) for count in counts]
            assert ratio(*(array[0] for array in arrays)) == expected, dtype
            assert ratio(*arrays).tolist()[0] == expected, dtype
            mixed = [counts[0], *(array[0] for array in arrays[1:])]
            assert ratio(*mixed) == expected, dtype


SIZES = st.integers(min_value=0, max_value=10**400) | st.floats(0, allow_infinity=False)
SIZES |= st.sampled_from([10**400, 10**308, 1.7e308, 1.0, 1e-200])


def exact_ratio(ratio: Any, counts: Any) -> float:
    a, b, c, d = map(Fraction, (*counts, 0, 0)[:4])
    part, whole = {
        accuracy: (a + d, a + b + c + d),
        f1_score: (2 * a, 2 * a + b + c),
        fpr: (b, a + b),
    }.get(ratio, (a, a + b))
    return float(part / whole) if whole else 0.0


@given(counts=st.tuples(SIZES, SIZES, SIZES, SIZES))
def test_counts_whose_sum_is_beyond_a_float_give_the_exact_ratio(counts: Any) -> None:
    for ratio, arguments, _ in ALL:
        given_counts = counts[:arguments]
        expected = pytest.approx(exact_ratio(ratio, given_counts), rel=1e-12, abs=1e-307)
        assert ratio(*given_counts) == expected
        if max(given_counts) <= sys.float_info.max:
            arrays = [np.array([count, 1.0]) for count in given_counts]
            assert ratio(*arrays)[0] == expected
            assert ratio(*map(pd.Series, arrays))[0] == expected
            assert ratio(*(array[0] for array in arrays)) == expected


def test_a_count_beyond_a_float_is_one_sentence_where_it_has_no_ratio() -> None:
    for counts in ([10**400, np.ones(2)], [np.array([10**400], object), 1], [10**400, 1 - 10**400]):
        with pytest.raises(InputValidationError, match="beyond the range of a float"):
            precision(*counts)
    assert precision(10**400, math.inf) == precision(10**400, math.nan) == 0
    assert math.isnan(precision(math.inf, 10**400))
    assert precision(np.longdouble(1.7e308) * 2, 1.7e308) == pytest.approx(2 / 3)


def test_counts_of_different_widths_are_mixed() -> None:
    assert precision(np.uint64(2**64 - 1), np.int64(2**63 - 1)) == pytest.approx(2 / 3)
    assert precision(np.bool_(True), True) == 0.5
    assert recall(np.float16(2000), np.uint8(255)) == 2000 / 2255
    assert f1_score(10**400, 10**400, 10**400) == 0.5


def test_arrays_and_series_are_computed_element_by_element() -> None:
    tp, fp = np.array([200, 100, 0], "uint8"), np.array([100, 200, 0], "uint8")
    assert precision(tp, fp).tolist() == [2 / 3, 1 / 3, 0]
    assert accuracy(tp, fp, fp, tp).tolist() == [2 / 3, 1 / 3, 0]
    assert recall(tp[:, np.newaxis], fp).shape == (3, 3)
    assert f1_score(tp, 0, np.array([math.nan, 100, 1])).tolist() == [0, 2 / 3, 0]
    assert tp.tolist() == [200, 100, 0]
    names = ["cat", "dog", "fox"]
    by_class = precision(pd.Series(tp, index=names), pd.Series(fp[::-1], index=names[::-1]))
    assert by_class.to_dict() == {"cat": 2 / 3, "dog": 1 / 3, "fox": 0}
    missing = pd.Series([None, 1], dtype="Int8")
    assert specificity(missing, missing).tolist() == [0, 0.5]


def test_numpy_numbers_without_a_positive_denominator_are_no_warning() -> None:
    for pair in ((np.uint8(0), np.uint8(0)), (np.float64(math.nan), 1), (np.int8(-100),) * 2):
        assert precision(*pair) == 0
    assert precision(np.array([0, -1]), np.array([0, -1])).tolist() == [0, 0]
    assert math.isnan(precision(np.float64(math.inf), 1))
