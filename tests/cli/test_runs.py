"""``runs list``: newest first, with how each run ended."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from kolena_local.repository import open_store
from tests.cli.conftest import Invoke


def test_list_says_how_each_run_ended(invoke: Invoke, store: Path) -> None:
    result = invoke("runs", "list", "--db", store)
    assert (result.exit_code, result.stderr) == (0, "")
    header, _, crashed, completed = result.stdout.splitlines()
    columns = ["id", "model", "test suite", "evaluator", "status", "started", "seconds", "error"]
    assert re.split("  +", header) == columns
    assert re.split("  +", crashed)[:5] == [" 2", "resnet-101", "all animals@1", "-", "crashed"]
    assert crashed.endswith("  ValueError: no weights")
    cells = re.split("  +", completed)
    assert cells[:5] == [" 1", "resnet-50", "all animals@1", "Accuracy", "completed"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", cells[5])
    assert float(cells[6]) >= 0
    assert cells[7] == "-"


def test_json_list_has_the_whole_error(invoke: Invoke, store: Path) -> None:
    crashed, completed = json.loads(invoke("runs", "list", "--json", "--db", store).stdout)
    assert list(crashed) == [
        "id", "workflow", "model", "test_suite", "test_suite_version", "evaluator", "status",
        "is_interrupted", "is_stale", "stale_since", "stale_reason", "superseded_at", "error",
        "created_at", "started_at", "finished_at",
    ]  # fmt: skip
    assert crashed["error"] == "ValueError: no weights\n  in line 7"
    assert (completed["test_suite"], completed["test_suite_version"]) == ("all animals", 1)


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="Windows cannot change its time zone")
def test_tables_show_local_times_and_data_exact_ones(
    invoke: Invoke, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(store, isolation_level=None)) as raw:
        raw.execute("UPDATE test_run SET started_at = '2026-12-31T23:30:59.999Z'")
        raw.execute("UPDATE test_run SET finished_at = '2027-01-01T00:00:00.000Z'")
    monkeypatch.setenv("TZ", "CET-1")
    time.tzset()
    try:
        for command in (["list"], ["show", "1"]):
            table = invoke("runs", *command, "--db", store).stdout
            assert "2027-01-01 00:30 " in table.replace("\n", " ")
            assert (
                "2026-12-31T23:30:59.999Z"
                in invoke("runs", *command, "--csv", "--db", store).stdout
            )
    finally:
        monkeypatch.undo()
        time.tzset()


def test_list_filters_by_model_and_workflow(invoke: Invoke, store: Path) -> None:
    by_model = json.loads(invoke("runs", "list", "--json", "-m", "resnet-50", "--db", store).stdout)
    assert [run["model"] for run in by_model] == ["resnet-50"]
    by_workflow = invoke("runs", "list", "-w", "Texts", "--db", store)
    assert (by_workflow.stdout, by_workflow.stderr) == ("", "No test runs found.\n")
    assert (
        len(json.loads(invoke("runs", "list", "--json", "-w", "Animals", "--db", store).stdout))
        == 2
    )


def test_run_that_was_only_created_is_not_listed(invoke: Invoke, store: Path) -> None:
    before = invoke("runs", "list", "--db", store).stdout
    with open_store(str(store)).write() as unit:
        suite = unit.test_suites.get("all animals")
        model = unit.models.get("bert")
        run = unit.test_runs.ensure(model.id, suite.id, suite.version, "Later")
    assert invoke("runs", "list", "--db", store).stdout == before
    assert (
        json.loads(invoke("models", "show", "bert", "--json", "--db", store).stdout)["runs"] == []
    )
    shown = invoke("runs", "show", run.id, "--db", store).stdout
    assert re.search(r"status +created\nstarted +-\n", shown)
    result = invoke("results", "bert", "all animals", "--db", store)
    assert result.stderr.startswith("Error: The model 'bert' was never tested on the test suite")


def test_a_time_that_is_none_is_called_damage(invoke: Invoke, store: Path) -> None:
    with closing(sqlite3.connect(store, isolation_level=None)) as raw:
        raw.execute("PRAGMA ignore_check_constraints = ON")
        raw.execute("UPDATE test_run SET finished_at = 'yesterday'")
    for command in (["runs", "list"], ["runs", "show", "1"], ["models", "show", "resnet-50"]):
        result = invoke(*command, "--db", store)
        assert result.exit_code == 5
        assert result.stderr == (
            "Error: The store is damaged ('yesterday' is not a time); restore a backup.\n"
        )


def test_an_id_that_no_store_can_have_is_refused_in_a_sentence(invoke: Invoke, store: Path) -> None:
    for arguments in (
        ("runs", "show", 2**63),
        ("runs", "delete", 1, 2**63, "--yes"),
        ("models", "list", "--limit", 10**30),
        ("compare", "resnet-50", "resnet-101", "-s", "all animals", "--runs", 2**63, 1),
    ):
        result = invoke(*arguments, "--db", store)
        assert result.exit_code == 1
        assert result.stderr.startswith("Error: A number is beyond the 64 bits of integers")
    assert len(json.loads(invoke("runs", "list", "--json", "--db", store).stdout)) == 2
