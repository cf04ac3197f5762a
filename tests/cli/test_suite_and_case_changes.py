"""Test suites and test cases are renamed and deleted by commands, each in one write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import List

import pytest

from kolena_local.cli import prompts
from kolena_local.repository import open_store
from tests.cli.conftest import Invoke, add_test_suite
from tests.conftest import sampled

SUITE = {
    "test_suite": "all animals",
    "workflow": "Animals",
    "version_count": 2,
    "run_count": 2,
    "result_count": 2,
}
DAY = {"test_case": "day", "workflow": "Animals", "version_count": 2, "sample_count": 3}
NIGHT = {"test_case": "night", "workflow": "Animals", "version_count": 2, "sample_count": 2}


def listed(invoke: Invoke, store: Path, kind: str) -> List[str]:
    entries = json.loads(invoke(kind, "list", "--json", "--db", store).stdout)
    return [entry["name"] for entry in entries]


def count(invoke: Invoke, store: Path, table: str) -> int:
    result = invoke("sql", f"SELECT count(*) AS n FROM {table}", "--json", "--db", store)
    return int(json.loads(result.stdout)[0]["n"])


def test_a_renamed_test_suite_keeps_its_runs(invoke: Invoke, store: Path) -> None:
    result = invoke("test-suites", "rename", "all animals", "animals", "--db", store, "--json")
    assert result.stderr == "Renamed the test suite 'all animals' to 'animals'.\n"
    (entry,) = json.loads(result.stdout)
    assert (entry["name"], entry["version"], len(entry["test_cases"])) == ("animals", 1, 2)
    runs = json.loads(invoke("runs", "list", "-s", "animals", "--json", "--db", store).stdout)
    assert len(runs) == 2


def test_a_renamed_test_case_stays_in_its_test_suite(invoke: Invoke, store: Path) -> None:
    result = invoke("test-cases", "rename", "day", "noon", "--db", store)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "Renamed the test case 'day' to 'noon'.\n"
    suite = json.loads(invoke("test-suites", "show", "all animals", "--json", "--db", store).stdout)
    assert [case["name"] for case in suite["test_cases"]] == ["noon", "night"]
    assert "noon" in invoke("results", "resnet-50", "all animals", "--db", store).stdout


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    sampled(
        [
            (["test-suites", "rename", "al animals", "x"], 1, "did you mean 'all animals'"),
            (["test-suites", "rename", "all animals", " "], 1, "blank"),
            (["test-suites", "rename", "all animals", "more"], 1, "There is a test suite"),
            (["test-suites", "rename", "all animals", "mo\u200bre"], 1, "looks like 'more'"),
            (["test-cases", "rename", "dey", "x"], 1, "did you mean 'day'"),
            (["test-cases", "rename", "day", "night"], 1, "There is a test case"),
            (["test-suites", "delete", "all animals", "no", "--yes"], 1, "no test suite 'no'"),
            (["test-suites", "delete", "all animals"], 1, "add --yes to delete without asking"),
            (["test-suites", "delete"], 2, "NAME"),
            (["test-cases", "delete", "night", "no", "--yes"], 1, "no test case 'no'"),
            (
                ["test-cases", "delete", "night", "--yes"],
                1,
                "Error: The test case 'night' is used by the test suite 'all animals' (version 1);"
                " delete that first.\n",
            ),
            (
                ["test-cases", "delete", "day", "--dry-run"],
                1,
                "The test case 'day' is used by the test suites 'all animals' (version 1) and"
                " 'more' (version 1); delete those first.\n",
            ),
        ]
    ),
)
def test_what_cannot_be_done_changes_nothing(
    invoke: Invoke, store: Path, arguments: List[str], code: int, sentence: str
) -> None:
    with open_store(str(store)).write() as unit:
        add_test_suite(unit, "more", unit.test_cases.get("day"))
    before = invoke("export", "--db", store).stdout
    result = invoke(*arguments, "--db", store)
    assert (result.exit_code, result.stdout) == (code, "")
    assert sentence in result.stderr
    assert invoke("export", "--db", store).stdout == before


@pytest.mark.parametrize("kind", ["test-suites", "test-cases"])
@pytest.mark.parametrize("verb", [["rename", "a", "b"], ["delete", "a", "--yes"]])
def test_changes_make_no_store(
    invoke: Invoke, store_path: Path, kind: str, verb: List[str]
) -> None:
    result = invoke(kind, *verb, "--db", store_path)
    assert (result.exit_code, store_path.exists()) == (1, False)
    assert "There is no store" in result.stderr


def test_a_test_suite_goes_with_its_runs_and_leaves_the_inferences(
    invoke: Invoke, store: Path
) -> None:
    arguments = ("test-suites", "delete", "all animals", "--db", store)
    assert json.loads(invoke(*arguments, "--dry-run", "--json").stdout) == [SUITE]
    asked = invoke(*arguments)
    row = asked.stderr.splitlines()[2]
    assert row.split() == ["all", "animals", "Animals", "2", "2", "2"]
    assert listed(invoke, store, "test-suites") == ["all animals"]
    result = invoke(*arguments, "--yes", "--json")
    assert (json.loads(result.stdout), result.stderr) == ([SUITE], "Deleted 1 test suite.\n")
    assert listed(invoke, store, "test-suites") == []
    assert listed(invoke, store, "test-cases") == ["day", "night"]
    kept = {table: count(invoke, store, table) for table in ("inference", "test_run", "plot")}
    assert kept == {"inference": 3, "test_run": 0, "plot": 0}
    assert invoke("db", "check", "--db", store).exit_code == 0


def test_test_cases_go_and_leave_samples_and_inferences(
    invoke: Invoke, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoke("test-suites", "delete", "all animals", "--db", store, "--yes")
    answers = iter(["n", "y"])
    monkeypatch.setattr(prompts, "is_interactive", lambda: True)
    monkeypatch.setattr(prompts, "read_answer", lambda: next(answers))
    arguments = ("test-cases", "delete", "day", "night", "--db", store, "--json")
    assert invoke(*arguments).exit_code == 1
    assert listed(invoke, store, "test-cases") == ["day", "night"]
    result = invoke(*arguments)
    assert json.loads(result.stdout) == [DAY, NIGHT]
    assert result.stderr.endswith("[y/N]: Deleted 2 test cases.\n")
    assert listed(invoke, store, "test-cases") == []
    kept = {table: count(invoke, store, table) for table in ("test_sample", "inference")}
    assert kept == {"test_sample": 4, "inference": 3}
    assert invoke("db", "check", "--db", store).exit_code == 0
