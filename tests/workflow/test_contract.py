"""Which test holds which promise: ``contract.json`` lists them, and here it is kept true."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import List

import pytest

CONTRACT = json.loads(Path(__file__).with_name("contract.json").read_text())


@pytest.mark.parametrize("section", CONTRACT)
def test_every_promise_is_held_by_a_test_that_exists(section: str) -> None:
    missing: List[str] = []
    for row, tests in CONTRACT[section].items():
        assert tests, row
        for place in tests:
            module, name = place.split("::")
            if not hasattr(importlib.import_module(f"tests.workflow.{module}"), name):
                missing.append(place)
    assert missing == []
