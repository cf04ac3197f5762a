"""Every promise of the README, here and of the whole, is held by a test that exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT

HERE = Path(__file__).parent


@pytest.mark.parametrize(
    ("file", "title"),
    [
        (CHECKOUT / "README.md", "## What is promised\n"),
        (HERE / "README.md", "# What is promised, and by which test\n"),
    ],
    ids=["README", "durability"],
)
def test_each_promise_names_a_test_of_this_folder(file: Path, title: str) -> None:
    section = file.read_text("utf-8").partition(title)[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ") and "`test_" in line]
    assert rows
    assert len(rows) == section.count("\n| ") - 1, "every row but the header names its test"
    named = set(re.findall(r"`(test_\w+)`", section))
    tests = "\n".join(path.read_text("utf-8") for path in HERE.glob("test_*.py"))
    assert named == {name for name in named if f"def {name}(" in tests}
