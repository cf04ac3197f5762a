"""What is asked for and not done is a warning: each situation, its text, and where it points."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict

import pytest

import kolena_local
from kolena_local.errors import KolenaWarning
from kolena_local.workflow import TestRun, no_op_evaluator, test
from tests.conftest import long_only
from tests.python_process import COMMAND, run_command, run_python
from tests.workflow.types import (
    Animal,
    Guess,
    Judge,
    Model,
    Photo,
    TestCase,
    TestSuite,
    Threshold,
    cat,
    pairs,
    photo,
)


@dataclass(frozen=True)
class Situation:
    """What is done first, what is asked for then, and the warning."""

    ask: Callable[[], Any]
    text: str
    before: Callable[[], Any] = lambda: None


class Forgetful(Judge):
    def compute_test_sample_metrics(
        self, test_case: Any, inferences: Any, configuration: Any = None
    ) -> Any:
        return []


def case(name: str) -> Any:
    return TestCase(name, test_samples=pairs(name))


def suite(name: str) -> Any:
    return TestSuite("s", test_cases=[case(name)])


def edit_with(sample: Photo) -> None:
    with TestCase.load("d").edit() as editor:
        editor.add(sample, Animal("cat"))


SITUATIONS: Dict[str, Situation] = {
    "an argument of initialize that it does not have": Situation(
        lambda: kolena_local.initialize(database="mine.db", verbose=False),
        "initialize() does not have the argument database=, and ignored it; the store is chosen"
        " with db=, and messages with verbose=.",
    ),
    "a path as the token of initialize": Situation(
        lambda: kolena_local.initialize("mine.db", verbose=False),
        "initialize() does not have the argument 'mine.db', and ignored it; the store is chosen"
        " with db=, and messages with verbose=.",
    ),
    "other metadata for a model that exists": Situation(
        lambda: Model("m", metadata={"seed": 1}),
        "The model 'm' is already in the store, and its metadata were not changed: they are"
        " {'seed': 0}, and {'seed': 1} was passed. To change them, call update(metadata=…) on the"
        " model, or run kolena-local models edit m.",
        before=lambda: Model("m", metadata={"seed": 0}),
    ),
    "other tags for a model that exists": Situation(
        lambda: Model("m", tags=["b"]),
        "The model 'm' is already in the store, and its tags were not changed: they are {'a'}, and"
        " {'b'} was passed. To change them, call update(tags=…) on the model, or run kolena-local"
        " models edit m.",
        before=lambda: Model("m", tags=["a"]),
    ),
    "other samples for a test case that exists": Situation(
        lambda: TestCase("c", test_samples=pairs("b", "d")),
        "The test case 'c' is already in the store (version 1) and keeps its samples; those passed"
        " differ: 2 new, 1 left out. Pass reset=True to replace them, or use edit().",
        before=lambda: TestCase("c", test_samples=pairs("a")),
    ),
    "another ground truth for a test case that exists, in init_many": Situation(
        lambda: TestCase.init_many([("c", pairs("a", label="dog"))]),
        "The test case 'c' is already in the store (version 1) and keeps its samples; those passed"
        " differ: 1 with another ground truth. Pass reset=True to replace them, or use edit().",
        before=lambda: TestCase("c", test_samples=pairs("a")),
    ),
    "a reset of a test case without samples": Situation(
        lambda: TestCase("c", reset=True),
        "The test case 'c' is already in the store (version 1) and keeps its 1 sample, because no"
        " test_samples were passed; edit(reset=True) removes all.",
        before=lambda: TestCase("c", test_samples=pairs("a")),
    ),
    "another description for a test case that exists": Situation(
        lambda: TestCase("c", description="new"),
        "The test case 'c' is already in the store (version 0) and keeps its description 'old';"
        " use edit() to change it.",
        before=lambda: TestCase("c", description="old"),
    ),
    "a new test case with an empty list": Situation(
        lambda: TestCase("c", test_samples=[]),
        "The test case 'c' has no samples, because test_samples is empty.",
    ),
    "the same sample twice in a test case": Situation(
        lambda: TestCase("c", test_samples=pairs("a", "b", "a")),
        "1 of 3 test samples passed for the test case 'c' repeats an earlier one; each sample is"
        " stored once. Pass each sample once.",
    ),
    "other metadata of a sample that is in another test case": Situation(
        lambda: edit_with(photo("a", day=2)),
        "The metadata passed for the test case 'd' also change those of 1 sample of other test"
        ' cases, such as {"locator":"a.png","data_type":"TEST_SAMPLE/IMAGE"} of \'c\': a sample has'
        " the same metadata in all test cases. What depends on the test case belongs in the ground"
        " truth.",
        before=lambda: (
            TestCase("c", test_samples=[(photo("a", day=1), Animal("cat"))]),
            TestCase("d"),
        ),
    ),
    "other test cases for a test suite that exists": Situation(
        lambda: TestSuite("s", test_cases=[case("b")]),
        "The test suite 's' is already in the store (version 1) and keeps its test cases; others"
        " were passed. Pass reset=True to replace them, or use edit().",
        before=lambda: suite("a"),
    ),
    "a reset of a test suite without test cases": Situation(
        lambda: TestSuite("s", reset=True),
        "The test suite 's' is already in the store (version 1) and keeps its test cases, because"
        " no test_cases were passed; edit(reset=True) removes all.",
        before=lambda: suite("a"),
    ),
    "the same test case twice in a test suite": Situation(
        lambda: TestSuite("s", test_cases=[case("a"), case("a")]),
        "test_cases has the test case 'a' more than once; the last one is used. Pass it once.",
    ),
    "another infer under a name that has inferences": Situation(
        lambda: test(Model("m", infer=lambda sample: Guess("dog")), TestSuite.load("s")),
        "The model 'm' has 1 inference of the test suite 's' that were made by other code than the"
        " infer passed now, and keeps them. Pass reset=True to infer all samples again, or give the"
        " model another name.",
        before=lambda: test(Model("m", infer=cat), suite("a")),
    ),
    "a test case without samples in a test": Situation(
        lambda: test(Model("m", infer=cat), TestSuite.load("s"), Judge()),
        "The test case 'e' of the test suite 's' has no samples and was not evaluated; add samples"
        " with edit().",
        before=lambda: TestSuite("s", test_cases=[TestCase("e"), case("a")]),
    ),
    "samples without an inference": Situation(
        lambda: TestRun(Model("m"), TestSuite.load("s"), Judge()).evaluate(),
        "1 of 1 sample of the test case 'a' has no inference of the model 'm' and is not evaluated;"
        " run test() with a model that has infer, or upload the rest.",
        before=lambda: suite("a"),
    ),
    "fewer metrics than samples": Situation(
        lambda: test(Model("m", infer=cat), suite("a"), Forgetful()),
        "The evaluator Forgetful returned no metrics for 1 of 1 sample of the test case 'a', which"
        " are missing from results and comparisons; return metrics for each.",
    ),
    "other ground truths in another test case": Situation(
        lambda: test(Model("m", infer=cat), TestSuite.load("s"), no_op_evaluator),
        "Test cases of the test suite 's' have different ground truths for the same sample, such as"
        ' {"locator":"a.png","data_type":"TEST_SAMPLE/IMAGE"}; the evaluator function is given the'
        " first test case's. An Evaluator class is given each test case's own.",
        before=lambda: TestSuite(
            "s", test_cases=[case("a"), TestCase("d", test_samples=pairs("a", label="dog"))]
        ),
    ),
    "configurations for an evaluator that has its own": Situation(
        lambda: test(Model("m", infer=cat), suite("a"), Judge(), [Threshold(0.5)]),
        "The configurations passed with the evaluator Judge are not used; pass them to Judge().",
    ),
    "configurations for a function that takes none": Situation(
        lambda: test(Model("m", infer=cat), suite("a"), no_op_evaluator, [Threshold(0.5)]),
        "The configurations passed with the evaluator no_op_evaluator are not used; only a function"
        " with a fifth parameter, annotated as an EvaluatorConfiguration, is called with them.",
    ),
    "a batch size for a model that does not take batches": Situation(
        lambda: test(Model("m", infer=cat), suite("a"), batch_size=8),
        "batch_size is not used, because the model 'm' has no infer_batch; pass infer_batch to the"
        " model.",
    ),
    "a blank variable": Situation(
        lambda: Model("m"),
        "KOLENA_LOCAL_DB is blank and was ignored; set it to a path, or remove it.",
        before=lambda: os.environ.update(KOLENA_LOCAL_DB=" "),
    ),
}


@pytest.mark.parametrize("situation", SITUATIONS.values(), ids=SITUATIONS)
def test_what_is_not_done_is_one_warning_at_the_line_that_asked(
    situation: Situation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOLENA_LOCAL_DB", "")  # so that it is restored
    situation.before()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        situation.ask()
    assert [str(one.message) for one in caught] == [situation.text]
    assert [one.category for one in caught] == [KolenaWarning]
    assert [Path(one.filename).name for one in caught] == ["test_warnings.py"]


def test_a_command_prints_a_warning_on_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with kolena_local.session(tmp_path / "store.db"):
        Model("m")
    monkeypatch.setenv("KOLENA_LOCAL_DB", " ")
    monkeypatch.setenv("KOLENA_LOCAL_HOME", str(tmp_path))
    text = "KOLENA_LOCAL_DB is blank and was ignored; set it to a path, or remove it.\n"
    command = [sys.executable, "-m", "kolena_local", "models", "list"]
    usual = subprocess.run(command, capture_output=True, text=True)
    assert (usual.returncode, usual.stderr) == (0, f"Warning: {text}")
    as_usual = "import warnings\nwarnings.resetwarnings()\n"
    quiet = run_python(as_usual + COMMAND, "models", "list", "--quiet")
    assert (quiet.returncode, quiet.stderr) == (0, "")
    strict = run_command("models", "list")  # which makes errors of all warnings
    assert (strict.returncode, strict.stderr) == (1, f"Error: {text}")


@long_only
def test_a_script_shows_a_warning_by_default_at_its_own_line_and_once(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from tests.workflow.types import Model\n"
        "Model('m')\n"
        "for seed in (1, 1, 2):\n"
        "    Model('m', metadata={'seed': seed})\n"
    )
    errors = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=True
    ).stderr.splitlines()
    assert [line for line in errors if "KolenaWarning" in line] == [
        f"{script}:4: KolenaWarning: The model 'm' is already in the store, and its metadata were"
        f" not changed: they are {{}}, and {{'seed': {seed}}} was passed. To change them, call"
        " update(metadata=…) on the model, or run kolena-local models edit m."
        for seed in (1, 2)
    ]
    assert "  Model('m', metadata={'seed': seed})" in errors[1]
