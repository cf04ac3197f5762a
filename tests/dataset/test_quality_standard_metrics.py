"""The values of a quality standard's metrics, against scikit-learn, SciPy and pandas."""

from __future__ import annotations

from typing import Any, List

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from kolena_local.dataset.quality_standard import (
    BinaryClassificationMetric,
    CategoricalMetric,
    FormulaMetric,
    MulticlassMetric,
    RegressionMetric,
    SimpleMetric,
    WeightedMetric,
)
from tests.conftest import few_examples
from tests.dataset.computed import SEEDS, labels_of, parts, values


def frame_of(seed: int) -> pd.DataFrame:
    """Make 40 rows, some with null values; of the part ``b``, there is one class only."""
    rng = np.random.default_rng(seed)
    n = 40
    part = rng.choice(["a", "b"], n)
    truth = np.where(part == "b", 1, rng.integers(0, 2, n))
    frame = pd.DataFrame(
        {
            "part": part,
            "truth": truth,
            "score": np.round(rng.random(n), 1),
            "true_label": rng.choice(["cat", "dog", "eel"], n),
            "label": rng.choice(["cat", "dog", "fox"], n),
            "x": rng.normal(size=n),
            "y": rng.normal(size=n),
            "tp": rng.integers(0, 5, n),
            "fp": rng.integers(0, 5, n),
            "fn": rng.integers(0, 5, n),
            "tn": rng.integers(0, 5, n),
        }
    )
    frame.loc[rng.integers(0, n, 3), "score"] = np.nan
    frame.loc[rng.integers(0, n, 3), "label"] = None
    frame.loc[rng.integers(0, n, 3), "x"] = np.nan
    return frame


@few_examples
@given(SEEDS)
def test_classification_is_what_scikit_learn_says(seed: int) -> None:
    from sklearn import metrics as sk

    frame = frame_of(seed)
    binary = [
        BinaryClassificationMetric(
            label=name,
            aggregator=name,
            ground_truth_field="truth",
            inference_field="score",
            threshold=0.4,
        )
        for name in labels_of(BinaryClassificationMetric)
    ]
    multiclass = [
        MulticlassMetric(
            label=f"{name} {averaging}",
            aggregator=name,
            averaging=averaging,
            ground_truth_field="datapoint.true_label",
            inference_field="label",
        )
        for name in labels_of(MulticlassMetric)
        for averaging in labels_of(MulticlassMetric, "averaging")
    ]
    found = values([*binary, *multiclass], frame.drop(columns=["true_label"]), frame)
    names = ("precision", "recall", "f1_score")
    for place, rows in enumerate(parts(frame)):
        scored, labeled = rows.dropna(subset=["score"]), rows.dropna(subset=["label"])
        if not len(scored):
            assert all(np.isnan(column[place]) for column in found.values())
            continue
        truth, positive = scored["truth"], scored["score"] >= 0.4
        # Numbers, for which scikit-learn needs half the time.
        true, label = (
            labeled[name].map({"cat": 1, "dog": 2, "eel": 3, "fox": 4}).to_numpy()
            for name in ("true_label", "label")
        )
        both = truth.nunique() == 2
        auc = sk.roc_auc_score(truth, scored["score"]) if both else np.nan
        assert found["auc"][place] == pytest.approx(auc, nan_ok=True)
        assert found["accuracy"][place] == pytest.approx(np.mean(truth == positive))
        expected = sk.precision_recall_fscore_support(
            truth, positive, average="binary", zero_division=np.nan
        )[:3]
        assert [found[name][place] for name in names] == pytest.approx(expected, nan_ok=True)
        for averaging in ("macro", "micro", "weighted"):
            expected = sk.precision_recall_fscore_support(
                true, label, average=averaging, zero_division=0
            )[:3]
            assert [found[f"{name} {averaging}"][place] for name in names] == pytest.approx(
                expected
            )
        assert found["accuracy macro"][place] == pytest.approx(np.mean(true == label))


@few_examples
@given(SEEDS)
def test_regression_and_aggregates_are_what_scipy_and_pandas_say(seed: int) -> None:
    from scipy import stats
    from sklearn import metrics as sk

    frame = frame_of(seed)
    regression = [
        RegressionMetric(label=name, aggregator=name, ground_truth_field="x", inference_field="y")
        for name in ("mae", "mse", "rmse", "r_squared", "pearson_corr", "spearman_corr")
    ]
    simple = [
        SimpleMetric(label=name, aggregator=name, key="x") for name in labels_of(SimpleMetric)
    ]
    other = [
        CategoricalMetric(label="cats", aggregator="count", key="label", field_value="cat"),
        CategoricalMetric(label="share", aggregator="rate", key="label", field_value="cat"),
        WeightedMetric(label="weighted", metric_field="x", weight_field="tp"),
    ]
    found = values([*regression, *simple, *other], frame, frame)
    for place, rows in enumerate(parts(frame)):
        x, pairs = rows["x"], rows.dropna(subset=["x"])
        for name in ("count", "min", "max", "mean", "median", "sum"):
            assert found[name][place] == pytest.approx(getattr(x, name)(), nan_ok=True)
        assert found["stddev"][place] == pytest.approx(x.std(), nan_ok=True)
        assert found["cats"][place] == (rows["label"] == "cat").sum()
        if not len(rows):
            assert all(np.isnan(found[metric.label][place]) for metric in regression)
            assert np.isnan(found["share"][place]) and np.isnan(found["weighted"][place])
            continue
        expected = {
            "mae": sk.mean_absolute_error(pairs["x"], pairs["y"]),
            "mse": sk.mean_squared_error(pairs["x"], pairs["y"]),
            "rmse": sk.mean_squared_error(pairs["x"], pairs["y"]) ** 0.5,
            "r_squared": sk.r2_score(pairs["x"], pairs["y"]),
            "pearson_corr": stats.pearsonr(pairs["x"], pairs["y"]).statistic,
            "spearman_corr": stats.spearmanr(pairs["x"], pairs["y"]).statistic,
            "share": (rows["label"] == "cat").sum() / rows["label"].notna().sum(),
            "weighted": np.average(pairs["x"], weights=pairs["tp"]),
        }
        assert {name: found[name][place] for name in expected} == pytest.approx(expected)


def test_formulas_are_ratios_of_sums_and_undefined_ones_are_nan() -> None:
    frame = frame_of(1)
    frame["nothing"] = 0
    needed = {
        "precision": ["tp", "fp"],
        "recall": ["tp", "fn"],
        "f1_score": ["tp", "fp", "fn"],
        "accuracy": ["tp", "fp", "fn", "tn"],
        "false_positive_rate": ["fp", "tn"],
        "true_negative_rate": ["fp", "tn"],
    }
    metrics: List[Any] = []
    for name, keys in needed.items():
        metrics.append(FormulaMetric(label=name, aggregator=name, **{key: key for key in keys}))
        nothing = dict.fromkeys(keys, "nothing")
        metrics.append(FormulaMetric(label=f"no {name}", aggregator=name, **nothing))
    found = values(metrics, frame, frame)
    for place, rows in enumerate(parts(frame)[:3]):
        tp, fp, fn, tn = rows[["tp", "fp", "fn", "tn"]].sum()
        assert {name: found[name][place] for name in needed} == pytest.approx(
            {
                "precision": tp / (tp + fp),
                "recall": tp / (tp + fn),
                "f1_score": 2 * tp / (2 * tp + fp + fn),
                "accuracy": (tp + tn) / (tp + fp + fn + tn),
                "false_positive_rate": fp / (fp + tn),
                "true_negative_rate": tn / (fp + tn),
            }
        )
        assert all(np.isnan(found[f"no {name}"][place]) for name in needed)
    assert all(np.isnan(column[3]) for column in found.values())


def test_what_is_not_a_number_is_left_out() -> None:
    frame = pd.DataFrame({"part": "a", "x": [1, "2", None, "many", [3], {"y": 4}, True]})
    metrics = [
        SimpleMetric(label="mean", aggregator="mean", key="x"),
        SimpleMetric(label="count", aggregator="count", key="x"),
        SimpleMetric(label="below", aggregator="sum", key="x.y"),
        CategoricalMetric(label="true", aggregator="count", key="x", field_value=True),
        CategoricalMetric(label="one", aggregator="count", key="x", field_value=1),
    ]
    found = values(metrics, frame, frame)
    assert {name: column[0] for name, column in found.items()} == pytest.approx(
        {"mean": 4 / 3, "count": 6, "below": 4, "true": 1, "one": 1}
    )


@pytest.mark.parametrize("factor", [1e-323, 1e-200, 1.0, 2.0**900, 2.0**1020])
def test_numbers_of_any_size_explain_and_correlate_as_small_ones_do(factor: float) -> None:
    frame = pd.DataFrame({"part": "a", "x": [1.0, 3.0, 4.0, 9.0], "y": [1.0, 2.0, 6.0, 9.0]})
    frame[["x", "y"]] *= factor
    metrics = [
        RegressionMetric(label=name, aggregator=name, ground_truth_field="x", inference_field="y")
        for name in ("r_squared", "pearson_corr", "spearman_corr")
    ]
    found = {name: column[0] for name, column in values(metrics, frame, frame).items()}
    expected = {"r_squared": 1 - 5 / 34.75, "pearson_corr": 35.5 / 34.75**0.5 / 41**0.5}
    # The smallest numbers are rounded to a few bits.
    error = 1e-9 if factor > 1e-300 else 0.1
    assert found == pytest.approx({**expected, "spearman_corr": 1}, abs=error)


def test_an_integer_beyond_all_floats_is_infinite() -> None:
    frame = pd.DataFrame({"part": "a", "x": pd.Series([10**400, -(10**400), 2], dtype=object)})
    metrics = [SimpleMetric(label=name, aggregator=name, key="x") for name in ("min", "max")]  # type: ignore[arg-type]
    found = values(metrics, frame, frame)
    assert (found["min"][0], found["max"][0]) == (-np.inf, np.inf)
