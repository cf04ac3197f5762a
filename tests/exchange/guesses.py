"""A model's guesses about animals, with values that files are bad at keeping."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, List, Optional

import kolena_local
from kolena_local.repository import open_store
from kolena_local.workflow import GroundTruth, Image, Inference, define_workflow, test
from kolena_local.workflow.annotation import ClassificationLabel, ScoredClassificationLabel


@dataclass(frozen=True)
class Animal(GroundTruth):
    label: ClassificationLabel


@dataclass(frozen=True)
class Guess(Inference):
    score: float
    prediction: Optional[ScoredClassificationLabel] = None
    boxes: Optional[List[float]] = None
    sure: bool = False
    count: Optional[int] = None
    note: Optional[str] = None


GUESSES = [
    Guess(0.5, ScoredClassificationLabel("cat", 0.9), [1.0, math.nan], True, 3, ""),
    Guess(math.nan),
    Guess(-math.inf, ScoredClassificationLabel('"dog", naïve\r\n', 1.0), [], note='""'),
]
LOCATORS = ["1.png", "2,5.png", "3 ü.png"]


def make_guesses(store_path: Path) -> None:
    """Make a store with one model that has three inferences and one that has none."""
    with kolena_local.session(db=store_path):
        _, TestCase, TestSuite, Model = define_workflow("Animals", Image, Animal, Guess)
        pairs = [(Image(name), Animal(ClassificationLabel("cat"))) for name in LOCATORS]
        suite = TestSuite(
            "all",
            test_cases=[
                TestCase("first", test_samples=pairs[:1]),
                TestCase("others", test_samples=pairs[1:]),
            ],
        )
        answers = dict(zip(LOCATORS, GUESSES, strict=True))
        test(Model("one", infer=lambda sample: answers[sample.locator]), suite)
        Model("two")


def stored(path: Path, model: str) -> Any:
    with open_store(str(path)).read() as unit:
        answer = unit.query(
            "SELECT locator, inference, stale FROM v_inference WHERE model = :model"
            " ORDER BY locator",
            {"model": model},
        )
    return answer.rows


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path
