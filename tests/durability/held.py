"""One of each kind of object in memory, and commands that delete or replace their rows."""

from __future__ import annotations

import subprocess
from contextlib import closing
from pathlib import Path
from sqlite3 import connect
from typing import Any, NamedTuple

import kolena_local
from kolena_local.repository import close_stores
from kolena_local.workflow import TestRun, test
from tests.files.make import AnimalCase, AnimalModel, AnimalSuite, Judge, animals, guess
from tests.python_process import run_command

REFUSED = "was deleted or the store file was replaced since it was loaded; load it again"


class Things(NamedTuple):
    """One of each kind of object, and where they are kept."""

    path: Path
    case: Any
    suite: Any
    model: Any
    run: Any


def make(path: Path, name: str, start: int) -> Things:
    case = AnimalCase(f"{name} case", test_samples=animals(start, start + 5))
    suite = AnimalSuite(f"{name} suite", test_cases=[case])
    model = AnimalModel(name, infer=guess)
    test(model, suite, Judge())
    return Things(path, case, suite, model, TestRun(model, suite, Judge()))


def command(path: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return run_command(*arguments, "--db", path)


def done(path: Path, *arguments: object) -> str:
    """Run a command that must go well."""
    result = command(path, *arguments)
    assert result.returncode == 0, result.stderr
    return result.stdout


def restore(path: Path, backup: Path) -> None:
    close_stores()
    done(path, "db", "restore", backup)


def rows(path: Path, query: str) -> list[Any]:
    with closing(connect(path)) as raw:
        return raw.execute(query).fetchall()


def delete_run(things: Things, instead: str) -> None:
    done(things.path, "runs", "delete", things.run._id, "--yes")
    if instead:
        with kolena_local.session(db=things.path):  # also in a thread
            taken = TestRun(AnimalModel.load("first"), AnimalSuite.load("animals"))
        assert taken._id == things.run._id


def delete_model(things: Things, instead: str) -> None:
    done(things.path, "models", "delete", "held", "--yes")
    if instead:
        done(things.path, "models", "create", instead, "--workflow", "Animals")
        found = rows(things.path, f"SELECT name FROM model WHERE id = {things.model._id}")
        assert found == [(instead,)]
