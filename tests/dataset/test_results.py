"""Results of models on datasets: whose they are, what is refused, and who else can read them."""

from __future__ import annotations

import json
import re
from typing import Any, Iterator, List

import pandas as pd
import pytest

from kolena_local.cli import main
from kolena_local.comparison import compare
from kolena_local.dataset import (
    EvalConfigResults,
    ModelEntity,
    download_results,
    get_models,
    upload_dataset,
    upload_results,
)
from kolena_local.dataset.evaluation import _upload_results
from kolena_local.errors import (
    DuplicateDatapointIdError,
    IncorrectUsageError,
    InputValidationError,
    KolenaWarning,
    NotFoundError,
    WorkflowMismatchError,
)
from kolena_local.workflow import GroundTruth, Image, Inference, define_workflow
from tests.cli.conftest import separating_runner


@pytest.fixture
def results(images: pd.DataFrame) -> pd.DataFrame:
    return images[["locator"]].assign(is_correct=[True, False, True, True, False], iou=0.5)


def of(model: str) -> pd.DataFrame:
    _, [(config, results)] = download_results("images", model)
    assert config is None
    return results


def test_results_complete_each_other_and_replace_only_those_of_the_same_rows(
    results: pd.DataFrame,
) -> None:
    first = _upload_results("images", "m", results.head(2), tags=["a"], metadata={"seed": 1})
    more = results.iloc[1:4].assign(iou=[0.5, 0.75, 1.0])
    second = _upload_results("images", "m", iter([more.head(1), more.tail(2)]), tags=["b"])
    assert (first.n_inserted, first.n_updated) == (2, 0)
    # The row that is the same is neither.
    assert (second.n_inserted, second.n_updated) == (2, 0)
    third = _upload_results("images", "m", results.head(1).assign(iou=0.25), metadata={"lr": 0.1})
    assert (third.n_inserted, third.n_updated) == (0, 1)
    assert {third.model_id, third.eval_config_id} == {first.model_id, first.eval_config_id}
    assert of("m")["iou"].tolist() == [0.25, 0.5, 0.75, 1.0, None]
    assert get_models("images") == [ModelEntity("m", ["a", "b"], {"seed": 1, "lr": 0.1})]


def test_each_configuration_has_its_own_results_aligned_with_the_datapoints(
    images: pd.DataFrame, results: pd.DataFrame
) -> None:
    curve = [[{"threshold": 0.5, "tp": 1, "label": "cat"}]] * 5
    mixed = results.assign(curve=curve, note="x")[["curve", "note", "iou", "locator"]]
    configured = EvalConfigResults({"threshold": 1.0, "b": None}, mixed.iloc[::-1])
    answer = _upload_results("images", "m", [configured], thresholded_fields=["curve"])
    assert isinstance(answer.eval_config_id, list)
    upload_results("images", "m", [(None, iter([results.tail(2)]))])
    # The same configuration: numbers that are equal are one.
    upload_results("images", "m", [({"b": None, "threshold": 1}, results.head(1))])
    frame, [(config, whole), (none, part)] = download_results("images", "m")
    assert frame.equals(images)
    assert (config, none) == ({"threshold": 1.0, "b": None}, None)
    assert [*whole] == ["locator", "is_correct", "iou", "note", "curve"]
    assert whole["curve"].tolist() == [None, *curve[1:]]
    assert whole["is_correct"].tolist() == [True, None, None, None, None]
    assert [*part] == ["locator", "is_correct", "iou"]
    assert part["is_correct"].tolist() == [None, None, None, True, False]
    aligned = pd.concat([frame, part.drop(columns="locator")], axis=1)
    assert len(aligned) == 5
    with pytest.raises(IncorrectUsageError, match="Duplicate eval configs are invalid"):
        upload_results("images", "m", [({"a": 1}, results), ({"a": 1.0}, results)])


def nested(depth: int) -> List[Any]:
    value: List[Any] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda frame: frame.head(0), {}, "has no rows"),
        (lambda frame: frame.drop(columns="locator"), {}, "no column 'locator'"),
        (lambda frame: frame[["locator"]], {}, "no column beside the id fields locator"),
        (
            lambda frame: frame[["locator", "iou"]],
            {"thresholded_fields": ["iou"]},
            "no column beside",
        ),
        (lambda frame: frame, {"thresholded_fields": ["iou"]}, "must be a list of dicts"),
        (
            lambda frame: frame.assign(iou=[[{"threshold": float("nan"), "tp": 1}]] * 5, ok=True),
            {"thresholded_fields": ["iou"]},
            "each with a number 'threshold'",
        ),
        (lambda frame: frame, {"thresholded_fields": ["x"]}, "have no column 'x'"),
        (lambda frame: frame, {"higher_is_better": {"x": True}}, "have no column 'x'"),
        (lambda frame: frame, {"higher_is_better": {"iou": 1}}, "True or False"),
        (lambda frame: frame, {"metadata": ["a"]}, "must be a dict"),
        (lambda frame: frame, {"metadata": {"a": nested(5_000)}}, "metadata: .* nested too deeply"),
        (lambda frame: [({"a": nested(5_000)}, frame)], {}, "configuration: .* too deeply"),
        (lambda frame: [({}, frame), "x"], {}, "must be a pair"),
        (lambda frame: [("x", frame)], {}, "must be a dict or None"),
        (lambda frame: frame.assign(iou=[b""] * 5), {}, "The column 'iou' cannot be stored"),
    ],
)
def test_wrong_results_say_why_and_leave_nothing(
    results: pd.DataFrame, change: Any, options: Any, message: str
) -> None:
    with pytest.raises(InputValidationError, match=message):
        upload_results("images", "m", change(results), **options)
    assert get_models("images") == []


def test_what_results_cannot_belong_to_is_named(results: pd.DataFrame) -> None:
    twice = pd.concat([results.head(1), results.head(1)])
    with pytest.raises(DuplicateDatapointIdError, match="Several rows have the same locator"):
        upload_results("images", "m", twice)
    with pytest.raises(IncorrectUsageError, match="tags must be strings"):
        upload_results("images", "m", results, tags=[" "])
    with pytest.raises(NotFoundError, match="no dataset 'image'"):
        upload_results("image", "m", results)
    with pytest.raises(NotFoundError, match="no model 'm'"):
        download_results("images", "m")
    upload_dataset("others", pd.DataFrame({"id": [1]}))
    upload_results("others", "m", pd.DataFrame({"id": [1], "x": [1]}))
    with pytest.raises(NotFoundError, match="'m' do not exist on dataset 'images'"):
        download_results("images", "m")
    _, _, _, Model = define_workflow("Other", Image, GroundTruth, Inference)
    Model("theirs")
    with pytest.raises(WorkflowMismatchError, match="'theirs' belongs to the workflow 'Other'"):
        upload_results("images", "theirs", results)
    other = pd.DataFrame({"locator": ["a", results["locator"][0]], "iou": [1, 2]})
    with pytest.warns(KolenaWarning, match=r"1 of 2 results was not stored: .* locator 'a'\."):
        assert _upload_results("images", "m", other).n_inserted == 1


def test_an_interrupted_upload_of_results_leaves_nothing(results: pd.DataFrame) -> None:
    def frames() -> Iterator[pd.DataFrame]:
        yield results.head(2)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upload_results("images", "m", [({"a": 1}, results), ({"a": 2}, frames())])
    assert get_models("images") == []


@pytest.mark.filterwarnings("ignore:.* computed before the change")
def test_results_stay_with_their_rows_and_means_are_those_of_the_latest(
    images: pd.DataFrame, results: pd.DataFrame
) -> None:
    iou = [0.0, 0.25, 0.5, 0.75, 1.0]
    upload_results(
        "images", "m", results.assign(iou=iou, label="a"), higher_is_better={"iou": True}
    )

    def means() -> Any:
        done = separating_runner().invoke(main, ["results", "m", "images", "--json"])
        (entry,) = json.loads(done.stdout)
        return entry["test_suite_version"], entry["metrics"]

    assert means() == (1, {"is_correct": 0.6, "iou": 0.5})
    upload_dataset("images", images.tail(2).assign(weather="storm"))
    assert means() == (2, {"is_correct": 0.5, "iou": 0.875})
    # A row that comes back has its result.
    upload_dataset("images", images.head(1).assign(weather="hail"), append_only=True)
    assert of("m")["iou"].tolist() == [0.75, 1.0, 0.0]
    upload_results("images", "m", results.tail(1).assign(iou=0.25, size=10**400))
    assert means() == (3, {"is_correct": 2 / 3, "iou": 1 / 3})


def test_samples_that_got_worse_show_the_uploaded_results_as_answers(
    images: pd.DataFrame, tmp_path: Any
) -> None:
    rows = images[["locator"]]
    upload_results("images", "old", rows.assign(prediction="kitten", is_correct=True))
    upload_results("images", "new", rows.assign(prediction="puppy", is_correct=False))
    run = separating_runner().invoke
    compared = ["compare", "old", "new", "--suite", "images"]
    for option in (["--worst", "3"], ["--flips"]):
        found = json.loads(run(main, [*compared, *option, "--json"]).stdout)
        sample = found[option[0].strip("-")][0]
        assert sample["test_sample"]["weather"] == "rain"
        assert sample["base_inference"] == {"prediction": "kitten", "is_correct": True}
        assert sample["candidate_inference"] == {"prediction": "puppy", "is_correct": False}
    report = tmp_path / "report.html"
    assert run(main, ["report", "images", "old", "new", "-o", str(report)]).exit_code == 0
    assert {"kitten", "puppy"} <= set(re.findall(r"\w+", report.read_text("utf-8")))


@pytest.mark.filterwarnings("ignore:.* computed before the change")
def test_gate_on_a_dataset_still_works_after_its_next_commit(
    images: pd.DataFrame, tmp_path: Any
) -> None:
    for model in ("old", "new"):
        upload_results("images", model, images[["locator"]].assign(is_correct=True))
    run, file = separating_runner().invoke, str(tmp_path / "gate.toml")
    init = run(main, ["gate", "init", "old", "new", "--suite", "images", "-o", file])
    assert init.exit_code == 0, init.stderr
    upload_dataset("images", images.assign(weather="snow"))
    judged = run(main, ["gate", file])
    assert judged.exit_code == 4, judged.stderr
    assert "not pinned" not in judged.stdout + judged.stderr
    pinned = run(main, ["compare", "old", "new", "--suite", "images@1"])
    assert "follow the newest commit of the dataset: write 'images' without" in pinned.stderr


def test_what_to_do_is_said_of_suites_of_slices_and_of_metrics_without_a_direction(
    images: pd.DataFrame,
) -> None:
    def said(*arguments: str) -> str:
        return separating_runner().invoke(main, arguments).stderr

    def upload() -> None:
        for model, score in (("old", 1), ("new", 2)):
            upload_results("images", model, images[["locator"]].assign(score=score))

    upload()
    where = 'sample.weather = "rain"'
    said("test-cases", "create", "rainy", "--from", "images", "--where", where)
    said("test-suites", "create", "rainy", "--test-case", "rainy")
    compared = ("compare", "old", "new", "--suite")
    store_results = "kolena-local datasets results images MODEL FILE"
    for arguments in ((*compared, "rainy"), ("report", "rainy"), ("leaderboard", "rainy")):
        message = said(*arguments)
        assert "test()" not in message
    assert "kolena-local test-suites edit images --add rainy, and store" in message
    assert message.endswith(f"{store_results}\n")
    said("test-suites", "edit", "images", "--add", "rainy")
    remarks = separating_runner().invoke(main, [*compared, "images"]).stdout
    assert f"its latest version is 2. Store the results again: {store_results}\n" in remarks
    upload()
    assert "rainy" in {row.test_case for row in compare("old", "new", "images").rows}
    for option in ("--worst", "--margin"):
        assert "`datasets results --higher-is-better score`" in said(
            *compared, "images", option, "1"
        )


def test_uploaded_results_are_compared_and_reported_like_all_others(
    images: pd.DataFrame, tmp_path: Any
) -> None:
    count = 200
    frame = pd.DataFrame({"id": range(count), "weather": ["rain", "sun"] * (count // 2)})
    upload_dataset("table", frame)
    good = pd.DataFrame({"id": range(count), "is_correct": [True] * count, "gap": [0.1] * count})
    bad = good.assign(is_correct=[number % 2 == 0 for number in range(count)], gap=0.9)
    upload_results("table", "old", good, higher_is_better={"gap": False})
    upload_results("table", "new", bad, higher_is_better={"gap": False})
    verdicts = {one.metric: one.verdict for one in compare("old", "new", "table").rows}
    assert verdicts == {"is_correct": "worse", "gap": "worse"}
    run = separating_runner().invoke
    found = run(main, ["slices", "find", "new", "table", "--metric", "is_correct", "--json"])
    assert json.loads(found.stdout)[0]["slice"] == 'sample.weather = "sun"'
    report = tmp_path / "report.html"
    done = run(main, ["report", "table", "old", "new", "-o", str(report)])
    assert done.exit_code == 0, done.stderr
    assert "no current inference" not in report.read_text("utf-8")
    shown = json.loads(run(main, ["models", "show", "old", "--json"]).stdout)
    assert shown["test_suites"] == [], "no inferences are missing where none are needed"
    assert run(main, ["db", "check"]).exit_code == 0
    listed = json.loads(run(main, ["datasets", "show", "table", "--json"]).stdout)
    assert [one["name"] for one in listed["models"]] == ["old", "new"]
    assert [one["datapoint_count"] for one in listed["commits"]] == [count]
    names = json.loads(run(main, ["datasets", "list", "--json"]).stdout)
    assert [one["name"] for one in names] == ["images", "table"]
    deleted = run(main, ["datasets", "delete", "table", "--yes", "--json"])
    assert json.loads(deleted.stdout)[0]["run_count"] == 2
