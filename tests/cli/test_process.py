"""The command line as a process of its own: pipes, terminals, encodings, interrupts."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from kolena_local.repository import open_store
from tests.cli.conftest import Invoke, register, run_process
from tests.conftest import IS_LONG, long_only
from tests.python_process import COMMAND, Python, read_terminal, run_command

HELP_OF_EVERYTHING = """
import sys
before = set(sys.modules)
import click
from kolena_local.cli import main
def show(command, path):
    try:
        main([*path, "--help"], prog_name="kolena-local")
    except SystemExit as end:
        assert not end.code
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            show(command.get_command(context, name), [*path, name])
show(main, [])
loaded = {name.split(".")[0] for name in set(sys.modules) - before}
print("loaded:", *sorted(loaded - sys.stdlib_module_names))
"""


def test_help_imports_click_and_the_standard_library_only() -> None:
    output = subprocess.run(
        [sys.executable, "-c", HELP_OF_EVERYTHING], capture_output=True, text=True, check=True
    ).stdout
    assert output.splitlines()[-1] == "loaded: click kolena_local"


@long_only
def test_listing_loads_neither_pandas_nor_numpy(store: Path) -> None:
    script = (
        "import sys\nfrom kolena_local.cli import main\n"
        f"try: main(['models', 'list', '--db', {str(store)!r}])\n"
        "except SystemExit: print(*{'pandas', 'numpy'} & set(sys.modules), sep='')"
    )
    output = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout
    assert output.splitlines()[-1] == ""


def test_piped_output_is_whole_and_parseable(store: Path) -> None:
    name = "a name that is wider than any terminal " * 10
    with open_store(str(store)).write() as unit:
        register(unit, name, note="naïve 漢字")
    table = run_process("models", "list", "--db", store)
    assert (table.returncode, table.stderr) == (0, "")
    assert name.rstrip() in table.stdout
    listing = run_command("models", "list", "--db", store, "--json")
    entries = json.loads(listing.stdout)
    assert (entries[-1]["name"], entries[-1]["metadata"]) == (name, {"note": "naïve 漢字"})
    assert "naïve 漢字" in listing.stdout


@long_only
def test_output_that_is_not_utf8_gets_escapes_instead_of_a_traceback(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store(str(store)).write() as unit:
        register(unit, "naïve 漢字 🐈")
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    assert (
        r"na\xefve \u6f22\u5b57 \U0001f408" in run_process("models", "list", "--db", store).stdout
    )
    listing = run_process("models", "list", "--db", store, "--json").stdout
    assert json.loads(listing)[-1]["name"] == "naïve 漢字 🐈"


def test_missing_store_is_a_sentence_on_standard_error(store_path: Path) -> None:
    run = run_command("models", "list", "--db", store_path)
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith(f"Error: There is no store at {store_path}")
    assert not store_path.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_a_narrow_terminal_shows_names_and_errors_whole(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pty

    monkeypatch.setenv("COLUMNS", "66")
    controller, terminal = pty.openpty()
    arguments = ("runs", "list", "--db", store)
    process = Python(COMMAND, *arguments, stdin=subprocess.DEVNULL, stdout=terminal)
    os.close(terminal)
    lines = read_terminal(controller).splitlines()
    assert process.wait() == 0
    assert max(map(len, lines)) <= 66
    assert [line.split() for line in lines[2:]] == [
        ["2", "resnet-101", "all", "-", "crashed", "ValueError:"],
        ["animals@1", "no", "weights"],
        ["1", "resnet-50", "all", "Accuracy", "completed", "-"],
        ["animals@1"],
    ]


ANSWERS = [("y", 0, 2), ("", 1, 3), *([("n", 1, 3)] if IS_LONG else [])]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
@pytest.mark.parametrize(("answer", "code", "left"), ANSWERS)
def test_deleting_asks_at_a_terminal(
    store: Path, tmp_path: Path, answer: str, code: int, left: int
) -> None:
    import pty

    controller, terminal = pty.openpty()
    with os.fdopen(terminal, "rb") as asked, (tmp_path / "errors").open("w+") as said:
        process = Python(
            COMMAND, "models", "delete", "bert", "--db", store, stdin=asked, stderr=said
        )
        os.write(controller, f"{answer}\n".encode())
        output = process.communicate()
    os.close(controller)
    assert (process.returncode, output) == (code, "")
    assert "Delete all of this? [y/N]: " in (tmp_path / "errors").read_text()
    with open_store(str(store)).read() as unit:
        assert len(unit.models.list()) == left


def test_deleting_refuses_without_a_terminal(store: Path, invoke: Invoke) -> None:
    run = run_command("models", "delete", "bert", "--db", store)
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.splitlines()[-1].endswith("add --yes to delete without asking.")
    assert invoke("models", "delete", "bert", "--db", store, "--yes").exit_code == 0


# There is no second of inferences that are not saved yet.
SAVES_AT_ONCE = """
from kolena_local.execution import work_queue
work_queue.BATCH_SECONDS = 0.0
"""


@long_only
@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
def test_interrupted_demo_says_so_and_keeps_what_is_done(store_path: Path, tmp_path: Path) -> None:
    said = tmp_path / "said"
    with said.open("w") as file:
        arguments = ("demo", "--delay", "0.05", "--db", store_path)
        process = Python(SAVES_AT_ONCE + COMMAND, *arguments, stdout=file, stderr=file)
    deadline = time.monotonic() + 120
    while inferences_in(store_path) == 0 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    process.communicate()
    errors = said.read_text()
    assert (process.returncode, errors.splitlines()[-1]) == (130, "Interrupted.")
    assert "Traceback" not in errors
    assert 0 < inferences_in(store_path) < 2 * 1079


def inferences_in(path: Path) -> int:
    if not path.exists():
        return 0
    with closing(sqlite3.connect(path)) as connection:
        try:
            return int(connection.execute("SELECT count(*) FROM inference").fetchone()[0])
        except sqlite3.OperationalError:  # the tables are being made at this moment
            return 0


@long_only
def test_help_has_its_texts_where_python_drops_docstrings() -> None:
    def texts(*options: str) -> list[str]:
        output = subprocess.run(
            [sys.executable, *options, "-c", HELP_OF_EVERYTHING],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        return output.splitlines()

    plain = texts()
    assert len(plain) > 500
    assert texts("-OO") == plain
