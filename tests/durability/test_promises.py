"""Every promise of the README is held by a test that exists."""

from __future__ import annotations

import re
from pathlib import Path

from tests.conftest import CHECKOUT


def test_each_promise_names_a_test_of_this_folder() -> None:
    readme = (CHECKOUT / "README.md").read_text("utf-8")
    section = readme.partition("## What is promised\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ") and "`test_" in line]
    assert len(rows) == section.count("\n| ") - 1, "every row but the header names its test"
    named = set(re.findall(r"`(test_\w+)`", section))
    here = "\n".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert named == {name for name in named if f"def {name}(" in here}
