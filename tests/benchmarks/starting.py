"""Starting: the command line, the imports, a fresh store for a unit test."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

from kolena_local import session
from kolena_local.repository.file.opening import open_prepared
from tests.benchmarks.data import D1
from tests.benchmarks.measure import Row, Turn, seconds_of
from tests.benchmarks.stores import settle, use

_MODELS = 1000
_STORES = 10
_OPENINGS = 50
_COMMAND = "import sys; from kolena_local.cli import main; sys.exit(main())"


def show_help(folder: Path, rows: int) -> tuple[Turn, Turn]:
    """Print the help of the command."""
    return _process(_COMMAND, "--help"), _process("import click")


def import_workflow(folder: Path, rows: int) -> tuple[Turn, Turn]:
    """Import what a user's script imports."""
    return _process("import kolena_local.workflow"), _process("import pydantic.dataclasses")


def list_models(folder: Path, rows: int) -> tuple[Turn, Turn]:
    """List a thousand models."""
    path = folder / "models.db"
    use(path)
    for number in range(_MODELS):
        D1.Model(f"model {number}", metadata={"seed": number}, tags={"one", "two"})
    settle(path)
    command = _process(_COMMAND, "models", "list", "--db", str(path))
    return command, _process("import sqlmodel")


def make_store(folder: Path, rows: int) -> tuple[Turn, Turn]:
    """Make a new store and put one model into it."""
    names = _names(folder)

    def ours() -> float:
        def make() -> None:
            for _ in range(_STORES):
                with session(next(names)):
                    D1.Model("model")

        return seconds_of(make) / _STORES

    def theirs() -> float:
        def make() -> None:
            for _ in range(_STORES):
                with closing(sqlite3.connect(next(names))) as connection:
                    connection.execute("PRAGMA journal_mode = WAL")
                    connection.execute("PRAGMA synchronous = NORMAL")
                    connection.execute("CREATE TABLE model (id INTEGER PRIMARY KEY, name TEXT)")
                    connection.execute("INSERT INTO model (name) VALUES ('model')")
                    connection.commit()

        return seconds_of(make) / _STORES

    return ours, theirs


def open_store(folder: Path, rows: int) -> tuple[Turn, Turn]:
    """Open a store, with all that is checked then, and read one row."""
    path = folder / "opened.db"
    use(path)
    D1.Model("model")
    settle(path)
    query = "SELECT name FROM model"

    def ours() -> float:
        def read() -> None:
            for _ in range(_OPENINGS):
                _, connection = open_prepared(str(path), create=False)
                with closing(connection):
                    connection.execute(query).fetchone()

        return seconds_of(read) / _OPENINGS

    def theirs() -> float:
        def read() -> None:
            for _ in range(_OPENINGS):
                with closing(sqlite3.connect(path)) as connection:
                    connection.execute(query).fetchone()

        return seconds_of(read) / _OPENINGS

    return ours, theirs


def _names(folder: Path) -> Iterator[Path]:
    return (folder / f"fresh-{number}.db" for number in count())


def _process(code: str, *arguments: str) -> Turn:
    command = [sys.executable, "-c", code, *arguments]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("KOLENA_")},
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    # Installed packages are compiled, as Click is here.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def run() -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)

    return lambda: seconds_of(run)


ROWS = [
    Row("kolena-local --help", "import click", 1.6, show_help, grows=False),
    Row(
        "import kolena_local.workflow",
        "import pydantic.dataclasses",
        2,
        import_workflow,
        grows=False,
    ),
    Row("models list, 1,000 models", "import sqlmodel", 1.4, list_models, grows=False),
    Row("a fresh store, one model", "a new file, one insert", 3, make_store, grows=False),
    Row("opening a store, one row read", "sqlite3, one row read", 3, open_store, grows=False),
]
