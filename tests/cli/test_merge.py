"""``export`` of a part, ``import`` with conflicts, and ``db merge``, as they are typed and read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List

import pytest

from kolena_local.payload import dumps
from kolena_local.repository import Unit, open_store
from kolena_local.repository.records import MemberChange
from kolena_local.repository.result_records import CaseMetrics, Results
from tests.cli.conftest import (
    Invoke,
    add_test_case,
    add_test_suite,
    register,
)
from tests.conftest import sampled


def fill(unit: Unit, seed: int, night: List[str]) -> None:
    """Store a model that was tested on two test cases; one is as in any other such store."""
    model = register(unit, "resnet", seed=seed)
    cases = [add_test_case(unit, "day", ["1.png", "2.png"]), add_test_case(unit, "night", night)]
    suite = add_test_suite(unit, "all", *cases)
    samples = unit.test_cases.sample_ids(cases[0].id, 1)
    texts = [dumps({"label": seed})] * len(samples)
    unit.inferences.put(model.id, samples, texts, replace=False)
    run = unit.test_runs.start(unit.test_runs.ensure(model.id, suite.id, suite.version, "Acc").id)
    configuration = unit.test_runs.ensure_configuration(run.id, "", None)
    metrics = [CaseMetrics(case.id, dumps({"accuracy": seed / 4})) for case in cases]
    unit.test_runs.replace_results(configuration.id, Results([], metrics, [], None))
    unit.test_runs.complete(run.id)


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    path = tmp_path / "ours.db"
    with open_store(str(path)).write() as unit:
        fill(unit, 1, ["3.png"])
    return path


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    path = tmp_path / "theirs.db"
    with open_store(str(path)).write() as unit:
        fill(unit, 2, ["4.png"])
        register(unit, "vgg")
    return path


def text(invoke: Invoke, store: Path) -> str:
    return invoke("export", "-q", "--db", store).stdout


def plan(invoke: Invoke, *arguments: object) -> Dict[str, Dict[str, Any]]:
    result = invoke(*arguments, "--dry-run", "--json")
    assert result.exit_code in (0, 1), result.stderr
    return {entry["noun"]: entry for entry in json.loads(result.stdout)}


def test_what_differs_is_refused_and_named(invoke: Invoke, ours: Path, theirs: Path) -> None:
    before = text(invoke, ours)
    result = invoke("db", "merge", theirs, "--db", ours)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        'Error: The store differs from the file: test case "night" (version 1 has other content);'
        ' model "resnet" (metadata is {"seed":1} in the store and {"seed":2} in the file);'
        ' 2 inferences of the model "resnet"; and 2 more. Choose --on-conflict keep, take, or'
        " rename; --dry-run shows what that would do. Nothing was imported.\n"
    )
    assert text(invoke, ours) == before
    assert not list(ours.parent.glob("*.bak"))


def test_of_long_values_the_place_where_they_differ_is_shown(
    invoke: Invoke, tmp_path: Path
) -> None:
    many = {f"key {number}": number for number in range(50)}
    for store, zoom in (("one.db", 1), ("two.db", 2)):
        with open_store(str(tmp_path / store)).write() as unit:
            register(unit, "resnet", **many, zoom=zoom, zzz="x" * 50)
    said = invoke("db", "merge", tmp_path / "two.db", "--db", tmp_path / "one.db").stderr
    assert '"zoom":1,' in said
    assert '"zoom":2,' in said
    assert '"key 9"' not in said


def test_importing_what_is_there_says_that_it_is(
    invoke: Invoke, theirs: Path, tmp_path: Path
) -> None:
    file = tmp_path / "theirs.jsonl"
    invoke("export", file, "--db", theirs)
    result = invoke("import", file, "--db", theirs)
    assert result.stderr.endswith("lines were read; all of this is in the store already.\n")


@pytest.mark.parametrize("policy", sampled(["error", "keep", "take", "rename"], 2))
def test_a_dry_run_prints_a_plan_and_writes_nothing(
    invoke: Invoke, ours: Path, theirs: Path, policy: str
) -> None:
    before, files = text(invoke, ours), sorted(ours.parent.iterdir())
    result = invoke("db", "merge", theirs, "--dry-run", "--on-conflict", policy, "--db", ours)
    assert result.exit_code == (policy == "error"), result.stderr
    header, _, *rows = result.stdout.splitlines()
    assert header.split("  ")[0] == "in the file" and rows[0].startswith("workflows")
    assert 'Different: test case "night" (version 1 has other content)' in result.stdout
    if policy == "error":
        assert "Nothing would be imported; choose --on-conflict" in result.stderr
    assert text(invoke, ours) == before
    assert sorted(ours.parent.iterdir()) == files


def test_a_dry_run_creates_no_store(invoke: Invoke, theirs: Path, tmp_path: Path) -> None:
    found = plan(invoke, "db", "merge", theirs, "--db", tmp_path / "new.db")
    assert (found["model"]["new"], found["model"]["same"]) == (2, 0)
    assert not list(tmp_path.glob("new.db*"))


def test_keep_leaves_the_store_as_it_is_and_adds_the_rest(
    invoke: Invoke, ours: Path, theirs: Path
) -> None:
    with open_store(str(theirs)).write() as unit:
        more = add_test_case(unit, "dusk", ["5.png"])
        add_test_suite(unit, "dusks", more, unit.test_cases.get("day"))
        add_test_suite(unit, "nights", unit.test_cases.get("night"))
        (sample,) = unit.test_cases.sample_ids(more.id, 1)
        model = unit.models.get("resnet").id
        unit.inferences.put(model, [sample], [dumps({"label": 2})], replace=False)
    before = {*text(invoke, ours).splitlines()}
    arguments = ("db", "merge", theirs, "--on-conflict", "keep", "--db", ours)
    found = plan(invoke, *arguments)
    result = invoke(*arguments)
    assert result.exit_code == 0, result.stderr
    after = {*text(invoke, ours).splitlines()}
    assert before <= after
    new = [json.loads(line) for line in after - before]
    assert {line["name"] for line in new if line["kind"] == "model"} == {"vgg"}
    assert {line["name"] for line in new if line["kind"] == "test_suite"} == {"dusks"}
    (inference,) = [line for line in new if line["kind"] == "inference"]
    assert inference["locator"] == "5.png"
    assert not [line for line in new if line["kind"] in ("test_run", "metrics_test_case")]
    suites = found["test_suite"]
    assert [suites[key] for key in ("new", "same", "different", "left_out")] == [1, 1, 0, 1]
    assert "Left out: 1 test suite, because what it depends on differs." in result.stderr


def test_take_makes_the_store_like_the_file_after_a_backup(
    invoke: Invoke, ours: Path, theirs: Path
) -> None:
    before, wanted = text(invoke, ours), {*text(invoke, theirs).splitlines()}
    result = invoke("db", "merge", theirs, "--on-conflict", "take", "--db", ours)
    assert result.exit_code == 0, result.stderr
    after = {*text(invoke, ours).splitlines()}
    assert wanted <= after
    # Samples stay, in whatever test case they are.
    assert {json.loads(line)["kind"] for line in after - wanted} == {"test_sample", "ground_truth"}
    (backup,) = ours.parent.glob("ours.db.*.bak")
    assert f"Backup before the import: {backup}" in result.stderr
    assert text(invoke, backup) == before
    again = invoke("db", "merge", theirs, "--on-conflict", "take", "--db", ours)
    assert again.stderr.endswith("all of this is in the store already.\n")
    assert [*ours.parent.glob("ours.db.*.bak")] == [backup]


def test_take_is_refused_if_something_else_depends_on_what_would_go(
    invoke: Invoke, ours: Path, theirs: Path
) -> None:
    with open_store(str(ours)).write() as unit:
        suite = add_test_suite(unit, "mine", unit.test_cases.get("night"))
    before = text(invoke, ours)
    result = invoke("db", "merge", theirs, "--on-conflict", "take", "--db", ours)
    assert result.exit_code == 1
    assert result.stderr == (
        'Error: The test case "night" cannot be replaced, because version 1 of the test suite'
        ' "mine" depends on it and is not in the file; delete that, or import with --on-conflict'
        " keep or rename. Nothing was imported.\n"
    )
    with open_store(str(theirs)).write() as unit:
        add_test_suite(unit, "mine", unit.test_cases.get("night"))
    with open_store(str(ours)).write() as unit:
        unit.test_runs.ensure(unit.models.get("resnet").id, suite.id, suite.version, "Other")
    result = invoke("db", "merge", theirs, "--on-conflict", "take", "--db", ours)
    assert 'the test run of "resnet" on version 1 of "mine" depends on it' in result.stderr
    assert not list(ours.parent.glob("*.bak"))
    assert [line for line in text(invoke, ours).splitlines() if "Other" not in line] == (
        before.splitlines()
    )


def test_rename_keeps_both_and_finds_its_own_names_again(
    invoke: Invoke, ours: Path, theirs: Path
) -> None:
    before = {*text(invoke, ours).splitlines()}
    arguments = ("db", "merge", theirs, "--on-conflict", "rename", "--db", ours)
    result = invoke(*arguments)
    assert result.exit_code == 0, result.stderr
    assert "imported as resnet (2)." in result.stderr
    once = text(invoke, ours)
    assert before <= {*once.splitlines()}
    lines = [json.loads(line) for line in once.splitlines()]
    assert [line["name"] for line in lines if line["kind"] == "model"] == [
        "resnet", "resnet (2)", "vgg"
    ]  # fmt: skip
    (run,) = [line for line in lines if line["kind"] == "test_run" and line["model"] != "resnet"]
    assert (run["model"], run["test_suite"]) == ("resnet (2)", "all (2)")
    assert invoke(*arguments).exit_code == 0
    assert text(invoke, ours) == once


def test_a_longer_history_is_no_conflict_in_either_direction(
    invoke: Invoke, ours: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"
    invoke("db", "merge", ours, "--db", copy)
    with open_store(str(copy)).write() as unit:
        day, night = unit.test_cases.get("day"), unit.test_cases.get("night")
        (sample,) = unit.test_cases.sample_ids(night.id, 1)
        truth = unit._sql.value("SELECT id FROM ground_truth WHERE test_sample_id = ?", [sample])
        changes = [MemberChange(sample, truth, False)]
        day = unit.test_cases.edit(day.id, 1, description="b", reset=True, changes=changes)
        suite = unit.test_suites.get("all")
        unit.test_suites.replace_test_cases(suite.id, 1, [(day.id, 2), (night.id, 1)])
    longer, shorter = text(invoke, copy), text(invoke, ours)
    assert longer != shorter
    assert invoke("db", "merge", ours, "--db", copy).exit_code == 0
    assert text(invoke, copy) == longer
    found = plan(invoke, "db", "merge", copy, "--db", ours)
    assert (found["test_case"]["extended"], found["test_suite"]["extended"]) == (1, 1)
    assert invoke("db", "merge", copy, "--db", ours).exit_code == 0
    assert text(invoke, ours) == longer


def test_creation_times_are_kept_in_a_merge(invoke: Invoke, theirs: Path, tmp_path: Path) -> None:
    with open_store(str(theirs)).write() as unit:
        unit._sql.execute("UPDATE model SET created_at = '2020-01-02T03:04:05.678Z'")
        unit._sql.execute("UPDATE test_run SET started_at = '2020-01-02T03:04:05.678Z'")
    assert invoke("db", "merge", theirs, "--db", tmp_path / "new.db").exit_code == 0
    with open_store(str(tmp_path / "new.db")).read() as unit:
        for table, column in (("model", "created_at"), ("test_run", "started_at")):
            found = unit._sql.fetch(f"SELECT DISTINCT {column} FROM {table}")
            assert found == [("2020-01-02T03:04:05.678Z",)]
        # Each store knows its rows by numbers of its own.
        uids = {uid for (uid,) in unit._sql.fetch("SELECT uid FROM model")}
    with open_store(str(theirs)).read() as unit:
        assert not uids & {uid for (uid,) in unit._sql.fetch("SELECT uid FROM model")}


def test_metadata_of_samples_have_no_name_to_change(
    invoke: Invoke, ours: Path, tmp_path: Path
) -> None:
    file = tmp_path / "a.jsonl"
    invoke("export", file, "--db", ours)
    file.write_text(
        file.read_text().replace('"metadata":{},"fields"', '"metadata":{"a":1},"fields"')
    )
    result = invoke("import", file, "--on-conflict", "rename", "--db", ours)
    assert (result.exit_code, "a test sample has no name" in result.stderr) == (1, True)
    assert invoke("import", file, "--on-conflict", "keep", "--db", ours).exit_code == 0
    assert '"metadata":{"a":1}' not in text(invoke, ours)
    assert invoke("import", file, "--on-conflict", "take", "--db", ours).exit_code == 0
    assert text(invoke, ours) == file.read_text()


@pytest.mark.parametrize("policy", ["keep", "take"])
def test_a_name_of_another_workflow_can_only_be_renamed(
    invoke: Invoke, tmp_path: Path, policy: str
) -> None:
    for name in ("a", "b"):
        with open_store(str(tmp_path / f"{name}.db")).write() as unit:
            register(unit, "m", workflow=name)
    arguments = ("db", "merge", tmp_path / "a.db", "--db", tmp_path / "b.db", "--on-conflict")
    result = invoke(*arguments, policy)
    assert result.exit_code == 1
    assert 'model "m" belongs to the workflow "b" in the store and to "a" in' in result.stderr
    assert invoke(*arguments, "rename").exit_code == 0


def test_a_run_that_has_not_begun_says_nothing_about_one_that_has(
    invoke: Invoke, ours: Path, tmp_path: Path
) -> None:
    file = tmp_path / "a.jsonl"
    invoke("export", file, "--db", ours)
    lines = [
        line.replace('"status":"completed"', '"status":"created"')
        for line in file.read_text().splitlines(keepends=True)
        if '"kind":"metrics' not in line and '"kind":"configuration' not in line
    ]
    file.write_text("".join(lines))
    before = text(invoke, ours)
    assert invoke("import", file, "--db", ours).exit_code == 0
    assert text(invoke, ours) == before


def test_a_store_is_not_merged_with_itself_or_with_none(invoke: Invoke, ours: Path) -> None:
    result = invoke("db", "merge", ours, "--db", ours)
    assert (result.exit_code, "is the store itself" in result.stderr) == (1, True)
    result = invoke("db", "merge", ours.parent / "none.db", "--db", ours)
    assert (result.exit_code, "none.db; give the path" in result.stderr) == (1, True)
    for nothing, message in ((":memory:", "has no file"), ("", "is blank"), ("x" * 300, "x; give")):
        result = invoke("db", "merge", nothing, "--db", ours)
        assert (result.exit_code, message in result.stderr) == (1, True)
    assert not [*ours.parent.glob("*.bak")]
    assert not (ours.parent / "none.db").exists()


def test_a_part_is_exported_to_the_file_of_the_option(
    invoke: Invoke, theirs: Path, tmp_path: Path
) -> None:
    file = tmp_path / "part.jsonl"
    result = invoke(
        "export", "--model", "resnet", "--test-suite", "all", "-o", file, "--db", theirs
    )
    assert result.exit_code == 0, result.stderr
    kinds = [json.loads(line)["kind"] for line in file.read_text().splitlines()]
    assert (kinds.count("model"), kinds.count("test_run"), kinds.count("test_suite")) == (1, 1, 1)
    result = invoke("export", "--model", "resnut", "-o", tmp_path / "b.jsonl", "--db", theirs)
    assert (result.exit_code, "did you mean 'resnet'?" in result.stderr) == (1, True)
    result = invoke("export", file, "-o", tmp_path / "b.jsonl", "--db", theirs)
    assert (result.exit_code, "Give one file" in result.stderr) == (2, True)
    assert not (tmp_path / "b.jsonl").exists()


def test_a_model_and_a_suite_that_are_given_twice_are_exported_once(
    invoke: Invoke, theirs: Path
) -> None:
    once = ("--model", "resnet", "--test-suite", "all")
    result = invoke("export", *once, *once, "--db", theirs)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == invoke("export", *once, "--db", theirs).stdout


@pytest.mark.parametrize("version", [3, 2**53, 2**60])
def test_a_version_beyond_that_of_its_test_suite_is_refused(
    invoke: Invoke, ours: Path, tmp_path: Path, version: int
) -> None:
    before = text(invoke, ours)
    lines = before.splitlines()
    (line, *_) = [one for one in map(json.loads, lines) if one["kind"] == "test_suite_version"]
    file = tmp_path / "more.jsonl"
    file.write_text("\n".join([*lines, json.dumps({**line, "version": version})]), "utf-8")
    result = invoke("import", file, "--db", ours)
    assert result.exit_code == 1
    assert "Nothing was imported." in result.stderr
    assert text(invoke, ours) == before


@pytest.mark.parametrize("noun", ["test_case", "test_suite"])
def test_a_newer_version_that_the_file_does_not_have_is_refused(
    invoke: Invoke, ours: Path, tmp_path: Path, noun: str
) -> None:
    before = text(invoke, ours)
    lines = [json.loads(line) for line in before.splitlines()]
    for line in lines:
        if line["kind"] == noun:
            line["version"] += 1
    file = tmp_path / "newer.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    result = invoke("import", file, "--db", ours)
    assert result.exit_code == 1
    assert "Nothing was imported." in result.stderr
    assert text(invoke, ours) == before
