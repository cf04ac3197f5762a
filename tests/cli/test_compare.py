"""``compare``: the table, the same rows for programs, and exit codes to gate on."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Tuple

import pytest

from kolena_local import demo
from kolena_local.comparison import compare
from kolena_local.repository import close_store
from tests.cli.conftest import Invoke
from tests.conftest import long_only, sampled
from tests.python_process import run_command

SUITE = "digits by handwriting"
MODELS = ("logistic-regression", "svm-rbf")


@pytest.fixture(scope="module")
def demo_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "demo.db"
    demo.run(str(path), echo=lambda line: None)
    close_store(str(path))  # a test copies the file, without its journal
    return path


def test_table_says_which_is_better_with_the_strongest_evidence_first(
    invoke: Invoke, demo_store: Path
) -> None:
    result = invoke("compare", *MODELS, "--suite", SUITE, "--db", demo_store)
    assert result.exit_code == 0
    title, _, header, _, *rows, _, remark, same = result.stdout.splitlines()
    assert title.startswith("svm-rbf (candidate) against logistic-regression (base) on digits by")
    assert header.split() == [
        "test", "case", "verdict", "n", "base", "candidate", "difference", "low", "high", "p",
        "adjusted",
    ]  # fmt: skip
    assert len(rows) == 8
    assert rows[0].split() == [
        "(whole", "suite)", "better", "1079", "0.9286", "0.9889", "0.0602", "0.0469", "0.0761",
        "4.3e-19",
    ]  # fmt: skip
    assert remark == "Higher is better: is_correct (as declared)."
    assert same == "'digits: all' is the same as (whole suite) and not listed again."
    assert remark not in result.stderr
    assert same not in result.stderr
    assert "8 different comparisons (Holm)" in result.stderr


@pytest.mark.parametrize("runs", [(), ("--runs", 1, 1)])
def test_model_is_not_compared_with_itself(
    invoke: Invoke, demo_store: Path, runs: Tuple[object, ...]
) -> None:
    refused = invoke("compare", "svm-rbf", "svm-rbf", "-s", SUITE, *runs, "--db", demo_store)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "'svm-rbf' is both the base and the candidate; give another" in refused.stderr


def test_percentage_as_confidence_is_refused_with_the_number_to_write(invoke: Invoke) -> None:
    for command, option in ((("compare", "a", "b", "-s"), "--confidence"), (("power",), "--power")):
        refused = invoke(*command, "suite", option, 99.9)
        assert (refused.exit_code, "Write 0.999 for 99.9 %." in refused.stderr) == (2, True)


def test_json_has_the_rows_of_the_data_frame(invoke: Invoke, demo_store: Path) -> None:
    result = invoke("compare", *MODELS, "-s", SUITE, "--json", "--quiet", "--db", demo_store)
    assert result.stderr == ""
    import kolena_local

    with kolena_local.session(db=demo_store):
        found = compare(*MODELS, SUITE)
    assert json.loads(result.stdout) == found.entries()
    assert list(json.loads(result.stdout)[0]) == list(found.to_dataframe().columns)


def test_a_metric_cannot_be_better_both_ways(invoke: Invoke, demo_store: Path) -> None:
    both = ("--higher-is-better", "is_correct", "--lower-is-better", "is_correct")
    result = invoke("compare", *MODELS, "-s", SUITE, *both, "--db", demo_store)
    assert result.exit_code == 2
    assert (
        "Give either --higher-is-better or --lower-is-better for is_correct, not both."
        in result.stderr
    )


@pytest.mark.parametrize("option", ["--higher-is-better", "--lower-is-better"])
def test_a_direction_of_a_metric_that_is_not_there_names_no_other_option(
    invoke: Invoke, demo_store: Path, option: str
) -> None:
    result = invoke("compare", *MODELS, "-s", SUITE, option, "foo", "--db", demo_store)
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: Whether higher or lower is better was given for the metric 'foo', which is not"
        " compared; compared: is_correct.\n"
    )


def test_json_with_the_worst_has_the_rows_too(invoke: Invoke, demo_store: Path) -> None:
    back = ("compare", *MODELS[::-1], "-s", SUITE, "--db", demo_store, "--json")
    found = json.loads(invoke(*back, "--worst", 2).stdout)
    assert list(found) == ["rows", "worst"]
    assert found["rows"] == json.loads(invoke(*back).stdout)
    assert [(one["base"], one["candidate"], one["difference"]) for one in found["worst"]] == [
        (1, 0, -1)
    ] * 2
    forth = invoke(*back[:1], *MODELS, *back[3:], "--worst", 2)
    assert [len(part) for part in json.loads(forth.stdout).values()] == [9, 0]


def test_worst_shows_the_sample_its_ground_truth_and_both_answers(
    invoke: Invoke, demo_store: Path
) -> None:
    back = ("compare", *MODELS[::-1], "-s", SUITE, "--worst", 2, "--db", demo_store)
    lines = invoke(*back).stdout.splitlines()
    header, _, first, _ = lines[lines.index("Samples that got worse") + 1 :]
    assert re.split("  +", header) == [
        "sample", "ground truth", "base says", "candidate says", "metric", "base", "candidate",
        "difference",
    ]  # fmt: skip
    assert re.split("  +", first) == [
        "digits/0002.png", "2", "prediction.label: 2, prediction.score: 0.967",
        "prediction.label: 1, prediction.score: 0.3598", "is_correct", "1", "0", "-1",
    ]  # fmt: skip
    (first, _) = json.loads(invoke(*back, "--json").stdout)["worst"]
    assert first["test_sample"]["locator"] == first["locator"] == "digits/0002.png"
    assert first["ground_truth"]["label"]["label"] == "2"
    assert first["base_inference"]["prediction"]["score"] == 0.967
    assert first["candidate_inference"]["prediction"]["label"] == "1"
    table = invoke(*back, "--csv").stdout.splitlines()
    assert table[0].startswith("metric,test_sample_id,locator,base,candidate,difference,test_samp")
    assert "candidate_inference.prediction.label" in table[0]
    assert table[0].endswith(",remarks")
    assert len(table) == 3
    forth = invoke("compare", *MODELS, "-s", SUITE, "--worst", 2, "--db", demo_store)
    assert forth.stderr.endswith("No sample got worse.\n")


@pytest.mark.parametrize(
    ("models", "options", "code"),
    sampled(
        [
            (MODELS, (), 0),
            (MODELS, ("--fail-on", "worse", "--strict"), 0),
            (MODELS, ("--fail-on", "not-better", "--strict"), 0),
            (MODELS[::-1], (), 0),
            (MODELS[::-1], ("--strict",), 0),
            (MODELS[::-1], ("--fail-on", "worse"), 3),
            (MODELS[::-1], ("--fail-on", "worse", "--strict"), 3),
            (MODELS[::-1], ("--fail-on", "not-better"), 3),
            (MODELS, ("--cluster", "stroke", "--fail-on", "worse"), 0),
            (MODELS, ("--cluster", "stroke", "--fail-on", "not-better"), 3),
            (MODELS, ("--cluster", "stroke", "--fail-on", "worse", "--strict"), 4),
            (MODELS[::-1], ("--fail-on", "worse", "--lower-is-better", "is_correct"), 0),
        ]
    ),
)
def test_exit_code(
    invoke: Invoke, demo_store: Path, models: tuple, options: tuple, code: int
) -> None:
    result = invoke("compare", *models, "-s", SUITE, "--db", demo_store, *options)
    assert result.exit_code == code
    assert result.stdout


def test_mistakes_are_sentences(invoke: Invoke, demo_store: Path) -> None:
    for arguments, message in (
        (("svm", MODELS[0], "-s", SUITE), "Error: There is no model 'svm'"),
        ((*MODELS, "-s", "digits"), "Error: There is no test suite 'digits'"),
        ((*MODELS, "-s", SUITE, "--metric", "iou"), "Error: No sample has a metric 'iou'"),
        ((*MODELS, "-s", SUITE, "--evaluator", "X"), "Error: The model 'logistic-regression' has"),
        ((*MODELS, "-s", SUITE, "--cluster", "site"), "Error: No sample of the test suite has"),
    ):
        result = invoke("compare", *arguments, "--db", demo_store)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith(message)
        assert result.stderr.count("\n") == 1


@long_only
def test_process_exits_with_the_code(demo_store: Path) -> None:
    run = run_command(
        "compare", *MODELS[::-1], "-s", SUITE, "--fail-on", "worse", "--db", demo_store
    )
    assert run.returncode == 3
    assert "Traceback" not in run.stderr


def test_slices_on_which_a_model_is_worse_are_listed_and_stored_by_their_number(
    invoke: Invoke, demo_store: Path, tmp_path: Path
) -> None:
    store = shutil.copy(demo_store, tmp_path / "copy.db")
    find = ["slices", "find", MODELS[0], SUITE, "--db", store]
    shown = invoke(*find)
    title, _, _, _, row, _, remark = shown.stdout.splitlines()
    assert (shown.exit_code, remark) == (0, "Higher is better: is_correct (as declared).")
    assert title.startswith("slices of digits by handwriting@1 where is_correct is worse: logistic")
    assert row.split()[:6] == ["1", "metadata.slant_degrees", ">=", "3.4", "worse", "219"]
    assert "suggested 1 slice of 5 fields; the other half tested it" in shown.stderr
    saved = invoke(*find, "--json", "--quiet", "--save", "1", "slanted")
    (entry,) = json.loads(saved.stdout)
    assert (entry["slice"], entry["verdict"]) == ("metadata.slant_degrees >= 3.4", "worse")
    (case,) = json.loads(invoke("test-cases", "list", "slanted", "--json", "--db", store).stdout)
    assert case["sample_count"] == entry["n"]
    refused = invoke(*find, "--save", "2", "none")
    assert refused.exit_code == 1
    assert "Error: There is no slice 2 to save; 1 slice was found." in refused.stderr
    nothing = invoke(*find, "--base", MODELS[0])
    assert (nothing.exit_code, nothing.stdout) == (1, "")
    gained = invoke("slices", "find", MODELS[1], SUITE, "--base", MODELS[0], "--db", store)
    assert (gained.exit_code, gained.stdout) == (0, "")
    assert "suggested no slice of 5 fields" in gained.stderr
