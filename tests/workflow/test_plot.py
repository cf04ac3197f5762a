"""Plots and thresholded metrics: their rules, and that they come back as they were."""

import dataclasses
import json
import math
from typing import Any, Dict

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolena_local.errors import InputValidationError
from kolena_local.workflow.plot import (
    AxisConfig,
    BarPlot,
    ConfusionMatrix,
    Curve,
    CurvePlot,
    Histogram,
    Plot,
)
from kolena_local.workflow.thresholded_metrics import ThresholdedMetrics

TEXTS: Dict[str, Any] = {"title": "t", "x_label": "x", "y_label": "y"}
LOG = AxisConfig("log")


@pytest.mark.parametrize(
    ("plot", "data_type"),
    [
        (CurvePlot(**TEXTS, curves=[]), "CURVE"),
        (
            CurvePlot(**TEXTS, curves=[Curve([1], [2.5], "a", {"n": ["x"]})], y_config=LOG),
            "CURVE",
        ),
        (Histogram(**TEXTS, buckets=[0, 0.5, 1], frequency=[3, -1]), "HISTOGRAM"),
        (Histogram(**TEXTS, buckets=[0, 1, 2], frequency=[3, 4], labels=[]), "HISTOGRAM"),
        (
            Histogram(**TEXTS, buckets=[0, 1], frequency=[[3], [4]], labels=["a", "b"]),
            "HISTOGRAM",
        ),
        (BarPlot(**TEXTS, labels=["a", 1, 2.5], values=[1, None, 0.5], config=LOG), "BAR"),
        (ConfusionMatrix("t", ["a", "b"], [[1, None], [0.5, 3]]), "CONFUSION_MATRIX"),
    ],
)
def test_plots_come_back(plot: Plot, data_type: str) -> None:
    shown = plot._to_dict()
    assert list(shown) == [*(field.name for field in dataclasses.fields(plot)), "data_type"]
    assert shown["data_type"] == f"PLOT/{data_type}"
    back = type(plot)._from_dict(json.loads(json.dumps(shown)))
    assert (back, repr(back)) == (plot, repr(plot))


def test_base_class_cannot_be_made() -> None:
    with pytest.raises(TypeError):
        Plot()


def test_whole_numbers_and_floats_are_kept_apart() -> None:
    curve = Curve([1, 2.0, np.int64(3)], (1, 2.5, np.float64(3.0)))
    assert repr(curve) == "Curve(x=[1, 2.0, 3], y=(1, 2.5, 3.0), label=None, extra=None)"
    bars = BarPlot(**TEXTS, labels=["5", np.str_("5"), 5, np.int64(5), 5.0], values=[1] * 5)
    assert repr(bars.labels) == "['5', '5', 5, 5, 5.0]"


def test_nan_is_a_value_and_none_is_not() -> None:
    assert math.isnan(Curve([1], [math.nan]).y[0])
    with pytest.raises(InputValidationError, match=r"Curve\.y\[1\]"):
        Curve([1, 2], [1, None])
    with pytest.raises(InputValidationError, match=r"Histogram\.frequency"):
        Histogram(**TEXTS, buckets=[0, 1], frequency=[None])


@pytest.mark.parametrize(
    "series", [np.zeros(2), range(2), pd.Series([1, 2]), "ab", {1, 2}, 3, None]
)
def test_series_are_lists_or_tuples(series: Any) -> None:
    makers = (
        lambda: Curve(series, [1, 2]),
        lambda: Curve([1, 2], series),
        lambda: Curve([1, 2], [1, 2], extra={"a": series}),
        lambda: Histogram(**TEXTS, buckets=series, frequency=[1]),
        lambda: Histogram(**TEXTS, buckets=[1, 2, 3], frequency=series),
        lambda: BarPlot(**TEXTS, labels=["a", "b"], values=series),
        lambda: ConfusionMatrix("t", ["a", "b"], [[1, 2], series]),
    )
    for make in makers:
        with pytest.raises(InputValidationError):
            make()


@pytest.mark.parametrize("scale", ["lin", "LOG", None, 1])
def test_axes_are_linear_or_logarithmic(scale: Any) -> None:
    with pytest.raises(InputValidationError, match="AxisConfig"):
        AxisConfig(scale)
    with pytest.raises(InputValidationError, match="x_config"):
        CurvePlot(**TEXTS, curves=[], x_config={"type": scale})


def test_curves_and_axes_may_be_given_as_dicts() -> None:
    given = CurvePlot(**TEXTS, curves=[{"x": [1], "y": [2]}], x_config={"type": "log"})
    assert given == CurvePlot(**TEXTS, curves=[Curve([1], [2])], x_config=LOG)


def test_series_of_a_curve_are_of_one_length() -> None:
    assert Curve([], []).x == []
    with pytest.raises(InputValidationError, match=r"Curve\.y has 2"):
        Curve([1], [1, 2])
    with pytest.raises(InputValidationError, match=r"Curve\.extra\['n'\] has 2"):
        Curve([1], [1], extra={"m": [1], "n": [1, 2]})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"buckets": [0], "frequency": []}, "at least two edges"),
        ({"buckets": [0, 1, 1], "frequency": [1, 2]}, r"buckets\[2\]"),
        ({"buckets": [1, 0], "frequency": [1]}, r"buckets\[1\]"),
        ({"buckets": [0, math.nan], "frequency": [1]}, r"buckets\[1\]"),
        ({"buckets": [0, 1], "frequency": [1, 2]}, "2 counts for 2 edges"),
        ({"buckets": [0, 1], "frequency": []}, "0 counts"),
        ({"buckets": [0, 1], "frequency": [[1]]}, "give labels"),
        ({"buckets": [0, 1], "frequency": [[1]], "labels": []}, "give labels"),
        ({"buckets": [0, 1], "frequency": [1], "labels": ["a"]}, r"frequency\[0\] is a number"),
        ({"buckets": [0, 1], "frequency": [[1]], "labels": ["a", "b"]}, "one series for each"),
        ({"buckets": [0, 1], "frequency": [[1], [1, 2]], "labels": ["a", "b"]}, r"\[1\] has 2"),
        ({"buckets": [0, 1], "frequency": [[1], 2], "labels": ["a", "b"]}, "frequency"),
    ],
)
def test_histograms_that_are_refused(fields: Dict[str, Any], message: str) -> None:
    with pytest.raises(InputValidationError, match=message):
        Histogram(**TEXTS, **fields)


@pytest.mark.parametrize(("labels", "values"), [([], []), (["a"], []), (["a"], [1, 2])])
def test_bars_that_are_refused(labels: Any, values: Any) -> None:
    with pytest.raises(InputValidationError, match="BarPlot has"):
        BarPlot(**TEXTS, labels=labels, values=values)


@pytest.mark.parametrize(
    ("labels", "matrix"),
    [
        ([], []),
        (["a"], [[1]]),
        (["a", "b"], [[1, 2]]),
        (["a", "b"], [[1, 2], [1]]),
        (["a", "b"], [[1, 2], [1, 2, 3]]),
    ],
)
def test_confusion_matrices_that_are_refused(labels: Any, matrix: Any) -> None:
    with pytest.raises(InputValidationError, match="ConfusionMatrix"):
        ConfusionMatrix("t", labels, matrix)


def test_confusion_matrix_names_its_axes() -> None:
    matrix = ConfusionMatrix("t", ["a", "b"], [[1, 2], [3, 4]])
    assert (matrix.x_label, matrix.y_label) == ("Predicted", "Actual")


numbers = st.integers() | st.floats()


@given(st.lists(st.tuples(numbers, numbers)), st.text(), st.none() | st.text())
def test_any_curve_comes_back(points: Any, title: str, label: Any) -> None:
    curve = Curve([x for x, _ in points], [y for _, y in points], label, {"n": ["a"] * len(points)})
    plot = CurvePlot(title, "x", "y", [curve])
    text = json.dumps(plot._to_dict())
    assert repr(CurvePlot._from_dict(json.loads(text))) == repr(plot)


@dataclasses.dataclass(frozen=True)
class AtThreshold(ThresholdedMetrics):
    count: Any


def test_thresholded_metrics_are_stored_with_their_type() -> None:
    assert dict(AtThreshold(0.5, 3)._to_dict()) == {
        "threshold": 0.5,
        "count": 3,
        "data_type": "METRICS/THRESHOLDED",
    }
    assert AtThreshold._from_dict({"threshold": 0.5, "count": 3}) == AtThreshold(0.5, 3)


def test_the_threshold_is_taken_as_it_is() -> None:
    assert AtThreshold("0.5", 3).threshold == "0.5"


def test_thresholded_metrics_hold_no_dicts() -> None:
    with pytest.raises(TypeError, match=r"AtThreshold\.count is a dict"):
        AtThreshold(0.5, {"a": 1})


def test_the_threshold_is_declared_once() -> None:
    with pytest.raises(TypeError, match="declares 'threshold'"):

        class Again(ThresholdedMetrics):
            threshold: float

    @dataclasses.dataclass(frozen=True)
    class Later(AtThreshold):
        threshold: int

    assert Later(1, count=3).threshold == 1
