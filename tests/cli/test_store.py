"""Which store is looked into, and what is said of one that cannot be."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Callable, Dict, List

import pytest

from kolena_local.repository import close_stores
from kolena_local.repository.file.backups import back_up
from tests.cli.conftest import Invoke
from tests.conftest import sampled

QUESTIONS = [["models", "list"], ["models", "show", "resnet"], ["runs", "list"]]


@pytest.mark.parametrize("question", QUESTIONS)
def test_missing_store_is_one_sentence_and_no_file(
    invoke: Invoke, store_path: Path, question: List[str], own_home: Path
) -> None:
    for arguments in ([*question, "--db", str(store_path)], question):
        result = invoke(*arguments)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith("Error: There is no store at ")
        assert result.stderr.count("\n") == 1
    assert [*store_path.parent.iterdir(), *own_home.iterdir()] == []


def test_db_path_of_a_missing_store_is_where_it_will_be(invoke: Invoke, own_home: Path) -> None:
    result = invoke("db", "path")
    assert (result.exit_code, result.stdout) == (0, f"{own_home / 'kolena_local' / 'store.db'}\n")
    assert result.stderr == "The store does not exist yet; it is created by the first write.\n"
    assert [*own_home.iterdir()] == []


def test_option_wins_over_variable_and_stands_anywhere(
    invoke: Invoke, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = invoke("db", "path", "--db", store)
    assert (result.stdout, result.stderr) == (f"{store}\n", "")
    other = tmp_path / "other.db"
    monkeypatch.setenv("KOLENA_LOCAL_DB", str(other))
    assert invoke("db", "path").stdout == f"{other}\n"
    assert invoke("--db", store, "db", "path").stdout == f"{store}\n"
    assert invoke("--db", other, "db", "path", "--db", store).stdout == f"{store}\n"
    assert invoke("db", "path", "--db", ":memory:").stdout == ":memory:\n"
    monkeypatch.setenv("KOLENA_LOCAL_DB", str(store))
    assert "resnet-50" in invoke("models", "list").stdout


def test_options_have_variables(
    invoke: Invoke, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOLENA_LOCAL_DB", str(store))
    monkeypatch.setenv("KOLENA_LOCAL_MODELS_LIST_WORKFLOW", "Texts")
    monkeypatch.setenv("KOLENA_LOCAL_VERSION", "0.1.0")
    output = invoke("models", "list").stdout
    assert "bert" in output
    assert "resnet" not in output


def test_blank_location_is_refused(invoke: Invoke) -> None:
    result = invoke("models", "list", "--db", " ")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: The location of the store is blank")


def alter(store: Path, statement: str) -> None:
    with closing(sqlite3.connect(store)) as connection:
        connection.execute(statement)
        connection.commit()


def test_store_that_cannot_be_used_is_exit_code_five(
    invoke: Invoke, store: Path, tmp_path: Path
) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no store, but long enough to have a header of SQLite's" * 10)
    foreign = tmp_path / "foreign.db"
    alter(foreign, "CREATE TABLE mine (x)")
    close_stores()  # so that this process looks at the file anew
    alter(store, "PRAGMA user_version = 999")
    for path in (text, foreign, store, tmp_path):
        result = invoke("models", "list", "--db", path)
        assert (result.exit_code, result.stdout) == (5, "")
        assert result.stderr.startswith("Error: ")
        assert result.stderr.count("\n") == 1
        assert str(path) in result.stderr


def linked(store: Path, link: Path) -> Path:
    link.symlink_to(store)
    return link


def hard_linked(store: Path, link: Path) -> Path:
    os.link(store, link)
    return link


def backed_up(store: Path, target: Path) -> Path:
    return Path(back_up(str(store), str(target)))


TARGETS: Dict[str, Callable[[Path, Path], Path]] = {
    "store": lambda store, _: store,
    "symbolic link": linked,
    "hard link": hard_linked,
    "backup": backed_up,
    "log": lambda store, _: store.with_name(f"{store.name}-wal"),
    "shared memory": lambda store, _: store.with_name(f"{store.name}-shm"),
}


@pytest.mark.parametrize(
    "command",
    [
        ["export"],
        ["models", "list", "--json", "-o"],
        ["sql", "SELECT 1", "-o"],
        ["inferences", "export", "resnet-50", "-o"],
    ],
    ids=lambda command: command[0],
)
@pytest.mark.parametrize("target", sampled(TARGETS, 2))
def test_output_into_the_store_is_refused_and_the_store_is_still_there(
    invoke: Invoke, store: Path, tmp_path: Path, target: str, command: List[str]
) -> None:
    file = TARGETS[target](store, tmp_path / "other.db")
    before = file.read_bytes() if file.exists() else None
    result = invoke("--db", store, *command, file)
    assert (result.exit_code, result.stdout) == (2, "")
    (said,) = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert f"The file {file} " in said
    assert said.endswith("which the output would overwrite; give another one.")
    assert ("FILE" in said) == (command == ["export"])
    assert before is None or file.read_bytes() == before
    assert not list(tmp_path.glob("*.part"))
    close_stores()
    assert invoke("db", "check", "--db", store).exit_code == 0


def test_output_into_the_store_that_the_command_makes_is_refused(
    invoke: Invoke, tmp_path: Path
) -> None:
    file = tmp_path / "new.db"
    result = invoke("models", "create", "a", "-w", "W", "--json", "-o", file, "--db", file)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "which the output would overwrite" in result.stderr
    assert [*tmp_path.iterdir()] == []


def test_output_into_a_damaged_store_that_is_checked_is_refused(
    invoke: Invoke, store: Path
) -> None:
    content = b"damage" + store.read_bytes()[6:]
    store.write_bytes(content)
    assert invoke("db", "check", "--json", "-o", store, "--db", store).exit_code != 0
    assert store.read_bytes() == content
