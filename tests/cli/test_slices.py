"""Test cases and test suites are created by commands, from samples that are in the store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, List

import pytest

from kolena_local.payload import digest, dumps
from kolena_local.repository import open_store
from kolena_local.repository.records import NewSample
from tests.cli.conftest import Invoke
from tests.conftest import sampled


@pytest.fixture
def animals(store: Path) -> Path:
    """Return a store whose suite "all animals" has four samples, three of them with metadata."""
    put_metadata(store, {"1.png": 3, "2.png": 21, "3.png": 23})
    return store


def put_metadata(store: Path, hours: Any) -> None:
    with open_store(str(store)).write() as unit:
        contents = [({"locator": name}, hour) for name, hour in hours.items()]
        unit.test_samples.put(
            unit.workflows.get("Animals").id,
            [NewSample(digest(it), dumps(it), {"hour": hour}) for it, hour in contents],
        )


def test_a_test_case_is_created_once_and_again_only_by_a_reset(
    invoke: Invoke, animals: Path
) -> None:
    create = ["test-cases", "create", "late", "--from", "all animals", "--db", animals]
    first = invoke(*create, "--where", "metadata.hour >= 20", "--json")
    assert first.stderr == "Created the test case 'late' (version 1, 2 samples).\n"
    (entry,) = json.loads(first.stdout)
    assert entry["description"] == 'Slice of the test suite "all animals" where metadata.hour >= 20'
    again = invoke(*create, "--where", "metadata.hour >= 20")
    assert (again.exit_code, again.stdout) == (0, "")
    assert again.stderr == (
        "The test case 'late' (version 1, 2 samples) has these samples already.\n"
    )
    put_metadata(animals, {"1.png": 20})
    refused = invoke(*create, "--where", "metadata.hour >= 20")
    assert refused.exit_code == 1
    assert "1 would be added and 0 removed; use reset for a new version" in refused.stderr
    # The description is enough.
    done = invoke("test-cases", "create", "late", "--reset", "--db", animals)
    assert done.stderr == "Made a new version of the test case 'late' (version 2, 3 samples).\n"
    other = ["--where", "metadata.hour > 20", "--where", 'ground_truth.label = "cat"']
    assert "(version 3, 2 samples)" in invoke(*create, *other, "--reset").stderr
    # What the description says can be given as one condition.
    described = invoke("test-cases", "show", "late", "--json", "--db", animals).stdout
    text = json.loads(described)["description"].partition(" where ")[2]
    assert text == 'metadata.hour > 20 and ground_truth.label = "cat"'
    later = ["test-cases", "create", "later", "--from", "late@1", "--where", text]
    assert "'later' (version 1, 2 samples)" in invoke(*later, "--db", animals).stderr
    assert invoke("db", "check", "--db", animals).exit_code == 0


def test_strata_become_a_test_suite(invoke: Invoke, animals: Path) -> None:
    create = ["test-cases", "create", "h", "--from", "all animals", "--db", animals]
    done = invoke(*create, "--stratify", "metadata.hour", "--buckets", "2", "--json")
    assert [entry["name"] for entry in json.loads(done.stdout)] == ["h: hour < 21", "h: hour >= 21"]
    assert done.stderr.splitlines() == [
        "Warning: 1 sample of the test suite 'all animals' is in none of the test cases, because it"
        " has no value in metadata.hour.",
        "Created the test case 'h: hour < 21' (version 1, 1 sample).",
        "Created the test case 'h: hour >= 21' (version 1, 2 samples).",
    ]
    made = invoke(
        *("test-suites", "create", "by hour", "--test-case", "h: hour*", "--test-case", "day@0"),
        *("--description", "Times", "-t", "v1", "--db", animals, "--json"),
    )
    assert made.stderr == "Created the test suite 'by hour' of 3 test cases.\n"
    (entry,) = json.loads(made.stdout)
    assert (entry["version"], entry["description"], entry["tags"]) == (1, "Times", ["v1"])
    edit = ["test-suites", "edit", "by hour", "--db", animals, "--json"]
    (entry,) = json.loads(
        invoke(
            *edit, "--add", "day", "--remove", "h: hour < 21", "-t", "v2", "--untag", "v1"
        ).stdout
    )
    cases = [f"{case['name']}@{case['version']}" for case in entry["test_cases"]]
    assert (cases, entry["version"], entry["tags"]) == (["h: hour >= 21@1", "day@1"], 2, ["v2"])
    same = invoke(*edit, "--add", "day", "--description", "")
    assert same.stderr == "Saved the test suite 'by hour' (version 2).\n"
    assert json.loads(same.stdout)[0]["description"] == ""


SLICE = ["test-cases", "create", "x", "--from", "all animals", "--where"]
SUITE = ["test-suites", "create", "x", "--test-case"]


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    sampled(
        [
            ([*SLICE, "metadata.huor > 3"], 1, "did you mean 'metadata.hour'?"),
            ([*SLICE, "metadata.hour > 99"], 1, "so there is no test case to make"),
            ([*SLICE, "inference.score > 3"], 1, "choose a model"),
            ([*SLICE, "metadata.hour > 3", "--model", "resnet-5"], 1, "did you mean 'resnet-50'"),
            ([*SLICE, "hour"], 2, "is not a condition"),
            (
                [*SLICE[:3], "--from", "all", "--where", "metadata.hour > 3"],
                1,
                "no test suite or test",
            ),
            ([*SLICE[:2], "day", *SLICE[3:], "metadata.hour > 3"], 1, "would be added"),
            ([*SLICE[:2], " ", *SLICE[3:], "metadata.hour > 3"], 1, "must not be blank"),
            (SLICE[:5], 2, "Give a condition with --where"),
            (SLICE[:3], 2, "Missing option '--from'"),
            (["test-cases", "create", "day", "--reset"], 1, "'' is not the description of a slice"),
            ([*SLICE, "metadata.hour > 3", "--buckets", "2"], 2, "add --stratify FIELD"),
            (
                [*SLICE[:5], "--stratify", "sample.locator", "--buckets", "2"],
                1,
                "not always a number",
            ),
            ([*SUITE, "dax"], 1, "There is no test case 'dax'; did you mean 'day'?"),
            (
                [*SUITE, "day", "--test-case", "day@0"],
                1,
                "versions 1 and 0; a test suite has it once",
            ),
            ([*SUITE[:3]], 2, "--test-case"),
            (
                [*SUITE[:2], "all animals", "--test-case", "day"],
                1,
                "There is a test suite 'all animals' already (version 1); edit it, or give",
            ),
            (["test-suites", "edit", "all animals"], 2, "Nothing to change"),
            (
                ["test-suites", "edit", "all animals", "--remove", "odd"],
                1,
                "has no test case 'odd' to",
            ),
            (
                ["test-suites", "edit", "all animals", "--add", "plants"],
                1,
                "to the workflow 'Plants'",
            ),
            (["test-suites", "edit", "no", "--add", "day"], 1, "no test suite 'no'"),
            ([*SUITE, "day", "--test-case", "plants"], 1, "to the workflow 'Plants'"),
        ]
    ),
)
def test_what_cannot_be_created_changes_nothing(
    invoke: Invoke, animals: Path, arguments: List[str], code: int, sentence: str
) -> None:
    with open_store(str(animals)).write() as unit:
        unit.test_cases.add(unit.workflows.ensure("Plants").id, "plants", "")
        unit.test_cases.add(unit.workflows.ensure("Animals").id, "odd", "")
    before = invoke("export", "--db", animals).stdout
    result = invoke(*arguments, "--db", animals)
    assert (result.exit_code, result.stdout) == (code, "")
    assert sentence in result.stderr
    if code == 1:
        assert result.stderr.count("\n") == 1
    assert invoke("export", "--db", animals).stdout == before


@pytest.mark.parametrize("arguments", [[*SLICE, "metadata.hour > 3"], [*SUITE, "day"]])
def test_creating_makes_no_store(invoke: Invoke, store_path: Path, arguments: List[str]) -> None:
    result = invoke(*arguments, "--db", store_path)
    assert (result.exit_code, store_path.exists()) == (1, False)
    assert "There is no store" in result.stderr
