"""Odd names are stored, found and printed safely."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import kolena_local
from kolena_local.cli import main
from kolena_local.errors import InputValidationError
from kolena_local.repository import close_stores
from kolena_local.workflow import test
from tests.conftest import sampled
from tests.durability.dump import is_sound
from tests.files.make import AnimalCase, AnimalModel, AnimalSuite, guess

pytestmark = pytest.mark.usefixtures("watched")
ODD_NAMES = [
    'it\'s "quoted" `so`',
    "Robert'); DROP TABLE model;--",
    "two\nlines\r\n\tand tabs",
    "100% %s %d {0} $HOME ~ * ? [a]",
    "x" * 10_000,
    "\u202eright to left\u202c \u05d0\u05d1\u05d2",
    "\U0001f9ea\u200d\U0001f52c emoji \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\x1b[31mred\x1b[0m \x07 \x9b2J",
    "e\u0301 and \u00e9",
    "-rf --json",
    "C:\\con\\..\\..",
]


@pytest.mark.parametrize("name", sampled(ODD_NAMES, 6))
def test_an_odd_name_is_stored_found_and_printed_safely(store_path: Path, name: str) -> None:
    with kolena_local.session(db=store_path):
        case = AnimalCase(name, description=name)
        suite = AnimalSuite(name, test_cases=[case], tags={name})
        model = AnimalModel(name, infer=guess, metadata={name: name}, tags={name})
        assert AnimalModel.load(name).metadata == {name: name}
        assert AnimalModel.load(name).tags == {name} == AnimalSuite.load(name).tags
        assert AnimalCase.load(name).description == name
        assert [found.name for found in AnimalSuite.load_all(tags={name})] == [name]
        test(model, suite)
    close_stores()
    runner = CliRunner()
    listed = runner.invoke(main, ["models", "list", "--json", "--db", str(store_path)]).stdout
    assert [found["name"] for found in json.loads(listed)] == [name]
    for command in [
        ["models", "show", "--db", str(store_path), "--", name],
        ["models", "list", "--db", str(store_path)],
        ["runs", "list", "--db", str(store_path)],
        ["test-suites", "list", "--db", str(store_path)],
        ["test-cases", "list", "--db", str(store_path)],
    ]:
        result = runner.invoke(main, command)
        assert result.exit_code == 0, result.output
        assert not set(result.output) & set("\x00\x07\x1b\x9b\r\u202e\u202c"), command
        lines = result.stdout.splitlines()
        assert command[1] == "show" or len(lines) == 3, "one line for one object"
        close_stores()
    assert is_sound(store_path)


def test_a_nul_is_refused_in_names_and_safe_elsewhere(store_path: Path) -> None:
    odd = "nul\x00nul"
    with kolena_local.session(db=store_path):
        for kind in (AnimalModel, AnimalCase, AnimalSuite):
            with pytest.raises(InputValidationError, match="NUL"):
                kind(odd)
        AnimalModel("model", metadata={odd: odd})
        assert AnimalModel.load("model").metadata == {odd: odd}
    close_stores()
    result = CliRunner().invoke(main, ["models", "show", "model", "--db", str(store_path)])
    assert r"nul\u0000nul" in result.output or r"nul\x00nul" in result.output
    assert "\x00" not in result.output
