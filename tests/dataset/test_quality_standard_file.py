"""Quality standards as TOML files, as Kolena's JSON, and in the store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict

import numpy as np
import pandas as pd
import pytest

from kolena_local._experimental import (
    copy_quality_standards_from_dataset,
    download_quality_standard_result,
)
from kolena_local.dataset import (
    download_quality_standard,
    upload_dataset,
    upload_quality_standard,
    upload_results,
)
from kolena_local.dataset.quality_standard import (
    QualityStandard,
    Stratification,
    StratifyField,
    read_quality_standard,
)
from kolena_local.errors import IncorrectUsageError, InputValidationError, NotFoundError

# As the original's server returns it, with a metric of each kind.
PAYLOAD: Dict[str, Any] = json.loads("""
{
  "name": "Release", "version": "1.0",
  "stratifications": [
    {"name": "city",
     "stratify_fields": [{"source": "datapoint", "field": "city", "values": ["a", true, 1, null]}],
     "filters": {"city": {"value_in": ["a", true], "null_value": null}},
     "test_cases": [
       {"name": "A", "stratification": [{"value": "a"}]},
       {"name": "yes", "stratification": [{"value": true}]},
       {"name": "one", "stratification": [{"value": 1}]},
       {"name": "null", "stratification": [{"value": null}]}]},
    {"name": "size",
     "stratify_fields": [
       {"source": "result", "field": "size", "buckets": {"count": 3, "type": "equal-width"}},
       {"source": "datapoint", "field": "age", "buckets": [0.0, 18.5, 99.0]}],
     "filters": null,
     "test_cases": [
       {"name": "x", "stratification": [{"index": 0}, {"value": {"min": null, "max": 18.5}}]}]}],
  "metric_groups": [{"name": "g", "metrics": [
    {"label": "1", "source": "result", "aggregator": "stddev", "params": {"key": "x"},
     "format": "percentage", "highlight": {"higherIsBetter": false}},
    {"label": "2", "source": "result", "aggregator": {"aggregator": "rate", "fieldValue": true},
     "params": {"key": "x"}, "format": null, "highlight": {"higherIsBetter": null}},
    {"label": "3", "source": "result", "format": null, "highlight": {"higherIsBetter": true},
     "aggregator": {"aggregator": "auc", "type": "binary-classification"},
     "params": {"groundTruthField": "a", "inferenceField": "b", "threshold": 0.5}},
    {"label": "4", "source": "result", "format": null, "highlight": {"higherIsBetter": true},
     "aggregator": {"aggregator": "accuracy", "averagingMethod": "weighted"},
     "params": {"groundTruthField": "a", "inferenceField": "b"}},
    {"label": "5", "source": "result", "format": null, "highlight": {"higherIsBetter": true},
     "aggregator": {"aggregator": "spearman_corr"},
     "params": {"groundTruthField": "a", "inferenceField": "b"}},
    {"label": "6", "source": "result", "format": null, "highlight": {"higherIsBetter": true},
     "aggregator": {"aggregator": "average_precision", "averagingMethod": "macro"},
     "params": {"tpField": "a", "fpField": "b", "fnField": "c", "scoreField": "d",
                "labelField": "e"}},
    {"label": "7", "source": "result", "format": null, "highlight": {"higherIsBetter": true},
     "aggregator": {"aggregator": "recall", "averagingMethod": "micro",
                    "type": "thresholded-object-powered"},
     "params": {"threshold": 0.3, "thresholded_object_field": "t", "precision_tp_field": "a",
                "precision_fp_field": "b", "recall_tp_field": "c", "recall_fn_field": "d",
                "label": "cat"}},
    {"label": "8", "source": "result", "aggregator": "false_positive_rate",
     "params": {"fp": "a", "tn": "b"}, "format": null, "highlight": {"higherIsBetter": true}},
    {"label": "9", "source": "result", "format": null, "highlight": {"higherIsBetter": true},
     "aggregator": {"type": "weighted-metric", "aggregator": "mean"},
     "params": {"metric_field": "a", "weight_field": "b", "metric_source": "result",
                "weight_source": "datapoint"}}]}]}
""")


def complete(given: Any, returned: Any) -> bool:
    """Return whether what was returned has all that was given, and nothing else but None."""
    if isinstance(given, dict):
        keys = given.keys() | {key for key, value in returned.items() if value is not None}
        return all(complete(given.get(key), returned.get(key)) for key in keys)
    if isinstance(given, list):
        return len(given) == len(returned) and all(map(complete, given, returned))
    return type(given) is type(returned) and bool(given == returned)


def test_a_standard_of_the_original_comes_back_as_it_was() -> None:
    standard = QualityStandard.from_json(PAYLOAD)
    kinds = [metric.kind for metric in standard.metric_groups[0].metrics]
    assert len(set(kinds)) == 9
    returned = json.loads(json.dumps(standard.to_json()))
    assert complete(PAYLOAD, returned)
    assert QualityStandard.from_json(returned) == standard


FILE = """
name = "Release"

[[stratifications]]
name = "city"
stratify_fields = [{ field = "city" }]

[[stratifications]]
name = "age"
stratify_fields = [{ field = "age", buckets = [0, 18, 99] }]
test_cases = [{ name = "young", stratification = [{ index = 0 }] }]
filters = { city = { value_in = ["rome"] } }

[[metric_groups]]
name = "Quality"

[[metric_groups.metrics]]
kind = "simple"
label = "mean score"
aggregator = "mean"
key = "score"
higher_is_better = true
"""


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "quality-standard.toml"
    path.write_text(FILE)
    standard = read_quality_standard(path)
    assert [each.name for each in standard.stratifications] == ["city", "age"]
    assert standard.metric_groups[0].metrics[0].higher_is_better is True
    as_json = tmp_path / "standard.json"
    as_json.write_text(json.dumps(standard.to_json()))
    assert read_quality_standard(as_json) == standard
    for text, expected in (("{", "is not a JSON file"), ("[]", "is not a quality standard")):
        as_json.write_text(text)
        with pytest.raises(InputValidationError, match=expected):
            read_quality_standard(as_json)


@pytest.mark.parametrize(
    ("line", "wrong", "expected"),
    [
        ("[[stratifications]]", "[[stratification]]", "did you mean 'stratifications'?"),
        ('field = "city"', 'feld = "city"', "fields[0]: unknown key 'feld'; did you mean 'field'?"),
        ("[0, 18, 99]", "{ cuont = 2 }", ".buckets: unknown key 'cuont'; did you mean 'count'?"),
        ("[0, 18, 99]", "[0, 99, 18]", "the edges of buckets must ascend"),
        ("[0, 18, 99]", "{ count = 101 }", "buckets.count: Input should be less than or equal"),
        ("index = 0", "index = 2", "'young' has the index 2, and the field 'age' has 2 buckets"),
        ("{ index = 0 }", "{ index = 0 }, { value = 1 }", "has 2 parts for 1 stratify_fields"),
        ("{ index = 0 }", "{ value = { mn = 1 } }", "unknown key 'mn'; did you mean 'min'?"),
        ("{ index = 0 }", "{ value = { min = 2, max = 1 } }", "and 2 exceeds 1"),
        ('{ value_in = ["rome"] }', "{}", "needs value_in, null_value, or both"),
        ('name = "age"', 'name = "city"', "two stratifications 'city' in 'Release'"),
        ('name = "age"', 'name = "Dataset"', "must not be named 'Dataset'"),
        ('"simple"', '"sample"', "unknown kind 'sample'; did you mean 'simple'?"),
        ('kind = "simple"', "", "metric_groups[0].metrics[0]: the key 'kind' is missing"),
        ('key = "score"', "", "metric_groups[0].metrics[0]: the key 'key' is missing"),
        ('"mean"', '"men"', "'men' is not one of 'count', 'min', 'max', 'mean'"),
        ('kind = "simple"', 'kind = "formula"', "unknown key 'key'"),
        ('name = "Release"', 'name = ""', "name: a name must not be blank"),
        ('name = "Release"', "name =", "is not a TOML file"),
        ('name = "Release"', "name = " + 5000 * "[", "is not a TOML file: "),
        ('name = "Quality"', 'name = " "', "[0].name: a name must not be blank"),
        ('label = "mean score"', "label = 3", "label: 3 is not text"),
        ("higher_is_better = true", 'higher_is_better = "no"', "'no' is not true or false"),
        ("higher_is_better = true", "higher_is_better = 1", "1 is not true or false"),
        ("[0, 18, 99]", "{ count = true }", "count: True is not a number"),
        ("[0, 18, 99]", '[0, "18"]', "buckets[1]: '18' is not a number"),
        ("[0, 18, 99]", "3", "buckets: 3 is not a table of keys"),
        ('["rome"]', "[2024-01-01]", "datetime.date(2024, 1, 1) is not text, a number, true, or"),
        ('field = "city"', 'field = "city", values = [1, true, 1.0]', "has the value 1 twice"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_a_sentence(
    tmp_path: Path, line: str, wrong: str, expected: str
) -> None:
    path = tmp_path / "quality-standard.toml"
    path.write_text(FILE.replace(line, wrong, 1))
    with pytest.raises(InputValidationError) as caught:
        read_quality_standard(path)
    message = str(caught.value)
    assert expected in message and message.startswith(f"'{path}' is not a ")
    assert "\n" not in message and message.endswith((".", "?"))


def test_names_are_unique_and_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "quality-standard.toml"
    metric = FILE[FILE.index("[[metric_groups.metrics]]") :]
    for more, expected in (
        (metric, "two metrics 'mean score' in 'Quality'"),
        ('[[metric_groups]]\nname = "Quality"\nmetrics = []', "two metric groups 'Quality'"),
    ):
        path.write_text(FILE + more)
        with pytest.raises(InputValidationError, match=expected):
            read_quality_standard(path)
    with pytest.raises(InputValidationError, match=r"'.*none.toml' cannot be read: No such file"):
        read_quality_standard(tmp_path / "none.toml")
    with pytest.raises(ValueError, match="two test cases 'x' in 's'"):
        Stratification("s", [StratifyField("f")], [{"name": "x", "stratification": [{}]}] * 2)


def test_a_dataset_has_a_standard_and_a_table_of_results(tmp_path: Path) -> None:
    datapoints = pd.DataFrame(
        {"id": range(20), "city": ["rome", "oslo"] * 10, "age": range(0, 80, 4)}
    )
    upload_dataset("people", datapoints)
    path = tmp_path / "quality-standard.toml"
    path.write_text(FILE)
    standard = read_quality_standard(path)
    with pytest.raises(NotFoundError, match="'people' has no quality standard; store one with"):
        download_quality_standard("people")
    upload_quality_standard("people", standard)
    upload_quality_standard("people", standard.to_json())
    assert download_quality_standard("people") == standard

    scores = np.arange(20) / 20
    results = pd.DataFrame({"id": range(20), "score": scores})
    config = {"b": 1, "a": {"x": True}}
    upload_results("people", "m", [(None, results), (config, results.assign(score=0.5))])
    upload_results("people", "part", results[5:])
    table = download_quality_standard_result("people", ["m"])
    assert list(table.columns) == [
        ("m", "null", "Quality", "mean score"),
        ("m", json.dumps(config), "Quality", "mean score"),
    ]
    assert list(table.index)[1:] == [("city", "oslo"), ("city", "rome"), ("age", "young")]
    expected = [scores.mean(), scores[1::2].mean(), scores[::2].mean(), scores[:6:2].mean()]
    assert list(table["m", "null", "Quality", "mean score"]) == pytest.approx(expected)
    assert download_quality_standard_result("people", "m", "Quality").equals(table)
    both = download_quality_standard_result("people", ["m", "part"])
    assert both["m", "null"].iloc[0, 0] == pytest.approx(scores[5:].mean())
    own = download_quality_standard_result(
        "people", ["m", "part"], ["Quality"], intersect_results=False, confidence_level=0.9
    )
    assert own["m", "null", "Quality", "mean score", "metric_value"].iloc[0] == scores.mean()
    deltas = own["part", "null", "Quality", "mean score", "performance_delta"]
    assert list(deltas) == ["similar", "similar", "similar", "unknown"]  # none of them is young


def test_a_standard_or_a_part_of_it_is_copied() -> None:
    for name in ("source", "target"):
        upload_dataset(name, pd.DataFrame({"id": [1]}))
    with pytest.raises(NotFoundError, match="'source' has no quality standard"):
        copy_quality_standards_from_dataset("target", "source")
    upload_quality_standard("source", PAYLOAD)
    groups, stratifications = copy_quality_standards_from_dataset(
        "target", "source", include_test_cases=False
    )
    standard = download_quality_standard("source")
    copied = download_quality_standard("target")
    assert groups == standard.to_json()["metric_groups"] and stratifications == []
    assert copied.metric_groups == standard.metric_groups and copied.stratifications == []
    other = QualityStandard("mine", metric_groups=[])
    upload_quality_standard("target", other)
    copy_quality_standards_from_dataset("target", "source", include_metric_groups=False)
    copied = download_quality_standard("target")
    assert (copied.name, copied.metric_groups) == ("mine", [])
    assert copied.stratifications == standard.stratifications
    copy_quality_standards_from_dataset("target", "source")
    assert download_quality_standard("target").metric_groups == standard.metric_groups


def test_what_cannot_be_looked_up_is_an_error() -> None:
    upload_dataset("data", pd.DataFrame({"id": [1]}))
    upload_quality_standard("data", PAYLOAD)
    for arguments, options, kind, message in (
        (("dta", ["m"]), {}, NotFoundError, "no dataset 'dta'; did you mean 'data'?"),
        (("data", ["m"]), {}, NotFoundError, "There is no model 'm'"),
        (("data", []), {}, IncorrectUsageError, "No model is given"),
        (("data", ["m"]), {"reference_model": "n"}, IncorrectUsageError, "'n' is not one of the"),
    ):
        with pytest.raises(kind) as caught:
            download_quality_standard_result(*arguments, **options)  # type: ignore[arg-type]
        assert message in str(caught.value)
    for pair, options in (
        (("data", "data"), {}),
        (("data", "x"), {"include_metric_groups": False, "include_test_cases": False}),
    ):
        with pytest.raises(IncorrectUsageError):
            copy_quality_standards_from_dataset(*pair, **options)
    with pytest.raises(NotFoundError):
        copy_quality_standards_from_dataset("data", "x")
