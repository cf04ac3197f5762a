"""What `kolena-local db` says of the file, and how it copies, checks, repairs and restores it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from kolena_local.repository import close_stores
from tests.cli.conftest import Invoke


def alter(store: Path, statement: str) -> None:
    with closing(sqlite3.connect(store)) as connection:
        connection.execute(statement)
        connection.commit()


def test_info_counts_what_is_there(invoke: Invoke, store: Path) -> None:
    found = json.loads(invoke("db", "info", "--json", "--db", store).stdout)
    assert found["path"] == str(store)
    assert found["counts"]["model"] == 3
    assert found["size"] == store.stat().st_size
    assert f"file              {store}\n" in invoke("db", "info", "--db", store).stdout


def test_check_of_a_sound_store_is_exit_code_zero(invoke: Invoke, store: Path) -> None:
    result = invoke("db", "check", "--json", "--db", store)
    assert result.exit_code == 0
    assert not [one for one in json.loads(result.stdout or "[]") if one["severity"] == "error"]


def test_check_finds_and_fix_repairs(invoke: Invoke, store: Path) -> None:
    alter(store, "UPDATE test_case_version SET sample_count = 9 WHERE sample_count = 3")
    result = invoke("db", "check", "--db", store)
    assert result.exit_code == 1
    assert 'test case "day" says that the number of its samples is 9' in result.stdout
    assert result.stderr.startswith("1 error, ")
    result = invoke("db", "check", "--fix", "--db", store)
    assert result.exit_code == 0
    assert "Backup before the repair: " in result.stderr
    assert "Counted 3 samples" in result.stderr
    assert len([*store.parent.glob("*.bak")]) == 1


def test_backup_prints_its_name_and_restore_takes_it(invoke: Invoke, store: Path) -> None:
    backup = invoke("db", "backup", "--db", store).stdout.removesuffix("\n")
    assert Path(backup).parent == store.parent
    alter(store, "DELETE FROM test_run")
    close_stores()
    result = invoke("db", "restore", backup, "--db", store)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith(f"Restored {store}; the old store is now ")
    assert "resnet-50" in invoke("runs", "list", "--db", store).stdout
    assert len([*store.parent.glob("*.old")]) == 1


def test_restore_where_nothing_was(invoke: Invoke, store: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.db"
    copy = tmp_path / "copy.db"
    assert invoke("db", "backup", copy, "--db", store).stdout == f"{copy}\n"
    assert "there was no store before" in invoke("db", "restore", copy, "--db", new).stderr
    assert "resnet-50" in invoke("models", "list", "--db", new).stdout


def test_a_check_says_what_can_be_repaired_by_which_option(invoke: Invoke, store: Path) -> None:
    assert "--fix" not in invoke("db", "check", "--db", store).stderr
    store.chmod(0o644)
    assert "; --fix repairs 1 of them\n" in invoke("db", "check", "--db", store).stderr
    assert "--fix" not in invoke("db", "check", "--fix", "--db", store).stderr


@pytest.mark.parametrize("verb", ["info", "check", "backup"])
def test_missing_store_is_one_sentence(invoke: Invoke, store_path: Path, verb: str) -> None:
    result = invoke("db", verb, "--db", store_path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"Error: There is no store at {store_path}")
    assert [*store_path.parent.iterdir()] == []


@pytest.mark.parametrize("verb", ["info", "check", "backup"])
def test_store_in_memory_has_no_file(invoke: Invoke, verb: str) -> None:
    result = invoke("db", verb, "--db", ":memory:")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no file" in result.stderr
