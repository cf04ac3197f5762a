"""The shell completes names, fast, and hears nothing of a store that is missing or damaged."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import List

import pytest

from kolena_local.repository import close_stores, open_store
from tests.cli.conftest import register
from tests.conftest import long_only

SCRIPT = """
import json, os, sys
before = set(sys.modules)
from kolena_local.cli import main
for variables in json.loads(sys.argv[1]):
    os.environ.update(variables)
    try:
        main(prog_name="kolena-local")
    except SystemExit:
        print(end="\\0", flush=True)
loaded = {name.split(".")[0] for name in set(sys.modules) - before}
print("loaded:", *sorted(loaded - sys.stdlib_module_names), file=sys.stderr)
"""


def complete(*lines: List[str], shell: str = "zsh") -> List[List[str]]:
    """Return what the shell is offered for the last word of each line."""
    variables = [
        {
            "_KOLENA_LOCAL_COMPLETE": f"{shell}_complete",
            "COMP_WORDS": " ".join(word.replace(" ", r"\ ") for word in ["kolena-local", *words]),
            "COMP_CWORD": str(len(words)),
        }
        for words in lines
    ]
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(variables)],
        capture_output=True,
        encoding="utf-8",
    )
    assert run.stderr == "loaded: click kolena_local\n"
    *outputs, rest = run.stdout.split("\0")
    assert (len(outputs), rest) == (len(lines), "")
    if shell == "zsh":
        return [output.splitlines()[1::3] for output in outputs]
    return [[line.split(",", 1)[1] for line in output.splitlines()] for output in outputs]


def test_names_complete_and_load_nothing_heavy(store: Path) -> None:
    close_stores()
    db = ["--db", str(store)]
    assert complete(
        [*db, "models", "show", "res"],
        ["models", "delete", *db, "bert", "resnet-5"],
        ["results", *db, "resnet-50", "al"],
        ["test-cases", "show", *db, ""],
        ["models", "list", *db, "-w", "T"],
        ["mod"],
    ) == [
        ["resnet-101", "resnet-50"],
        ["resnet-50"],
        ["all animals"],
        ["day", "night"],
        ["Texts"],
        ["models"],
    ]
    assert complete(
        ["results", *db, "resnet-50", "al"], ["test-suites", "show", *db, "all a"], shell="bash"
    ) == [[r"all\\ animals"], [r"all\\ animals"]]


@pytest.mark.skipif(shutil.which("bash") is None, reason="this system has no bash")
def test_bash_completes_a_name_with_blanks(store: Path, tmp_path: Path) -> None:
    close_stores()
    program = tmp_path / "kolena-local"
    program.write_text(
        f"#!/bin/sh\nexec {shlex.quote(sys.executable)} -c "
        '\'from kolena_local.cli import main; main(prog_name="kolena-local")\' "$@"\n'
    )
    program.chmod(0o755)
    script = """
        complete() { :; }  # says what to do at a terminal, which is not there
        eval "$(_KOLENA_LOCAL_COMPLETE=bash_source kolena-local)"
        COMP_WORDS=(kolena-local results resnet-50 'all\\ an') COMP_CWORD=3
        _kolena_local_completion kolena-local
        printf '[%s]' "${COMPREPLY[@]}"
    """
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    output = subprocess.run(
        ["bash", "-c", script],
        env={**os.environ, "PATH": path, "KOLENA_LOCAL_DB": str(store)},
        capture_output=True,
        encoding="utf-8",
    )
    assert output.stdout == r"[all\ animals]"


@long_only
def test_the_variable_names_the_store(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(str(store)).write() as unit:
        register(unit, "two\nlines")  # would be two names to the shell
    monkeypatch.setenv("KOLENA_LOCAL_DB", str(store))
    assert complete(["models", "show", ""]) == [["bert", "resnet-101", "resnet-50"]]


@long_only
def test_no_usable_store_has_no_names_and_is_not_made(store_path: Path, tmp_path: Path) -> None:
    paths = (store_path, tmp_path, tmp_path / "missing" / "store.db", Path(":memory:"))
    lines = [["--db", str(path), "models", "show", ""] for path in paths]
    assert complete(*lines) == [[], [], [], []]
    assert [*tmp_path.iterdir()] == []
    store_path.write_bytes(b"no database, but long enough to look like one" * 100)
    assert complete(lines[0]) == [[]]


def test_a_file_of_somebody_else_completes_nothing(store_path: Path) -> None:
    open_store(str(store_path))
    close_stores()
    with closing(sqlite3.connect(store_path)) as raw:
        raw.execute("PRAGMA legacy_alter_table = ON")
        raw.execute("ALTER TABLE model RENAME TO other")
        raw.execute(
            "CREATE VIEW model AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
            " SELECT 'b' AS name FROM n"
        )
    assert complete(["--db", str(store_path), "models", "show", "a"]) == [[]]
