"""Every promise in the README of this folder names a test that exists."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent


def test_each_promise_names_a_test_of_this_folder() -> None:
    readme = (HERE / "README.md").read_text("utf-8")
    section = readme.partition("## Promises and their tests\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ") and "`test_" in line]
    assert rows
    assert len(rows) == section.count("\n| ") - 1, "every row but the header names its test"
    named = set(re.findall(r"`(test_\w+)`", section))
    tests = "\n".join(path.read_text("utf-8") for path in HERE.glob("test_*.py"))
    assert named == {name for name in named if f"def {name}(" in tests}
