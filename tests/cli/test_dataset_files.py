"""Files of datapoints and predictions become datasets, results, and verdicts, without Python."""

from __future__ import annotations

import csv
import io
import json
import math
import shlex
from pathlib import Path

import pandas as pd
import pytest

from kolena_local.dataset import download_dataset, download_results
from kolena_local.errors import NotFoundError
from tests.cli.conftest import Invoke
from tests.conftest import CHECKOUT
from tests.test_documents import blocks

README = CHECKOUT / "kolena_local/dataset/quality_standard/README.md"

STANDARD = """
name = "Release"

[[stratifications]]
name = "city"
stratify_fields = [{ field = "city" }]

[[metric_groups]]
name = "Quality"

[[metric_groups.metrics]]
kind = "multiclass"
label = "accuracy"
aggregator = "accuracy"
ground_truth_field = "label"
inference_field = "prediction"
format = "percentage"
higher_is_better = true

[[metric_groups.metrics]]
kind = "simple"
label = "slowest"
aggregator = "max"
key = "seconds"
"""


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write 40 datapoints, and predictions of which the second model's are all right."""
    monkeypatch.chdir(tmp_path)
    labels = ["cat", "dog"] * 20
    rows = [f"{i:03d}.png,{'rome' if i < 20 else 'oslo'},{label}" for i, label in enumerate(labels)]
    Path("animals.csv").write_text("\n".join(["locator,city,label", *rows]))
    for name, wrong in (("first", 10), ("second", 0)):
        predicted = ["eel" if i < wrong else label for i, label in enumerate(labels)]
        lines = [f"{i:03d}.png,{label},{i / 100}" for i, label in enumerate(predicted)]
        Path(f"{name}.csv").write_text("\n".join(["locator,prediction,seconds", *lines]))
    Path("quality-standard.toml").write_text(STANDARD)
    return tmp_path


def upload(invoke: Invoke) -> None:
    done = invoke("datasets", "upload", "animals.csv", "--id", "locator")
    assert done.stderr == (
        "Uploaded 40 datapoints to the dataset 'animals': 40 new, 0 changed, 0 unchanged.\n"
    )
    for name in ("first", "second"):
        correct = ["--correct", "label=prediction", "--lower-is-better", "seconds"]
        done = invoke("datasets", "results", "animals", name, f"{name}.csv", *correct)
        assert (done.exit_code, done.stdout) == (0, "")
        assert done.stderr == (
            f"Stored results of {name} on the dataset 'animals': 40 new, 0 changed.\n"
        )


def test_csv_files_lead_to_a_verdict_and_a_report(invoke: Invoke, files: Path) -> None:
    upload(invoke)
    compared = invoke("compare", "first", "second", "-s", "animals", "--json")
    (whole,) = (
        row
        for row in json.loads(compared.stdout)
        if row["metric"] == "correct" and row["test_case"] is None
    )
    assert (whole["verdict"], whole["base"], whole["candidate"]) == ("better", 0.75, 1.0)
    assert invoke("report", "animals", "first", "second", "-o", "r.html").exit_code == 0
    assert "correct" in Path("r.html").read_text()


def test_a_quality_standard_is_applied_and_shown(invoke: Invoke, files: Path) -> None:
    invoke("datasets", "upload", "animals.csv")
    none = invoke("datasets", "standard", "apply", "animals", "quality-standard.toml")
    assert (none.exit_code, none.stdout) == (0, "")
    assert none.stderr.endswith("No model has results on it yet, or it has no metrics.\n")
    upload_results = ["datasets", "results", "animals"]
    invoke(*upload_results, "first", "first.csv")
    invoke(*upload_results, "second", "second.csv", "--config", '{"t": 1}')
    applied = invoke("datasets", "standard", "apply", "animals", "quality-standard.toml")
    assert applied.stdout.splitlines()[:4] == [
        "stratification  test case  model   configuration  accuracy  slowest",
        "--------------  ---------  ------  -------------  --------  -------",
        "Dataset         -          first   -              75.0%        0.39",
        'Dataset         -          second  {"t": 1}       100.0%       0.39',
    ]
    assert applied.stderr == (
        "Stored the quality standard 'Release' of the dataset 'animals'.\n"
        "2 test cases and the whole dataset.\n"
    )
    results = ["datasets", "standard", "results", "animals"]
    rows = csv.DictReader(io.StringIO(invoke(*results, "--confidence", "0.9", "--csv").stdout))
    found = [
        (row["test_case"], row["model"], row["metrics.accuracy"], row["deltas.accuracy"])
        for row in rows
    ]
    assert found == [
        ("", "first", "0.75", ""),
        ("", "second", "1.0", "improved"),
        ("oslo", "first", "1.0", ""),
        ("oslo", "second", "1.0", "similar"),
        ("rome", "first", "0.5", ""),
        ("rome", "second", "1.0", "improved"),
    ]
    assert "accuracy vs first" in invoke(*results, "--confidence", "0.9").stdout
    alone = invoke(*results, "--model", "second", "--confidence", "0.9")
    assert " vs " not in alone.stdout
    assert alone.stderr.endswith("nothing to compare 'second' with under --confidence.\n")
    shown = invoke("datasets", "standard", "show", "animals")
    assert (
        "Quality       accuracy  multiclass  accuracy    label, prediction  higher" in shown.stdout
    )
    content = json.loads(invoke("datasets", "standard", "show", "animals", "--json").stdout)
    assert content["metric_groups"][0]["metrics"][1]["params"] == {"key": "seconds"}


def test_a_standard_that_does_not_fit_is_not_stored(invoke: Invoke, files: Path) -> None:
    upload(invoke)
    Path("bad.toml").write_text(STANDARD.replace('"prediction"', '"predicted"'))
    refused = invoke("datasets", "standard", "apply", "animals", "bad.toml")
    assert refused.exit_code == 1
    assert "unknown field 'predicted'; did you mean 'prediction'?" in refused.stderr
    missing = invoke("datasets", "standard", "show", "animals")
    assert (missing.exit_code, missing.stdout) == (1, "")
    assert "'animals' has no quality standard" in missing.stderr


def test_tables_of_each_format_are_read(invoke: Invoke, files: Path) -> None:
    frame = pd.DataFrame(
        {"id": [1, 2, 3], "n": [0.5, None, 2.0], "t": ["x", None, "2020-01-01"], "b": [True] * 3}
    )
    frame["box"] = [[1, 2], {"a": 1}, None]
    frame.drop(columns="box").to_parquet("data.parquet")
    frame.assign(modified=2**63).to_json("data.jsonl", orient="records", lines=True)
    text = frame.assign(box=["[1, 2]", '{"a": 1}', ""])
    text.to_csv("data.csv", index=False)
    text.to_csv("data.tsv", index=False, sep="\t", encoding="utf-8-sig")
    for suffix in ("parquet", "jsonl", "csv", "tsv"):
        done = invoke("datasets", "upload", f"data.{suffix}", "--name", suffix)
        assert done.exit_code == 0, done.stderr
        rows = download_dataset(suffix)
        assert rows["id"].tolist() == [1, 2, 3] and rows["b"].tolist() == [True] * 3
        assert rows["n"].astype(float).tolist()[::2] == [0.5, 2] and rows["n"].isna()[1]
        assert rows["t"][0] == "x" and rows["t"].isna()[1] and rows["t"][2] == "2020-01-01"
        if suffix != "parquet":
            assert rows["box"].tolist() == [[1, 2], {"a": 1}, None]
    assert download_dataset("jsonl")["modified"].tolist() == [2**63] * 3


def test_large_ids_beside_empty_cells_are_not_rounded(invoke: Invoke, files: Path) -> None:
    Path("posts.csv").write_text(
        "id,parent,share\n9007199254740993,9007199254740995,0.5\n"
        "9007199254740994,,1e300\n1.5,3,0.3\n"
    )
    done = invoke("datasets", "upload", "posts.csv")
    assert done.exit_code == 0, done.stderr
    posts = download_dataset("posts")
    assert posts["id"].tolist() == [9007199254740993, 9007199254740994, 1.5]
    assert posts["parent"].tolist()[::2] == [9007199254740995, 3]
    assert math.isnan(posts["parent"][1])
    assert posts["share"].tolist() == [0.5, 1e300, 0.3]


@pytest.mark.filterwarnings("ignore:.* computed before the change")
def test_rows_are_appended_and_configurations_kept_apart(invoke: Invoke, files: Path) -> None:
    upload(invoke)
    Path("more.csv").write_text("locator,city,label\n000.png,bonn,cat\n900.png,bonn,cat\n")
    append = ["datasets", "upload", "more.csv", "--name", "animals", "--append"]
    assert invoke(*append).stderr.endswith("'animals': 1 new, 1 changed, 0 unchanged.\n")
    unchanged = "The dataset 'animals' is unchanged; there is no new commit.\n"
    assert invoke(*append).stderr == unchanged
    assert len(download_dataset("animals")) == 41
    replaced = invoke("datasets", "upload", "animals.csv").stderr
    assert replaced.endswith("1 new or changed, 2 removed or changed, 39 unchanged.\n")
    config = ["--config", '{"t": 0.5}']
    done = invoke("datasets", "results", "animals", "first", "first.csv", *config)
    assert "40 new" in done.stderr
    configs = [one.eval_config for one in download_results("animals", "first")[1]]
    assert configs == [None, {"t": 0.5}]


def test_the_readme_of_quality_standards_prints_what_it_says(
    invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heading = "From two CSV files to a table"

    def shown(language: str) -> list[str]:
        return blocks(heading, language, README)

    monkeypatch.chdir(tmp_path)
    names = ("pets.csv", "small.csv", "quality-standard.toml")
    for name, content in zip(names, [*shown("csv"), *shown("toml")], strict=True):
        Path(name).write_text(content, encoding="utf-8")
    for line in shown("sh")[0].splitlines():
        done = invoke(*shlex.split(line)[1:])
        assert done.exit_code == 0, done.stderr
    assert [done.stdout] == shown("text")
    exec(shown("python")[0])


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["upload", "none.csv"], 1, "none.csv cannot be read (No such file"),
        (["upload", "quality-standard.toml"], 1, "must end with .csv, .tsv, .jsonl or .parquet"),
        (["upload", "bad.csv"], 1, "Line 2 of bad.csv is not CSV"),
        (["upload", "bad.jsonl"], 1, "Line 1 of bad.jsonl cannot be read as JSON"),
        (["upload", "bad.parquet"], 1, "'bad.parquet' is not a parquet file"),
        (
            ["upload", "animals.csv", "--id", "locatr"],
            1,
            "'animals.csv' has no column 'locatr', which must identify its rows; it has 'locator',"
            " 'city' and 'label'; did you mean 'locator'?",
        ),
        (["upload", "names.csv"], 1, "or with --id in the command. The columns are 'name'"),
        (["upload", "names.csv", "--id", "name"], 1, "or with --id in the command."),
        (["upload", "names.csv", "--name", "animals"], 1, "'names.csv' has no column 'locator'"),
        (["results", "animals", "m", "names.csv"], 1, "'names.csv' has no column 'locator'"),
        (["standard", "show", "animals"], 1, "kolena-local datasets standard apply"),
        (["results", "animls", "m", "first.csv"], 1, "did you mean 'animals'?"),
        (
            ["results", "animals", "m", "first.csv", "--correct", "labl=prediction"],
            1,
            "no column 'labl'; did you mean 'label'?",
        ),
        (["results", "animals", "m", "first.csv", "--correct", "label"], 2, "FIELD=COLUMN"),
        (["results", "animals", "m", "first.csv", "--config", "[1]"], 2, "takes a JSON object"),
        (["results", "animals", "m", "first.csv", "--config", "{"], 2, "--config is not JSON"),
        (["standard", "apply", "animals", "none.toml"], 1, "'none.toml' cannot be read"),
    ],
)
def test_what_cannot_be_read_or_found_is_an_error(
    invoke: Invoke, files: Path, arguments: list[str], code: int, message: str
) -> None:
    invoke("datasets", "upload", "animals.csv")
    Path("names.csv").write_text("name,size\na,1\na,2\n")
    for suffix, content in (("csv", 'a\n"'), ("jsonl", "{"), ("parquet", "x")):
        Path(f"bad.{suffix}").write_text(content)
    failed = invoke("datasets", *arguments)
    assert (failed.exit_code, failed.stdout) == (code, "")
    assert message in failed.stderr


def test_a_csv_file_with_rows_of_other_lengths_is_refused(invoke: Invoke, files: Path) -> None:
    cases = {
        b"a.png,sun,3,4": "Line 3 of photos.csv has 4 cells where the header has 3; put cells that"
        " hold a comma in double quotes.",
        b"a.png,sun": "Line 3 of photos.csv has 2 cells where the header has 3",
        b"\xe9.png,sun,3": "photos.csv is not utf-8 text near line",
    }
    for row, message in cases.items():
        for first in (row, b"0.png,sun,1"):
            Path("photos.csv").write_bytes(b"\n".join([b"locator,weather,speed", first, row]))
            refused = invoke("datasets", "upload", "photos.csv")
            assert refused.exit_code == 1
            assert (message if first != row else message.replace("Line 3", "Line 2")) in (
                refused.stderr
            )
            assert "--" not in refused.stderr and "=" not in refused.stderr
    Path("photos.csv").write_text("sep=;\nlocator;speed\na.png;3\n")
    assert invoke("datasets", "upload", "photos.csv").exit_code == 0
    assert download_dataset("photos").to_dict("records") == [{"locator": "a.png", "speed": 3}]


def test_results_of_no_datapoint_are_refused_and_register_no_model(
    invoke: Invoke, files: Path
) -> None:
    invoke("datasets", "upload", "animals.csv")
    Path("first.csv").write_text("locator,p\n" + "".join(f"{x}.jpg,1\n" for x in "abcde"))
    refused = invoke("datasets", "results", "animals", "first", "first.csv")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert (
        "the dataset 'animals' has no datapoints with the locator 'a.jpg', 'b.jpg', 'c.jpg' and"
        " 2 more. Nothing was stored" in refused.stderr
    )
    with pytest.raises(NotFoundError, match="no model 'first'; none is in the store"):
        download_results("animals", "first")
    invoke("datasets", "results", "animals", "second", "second.csv")
    with pytest.raises(NotFoundError, match="no model 'secnd'; did you mean 'second'"):
        download_results("animals", "secnd")


def test_results_without_a_configuration_can_be_chosen_beside_those_of_one(
    invoke: Invoke, files: Path
) -> None:
    upload(invoke)
    for name in ("first", "second"):
        stored = ("datasets", "results", "animals", name, "second.csv", "--config", '{"t": 0.5}')
        assert invoke(*stored, "--correct", "label=prediction").exit_code == 0
    commands = {
        "compare": ("compare", "first", "second", "-s", "animals", "--metric", "correct"),
        "leaderboard": ("leaderboard", "animals", "--metric", "correct"),
        "power": ("power", "animals", "--metric", "correct"),
        "gate": ("gate", "init", "first", "second", "-s", "animals", "-o", "gate.toml"),
    }
    for command in commands.values():
        refused = invoke(*command)
        assert refused.exit_code == 1
        assert "(--configuration); '' is the one without a name." in refused.stderr
        assert invoke(*command, "--configuration", "").exit_code == 0
    # The file of gate init chooses the same results, which differ; those of {"t": 0.5} do not.
    judged = {
        row["metric"]: row for row in json.loads(invoke("gate", "gate.toml", "--json").stdout)
    }
    assert judged["correct"]["base"] == 0.75
    chosen = invoke(*commands["compare"], "--configuration", '{"t":0.5}')
    assert (
        "Both models have the same value of 'correct' on all 40 samples compared." in chosen.stdout
    )


def test_messages_on_datasets_name_what_the_command_line_has(invoke: Invoke, files: Path) -> None:
    upload(invoke)
    other = invoke("datasets", "upload", "animals.csv", "--append", "--id", "city")
    assert other.stderr.endswith("upload all of them without append_only (--append).\n")
    exported = invoke("inferences", "export", "first")
    assert exported.stderr.endswith("exports them: kolena-local export --model first\n")
    lines = invoke("export", "--model", "first").stdout
    assert '"uploaded results"' in lines
    Path("empty.jsonl").write_text("")
    assert invoke("datasets", "upload", "empty.jsonl").stderr == (
        "Error: The file empty.jsonl is empty; it has no rows.\n"
    )


def test_tables_of_a_dataset_are_apart_from_remarks_and_list_each_row_once(
    invoke: Invoke, files: Path
) -> None:
    upload(invoke)
    result = invoke("power", "animals", "--metric", "correct")
    assert [line.split("  ")[0] for line in result.stdout.splitlines()[4:]] == ["(whole suite)"]
    assert result.stderr.startswith(
        "\n'animals' is the same as (whole suite) and not listed again."
    )
    result = invoke("leaderboard", "animals", "--metric", "correct", "--hardest", "1")
    assert "rank  test sample id  locator  models  mean  right  only right\n" in result.stdout
    assert result.stderr.startswith("\nlow and high: ")
    compared = ("compare", "first", "second", "-s", "animals", "--worst", "1")
    assert invoke(*compared).stderr.startswith("\nlow and high: ")
    assert "\n\n" not in invoke(*compared, "--json").stderr


def test_a_saved_slice_of_a_dataset_says_what_gives_it_results(invoke: Invoke, files: Path) -> None:
    lines = [f"{i},{'rome' if i % 4 else 'oslo'}" for i in range(400)]
    Path("big.csv").write_text("\n".join(["id,city", *lines]))
    right = [f"{i},{'false' if i % 8 == 0 else 'true'}" for i in range(400)]
    Path("m.csv").write_text("\n".join(["id,correct", *right]))
    store_results = ("datasets", "results", "big", "m", "m.csv")
    invoke("datasets", "upload", "big.csv")
    invoke(*store_results)
    saved = invoke("slices", "find", "m", "big", "--save", 1, "in oslo")
    said = saved.stderr.splitlines()[-1]
    edit = "test-suites edit big --add 'in oslo'"
    assert f"kolena-local {edit}; then store those of each model again" in said
    assert said.endswith("kolena-local datasets results big MODEL FILE")
    assert invoke(*shlex.split(edit)).exit_code == 0
    invoke(*store_results)
    assert "in oslo" in invoke("results", "m", "big").stdout
