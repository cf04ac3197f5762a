"""Cells of CSV that a spreadsheet would take for formulas."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import kolena_local
from kolena_local.repository import close_stores
from kolena_local.workflow import test
from tests.cli.conftest import Invoke
from tests.cli.test_terminal import on_terminal
from tests.files.make import AnimalCase, AnimalModel, AnimalSuite, Guess, animals

FORMULA = "=cmd|' /C calc'!A0"


@pytest.fixture
def formulas(store_path: Path) -> Path:
    """Return a store with a formula in its metadata."""
    with kolena_local.session(db=store_path):
        AnimalSuite("animals", test_cases=[AnimalCase("two", test_samples=animals(0, 2))])
        AnimalModel("one", metadata={"f": FORMULA, "n": -1})
    close_stores()
    return store_path


def test_formulas_are_text_where_that_is_asked_for(formulas: Path, invoke: Invoke) -> None:
    plain = invoke("models", "list", "--csv", "--db", formulas).stdout
    assert f",{FORMULA}," in plain
    safe = invoke("models", "list", "--csv", "--safe-csv", "--db", formulas).stdout
    assert f",'{FORMULA}," in safe
    assert ",-1," in safe
    with kolena_local.session(db=formulas):
        test(AnimalModel("two", infer=lambda _: Guess("@SUM(1)")), AnimalSuite.load("animals"))
    close_stores()
    for option, cell in ((None, "@SUM(1)"), ("--safe-csv", "'@SUM(1)")):
        shown = invoke(
            "inferences", "export", "two", *filter(None, [option]), "--db", formulas
        ).stdout
        assert f",{cell}," in shown


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_a_terminal_gets_no_formulas_unless_asked_for(formulas: Path) -> None:
    assert f",'{FORMULA}," in on_terminal("models", "list", "--csv", "--db", formulas)
    assert f",{FORMULA}," in on_terminal(
        "models", "list", "--csv", "--no-safe-csv", "--db", formulas
    )
