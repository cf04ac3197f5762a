"""``kolena-local demo``: two real models tested on a real data set, offline, in a few seconds.

It works as your own script would: a second run reuses the inferences in the store. ``digits.py``
has the data and the types, ``table.py`` formats the result.
"""

from __future__ import annotations

import shlex
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import kolena_local
from kolena_local import location
from kolena_local.demo import digits
from kolena_local.demo.table import table
from kolena_local.plurals import counted
from kolena_local.repository import open_store
from kolena_local.workflow import TestSuite, test

TEST_SUITE = "digits by handwriting"
MODELS: dict[str, tuple[dict[str, object], set[str]]] = {
    "logistic-regression": (
        {"library": "scikit-learn", "kind": "linear", "C": 0.01, "training_images": 718, "seed": 7},
        {"demo", "baseline"},
    ),
    "svm-rbf": (
        {"library": "scikit-learn", "kind": "kernel", "C": 10, "training_images": 718, "seed": 7},
        {"demo", "candidate"},
    ),
}


def run(db: str | None = None, *, delay: float = 0.0, echo: Callable[[str], None]) -> None:
    """Register the two models, test both on every slice, and print how they compare.

    Args:
        db: the path of the store's file; None means the default store.
        delay: seconds to wait in each inference, so that you can watch or interrupt it.
        echo: prints one line.
    """
    with nullcontext() if db is None else kolena_local.session(db=db):
        file = location.resolve()
        cases = digits.DigitTestCase.init_many(digits.test_cases())
        suite = digits.DigitTestSuite(
            TEST_SUITE, description="Slices of handwritten digits", test_cases=cases, tags={"demo"}
        )
        made = sum(_test(name, suite, delay) for name in MODELS)
        found = len(MODELS) * len(cases[0].load_test_samples()) - made
        echo(f"{counted(made, 'inference')} made, {found} found in {file}")
        echo("")
        for line in table(TEST_SUITE, {name: _accuracies(name) for name in MODELS}):
            echo(line)
        echo("")
        echo("Try next:")
        program = _program() if db is None else f"{_program()} --db {shlex.quote(db)}"
        compare = shlex.join(["compare", *MODELS, "--suite", TEST_SUITE])
        for command in (compare, "models list", f"models show {list(MODELS)[-1]}", "ui"):
            echo(f"  {program} {command}")


def _program() -> str:
    """Return what to type to run the command line: its path if its name is not on PATH."""
    called = Path(sys.argv[0])
    if called.name == "kolena-local" and shutil.which("kolena-local") is None:
        return shlex.quote(str(called))
    return "kolena-local"


def _test(name: str, suite: TestSuite, delay: float) -> int:
    """Register and test one model; return the number of new inferences."""
    by_locator = digits.predictions(name)
    made, pauses = 0, [delay]  # a list, because a plain value would be part of the model's code

    def infer(digit: digits.Digit) -> digits.ReadDigit:
        nonlocal made
        made += 1
        if pauses[0]:
            time.sleep(pauses[0])
        return by_locator.get(digit.locator, digits.ReadDigit())

    metadata, tags = MODELS[name]
    model = digits.DigitModel(name, infer=infer, metadata=metadata, tags=tags)
    test(model, suite, digits.DigitEvaluator())
    return made


def _accuracies(name: str) -> dict[str, digits.Accuracy]:
    """Read a model's metrics by test case from the store, as the command line does."""
    with open_store().read() as unit:
        (newest, *_) = unit.test_runs.list(model=name, test_suite=TEST_SUITE)
        records = unit.test_runs.case_metrics(newest.id)
    return {record.test_case: digits.Accuracy._from_dict(record.metrics) for record in records}
