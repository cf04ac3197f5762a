"""The table of the README of datasets names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

from tests.conftest import CHECKOUT


def test_each_test_in_the_readme_of_datasets_exists() -> None:
    readme = (CHECKOUT / "kolena_local/dataset/README.md").read_text("utf-8")
    named = set(re.findall(r"`(test_\w+)`", readme))
    tests = "\n".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert named
    assert not {name for name in named if f"def {name}(" not in tests}
