"""``models list`` and ``models show``: the right models, in full, for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import List

import pytest

from kolena_local.repository import open_store
from tests.cli.conftest import Invoke, register


def refuse_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def listed(output: str) -> List[str]:
    return [line.split()[0] for line in output.splitlines()[2:]]


def test_list_has_all_models_in_the_order_of_registration(invoke: Invoke, store: Path) -> None:
    result = invoke("models", "list", "--db", store)
    assert (result.exit_code, result.stderr) == (0, "")
    header, rule, first, *_ = result.stdout.splitlines()
    assert header.split() == ["model", "workflow", "tags", "created", "updated"]
    assert set(rule) == {"-", " "}
    assert first.startswith("resnet-50   Animals   baseline, v1  2")
    assert listed(result.stdout) == ["resnet-50", "resnet-101", "bert"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["resnet*"], ["resnet-50", "resnet-101"]),
        (["resnet-??"], ["resnet-50"]),
        (["bert"], ["bert"]),
        (["-w", "Animals"], ["resnet-50", "resnet-101"]),
        (["--workflow", "Texts"], ["bert"]),
        (["-t", "baseline"], ["resnet-50", "resnet-101"]),
        (["-t", "baseline", "--tag", "v1"], ["resnet-50"]),
        (["*1", "-t", "baseline"], ["resnet-101"]),
    ],
)
def test_list_filters(invoke: Invoke, store: Path, options: List[str], expected: List[str]) -> None:
    result = invoke("--db", store, "models", "list", *options)
    assert listed(result.stdout) == expected
    entries = json.loads(invoke("--db", store, "models", "list", *options, "--json").stdout)
    assert [entry["name"] for entry in entries] == expected


def test_list_of_nothing_leaves_standard_output_empty(invoke: Invoke, store: Path) -> None:
    result = invoke("models", "list", "-t", "no such tag", "--db", store)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "No models found.\n"
    result = invoke("models", "list", "-t", "no such tag", "--db", store, "--json")
    assert (json.loads(result.stdout), result.stderr) == ([], "")


def test_json_list_is_strict_and_has_the_promised_keys(invoke: Invoke, store: Path) -> None:
    text = invoke("models", "list", "--json", "--db", store).stdout
    first, _, last = json.loads(text, parse_constant=refuse_constant)
    assert list(first) == ["name", "workflow", "tags", "metadata", "created_at", "updated_at"]
    assert first["tags"] == ["baseline", "v1"]
    assert first["metadata"] == {"framework": "pytorch", "seed": 0}
    assert last["metadata"] == {"loss": None, "limits": [None, 1.5]}


def test_unknown_workflow_and_model_name_the_nearest(invoke: Invoke, store: Path) -> None:
    for arguments, nearest in [
        (("models", "list", "-w", "Animal"), "Animals"),
        (("models", "show", "resnet-5"), "resnet-50"),
        (("runs", "list", "-m", "brt"), "bert"),
        (("runs", "list", "-w", "Text"), "Texts"),
    ]:
        result = invoke(*arguments, "--db", store)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith("Error: ")
        assert result.stderr.count("\n") == 1
        assert nearest in result.stderr


def test_show_tells_everything_about_a_model(invoke: Invoke, store: Path) -> None:
    lines = [
        line.rstrip()
        for line in invoke("models", "show", "resnet-50", "--db", store).stdout.splitlines()
    ]
    assert lines[:3] == ["model       resnet-50", "workflow    Animals", "tags        baseline, v1"]
    assert lines[5] == "inferences  3"
    assert lines[7:10] == ["metadata", "  framework  pytorch", "  seed       0"]
    assert lines[11:15] == [
        "inferences",
        "test suite     samples  inferences  missing",
        "-------------  -------  ----------  -------",
        "all animals@1        4           3        1",
    ]
    assert lines[16].startswith("run 1 on all animals@1: Accuracy, completed, 2")
    assert lines[17:] == [
        "test case  configuration  samples  accuracy  n_wrong",
        "---------  -------------  -------  --------  -------",
        "day        strict               3  0.666667        -",
        "night      strict               2       nan        1",
    ]


def test_show_has_the_first_line_of_a_crash(invoke: Invoke, store: Path) -> None:
    output = invoke("models", "show", "resnet-101", "--db", store).stdout
    assert "run 2 on all animals@1: no evaluator, crashed, 2" in output
    assert output.endswith("\n  error  ValueError: no weights\n")


def test_json_of_show_has_what_the_tables_leave_out(invoke: Invoke, store: Path) -> None:
    text = invoke("models", "show", "resnet-50", "--json", "--db", store).stdout
    model = json.loads(text, parse_constant=refuse_constant)
    assert model["inference_count"] == 3
    assert model["test_suites"] == [
        {
            "test_suite": "all animals",
            "test_suite_version": 1,
            "sample_count": 4,
            "inference_count": 3,
            "missing_count": 1,
        }
    ]
    (run,) = model["runs"]
    assert (run["evaluator"], run["status"], run["error"]) == ("Accuracy", "completed", None)
    day, night = run["test_cases"]
    assert day == {
        "configuration": "strict",
        "test_case": "day",
        "test_case_version": 1,
        "sample_count": 3,
        "is_stale": False,
        "metrics": {"accuracy": 2 / 3, "by_class": {"cat": 1.0}},
    }
    assert night["metrics"] == {"accuracy": None, "n_wrong": 1}


def test_names_and_metadata_cannot_command_the_terminal(invoke: Invoke, store_path: Path) -> None:
    name = "red\x1b[31m\nsecond\u202eline"
    with open_store(str(store_path)).write() as unit:
        register(
            unit, name, workflow="W\x07", tags=("\x9b2J",), note="\x1b]0;title\x07", lone="\ud800"
        )
    for arguments in (["list"], ["show", name], ["list", "--json"], ["show", name, "--json"]):
        output = invoke("models", *arguments, "--db", store_path).stdout
        assert not set(output) & set("\x1b\x07\x9b\u202e\ud800")
    (entry,) = json.loads(invoke("models", "list", "--json", "--db", store_path).stdout)
    assert (entry["name"], entry["metadata"]["lone"]) == (name, "\ud800")
    error = invoke("models", "show", "\x1b[2J\n", "--db", store_path).stderr
    assert "\x1b" not in error
    assert error.count("\n") == 1


def test_a_limit_of_zero_is_all_models_as_it_is_all_rows_of_a_query(
    invoke: Invoke, store: Path
) -> None:
    everything = invoke("models", "list", "--db", store).stdout
    assert invoke("models", "list", "--limit", 0, "--db", store).stdout == everything
    assert "resnet-50" in everything
