"""The example of a gate in the comparison's README: a current model and three candidates."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Set

import pytest

from kolena_local.comparison import Gate
from kolena_local.workflow import (
    EvaluationResults,
    GroundTruth,
    HigherIsBetter,
    Inference,
    LowerIsBetter,
    MetricsTestSample,
    Text,
    define_workflow,
)
from kolena_local.workflow import test as run_test
from tests.cli.conftest import Invoke
from tests.conftest import CHECKOUT
from tests.test_documents import blocks


@dataclass(frozen=True)
class Answer(GroundTruth):
    text: str


@dataclass(frozen=True)
class Reply(Inference):
    text: str
    seconds: float


@dataclass(frozen=True)
class Judged(MetricsTestSample):
    correct: HigherIsBetter[bool]
    seconds: LowerIsBetter[float]


_, Case, Suite, Model = define_workflow("Questions", Text, Answer, Reply)

SHORT, LONG = range(200), range(200, 320)
#: Which questions each model gets wrong, and how long it takes.
CANDIDATES: Dict[str, Any] = {
    "current": (set(range(0, 320, 16)), 1.0),
    "cached": (set(range(0, 320, 16)) - {0, 224}, 0.7),
    "quantized": (set(range(0, 320, 16)) | {205, 230, 281}, 0.6),
    "distilled": (set(range(0, 320, 16)) | set(range(201, 320, 4)), 0.2),
}


def judge(samples: Any, truths: Any, replies: Any, test_cases: Any) -> EvaluationResults:
    return EvaluationResults(
        metrics_test_sample=[
            (sample, Judged(truth.text == reply.text, reply.seconds))
            for sample, truth, reply in zip(samples, truths, replies, strict=True)
        ],
        metrics_test_case=[],
    )


def make_questions() -> None:
    """Test four models on questions, in the current store."""
    cases = [
        Case(
            name, test_samples=[(Text(f"Question {number}?"), Answer("yes")) for number in numbers]
        )
        for name, numbers in (("short questions", SHORT), ("long questions", LONG))
    ]
    suite = Suite("questions", test_cases=cases)
    for name, (wrong, seconds) in CANDIDATES.items():

        def infer(sample: Text, wrong: Set[int] = wrong, seconds: float = seconds) -> Reply:
            number = int(sample.text.strip("Question ?"))
            return Reply("no" if number in wrong else "yes", seconds * (1 + number % 7 / 10))

        run_test(Model(name, infer=infer), suite, judge)


def test_readme_shows_what_the_gate_prints_of_three_merge_requests(
    invoke: Invoke, store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOLENA_LOCAL_DB", str(store_path))
    monkeypatch.chdir(store_path.parent)
    make_questions()
    heading, document = "A gate in a file", CHECKOUT / "kolena_local/comparison/README.md"
    (file,) = blocks(heading, "toml", document)
    Path("gate.toml").write_text(file, encoding="utf-8")
    codes = []
    commands, printed = (blocks(heading, language, document) for language in ("sh", "text"))
    for command, expected in zip(commands, printed, strict=True):
        result = invoke(*shlex.split(command)[1:])
        assert result.stdout == expected
        codes.append(result.exit_code)
    assert codes == [3, 0, 4]
    (code,) = blocks(heading, "python", document)
    exec(code, {})
    command = re.search(r"`kolena-local (gate init .*?)`", document.read_text("utf-8"), re.DOTALL)
    assert command is not None
    assert invoke(*shlex.split(command[1])).exit_code == 2  # the file is there
    assert invoke(*shlex.split(command[1]), "--force").exit_code == 0
    assert set(Gate.read("gate.toml").metrics) == {"correct", "seconds"}
