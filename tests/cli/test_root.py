"""How commands are found, and what their end means: exit codes, one line, or a traceback."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import List, Type

import click
import pytest
from click.testing import CliRunner, Result

from kolena_local import __version__, errors
from kolena_local.cli import main
from kolena_local.cli.root import Root
from tests.cli.conftest import Invoke
from tests.conftest import sampled

to_raise: List[BaseException] = []


@click.command()
def fails() -> None:
    """Raise what the test asks for."""
    raise to_raise.pop()


def end_of(error: BaseException) -> Result:
    to_raise.append(error)
    return CliRunner().invoke(Root(commands_at={"fails": f"{__name__}:fails"}), ["fails"])


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.NotFoundError, 1),
        (errors.NameConflictError, 1),
        (errors.InputValidationError, 1),
        (errors.WorkflowMismatchError, 1),
        (errors.StoreNotFoundError, 1),
        (errors.StoreReadOnlyError, 1),
        (errors.StoreFullError, 1),
        (errors.StoreBusyError, 5),
        (errors.StoreDamagedError, 5),
        (errors.StoreNewerError, 5),
        (errors.NotAStoreError, 5),
    ],
)
def test_error_on_purpose_is_one_line_and_a_code(kind: Type[errors.KolenaError], code: int) -> None:
    result = end_of(kind("It did not work\nat all; try again."))
    assert result.exit_code == code
    assert result.output == "Error: It did not work\\nat all; try again.\n"


@pytest.mark.parametrize("kind", [ZeroDivisionError, PermissionError])
def test_an_unexpected_error_is_one_line_that_says_how_to_find_the_fault(
    kind: Type[Exception],
) -> None:
    result = end_of(kind("a fault of ours\nor of the file"))
    assert result.exit_code == 1
    (line,) = result.output.splitlines()
    assert line.startswith(f"Error: Unexpected error ({kind.__name__}: a fault of")
    assert f"{__file__}, line " in line
    assert "`kolena-local db check`" in line


def test_developers_get_the_traceback_of_an_unexpected_error() -> None:
    script = (
        "from kolena_local.cli.root import Root\n"
        "class Broken(Root):\n"
        "    def get_command(self, ctx, name): raise ZeroDivisionError('a fault of ours')\n"
        "Broken(commands_at={})(['fails'])"
    )
    for options, has_traceback in (((), False), (("-X", "dev"), True)):
        run = subprocess.run([sys.executable, *options, "-c", script], capture_output=True)
        assert run.returncode == 1
        assert (b"Traceback" in run.stderr) is has_traceback


def test_interrupt_is_exit_code_130() -> None:
    result = end_of(KeyboardInterrupt())
    assert (result.exit_code, result.output) == (130, "\nInterrupted.\n")


@pytest.mark.parametrize(
    "arguments",
    [["nouns"], ["models", "lst"], ["models", "list", "--no-such-option"], ["models", "show"]],
)
def test_wrong_usage_is_exit_code_two(invoke: Invoke, arguments: List[str]) -> None:
    result = invoke(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Usage: ")


@pytest.mark.parametrize(
    ("arguments", "suggestion"),
    [
        (["modls", "list"], "did you mean 'models'?"),
        (["Models"], "did you mean 'models'?"),
        (["test_suites"], "did you mean 'test-suites'"),
        (["models", "lst"], "did you mean 'list'?"),
        (["model", "lst"], "did you mean 'list'?"),
        (["run", "lst"], "did you mean 'list'?"),
        (["db", "chek"], "did you mean 'check'?"),
        (["test-case", "shows"], "did you mean 'show'?"),
        (["test-suites", "lsit"], "did you mean 'list'?"),
        (["inference", "xport"], "did you mean 'export' or 'import'?"),
        (["db", "xyz"], "the commands are backup, check, info, merge, path, restore."),
        (["models", "list", "--jsn"], "--json"),
        (["compare", "a", "b", "--suit", "s"], "--suite"),
    ],
)
def test_a_wrong_name_is_answered_with_the_nearest(
    invoke: Invoke, arguments: List[str], suggestion: str
) -> None:
    result = invoke(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert suggestion in result.stderr


@pytest.mark.parametrize("command", list(main.list_commands(click.Context(main))))
def test_every_noun_is_known_in_the_singular(invoke: Invoke, command: str) -> None:
    shown = [invoke(name, "--help") for name in (command, command.removesuffix("s"))]
    assert shown[0].stdout == shown[1].stdout != ""


def test_version(invoke: Invoke) -> None:
    assert invoke("--version").stdout == f"kolena-local, version {__version__}\n"


@pytest.mark.parametrize("option", ["-h", "--help"])
@pytest.mark.parametrize("command", [[], ["models"], ["models", "list"], ["runs"], ["demo"]])
def test_every_level_has_help(invoke: Invoke, command: List[str], option: str) -> None:
    result = invoke(*command, option)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("Usage: ")
    assert "--db PATH" in result.stdout or command in ([["models"], ["runs"]])


def test_help_lists_the_nouns_and_hides_what_is_for_tests(invoke: Invoke) -> None:
    output = invoke("--help").stdout
    assert [noun for noun in ("models", "runs", "db", "demo") if f"\n  {noun} " in output]
    assert "--delay" not in invoke("demo", "--help").stdout
    assert invoke("demo", "--delay", "-1").exit_code == 2


def test_the_help_sums_up_each_command_as_the_command_does_itself() -> None:
    context = click.Context(main)
    own, clicks = click.HelpFormatter(width=78), click.HelpFormatter(width=78)
    main.format_commands(context, own)
    click.Group.format_commands(main, context, clicks)
    assert own.getvalue() == clicks.getvalue()


@pytest.mark.parametrize(
    ("number", "code", "word"),
    [(signal.SIGINT, 130, "Interrupted"), (signal.SIGTERM, 143, "Terminated")],
)
@pytest.mark.parametrize("place", ["invoke", "get_command", "format_help", "parse_args"])
def test_a_signal_at_any_place_is_an_exit_code_of_its_own(
    monkeypatch: pytest.MonkeyPatch, place: str, number: signal.Signals, code: int, word: str
) -> None:
    before = signal.getsignal(number)
    monkeypatch.setattr(Root, place, lambda *_: signal.raise_signal(number))
    argument = "--help" if place == "format_help" else "fails"
    root = Root(commands_at={"fails": f"{__name__}:fails"})
    result = CliRunner().invoke(root, [argument])
    assert (result.exit_code, result.output) == (code, f"\n{word}.\n")
    assert signal.getsignal(number) == before


def test_a_signal_that_is_lost_where_an_object_ends_ends_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Last:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)
    monkeypatch.setattr(Root, "invoke", lambda *_: [Last()].clear())
    root = Root(commands_at={"fails": f"{__name__}:fails"})
    assert CliRunner().invoke(root, ["fails"]).exit_code == 130


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "module", sampled(["click", "kolena_local.cli.root", "kolena_local.cli.models"])
)
def test_a_signal_while_the_command_line_is_imported_is_an_exit_code(
    module: str, number: signal.Signals
) -> None:
    script = (
        "import signal, sys\n"
        "from kolena_local.__main__ import run\n"
        "class Finder:\n"
        "    def find_spec(name, *_):\n"
        f"        if name == {module!r}: signal.raise_signal({int(number)})\n"
        "sys.meta_path.insert(0, Finder)\n"
        "sys.argv[1:] = ['models', 'list']\n"
        "run()"
    )
    end = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8")
    assert (end.returncode, end.stdout) == (128 + number, "")
    assert "Traceback" not in end.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no signals")
def test_signals_that_are_ignored_stay_ignored(store_path: Path) -> None:
    script = (
        "import signal, sys\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "from kolena_local.__main__ import run\n"
        "from kolena_local.cli.root import Root\n"
        "Root.invoke = lambda *_: signal.raise_signal(signal.SIGINT)\n"
        "sys.argv[1:] = ['models', 'list']\n"
        "run()"
    )
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0


def test_a_noun_alone_shows_its_help_on_lines(invoke: Invoke) -> None:
    shown = invoke("models").output
    assert "\\n" not in shown
    assert "  list " in shown and "  rename " in shown
    assert len(shown.splitlines()) > 10
