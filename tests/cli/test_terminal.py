"""What is printed on a terminal cannot command it, nor hide anything, whatever the store holds."""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from pathlib import Path
from subprocess import DEVNULL

import pytest

import kolena_local
from kolena_local.plurals import printable
from kolena_local.repository import close_stores
from kolena_local.workflow import test
from tests.cli.conftest import Invoke
from tests.conftest import sampled
from tests.files.make import AnimalCase, AnimalModel, AnimalSuite, Guess, animals
from tests.python_process import COMMAND, Python, read_terminal

# One of each kind: C0, C1, a line separator, directions, joiners, fillers, selectors, tags.
ODD = "a\x07\x1b\x7f\x85\x9b\xad\u034f\u061c\u115f\u180e\u200b\u200d\u200e\u2028\u202e\u2060\u2066"
ODD += "\u3164\ufe0f\ufeff\ufff9\U000e0041\U000e0100b"
EVIL = set(ODD) - set("ab")


@pytest.fixture
def odd(store_path: Path) -> Path:
    """Return a store whose names, tags, metadata and payloads are all odd."""
    with kolena_local.session(db=store_path):
        case = AnimalCase(ODD, description=ODD, test_samples=animals(0, 2))
        suite = AnimalSuite(ODD, test_cases=[case], tags={ODD})
        model = AnimalModel(
            ODD, infer=lambda _: Guess(ODD), metadata={ODD: ODD, "n": -1}, tags={ODD}
        )
        test(model, suite)
    close_stores()
    return store_path


def on_terminal(*arguments: object) -> str:
    """Return what a command prints where both streams are one terminal."""
    import pty

    controller, terminal = pty.openpty()
    process = Python(COMMAND, *arguments, stdin=DEVNULL, stdout=terminal, stderr=terminal)
    os.close(terminal)
    shown = read_terminal(controller)
    process.wait()
    return shown


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
@pytest.mark.parametrize(
    "arguments",
    sampled(
        [
            ["models", "list", "--csv"],
            ["models", "show", ODD, "--json"],
            ["test-cases", "show", ODD],
            ["inferences", "export", ODD],
            ["inferences", "export", ODD, "--format", "jsonl"],
            ["export"],
            ["models", "show", f"no {ODD}"],
            [f"--{ODD}"],
            ["models", "list", f"--{ODD}"],
            ["models", "show", "one", ODD],
            ["models", "list", "-o", f"{ODD}/file"],
        ],
        4,
    ),
    ids=str,
)
def test_nothing_odd_reaches_a_terminal(odd: Path, arguments: list[str]) -> None:
    shown = on_terminal("--db", odd, *arguments)
    assert not EVIL & set(shown)
    assert "a" in shown and "b" in shown


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_an_export_on_a_terminal_can_be_imported(odd: Path, tmp_path: Path, invoke: Invoke) -> None:
    lines = on_terminal("export", "-q", "--db", odd).splitlines()
    piped = invoke("export", "-q", "--db", odd).stdout
    assert list(map(json.loads, lines)) == list(map(json.loads, piped.split("\n")[:-1]))
    assert EVIL & set(piped)


def test_everything_that_nobody_sees_is_escaped() -> None:
    visible = {*map(chr, range(0x600, 0x606)), "\u06dd", "\u070f", "\u0890", "\u0891", "\u08e2"}
    for number in range(sys.maxunicode + 1):
        character = chr(number)
        kind = unicodedata.category(character)
        if kind in ("Cc", "Cs", "Zl", "Zp") or (
            kind == "Cf" and character not in visible and not 0x110BD <= number <= 0x1343F
        ):
            assert printable(character).isascii(), f"U+{number:04X}"
    for character in " é中😀\u0301\xa0":
        assert printable(character) == character
