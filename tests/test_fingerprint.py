"""Whether two functions are the same: what changes a digest, and what does not."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any, Callable

import pytest

from kolena_local.fingerprint import comparable, infer_fingerprint

SOURCE = """
LIMIT = 0.5
calls = 0

def helper(value):
    return value > LIMIT

def make(limit):
    seen = []
    def inner(value):
        seen.append(value)
        return value > limit
    return inner

class Net:
    def __init__(self):
        self.calls = 0
    def __call__(self, value):
        self.calls += 1
        return value

def infer(value, more=2):
    "Say it."
    global calls
    calls += 1
    return helper(value) and value in {"a", "b", "c"} and make(1)(value)
"""


def defined(old: str = "", new: str = "") -> Any:
    assert old in SOURCE
    names: dict[str, Any] = {"__name__": "script"}
    exec(SOURCE.replace(old, new), names)
    return names


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("value > LIMIT", "value < LIMIT"),
        ("LIMIT = 0.5", "LIMIT = 0.6"),
        ("more=2", "more=3"),
        ('"a", "b"', '"a", "x"'),
        ("value > limit", "value >= limit"),
        ("calls += 1\n    return", "calls += 2\n    return"),
    ],
)
def test_other_code_or_values_are_another_function(old: str, new: str) -> None:
    assert infer_fingerprint(defined(old, new)["infer"]) != infer_fingerprint(defined()["infer"])


@pytest.mark.parametrize(
    ("old", "new"),
    [('"Say it."', '"Say something else."'), ("calls = 0\n\n", "calls = 7\n\n# noted\n")],
)
def test_words_and_counts_are_not_code(old: str, new: str) -> None:
    assert infer_fingerprint(defined(old, new)["infer"]) == infer_fingerprint(defined()["infer"])


@pytest.mark.parametrize(
    "make",
    [
        lambda names, value: names["make"](value),
        lambda names, value: partial(names["infer"], value),
        lambda names, value: lambda sample: sample > value,
    ],
)
def test_a_captured_value_is_part_of_a_function(make: Callable[..., Any]) -> None:
    names = defined()
    assert infer_fingerprint(make(names, 1)) == infer_fingerprint(make(names, 1))
    assert infer_fingerprint(make(names, 1)) != infer_fingerprint(make(names, 2))


def test_what_a_function_has_seen_changes_nothing() -> None:
    names = defined()
    for function in (names["make"](1), names["Net"](), names["infer"]):
        before = infer_fingerprint(function)
        function(0)
        assert infer_fingerprint(function) == before is not None


def test_where_there_is_no_code_there_is_no_digest() -> None:
    assert [infer_fingerprint(one) for one in (len, print, None, 5, partial(len))] == [None] * 5
    known = infer_fingerprint(test_where_there_is_no_code_there_is_no_digest)
    assert comparable(known, known) and not comparable(known, None)
    assert not comparable(known, "cpython-2.7:00")


def test_another_process_finds_the_same_digest(tmp_path: Path) -> None:
    code = "from tests.test_fingerprint import *; print(infer_fingerprint(defined()['infer']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == infer_fingerprint(defined()["infer"])
