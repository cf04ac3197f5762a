"""A store as scripts leave it behind, and the command line run in this process or in another."""

from __future__ import annotations

import inspect
import math
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Callable

import pytest
from click.testing import CliRunner, Result

import kolena_local
from kolena_local.cli import main
from kolena_local.payload import digest, dumps
from kolena_local.repository import Unit, close_store, open_store
from kolena_local.repository.records import (
    MemberChange,
    ModelRecord,
    NewGroundTruth,
    NewSample,
    TestCaseRecord,
    TestSuiteRecord,
)
from kolena_local.repository.result_records import CaseMetrics, Results
from tests.exchange.guesses import make_guesses

Invoke = Callable[..., Result]

# click 8.1 mixes the two streams unless it is told not to; later versions never do.
MIXES_STREAMS = "mix_stderr" in inspect.signature(CliRunner).parameters


def separating_runner() -> CliRunner:
    """Return a runner whose results have standard output and standard error apart."""
    return CliRunner(**({"mix_stderr": False} if MIXES_STREAMS else {}))


@pytest.fixture
def invoke() -> Invoke:
    """Return a function that runs the command line with its arguments in this process."""
    runner = separating_runner()

    def run(*arguments: object) -> Result:
        result = runner.invoke(main, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture(scope="session")
def guesses_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("guesses") / "template.db"
    make_guesses(path)
    close_store(str(path))
    return path


@pytest.fixture
def guessed(guesses_template: Path, store_path: Path) -> Iterator[Path]:
    """Return a store with one model that has three guesses and one that has none."""
    shutil.copy(guesses_template, store_path)
    with kolena_local.session(db=store_path):
        yield store_path


def command_line(*arguments: object) -> list[str]:
    return [sys.executable, "-W", "error", "-m", "kolena_local", *map(str, arguments)]


def run_process(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command_line(*arguments), capture_output=True, encoding="utf-8", stdin=subprocess.DEVNULL
    )


def register(
    unit: Unit,
    name: str,
    *,
    workflow: str = "Animals",
    tags: tuple[str, ...] = (),
    **metadata: object,
) -> ModelRecord:
    return unit.models.add(unit.workflows.ensure(workflow).id, name, metadata, tags)


def add_test_case(unit: Unit, name: str, locators: list[str]) -> TestCaseRecord:
    workflow = unit.workflows.ensure("Animals")
    contents = [{"locator": locator} for locator in locators]
    samples = unit.test_samples.put(
        workflow.id, [NewSample(digest(content), dumps(content), {}) for content in contents]
    )
    truths = unit.ground_truths.put(
        [NewGroundTruth(sample, digest({"label": "cat"}), '{"label":"cat"}') for sample in samples]
    )
    case = unit.test_cases.add(workflow.id, name, "")
    changes = [MemberChange(*pair, False) for pair in zip(samples, truths, strict=True)]
    return unit.test_cases.edit(
        case.id, case.version, description=None, reset=False, changes=changes
    )


def add_test_suite(unit: Unit, name: str, *cases: TestCaseRecord) -> TestSuiteRecord:
    suite = unit.test_suites.add(unit.workflows.ensure("Animals").id, name, "", ())
    return unit.test_suites.replace_test_cases(
        suite.id, suite.version, [(case.id, case.version) for case in cases]
    )


@pytest.fixture
def store(store_template: Path, store_path: Path) -> Path:
    """Return the path of a store with three models, a completed run and a crashed one."""
    shutil.copy(store_template, store_path)
    return store_path


@pytest.fixture(scope="session")
def store_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "template.db"
    with open_store(str(path)).write() as unit:
        first = register(unit, "resnet-50", tags=("v1", "baseline"), framework="pytorch", seed=0)
        second = register(unit, "resnet-101", tags=("baseline",))
        register(unit, "bert", workflow="Texts", loss=math.nan, limits=[math.inf, 1.5])
        day = add_test_case(unit, "day", ["1.png", "2.png", "3.png"])
        night = add_test_case(unit, "night", ["3.png", "4.png"])
        suite = add_test_suite(unit, "all animals", day, night)
        samples = unit.test_cases.sample_ids(day.id, 1)
        unit.inferences.put(first.id, samples, ["{}"] * len(samples), replace=False)
        run = unit.test_runs.start(
            unit.test_runs.ensure(first.id, suite.id, suite.version, "Accuracy").id
        )
        strict = unit.test_runs.ensure_configuration(run.id, "strict", "{}")
        metrics = [
            CaseMetrics(day.id, dumps({"accuracy": 2 / 3, "by_class": {"cat": 1.0}})),
            CaseMetrics(night.id, dumps({"accuracy": math.nan, "n_wrong": 1})),
        ]
        unit.test_runs.replace_results(strict.id, Results([], metrics, [], None))
        unit.test_runs.complete(run.id)
        crashed = unit.test_runs.ensure(second.id, suite.id, suite.version, None)
        unit.test_runs.start(crashed.id)
        unit.test_runs.crash(crashed.id, "ValueError: no weights\n  in line 7")
    close_store(str(path))
    return path


def stored(store: Path, name: str) -> ModelRecord:
    with open_store(str(store)).read() as unit:
        return unit.models.get(name)
