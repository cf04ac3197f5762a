"""The values of a quality standard's metrics, against scikit-learn, SciPy and pandas."""

from __future__ import annotations

from typing import Any, Dict, List

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolena_local.dataset.quality_standard import (
    BinaryClassificationMetric,
    CategoricalMetric,
    FormulaMetric,
    MetricGroup,
    MulticlassMetric,
    ObjectDetectionMetric,
    QualityStandard,
    RegressionMetric,
    SimpleMetric,
    Stratification,
    StratifyField,
    ThresholdedObjectsMetric,
    WeightedMetric,
    quality_standard_result,
)
from tests.conftest import few_examples

SEEDS = st.integers(0, 2**32 - 1)


def values(
    metrics: List[Any], results: pd.DataFrame, datapoints: pd.DataFrame
) -> Dict[str, List[float]]:
    """Compute metrics of the whole, and of each value of the column ``part``."""
    standard = QualityStandard(
        "s",
        [Stratification("part", [StratifyField("part", values=["a", "b", "none"])])],
        [MetricGroup("g", metrics)],
    )
    table = quality_standard_result(standard, datapoints, {("m", "null"): results})
    return {label: list(table["m", "null", "g", label]) for label in table.columns.levels[3]}


def parts(frame: pd.DataFrame) -> List[pd.DataFrame]:
    return [frame, *(frame[frame["part"] == part] for part in ("a", "b", "none"))]


def labels_of(enum: Any, field: str = "aggregator") -> List[str]:
    return list(enum.__pydantic_fields__[field].annotation.__args__)


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


def detections_of(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)

    def objects() -> List[Dict[str, Any]]:
        return [
            {"label": str(rng.choice(["cat", "dog"])), "score": float(round(rng.random(), 1))}
            for _ in range(rng.integers(0, 4))
        ]

    frame = pd.DataFrame({"part": rng.choice(["a", "b"], 12)})
    for name in ("TP", "FP", "FN"):
        frame[name] = [objects() for _ in range(12)]
    frame["thresholded"] = [
        [
            {
                "threshold": threshold,
                "label": label,
                "tp": sum(o["score"] >= threshold for o in of_label(row.TP, label)),
                "fp": sum(o["score"] >= threshold for o in of_label(row.FP, label)),
                "fn": len(of_label(row.FN, label))
                + sum(o["score"] < threshold for o in of_label(row.TP, label)),
            }
            for threshold in rng.permutation(np.arange(0, 11) / 10)
            for label in ("cat", "dog")
        ]
        for row in frame.itertuples()
    ]
    return frame


def of_label(objects: Any, label: str) -> List[Dict[str, Any]]:
    return [each for each in objects if each["label"] == label]


def expected_detection(rows: pd.DataFrame, name: str, labels: List[str], threshold: float) -> Any:
    """Count by loops, and integrate the precision over the recall point by point.

    A label that does not occur, or has no average precision, does not take part in the mean.
    """
    per_label = []
    for label in labels:
        tp, fp, fn = (
            [o["score"] for objects in rows[column] for o in objects if label in (o["label"], "")]
            for column in ("TP", "FP", "FN")
        )
        if name != "average_precision":
            n_tp, n_fp = (sum(score >= threshold for score in scores) for scores in (tp, fp))
            wholes = {
                "precision": n_tp + n_fp,
                "recall": len(tp) + len(fn),
                "f1_score": (n_tp + n_fp + len(tp) + len(fn)) / 2,
            }
            if n_fp + len(tp) + len(fn):
                per_label.append(n_tp / wholes[name] if wholes[name] else 0.0)
            continue
        if not tp + fn:
            continue
        points = [(0.0, 0.0)]
        for cut in sorted(set(tp + fp), reverse=True):
            n_tp, n_fp = (sum(score >= cut for score in scores) for scores in (tp, fp))
            points.append((n_tp / (len(tp) + len(fn)), n_tp / (n_tp + n_fp)))
        per_label.append(
            sum(
                (recall - points[i][0]) * max(precision for _, precision in points[i + 1 :])
                for i, (recall, _) in enumerate(points[1:])
            )
        )
    return np.mean(per_label) if per_label else np.nan


@few_examples
@given(SEEDS)
def test_objects_and_their_thresholded_counts_give_the_same_metrics(seed: int) -> None:
    frame = detections_of(seed)
    fields = {"tp_field": "TP", "fp_field": "FP", "fn_field": "FN"}
    metrics: List[Any] = []
    for name in labels_of(ObjectDetectionMetric):
        for averaging in ("macro", "micro"):
            metrics += [
                ObjectDetectionMetric(
                    label=f"{name} {averaging}",
                    aggregator=name,
                    averaging=averaging,
                    label_field="label",
                    **fields,
                ),
                ThresholdedObjectsMetric(
                    label=f"counted {name} {averaging}",
                    aggregator=name,
                    averaging=averaging,
                    threshold=0.25,
                    thresholded_object_field="thresholded",
                ),
            ]
        metrics.append(ObjectDetectionMetric(label=f"one {name}", aggregator=name, **fields))
    found = values(metrics, frame, frame)
    for name in labels_of(ObjectDetectionMetric):
        assert found[f"one {name}"] == pytest.approx(found[f"{name} micro"], nan_ok=True)
        for averaging, labels in (("macro", ["cat", "dog"]), ("micro", [""])):
            for place, rows in enumerate(parts(frame)[:3]):
                for prefix, threshold in (("", 0.0), ("counted ", 0.25)):
                    expected = expected_detection(rows, name, labels, threshold)
                    actual = found[f"{prefix}{name} {averaging}"][place]
                    assert actual == pytest.approx(expected, nan_ok=True)
            assert np.isnan(found[f"{name} {averaging}"][3])
            assert np.isnan(found[f"counted {name} {averaging}"][3])


def test_a_threshold_above_all_counts_finds_nothing() -> None:
    frame = detections_of(2)
    metrics = [
        ThresholdedObjectsMetric(
            label=name,
            aggregator=name,
            averaging="micro",
            threshold=1.5,
            thresholded_object_field="thresholded",
            object_label="cat",
        )
        for name in ("precision", "recall")
    ]
    found = values(metrics, frame, frame)
    assert np.isnan(found["precision"][0]) and found["recall"][0] == 0


def test_labels_of_objects_with_a_score_below_the_threshold_are_missed() -> None:
    from kolena_local.annotation import Label, ScoredLabel

    frame = pd.DataFrame(
        {
            "part": "a",
            "truth": [Label("cat"), Label("cat"), Label("dog"), None],
            "found": [ScoredLabel("cat", 0.9), ScoredLabel("cat", 0.1), {"label": "cat"}, None],
        }
    )
    metrics = [
        MulticlassMetric(
            label=name,
            aggregator=name,
            averaging="micro",
            ground_truth_field="truth",
            inference_field="found",
            threshold=0.5,
        )
        for name in ("accuracy", "precision", "recall")
    ]
    found = values(metrics, frame, frame)
    assert {name: column[0] for name, column in found.items()} == pytest.approx(
        {"accuracy": 1 / 3, "precision": 1 / 2, "recall": 1 / 3}
    )


def test_objects_of_any_shape_are_counted_without_an_exception() -> None:
    odd = [{"label": ["x"], "score": "high"}, {"score": 0.5}, "text", 3, None]
    frame = pd.DataFrame({"part": "a", "tp": [odd, None, 7], "fp": [[], [{"score": 0.9}], "x"]})
    frame["entries"] = [odd, [{"threshold": 0.5, "tp": 1}, {"threshold": None, "fp": 2}], None]
    metrics: List[Any] = [
        ObjectDetectionMetric(
            label=name, aggregator=name, tp_field="tp", fp_field="fp", fn_field="fp"
        )
        for name in ("average_precision", "precision")
    ]
    metrics += [
        ThresholdedObjectsMetric(
            label=f"counted {name}",
            aggregator=name,
            threshold=0.1,
            thresholded_object_field="entries",
        )
        for name in ("average_precision", "recall")
    ]
    metrics.append(
        MulticlassMetric(
            label="labels", aggregator="accuracy", ground_truth_field="tp", inference_field="part"
        )
    )
    found = values(metrics, frame, frame)
    assert found["precision"][0] == pytest.approx(5 / 6)
    assert 0 < found["average_precision"][0] < 1
    assert found["counted recall"][0] == found["counted average_precision"][0] == 1
    assert found["labels"][0] == 0  # of the one row that has something like a label


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
