"""Output that cannot be written: exit code 1 and one sentence, whichever command and format.

A standard stream that is closed is one that nothing can be written to, or read from.
"""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import time
from array import array
from pathlib import Path
from typing import IO, Callable, Iterator, List, Tuple

import click
import pandas as pd
import pytest
from click.testing import CliRunner

import kolena_local
from kolena_local.cli import main
from kolena_local.dataset import upload_dataset, upload_quality_standard, upload_results
from kolena_local.repository import close_store, close_stores
from kolena_local.workflow import BarPlot, Plot
from tests.cli.conftest import Invoke, command_line
from tests.cli.reference import commands
from tests.comparison.conftest import Closeness, LengthCase, make_world
from tests.conftest import sampled

FULL = "Error: The output cannot be written: the disk is full.\n"
CLOSED = "Error: The output cannot be written: standard output is closed.\n"
needs_full_device = pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="this system has no device that is full"
)

ARGUMENTS = {
    "models list": [],
    "models show": ["base"],
    "models diff": ["base", "candidate"],
    "models create": ["new", "-w", "Lengths"],
    "models edit": ["base", "-t", "new"],
    "models rename": ["base", "new"],
    "models delete": ["base", "--yes"],
    "datasets list": [],
    "datasets show": ["table"],
    "datasets upload": ["rows.csv"],
    "datasets results": ["table", "guesser", "rows.csv"],
    "datasets standard show": ["table"],
    "datasets standard apply": ["table", "standard.json"],
    "datasets standard results": ["table"],
    "datasets delete": ["table", "--yes"],
    "test-suites list": [],
    "test-suites show": ["lengths"],
    "test-suites create": ["new", "--test-case", "first"],
    "test-suites edit": ["lengths", "-t", "new"],
    "test-suites rename": ["lengths", "new"],
    "test-suites delete": ["lengths", "--yes"],
    "test-cases list": [],
    "test-cases show": ["first"],
    "test-cases create": ["new", "--from", "lengths", "--where", 'sample.locator != ""'],
    "test-cases rename": ["first", "new"],
    "test-cases delete": ["of no test suite", "--yes"],
    "inferences export": ["base"],
    "inferences import": ["base", "guesses.csv", "--on-conflict", "skip", "--dry-run"],
    "runs delete": ["1", "--yes"],
    "runs list": [],
    "runs show": ["1"],
    "runs verify": ["base", "lengths", "--evaluator", f"{__name__}:Drawing"],
    "results": ["base", "lengths"],
    "plots": ["base", "lengths", "--test-case", "first"],
    "compare": ["base", "candidate", "-s", "lengths"],
    "gate check": ["gate.toml"],
    "gate init": ["base", "candidate", "-s", "lengths"],
    "leaderboard": ["lengths", "--metric", "close"],
    "power": ["lengths", "--discordant", "0.1"],
    "report": ["lengths"],
    "slices find": ["candidate", "lengths", "--metric", "close", "--min-samples", "10"],
    "sql": ["SELECT 1"],
    "db backup": [],
    "db check": [],
    "db info": [],
    "db merge": ["backup.db"],
    "db path": [],
    "db restore": ["backup.db"],
    "export": [],
    "import": ["store.jsonl"],
    "demo": [],
}
PRINT_NOTHING = {"db restore", "datasets upload", "datasets results"}
# The store has no slice to find, and its models do not differ, which is a message: only other
# formats print that.
NO_TABLE = PRINT_NOTHING | {"models diff", "slices find"}
GATE = """
gate = {suite = "lengths", baseline = "candidate", candidate = "base"}
metrics.close = {margin = 0.5}
"""
COUNT = {"label": "n", "source": "result", "aggregator": "count", "params": {"key": "n"}}
STANDARD = {
    "name": "s",
    "stratifications": [],
    "metric_groups": [{"name": "g", "metrics": [COUNT]}],
}
COMMANDS = {path.removeprefix("kolena-local "): command for _, command, path in commands()}


class Drawing(Closeness):
    def compute_test_case_plots(self, *_: object, **__: object) -> List[Plot]:
        return [BarPlot("bars", "x", "y", ["a"], [1])]


def formats(command: click.Command) -> List[List[str]]:
    """Return the options for each way in which a command can print."""
    options = {name: option for option in command.params for name in option.opts}
    if not {"--format", "--output"} <= {*options}:
        return [[]]
    assert isinstance(options["--format"].type, click.Choice)
    choices = [
        choice
        for choice in options["--format"].type.choices
        if choice != "parquet"  # files only
    ]
    flags = [[flag] for flag in ("--json", "--csv") if flag in options]
    return [[], *flags, ["--output", "-"], *(["--format", choice] for choice in choices)]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a store in which every command finds something."""
    folder = tmp_path_factory.mktemp("failing-output")
    with kolena_local.session(db=folder / "store.db"):
        world = make_world()
        LengthCase("of no test suite")
        upload_dataset("table", pd.DataFrame({"id": [1]}))
        upload_results("table", "scorer", pd.DataFrame({"id": [1], "n": [1]}))
        upload_quality_standard("table", STANDARD)
        world.test("base", {}, Drawing())
        world.test("candidate", dict.fromkeys(range(20), 2.0), Drawing())
    for *arguments, file in (
        ("inferences", "export", "base", "-o", "guesses.csv"),
        ("db", "backup", "backup.db"),
        ("export", "store.jsonl"),
    ):
        command = ["--db", str(folder / "store.db"), *arguments, str(folder / file)]
        assert CliRunner().invoke(main, command).exit_code == 0
    close_store(str(folder / "store.db"))
    (folder / "gate.toml").write_text(GATE, encoding="utf-8")
    (folder / "rows.csv").write_text("id,n\n1,2\n", encoding="utf-8")
    (folder / "standard.json").write_text(json.dumps(STANDARD), encoding="utf-8")
    return folder


@pytest.fixture
def renew(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], None]]:
    """Return what makes a new copy of that folder the current one, its store the usual one."""
    numbers = itertools.count()

    def renew() -> None:
        folder = tmp_path / str(next(numbers))
        shutil.copytree(template, folder)
        monkeypatch.chdir(folder)
        monkeypatch.setenv("KOLENA_LOCAL_DB", str(folder / "store.db"))

    renew()
    yield renew
    close_stores()


def run_into(output: IO[str], arguments: List[str]) -> Tuple[object, str]:
    """Run the command line in this process; return its exit code and what it said."""
    with (
        output,
        Path("said.txt").open("w+") as errors,
        pytest.MonkeyPatch.context() as patched,
    ):
        patched.setattr(sys, "stdout", output)
        patched.setattr(sys, "stderr", errors)
        with pytest.raises(SystemExit) as end:
            main(arguments, prog_name="kolena-local")
        output.flush()  # as the interpreter does at its end
        errors.seek(0)
        return end.value.code, errors.read()


def full_device() -> IO[str]:
    return Path("/dev/full").open("w")


def closed_pipe() -> IO[str]:
    reader, writer = os.pipe()
    os.close(reader)
    return os.fdopen(writer, "w")


@needs_full_device
@pytest.mark.parametrize("path", sampled(ARGUMENTS, 12))
def test_output_that_cannot_be_written_is_a_sentence(
    path: str, invoke: Invoke, renew: Callable[[], None]
) -> None:
    has_printed = False
    # One that prints no table prints in few formats.
    for options in sampled(formats(COMMANDS[path]), 1 if path in NO_TABLE else 3):
        arguments = [*path.split(), *ARGUMENTS[path], *options]
        usual = invoke(*arguments)
        assert usual.exit_code == 0
        renew()
        code, said = run_into(full_device(), arguments)
        if usual.stdout:
            assert (code, said[-len(FULL) :], said.count("Error")) == (1, FULL, 1)
        else:
            assert (code, said.count("Error")) == (0, 0)
        renew()
        has_printed |= bool(usual.stdout)
    assert has_printed == (path not in PRINT_NOTHING)
    assert run_into(full_device(), [*path.split(), "--help"]) == (1, FULL)


def test_every_command_is_tried() -> None:
    assert set(ARGUMENTS) | {"ui"} == set(COMMANDS)


@needs_full_device
def test_nothing_is_served_if_the_address_cannot_be_printed(renew: Callable[[], None]) -> None:
    assert run_into(full_device(), ["ui", "--no-browser"]) == (1, FULL)


@needs_full_device
@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["models", "--help"]])
def test_help_and_version_that_cannot_be_written_are_a_sentence(
    arguments: List[str], renew: Callable[[], None]
) -> None:
    assert run_into(full_device(), arguments) == (1, FULL)


@needs_full_device
@pytest.mark.parametrize("instruction", ["bash_source", "zsh_source", "fish_complete"])
def test_completion_that_cannot_be_written_is_a_sentence(
    instruction: str, renew: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_KOLENA_LOCAL_COMPLETE", instruction)
    monkeypatch.setenv("COMP_WORDS", "kolena-local models show b")
    monkeypatch.setenv("COMP_CWORD", "b")
    assert run_into(full_device(), []) == (1, FULL)


@pytest.mark.parametrize("path", sampled((path for path in ARGUMENTS if path not in NO_TABLE), 12))
def test_closed_pipe_is_quiet(path: str, renew: Callable[[], None]) -> None:
    options = formats(COMMANDS[path])[-1]
    code, said = run_into(closed_pipe(), [*path.split(), *ARGUMENTS[path], *options])
    assert (code, said.count("Error")) == (1, 0)
    assert run_into(closed_pipe(), [*path.split(), "--help"]) == (1, "")


@needs_full_device
@pytest.mark.parametrize(
    "command, said",
    [
        ("import -", f"The input cannot be saved in {tempfile.gettempdir()} (File too large)"),
        ("export new", "The file new cannot be written (File too large)"),
        ("export -o new", "The file new cannot be written (File too large)"),
        (
            "inferences export base -o /dev/full",
            "The file /dev/full cannot be written (No space left on device)",
        ),
        ("db backup new", "There is no room left on the disk of the store {folder}/new;"),
        (
            "db restore backup.db",
            "There is no room left on the disk of the store {folder}/store.db;",
        ),
    ],
)
def test_a_file_that_has_no_room_is_named_and_leaves_nothing(
    command: str, said: str, renew: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path.cwd()
    before = {*folder.iterdir()}
    reader, writer = os.pipe()
    os.write(writer, b"{}\n" * 15_000)
    os.close(writer)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with os.fdopen(reader) as pipe:
        monkeypatch.setattr(sys, "stdin", pipe)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
        try:
            code, sentence = run_into(closed_pipe(), command.split())
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (code, sentence.count("\n")) == (1, 1)
    assert sentence.startswith(f"Error: {said.format(folder=folder)}")
    left = {path.name for path in {*folder.iterdir()} - before}
    assert left <= {"said.txt", "store.db-wal", "store.db-shm"}


def test_closed_standard_input_is_empty(
    renew: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    code, said = run_into(closed_pipe(), ["import", "-"])
    assert (code, said.count("\n"), said[:15]) == (1, 1, "Error: The file")
    code, said = run_into(closed_pipe(), ["models", "delete", "base"])
    assert (code, said.splitlines()[-1][-29:]) == (1, "yes to delete without asking.")


# Where it says nothing else, the output goes into a pipe that is closed.
ENDS = [
    ("db path >/dev/full", 1, FULL),
    ("models list -o /dev/stdout", 1, ""),
    ("db path >&-", 1, CLOSED),
    (
        "export -o /dev/stdout >&-",
        1,
        "Error: The file /dev/stdout cannot be written (No such device or address); give another"
        " one.\n",
    ),
    ("models list --no-such-option 2>/dev/full", 2, ""),
    ("models create new -w Lengths >&- 2>/dev/full", 0, ""),
    ("export >/dev/full", 1, FULL),
    ("--help", 1, ""),
    ("--help >&-", 1, CLOSED),
    ("--help >&- 2>&-", 1, ""),
    ("--help >/dev/full 2>/dev/full", 1, ""),
]


@needs_full_device
def test_process_ends_with_the_same_code_and_nothing_of_pythons(renew: object) -> None:
    python = f"{shlex.quote(sys.executable)} -W error -m kolena_local"
    ends = [(f"{python} {command}", code, said) for command, code, said in sampled(ENDS, 5)]
    with closed_pipe() as pipe:
        processes = [
            subprocess.Popen(
                command, shell=True, stdout=pipe, stderr=subprocess.PIPE, encoding="utf-8"
            )
            for command, *_ in ends
        ]
    for process, (command, *expected) in zip(processes, ends, strict=True):
        _, said = process.communicate()
        assert [process.returncode, said] == expected, command


@pytest.mark.skipif(not hasattr(fcntl, "F_SETPIPE_SZ"), reason="pipes have no size here")
@pytest.mark.parametrize(
    "arguments",
    sampled([["export"], ["sql", "SELECT printf('%02500d', 0)"]]),
    ids=sampled(["more than Python's buffer holds", "less than that"]),
)
def test_interrupt_while_nobody_reads_the_output_is_exit_code_130(
    arguments: List[str], renew: object
) -> None:
    reader, writer = os.pipe()
    size = fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    process = subprocess.Popen(
        command_line(*arguments), stdout=writer, stderr=subprocess.PIPE, encoding="utf-8"
    )
    os.close(writer)
    waiting = array("i", [0])
    try:
        while waiting[0] < size:
            assert process.poll() is None
            fcntl.ioctl(reader, termios.FIONREAD, waiting)
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60)[1] == "\nInterrupted.\n"
    finally:
        os.close(reader)
    assert process.returncode == 130
