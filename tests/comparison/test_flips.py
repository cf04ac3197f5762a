"""Bools that turned from right to wrong, and from wrong to right."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kolena_local.cli import main
from kolena_local.comparison import compare
from kolena_local.errors import IncorrectUsageError
from tests.cli.conftest import separating_runner
from tests.comparison.conftest import World


@pytest.fixture
def changed(world: World) -> World:
    """Two models: three samples turn wrong, two turn right."""
    world.test("base", dict.fromkeys((10, 40), 9.0))
    world.test("candidate", dict.fromkeys((45, 3, 25), 9.0))
    return world


def command(*more: str) -> Any:
    line = ["compare", "base", "candidate", "-s", "lengths", "--metric", "close", "--flips"]
    return separating_runner().invoke(main, [*line, *more])


@pytest.mark.usefixtures("changed")
def test_flips_are_counted_and_listed_in_the_order_of_the_suite() -> None:
    found = compare("base", "candidate", "lengths")
    counts = {
        (row.test_case, row.metric): (row.right_to_wrong, row.wrong_to_right) for row in found.rows
    }
    assert counts[None, "close"] == (3, 2)
    assert counts["first", "close"] == (2, 1)
    assert counts["second", "close"] == (2, 1)
    assert counts[None, "error"] == (None, None)
    flips = [(one.metric, one.locator, one.difference) for one in found.flips()]
    wrong = [("close", f"{index}.png", -1) for index in (3, 25, 45)]
    assert flips == [*wrong, ("close", "10.png", 1), ("close", "40.png", 1)]
    # If false is better, the same changes have the opposite meaning.
    turned = compare("base", "candidate", "lengths", "close", higher_is_better={"close": False})
    assert {row.right_to_wrong for row in turned.rows if row.test_case is None} == {2}
    assert [one.locator for one in turned.flips()][:2] == ["10.png", "40.png"]


@pytest.mark.usefixtures("changed")
def test_command_lists_flips() -> None:
    assert "right to wrong" in command().output
    assert "Samples that changed" in command().output
    found = json.loads(command("--format", "json").stdout)
    assert [one["locator"] for one in found["flips"]][:3] == ["3.png", "25.png", "45.png"]
    assert found["rows"][0]["wrong_to_right"] in (1, 2)
    assert len(command("--format", "jsonl").stdout.splitlines()) == 5
    assert command("--worst", "3").exit_code == 2


@pytest.mark.usefixtures("changed")
def test_numbers_do_not_flip() -> None:
    with pytest.raises(IncorrectUsageError, match="Only bools can flip"):
        compare("base", "candidate", "lengths", "error").flips()
