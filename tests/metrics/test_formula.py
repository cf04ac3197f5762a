"""The ratios: their values, their names, and what they are when there is nothing to divide by."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolena_local import metrics
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
