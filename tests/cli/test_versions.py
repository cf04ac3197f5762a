"""Test cases and test suites: lists, versions, and what differs between two of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import List

import pytest

from kolena_local.payload import digest
from kolena_local.repository import open_store
from kolena_local.repository.records import MemberChange, NewGroundTruth
from tests.cli.conftest import Invoke
from tests.conftest import sampled


@pytest.fixture
def edited(store: Path) -> Path:
    """Return the store with a second version of "day" and of "all animals"."""
    with open_store(str(store)).write() as unit:
        day, night = unit.test_cases.get("day"), unit.test_cases.get("night")
        first, second, _ = unit.test_cases.sample_ids(day.id, 1)
        fourth = unit.test_cases.sample_ids(night.id, 1)[1]
        dog = [
            unit.ground_truths.put([NewGroundTruth(sample, digest("dog"), '"dog"')])[0]
            for sample in (second, fourth)
        ]
        changes = [
            MemberChange(first, None, False),
            MemberChange(second, dog[0], False),
            MemberChange(fourth, dog[1], False),
        ]
        day = unit.test_cases.edit(day.id, 1, description="dogs", reset=False, changes=changes)
        suite = unit.test_suites.get("all animals")
        unit.test_suites.set_tags(suite.id, ["v2"])
        unit.test_suites.replace_test_cases(suite.id, suite.version, [(day.id, 2)])
    return store


def test_lists_have_the_latest_versions(invoke: Invoke, edited: Path) -> None:
    table = invoke("test-cases", "list", "--db", edited).stdout.splitlines()
    assert [line.split()[0] for line in table[2:]] == ["day@2", "night@1"]
    (entry,) = json.loads(invoke("test-cases", "list", "d*", "--json", "--db", edited).stdout)
    assert list(entry) == [
        "name", "version", "workflow", "description", "sample_count", "created_at", "updated_at",
    ]  # fmt: skip
    assert (entry["version"], entry["sample_count"], entry["description"]) == (2, 3, "dogs")
    (suite,) = json.loads(invoke("test-suites", "list", "--json", "--db", edited).stdout)
    assert list(suite) == [
        "name", "version", "workflow", "description", "tags", "test_cases", "created_at",
        "updated_at",
    ]  # fmt: skip
    assert suite["test_cases"] == [{"name": "day", "version": 2, "sample_count": 3}]
    assert "all animals@2" in invoke("test-suites", "list", "--db", edited, "-t", "v2").stdout
    for arguments in (["-t", "v1"], ["-w", "Texts"], ["x*"]):
        result = invoke("test-suites", "list", *arguments, "--db", edited)
        assert (result.stdout, result.stderr) == ("", "No test suites found.\n")
    result = invoke("test-cases", "list", "-w", "Texts", "--db", edited)
    assert (result.stdout, result.stderr) == ("", "No test cases found.\n")


def test_a_test_case_is_shown_at_any_version(invoke: Invoke, edited: Path) -> None:
    lines = invoke("test-cases", "show", "day", "--db", edited).stdout.splitlines()
    assert lines[0] == "test case    day@2"
    assert lines[7] == "versions"
    assert [line.split()[:2] for line in lines[10:]] == [["0", "0"], ["1", "3"], ["2", "3"]]
    entry = json.loads(invoke("test-cases", "show", "day@1", "--json", "--db", edited).stdout)
    assert (entry["version"], entry["description"]) == (1, "")
    assert [one["description"] for one in entry["versions"]] == ["", "", "dogs"]


def test_a_test_suite_is_shown_at_any_version(invoke: Invoke, edited: Path) -> None:
    output = invoke("test-suites", "show", "all animals", "--db", edited).stdout
    assert "test suite   all animals@2" in output
    assert "samples      3" in output
    assert "\ntest cases\ntest case  samples\n" in output
    entry = json.loads(
        invoke("test-suites", "show", "all animals@1", "--json", "--db", edited).stdout
    )
    assert (entry["sample_count"], len(entry["test_cases"])) == (4, 2)
    assert [one["test_case_count"] for one in entry["versions"]] == [0, 2, 1]
    moments = [one["created_at"] for one in entry["versions"]]
    assert moments == sorted(moments)


def test_a_diff_of_a_test_case(invoke: Invoke, edited: Path) -> None:
    arguments = ("test-cases", "show", "day", "--diff", 1, 2, "--db", edited)
    changes = json.loads(invoke(*arguments, "--json").stdout)
    cat = {"label": "cat"}
    assert {
        change["test_sample"]["locator"]: (
            change["change"], change["ground_truth_before"], change["ground_truth_after"]
        )
        for change in changes
    } == {
        "1.png": ("removed", cat, None),
        "2.png": ("changed", cat, "dog"),
        "4.png": ("added", None, "dog"),
    }  # fmt: skip
    lines = invoke(*arguments).stdout.splitlines()
    assert lines[0].split("  ")[0] == "change"
    assert 'removed  1.png        {"label": "cat"}  -' in lines
    result = invoke("test-cases", "show", "day@1", "--diff", 2, 2, "--db", edited)
    assert (result.stdout, result.exit_code) == ("", 0)
    assert result.stderr == "The two versions have the same samples and ground truths.\n"


def test_a_diff_of_a_test_suite(invoke: Invoke, edited: Path) -> None:
    arguments = ("test-suites", "show", "all animals", "--diff", 1, 2, "--db", edited)
    assert json.loads(invoke(*arguments, "--json").stdout) == [
        {"change": "changed", "test_case": "day", "version_before": 1, "version_after": 2},
        {"change": "removed", "test_case": "night", "version_before": 1, "version_after": None},
    ]
    assert "removed  night           1      -" in invoke(*arguments).stdout


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    sampled(
        [
            (["test-cases", "show", "dy"], 1, "no test case 'dy'; did you mean 'day'?"),
            (["test-cases", "show", "day@3"], 1, "no version 3"),
            (["test-cases", "show", "day", "--diff", "1", "9"], 1, "no version 9"),
            (["test-cases", "show", "day", "--diff", "1"], 2, "--diff"),
            (["test-cases", "show", "day", "--diff", "1", "-1"], 2, "--diff"),
            (["test-cases", "list", "-w", "Animal"], 1, "did you mean 'Animals'?"),
            (["test-suites", "show", "all animal@1"], 1, "did you mean 'all animals'?"),
            (["test-suites", "show", "all animals", "--diff", "8", "1"], 1, "no version 8"),
            (["test-suites", "list", "-w", "Animal"], 1, "did you mean 'Animals'?"),
        ],
        2,
    ),
)
def test_what_is_not_there(
    invoke: Invoke, edited: Path, arguments: List[str], code: int, sentence: str
) -> None:
    result = invoke(*arguments, "--db", edited)
    assert (result.exit_code, result.stdout) == (code, "")
    assert sentence in result.stderr
