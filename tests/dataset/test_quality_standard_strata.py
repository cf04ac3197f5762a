"""The test cases of a quality standard, and its table."""

from __future__ import annotations

import itertools
import json
from typing import Any, Dict, List, Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolena_local.dataset.quality_standard import (
    Buckets,
    CategoricalMetric,
    FieldFilter,
    MetricGroup,
    MulticlassMetric,
    Part,
    QualityStandard,
    Range,
    SimpleMetric,
    Stratification,
    StratifyField,
    TestCase,
    margin_of_error,
    quality_standard_result,
)
from kolena_local.errors import IncorrectUsageError, InputValidationError

COUNT = SimpleMetric(label="n", aggregator="count", key="score")
MEAN = SimpleMetric(label="mean", aggregator="mean", key="score", higher_is_better=True)
ONE = ("m", "null", "g", "n")


def standard(
    *stratifications: Stratification, metrics: Sequence[Any] = (COUNT,)
) -> QualityStandard:
    return QualityStandard("s", list(stratifications), [MetricGroup("g", list(metrics))])


def sizes(stratification: Stratification, datapoints: pd.DataFrame) -> Dict[str, float]:
    """Return how many datapoints each test case has."""
    results = datapoints.assign(score=1)[["score"]]
    table = quality_standard_result(standard(stratification), datapoints, {("m", "null"): results})
    return dict(table.loc[stratification.name, ONE])


@given(
    st.lists(st.integers(-20, 20) | st.floats(-5, 5), min_size=1, max_size=30),
    st.integers(1, 8),
    st.booleans(),
)
def test_counted_buckets_are_those_of_pandas(values: List[float], count: int, high: bool) -> None:
    kind = "equal-height" if high else "equal-width"
    field = StratifyField("x", buckets=Buckets(count, kind))  # type: ignore[arg-type]
    found = sizes(Stratification("x", [field]), pd.DataFrame({"x": [*values, None]}))
    if not high:
        codes = pd.cut(np.array(values, dtype=float), count, labels=False)
    else:
        codes = pd.qcut(np.array(values, dtype=float), count, labels=False, duplicates="drop")
    if len(set(values)) == 1:  # pandas: the bucket in the middle, or none
        codes = np.zeros(len(values), dtype=int)
    assert list(found.values()) == list(np.bincount(codes, minlength=count))


@given(
    st.lists(st.integers(-1, 11), min_size=1, max_size=30),
    st.lists(st.integers(0, 10), min_size=2, max_size=5, unique=True).map(sorted),
)
def test_edges_are_those_of_pandas_cut(values: List[int], edges: List[int]) -> None:
    frame = pd.DataFrame({"x": values})
    field = StratifyField("x", buckets=[float(edge) for edge in edges])
    ranges = [
        TestCase(f"{low}", [Part(Range(low, high))]) for low, high in itertools.pairwise(edges)
    ]
    codes = pd.cut(values, edges, labels=False, include_lowest=True)
    expected = [np.sum(codes == code) for code in range(len(edges) - 1)]
    assert list(sizes(Stratification("x", [field]), frame).values()) == expected
    for each in (field, StratifyField("x")):
        assert list(sizes(Stratification("x", [each], ranges), frame).values()) == expected


@pytest.mark.parametrize("kind", ["equal-width", "equal-height"])
@pytest.mark.parametrize(
    "values", [[-1e308, -1e307, 1e307, 1e308], [0, 5e-324, 1e-323, 2e-323], [1, 1 + 1e-15, 2, 3]]
)
def test_counted_buckets_have_all_values_of_any_size(values: List[float], kind: Any) -> None:
    field = StratifyField("x", buckets=Buckets(4, kind))
    found = sizes(Stratification("x", [field]), pd.DataFrame({"x": values}))
    assert len(found) == 4 and sum(found.values()) == len(values)


def test_values_of_a_frame_are_those_of_a_standard() -> None:
    frame = pd.DataFrame({"x": pd.Series([1, True, np.nan, "a"], dtype=object)})
    given = [np.int64(1), np.bool_(True), np.nan, np.str_("a")]
    found = sizes(Stratification("x", [StratifyField("x", values=given)]), frame)
    assert found == {"1": 1, "true": 1, "null": 1, "a": 1}


def test_test_cases_are_named_by_their_values() -> None:
    frame = pd.DataFrame(
        {
            "city": ["b", "a", "b", None],
            "flag": [True, 1, False, True],
            "box": [{"label": "x", "size": n} for n in (1, 2, 3, 4)],
            "deep.column": [{"n": 1}, {"n": 1}, {}, None],
        }
    )
    named = {
        "city": {"a": 1, "b": 2, "null": 1},
        "flag": {"false": 1, "1": 1, "true": 2},
        "box.label": {"x": 4},
        "deep.column.n": {"1.0": 2, "null": 2},
    }
    for name, expected in named.items():
        assert sizes(Stratification(name, [StratifyField(name)]), frame) == expected
    buckets = StratifyField("box.size", buckets=Buckets(3))
    assert list(sizes(Stratification("x", [buckets]), frame)) == [
        "1st tertile",
        "2nd tertile",
        "3rd tertile",
    ]
    edges = StratifyField("box.size", buckets=[1, 2.5, 4])
    both = Stratification("x", [StratifyField("city", values=["a", "c"]), edges])
    assert sizes(both, frame) == {
        "a, [1, 2.5]": 1,
        "a, (2.5, 4]": 0,
        "c, [1, 2.5]": 0,
        "c, (2.5, 4]": 0,
    }
    alike = pd.DataFrame({"x": [1, "1", None, "null"], "y": [1e9 + n for n in range(4)]})
    assert sizes(Stratification("x", [StratifyField("x")]), alike) == {
        "1": 1,
        '"1"': 1,
        '"null"': 1,
        "null": 1,
    }
    near = StratifyField("y", buckets=[1e9, 1e9 + 1, 1e9 + 2])
    assert len(sizes(Stratification("y", [near]), alike)) == 2
    one_edge = StratifyField("box.size", buckets=[3])
    assert sizes(Stratification("x", [one_edge]), frame) == {"(-inf, 3]": 3, "(3, inf)": 1}


def test_filters_restrict_a_stratification_and_its_buckets() -> None:
    frame = pd.DataFrame({"x": range(20), "city": [*["a"] * 8, *["b"] * 8, *[None] * 4]})
    filters = {"datapoint.city": FieldFilter(["a"], True)}
    halves = StratifyField("x", buckets=Buckets(2))
    assert list(sizes(Stratification("s", [halves], filters=filters), frame).values()) == [6, 6]
    assert sizes(Stratification("only", filters={"city": FieldFilter(["b"])}), frame) == {"only": 8}


def test_results_can_divide_and_all_models_have_the_same_buckets() -> None:
    frame = pd.DataFrame({"id": range(10)})
    results = {
        ("low", "null"): pd.DataFrame({"score": range(10)}),
        ("high", "null"): pd.DataFrame({"score": range(10, 20)}),
    }
    halves = StratifyField("score", "result", buckets=Buckets(2))
    table = quality_standard_result(standard(Stratification("s", [halves])), frame, results)
    assert table.loc["s"].to_numpy().tolist() == [[10, 0], [0, 10]]


def test_a_table_has_a_row_for_each_test_case_and_a_column_for_each_metric_of_a_model() -> None:
    frame = pd.DataFrame({"id": range(20), "city": ["new york", "waterloo"] * 10})
    results = {
        ("m", json.dumps(config)): pd.DataFrame({"score": np.arange(20) * factor})
        for config, factor in ((None, 0.1), ({"double": True}, 0.2))
    }
    field = StratifyField("city", values=["new york", "waterloo"])
    lowest = SimpleMetric(label="Min Score", aggregator="min", key="score")
    plan = standard(Stratification("city", [field]), metrics=[lowest])
    table = quality_standard_result(plan, frame, results)
    assert table.columns.names == ["model", "eval_config", "metric_group", "metric"]
    assert [list(level) for level in table.columns.levels] == [
        ["m"],
        ["null", '{"double": true}'],
        ["g"],
        ["Min Score"],
    ]
    assert table.index.names == ["stratification", "test_case"]
    assert [list(level) for level in table.index.levels] == [
        ["Dataset", "city"],
        ["new york", "waterloo"],
    ]
    column = ("m", '{"double": true}', "g", "Min Score")
    assert table.loc[("Dataset", np.nan), column] == 0
    assert table.loc[("city", "waterloo"), column] == 0.2


def test_missing_results_are_left_out_of_all_models_or_of_their_own() -> None:
    frame = pd.DataFrame({"id": range(10)})
    full, half = pd.DataFrame({"score": range(10)}), pd.DataFrame({"score": range(4)})
    results = {("full", "null"): full, ("half", "null"): half, ("half", "{}"): full}
    plan = standard()
    assert quality_standard_result(plan, frame, results).iloc[0].tolist() == [4, 4, 4]
    own = quality_standard_result(plan, frame, results, intersect_results=False)
    assert own.iloc[0].tolist() == [10, 4, 4]


def test_improvements_are_told_by_the_margin_of_error_under_any_name() -> None:
    frame = pd.DataFrame({"city": ["a"] * 50 + ["b"] * 50, "n": range(100)})
    score = pd.Series([0.5] * 100)
    better, worse = score.copy(), score.copy()
    better[:50] += 0.14  # the margin of error of 50 datapoints is 13.86 %
    worse[:50] -= 0.13
    results = {
        (name, "null"): pd.DataFrame({"score": values})
        for name, values in (("base", score), ("better", better), ("worse", worse))
    }
    cost = SimpleMetric(label="cost", aggregator="mean", key="score", higher_is_better=False)
    some = SimpleMetric(label="some", aggregator="mean", key="score")
    cases = [TestCase("anything I like", [Part("a")]), TestCase("none", [Part("c")])]
    plan = standard(
        Stratification("by city", [StratifyField("city")], cases), metrics=[MEAN, cost, some]
    )
    table = quality_standard_result(plan, frame, results, confidence_level=0.95)
    assert table.columns.names[-1] == "type"
    deltas = table.xs("performance_delta", axis=1, level="type").droplevel([1, 2], axis=1)
    assert deltas.loc[("by city", "anything I like")].to_dict() == {
        ("base", "mean"): "similar",
        ("base", "cost"): "similar",
        ("base", "some"): "unknown",
        ("better", "mean"): "improved",
        ("better", "cost"): "regressed",
        ("better", "some"): "unknown",
        ("worse", "mean"): "similar",
        ("worse", "cost"): "similar",
        ("worse", "some"): "unknown",
    }
    assert set(deltas.loc[("by city", "none")]) == {"unknown"}
    assert deltas.loc[("Dataset", np.nan), ("better", "mean")] == "similar"
    against = quality_standard_result(
        plan, frame, results, confidence_level=0.95, reference_model="better"
    )
    row = against.loc[("by city", "anything I like")]
    assert row["base", "null", "g", "mean", "performance_delta"] == "regressed"


def test_the_margin_of_error_is_that_of_a_proportion() -> None:
    from scipy.stats import norm

    assert margin_of_error(50, 0.95) == pytest.approx(13.859, abs=5e-4)
    for n, level in ((1, 0.5), (100, 0.9), (2000, 0.99)):
        expected = 100 * norm.ppf((1 + level) / 2) * (0.25 / n) ** 0.5
        assert margin_of_error(n, level) == pytest.approx(expected)
    assert margin_of_error(0) == 0 and margin_of_error(10, 0) == 0
    for level in (1, -0.1, float("nan"), "0.9"):
        with pytest.raises(ValueError, match="must be a number from 0 to below 1"):
            margin_of_error(10, level)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "reference", "largest", "higher", "expected"),
    [
        (0.9, 0.7, 0.9, True, "improved"),  # 20 % of 1
        (0.9, 0.7, 2.0, True, "similar"),  # 2 % of 10
        (300, 200, 2000, True, "similar"),  # 5 % of 2,000 itself
        (600, 200, 2000, False, "regressed"),
        (-1, -2, -1, True, "improved"),  # the sign of the scale does not turn it around
        (0.0, 0.0, 0.0, True, "similar"),
        (1.5e308, 1.2e308, 1.7e308, True, "improved"),  # no power of ten is as large
        (5e-324, 0.0, 5e-324, True, "improved"),
        (np.nan, 1, 1, True, "unknown"),
        (1, np.inf, 1, True, "unknown"),
    ],
)
def test_a_difference_is_in_percent_of_the_scale_of_the_metric(
    value: float, reference: float, largest: float, higher: bool, expected: str
) -> None:
    from kolena_local.dataset.quality_standard.significance import verdict

    assert verdict(value, reference, largest, 13.9, higher) == expected


def test_empty_and_null_data_give_nan_without_a_warning() -> None:
    field = StratifyField("x", buckets=Buckets(4))
    metrics = [
        SimpleMetric(label=name, aggregator=name, key="score")
        for name in ("min", "max", "mean", "median", "stddev")
    ]
    plan = standard(Stratification("s", [field]), metrics=metrics)
    for frame in (pd.DataFrame({"x": []}), pd.DataFrame({"x": [None, None]})):
        results = {("m", "null"): frame.rename(columns={"x": "score"})}
        table = quality_standard_result(plan, frame, results, confidence_level=0.9)
        values = table.xs("metric_value", axis=1, level="type").astype(float)
        assert values.shape == (5, 5) and values.isna().all(axis=None)


def test_a_standard_without_metrics_has_a_table_without_columns() -> None:
    results = {("m", "null"): pd.DataFrame({"score": [1]})}
    plan = QualityStandard("s", [Stratification("x", [StratifyField("x")])])
    for level in (None, 0.9):
        table = quality_standard_result(
            plan, pd.DataFrame({"x": [1]}), results, confidence_level=level
        )
        assert table.shape == (2, 0)
        assert table.columns.nlevels == (4 if level is None else 5)


def test_columns_of_any_dtype_have_the_same_test_cases_and_values() -> None:
    cells = {
        "x": [0.1, 0.9, None, 0.4],
        "b": [True, False, True, None],
        "c": ["a", "b", None, "a"],
    }
    metrics: List[Any] = [
        SimpleMetric(label="x", aggregator="mean", key="x"),
        SimpleMetric(label="b", aggregator="mean", key="b"),
        CategoricalMetric(label="c", aggregator="rate", key="c", field_value="a"),
        CategoricalMetric(label="true", aggregator="rate", key="b", field_value=True),
        MulticlassMetric(
            label="m", aggregator="f1_score", ground_truth_field="c", inference_field="c"
        ),
    ]
    by = [Stratification(name, [StratifyField(name)]) for name in cells]
    by.append(Stratification("n", [StratifyField("x", "result", buckets=Buckets(3))]))
    objects = pd.DataFrame(cells, dtype=object)
    tables = [
        quality_standard_result(standard(*by, metrics=metrics), frame, {("m", "null"): frame})
        for frame in (
            objects,
            pd.DataFrame(cells),
            objects.convert_dtypes(),
            objects.convert_dtypes(dtype_backend="pyarrow"),
            pd.DataFrame(cells).astype({"b": "category", "c": "category"}),
        )
    ]
    assert list(tables[0].iloc[0]) == pytest.approx([1.4 / 3, 2 / 3, 2 / 3, 2 / 3, 1])
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table, tables[0])


def test_what_cannot_be_computed_is_named() -> None:
    twice = pd.DataFrame([[1, 2]], columns=["score", "score"])
    with pytest.raises(InputValidationError, match="columns of datapoints and of results must be"):
        quality_standard_result(standard(), pd.DataFrame({"x": [1]}), {("m", "null"): twice})
    frame = pd.DataFrame({"city": ["a", "b"], "box": [{"x": 1}] * 2, "n": [1, 2]})
    results = {("m", '{"a": 1, "b": 2}'): pd.DataFrame({"score": [1, 2]})}

    def error(kind: Any, plan: QualityStandard, **options: Any) -> str:
        with pytest.raises(kind) as caught:
            quality_standard_result(plan, frame, results, **options)
        return str(caught.value)

    typo = SimpleMetric(label="m", aggregator="mean", key="scor")
    assert "unknown field 'scor'; did you mean 'score'?" in error(
        InputValidationError, standard(metrics=[typo])
    )
    by = Stratification("s", [StratifyField("citi")])
    assert "'citi'; did you mean 'city'?" in error(InputValidationError, standard(by))
    boxes = Stratification("s", [StratifyField("box")])
    assert "name a field of them" in error(InputValidationError, standard(boxes))
    assert "unknown metric group 'h'" in error(IncorrectUsageError, standard(), metric_groups=["h"])
    options: Dict[str, Any] = {"confidence_level": 0.9}
    assert "'x' is not one of the models m" in error(
        IncorrectUsageError, standard(), reference_model="x", **options
    )
    with pytest.raises(InputValidationError, match="must be unique"):
        quality_standard_result(standard(), frame.set_axis([0, 0]), results)
    assert "no results for the configuration null" in error(
        IncorrectUsageError, standard(), reference_eval_config=None, **options
    )
    same = quality_standard_result(
        standard(), frame, results, reference_eval_config={"b": 2, "a": 1}, **options
    )
    assert len(same) == 1


def test_a_field_with_a_thousand_values_needs_buckets() -> None:
    frame = pd.DataFrame({"id": range(1001)})
    with pytest.raises(InputValidationError, match="has 1,001 test cases, more than 1,000"):
        sizes(Stratification("s", [StratifyField("id")]), frame)
