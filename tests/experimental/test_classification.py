"""The helpers for plots of labels and scores, against scikit-learn and by hand."""

from __future__ import annotations

from typing import Any, List

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, roc_curve

from kolena_local._experimental.classification.utils import (
    compute_confusion_matrix,
    compute_roc_curves,
    compute_threshold_curves,
    create_histogram,
    get_histogram_range,
    get_label_confidence,
)
from kolena_local._experimental.special_data_type import Timestamp
from kolena_local.annotation import Label, ScoredLabel
from kolena_local.errors import InputValidationError, KolenaWarning
from kolena_local.metrics import f1_score, precision, recall

numbers = np.random.default_rng(3)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.3], (0.3, 0.32, 1)),
        ([0.0], (0.0, 0.02, 1)),
        ([1.0], (0.98, 1.0, 1)),
        ([0.5, 0.5], (0.48, 0.5, 1)),
        ([0.31], (0.3, 0.32, 1)),
        ([0.29, 0.57], (0.28, 0.58, 15)),
        ([0.0, 1.0], (0.0, 1.0, 50)),
        ([0.1 + 0.2, 0.7], (0.3, 0.7, 20)),
    ],
)
def test_a_histogram_of_scores_has_bins(values: List[float], expected: Any) -> None:
    found = get_histogram_range(values)
    assert found == expected
    histogram = create_histogram(values, found, "t")
    assert sum(histogram.frequency) == len(values)  # type: ignore[arg-type]


def test_what_cannot_be_plotted_is_none_and_says_why() -> None:
    a, scored = Label("a"), ScoredLabel("a", 0.5)
    for call, why in [
        (lambda: get_histogram_range([]), "there are no values"),
        (lambda: get_histogram_range([0.5, 1.5]), r"1.5 is not in \[0, 1\]"),
        (lambda: get_histogram_range([0.5, float("nan")]), "nan is not in"),
        (lambda: compute_confusion_matrix(["a"], []), "1 ground truth and 0 inferences"),
        (lambda: compute_confusion_matrix([], []), "0 samples"),
        (lambda: compute_confusion_matrix(["a"], ["a"]), "of 1 label; it needs two"),
        (lambda: compute_roc_curves([a, None], [[scored]] * 2), "pass at least 3"),
        (lambda: compute_threshold_curves([], []), "0 samples"),
        (lambda: compute_threshold_curves([a, a], [scored, ScoredLabel("b", 1)]), "pass one label"),
    ]:
        with pytest.warns(KolenaWarning, match=why):
            assert call() is None
    assert compute_roc_curves([a] * 3, [[scored]] * 3) is None
    assert get_label_confidence("b", [scored]) == 0


def test_a_confusion_matrix_is_that_of_scikit_learn() -> None:
    truth, given = (numbers.choice(["x", "y", "z"], 50).tolist() for _ in range(2))
    plot = compute_confusion_matrix(truth, given)
    assert plot is not None and plot.labels == ["x", "y", "z"]
    assert plot.matrix == confusion_matrix(truth, given).tolist()
    two = compute_confusion_matrix(truth, given, labels=["z", "x"])
    assert two is not None
    assert two.matrix == confusion_matrix(truth, given, labels=["z", "x"]).tolist()


def test_scores_that_are_infinite_or_as_large_as_they_get_make_a_roc_curve() -> None:
    largest = 1.7976931348623157e308
    truth = [Label("a") if it else None for it in (1, 0, 1, 0, 1, 0)]
    scores = [np.inf, np.inf, largest, -largest, -np.inf, -np.inf]
    plot = compute_roc_curves(truth, [[ScoredLabel("a", it)] for it in scores])
    (curve,) = plot.curves
    third = pytest.approx(1 / 3)
    assert (list(curve.x), list(curve.y)) == (
        [0, third, third, pytest.approx(2 / 3), 1],
        [0, third, pytest.approx(2 / 3), pytest.approx(2 / 3), 1],
    )


def test_roc_curves_are_those_of_scikit_learn() -> None:
    truth = [
        None if numbers.random() < 0.2 else Label(numbers.choice(["x", "y"])) for _ in range(90)
    ]
    scores = numbers.random((90, 2)).round(1)
    given = [[ScoredLabel("x", x), ScoredLabel("y", y)] for x, y in scores.tolist()]
    plot = compute_roc_curves(truth, given)
    assert plot is not None and plot.title.endswith("(One-vs-Rest)")
    for curve, column in zip(plot.curves, scores.T, strict=True):
        is_label = [it is not None and it.label == curve.label for it in truth]
        x, y, _ = roc_curve(is_label, column)
        assert (curve.x, curve.y) == (pytest.approx(x.tolist()), pytest.approx(y.tolist()))
    binary = compute_roc_curves(truth, [one[:1] for one in given])
    assert binary is not None and binary.title == "Receiver Operating Characteristic"


def test_threshold_curves_are_counted() -> None:
    truth = [Label("a") if numbers.random() < 0.5 else None for _ in range(40)]
    given = [ScoredLabel("a", score) for score in numbers.random(40).round(3).tolist()]
    curves = compute_threshold_curves(truth, given)
    assert curves is not None and [curve.label for curve in curves] == ["Precision", "Recall", "F1"]
    at = list(curves[0].x)
    assert at[0] == 0 and min(np.diff(at)) >= 0.01
    pairs = [(real is not None, it.score) for real, it in zip(truth, given, strict=True)]
    for place, threshold in enumerate(at):
        tp = sum(real and score >= threshold for real, score in pairs)
        fp = sum(not real and score >= threshold for real, score in pairs)
        fn = sum(real and score < threshold for real, score in pairs)
        assert [curve.y[place] for curve in curves] == pytest.approx(
            [precision(tp, fp), recall(tp, fn), f1_score(tp, fp, fn)]
        )
    chosen = compute_threshold_curves(truth, given, [0.5, 0.2, 0.5])
    assert chosen is not None and chosen[0].x == [0.2, 0.5]


@pytest.mark.parametrize(
    "given",
    [
        Timestamp(value="1970-01-02"),
        Timestamp(value="1970-01-02T00:00:00Z"),
        Timestamp(value="1970-01-02T02:00:00+02:00"),
        Timestamp(value="2.1.1970", format="%d.%m.%Y"),
        Timestamp(86400.0),
    ],
)
def test_a_timestamp_is_read_as_utc(given: Timestamp) -> None:
    assert given.epoch_time == 86400
    assert given._to_dict()["data_type"] == "SPECIAL/TIMESTAMP"
    assert Timestamp._from_dict(given._to_dict()) == given


def test_a_timestamp_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(InputValidationError, match="'tomorrow' cannot be read"):
        Timestamp(value="tomorrow")
