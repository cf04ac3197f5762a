"""Whether two functions are the same: what changes a digest, and what does not."""

from __future__ import annotations

import importlib
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any, Callable

import pytest

from kolena_local.fingerprint import comparable, evaluator_fingerprint, infer_fingerprint
from tests.conftest import long_only

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


@long_only
def test_another_process_finds_the_same_digest(tmp_path: Path) -> None:
    code = "from tests.test_fingerprint import *; print(infer_fingerprint(defined()['infer']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == infer_fingerprint(defined()["infer"])


HELPER = "BONUS = 1\ndef score(value):\n    return value + BONUS\n"
METHODS = '''
from enum import Enum
import HELPER
weights, calls, TABLE = None, 0, {"a": 1}

class Size(Enum):
    BIG = 3

def count():
    global calls
    calls += 1

def load():
    global weights
    weights = weights or [1]

class Net:
    scale = 2
    def __init__(self, path="weights"):
        self.path, self.cache = path, {}
    def __call__(self, value):
        count(), load()
        self.cache[value] = weights
        return self.forward(value) + calls + Size.BIG.value
    def forward(self, value):
        return HELPER.score(value) * self.scale
    def plot(self):
        return "red"

NET = Net()

def infer(value):
    """Words."""
    return NET(value), TABLE["a"], calls
'''
Import = Callable[..., Any]


@pytest.fixture
def imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Import:
    """Return a function that imports both modules, each time under new names, after an edit."""

    def of(old: str = "", new: str = "") -> Any:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        for name, text in (("fp_helper", HELPER), ("fp_methods", METHODS)):
            code = text.replace("HELPER", "fp_helper")
            (folder / f"{name}.py").write_text(code.replace(old, new) if old else code)
        with monkeypatch.context() as patch:
            patch.syspath_prepend(folder)
            for name in ("fp_helper", "fp_methods"):
                patch.delitem(sys.modules, name, raising=False)
            return importlib.import_module("fp_methods")

    return of


EDITS = {
    "a method that is called": ("* self.scale", "+ self.scale"),
    "a constant of the class": ("scale = 2", "scale = 3"),
    "what it loads": ('path="weights"', 'path="others"'),
    "a function of a module": ("value + BONUS", "value - BONUS"),
    "a constant of a module": ("BONUS = 1", "BONUS = 2"),
    "an enumeration": ("BIG = 3", "BIG = 4"),
}
SAME = {
    "a method that is not called": ('"red"', '"blue"'),
    "words": ('"""Words."""', '"""Others."""'),
    "type hints": ("def infer(value)", "def infer(value: int) -> object"),
    "layout": ("NET(value), ", "(  NET(value)  ) ,  "),
    "a counter": ("None, 0, ", "None, 7, "),
    "a cache": ('{"a": 1}', '{"a": 1, "b": 2}'),
}


@pytest.mark.parametrize("edit", EDITS)
def test_what_an_object_calls_is_its_code(imported: Import, edit: str) -> None:
    before, after = imported(), imported(*EDITS[edit])
    assert infer_fingerprint(before.infer) != infer_fingerprint(after.infer)
    assert infer_fingerprint(before.Net()) != infer_fingerprint(after.Net())
    assert evaluator_fingerprint(before.infer) != evaluator_fingerprint(after.infer)


@pytest.mark.parametrize("edit", SAME)
def test_what_changes_no_inference_raises_no_false_alarm(imported: Import, edit: str) -> None:
    before, after = imported(), imported(*SAME[edit])
    for one in ("infer", "NET"):
        known = infer_fingerprint(getattr(before, one))
        assert known == infer_fingerprint(getattr(after, one)) is not None
    after.infer(1)
    assert infer_fingerprint(after.infer) == infer_fingerprint(before.infer)


def test_two_lambdas_of_one_line_differ() -> None:
    one, other, same = (
        (lambda value: value > 1),
        (lambda value: value > 2),
        (lambda value: value > 1),
    )
    assert infer_fingerprint(one) == infer_fingerprint(same) != infer_fingerprint(other)
    assert str(infer_fingerprint(one)).startswith("source:")


def test_nothing_of_the_users_is_called() -> None:
    def fail(*arguments: Any) -> Any:
        raise AssertionError(arguments)

    names = ("__getattr__", "__repr__", "__eq__", "__bool__", "__len__", "__iter__", "__reduce__")
    methods: dict[str, Any] = dict.fromkeys(names, fail)
    settings = type("Settings", (), {**methods, "__hash__": object.__hash__})()

    def judge(value: Any, default: Any = settings) -> Any:
        return settings, default

    assert None not in (evaluator_fingerprint(judge), infer_fingerprint(judge))
