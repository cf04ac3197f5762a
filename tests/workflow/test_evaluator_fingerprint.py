"""An evaluator is known by its code and settings, in every process and version of Python."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, Callable, Dict

import pytest

from kolena_local.fingerprint import evaluator_fingerprint
from tests.workflow.types import Judge, Threshold

SOURCE = '''
"""A module of evaluators."""
from dataclasses import dataclass
from kolena_local.workflow import Evaluator, MetricsTestSample
LIMIT = 0.5
NAMES = {"a", "b", "c"}

@dataclass(frozen=True)
class Metrics(MetricsTestSample):
    right: bool

def score(sample):
    """Score."""
    return 1 if sample in {"a", "b", "c"} else 0  # a comment

def by_function(samples, truths, guesses, cases, factor=2):
    return [Metrics(factor * score(sample) > LIMIT) for sample in samples]

class ByClass(Evaluator):
    def __init__(self, limit=1):
        super().__init__()
        self.limit, self.cache = limit, {}
    def compute_test_sample_metrics(self, test_case, inferences, configuration=None):
        return [score(one) for one in inferences]
    def compute_test_case_metrics(self, test_case, inferences, metrics, configuration=None):
        return None
'''
EDITS = {
    "a constant": ("LIMIT = 0.5", "LIMIT = 0.6"),
    "a function that is called": ("else 0", "else -1"),
    "a default": ("factor=2", "factor=3"),
    "the metrics": ("right: bool", "right: bool = True"),
}
SAME = {
    "a comment": ("# a comment", "# another"),
    "a docstring": ('"""Score."""', '"""Score it."""'),
    "layout": ("> LIMIT)", ">   LIMIT)"),
    "what is not used": ("NAMES = {", "OTHERS = {"),
}


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    monkeypatch.syspath_prepend(tmp_path)
    numbers = iter(range(100))

    def load(source: str) -> ModuleType:
        name = f"evaluators{next(numbers)}"
        (tmp_path / f"{name}.py").write_text(source)
        importlib.invalidate_caches()
        sys.modules.pop(name, None)  # of another test
        return importlib.import_module(name)

    return load


@pytest.mark.parametrize("edit", EDITS)
def test_edited_code_is_another_evaluator(module: Callable[[str], Any], edit: str) -> None:
    before, after = module(SOURCE), module(SOURCE.replace(*EDITS[edit]))
    assert evaluator_fingerprint(before.by_function) != evaluator_fingerprint(after.by_function)


@pytest.mark.parametrize("edit", SAME)
def test_what_changes_no_result_is_the_same_evaluator(
    module: Callable[[str], Any], edit: str
) -> None:
    before, after = module(SOURCE), module(SOURCE.replace(*SAME[edit]))
    assert evaluator_fingerprint(before.by_function) == evaluator_fingerprint(after.by_function)
    assert evaluator_fingerprint(before.ByClass()) == evaluator_fingerprint(after.ByClass())


def test_it_is_the_same_in_every_process(module: Callable[[str], Any], tmp_path: Path) -> None:
    made = module(SOURCE)
    script = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import evaluators0 as made\n"
        "from kolena_local.fingerprint import evaluator_fingerprint\n"
        "print(evaluator_fingerprint(made.by_function), evaluator_fingerprint(made.ByClass()))\n"
    )
    expected = (
        f"{evaluator_fingerprint(made.by_function)} {evaluator_fingerprint(made.ByClass())}\n"
    )
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", script]
        found = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert found.stdout == expected, found.stderr


def at(share: Any) -> Callable[..., bool]:
    return lambda score: score >= share


def fixed(score: float, share: float) -> bool:
    return score >= share


def test_settings_belong_to_it(module: Callable[[str], Any]) -> None:
    by_class = module(SOURCE).ByClass
    different: Dict[str, Any] = {
        "closure": at(0.1),
        "another closure": at(0.2),
        "partial": partial(fixed, share=0.1),
        "another partial": partial(fixed, share=0.2),
        "attribute": by_class(1),
        "another attribute": by_class(2),
        "lambda": lambda score: score > 1,
        "another lambda": lambda score: score > 2,
    }
    assert len({evaluator_fingerprint(one) for one in different.values()}) == len(different)
    assert evaluator_fingerprint(at(0.1)) == evaluator_fingerprint(at(0.1))
    assert evaluator_fingerprint(by_class(2)) == evaluator_fingerprint(by_class(2))


def test_caches_and_configurations_do_not_belong_to_it(module: Callable[[str], Any]) -> None:
    evaluator = module(SOURCE).ByClass()
    before = evaluator_fingerprint(evaluator)
    evaluator.cache["a"] = 1
    assert evaluator_fingerprint(evaluator) == before
    assert evaluator_fingerprint(Judge()) == evaluator_fingerprint(Judge([Threshold(0.5)]))
    evaluator.limit = 2
    assert evaluator_fingerprint(evaluator) != before


def test_an_evaluator_without_source_has_one() -> None:
    made: Dict[str, Any] = {}
    for name, value in (("one", 1), ("two", 2)):
        exec(f"def {name}(a): return a > {value}", {"__name__": "made"}, made)
    assert evaluator_fingerprint(made["one"]) != evaluator_fingerprint(made["two"])


def test_an_evaluator_whose_attributes_cannot_be_read_has_none() -> None:
    class Broken:
        @property
        def __dict__(self) -> Any:  # type: ignore[override]
            raise RuntimeError("out of memory")

    assert evaluator_fingerprint(Broken()) is None
