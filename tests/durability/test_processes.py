"""Forked, spawned and threaded: objects go on working, and nobody leaves a lock behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import kolena_local
from kolena_local.repository import close_stores, open_store
from kolena_local.repository.file import connection
from kolena_local.workflow import Image, test
from tests.conftest import long_only
from tests.durability.dump import is_sound
from tests.files.make import AnimalCase, AnimalModel, AnimalSuite, Guess, Judge, animals, guess
from tests.python_process import Python, run_python


def test_a_model_made_in_one_thread_works_in_others(filled: Path) -> None:
    with kolena_local.session(db=filled):
        model = AnimalModel("new", infer=guess)
        suite = AnimalSuite.load("animals")
    failed: list[BaseException] = []

    def work() -> None:
        try:
            test(model, suite, Judge())
            assert len(model.load_inferences(suite.test_cases[0])) == 12
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    with open_store(str(filled)).read() as unit:
        assert unit.inferences.count(unit.models.get("new").id) == 12


def _go_on(model: AnimalModel, suite: AnimalSuite) -> None:
    test(model, suite, Judge())
    with AnimalCase.load("day").edit() as editor:
        editor.add(*animals(70, 71)[0])


def _in_fork(path: Path, model: AnimalModel, suite: AnimalSuite) -> None:
    with kolena_local.session(db=path):
        _go_on(model, suite)
    os._exit(0)


def _in_spawned(path: Path) -> None:
    with kolena_local.session(db=path):
        _go_on(AnimalModel("new", infer=guess), AnimalSuite.load("animals"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_goes_on_with_its_parents_objects(filled: Path) -> None:
    with kolena_local.session(db=filled):
        model = AnimalModel("new", infer=guess)
        suite = AnimalSuite.load("animals")
        child = multiprocessing.get_context("fork").Process(
            target=_in_fork, args=(filled, model, suite)
        )
        child.start()
        child.join()
        assert child.exitcode == 0
        assert len(model.load_inferences(suite.test_cases[0])) == 12
        with AnimalCase.load("day").edit() as editor:
            editor.add(*animals(71, 72)[0])
        assert AnimalCase.load("day").version == 3
    close_stores()
    assert is_sound(filled)


@long_only
def test_a_spawned_child_works_in_the_same_store(filled: Path) -> None:
    with kolena_local.session(db=filled):
        AnimalSuite.load("animals")
        child = multiprocessing.get_context("spawn").Process(target=_in_spawned, args=(filled,))
        child.start()
        child.join()
        assert child.exitcode == 0
        case = AnimalSuite.load("animals").test_cases[0]
        assert len(AnimalModel.load("new").load_inferences(case)) == 12
        assert AnimalCase.load("day").version == 2


KERNEL = """
import sys
from kolena_local.repository import open_store
with open_store(sys.argv[1]).write() as unit:
    unit.workflows.ensure("half a write")
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_a_kernel_that_is_restarted_leaves_no_lock(
    filled: Path, monkeypatch: pytest.MonkeyPatch, end: signal.Signals
) -> None:
    # Whoever had to wait would fail at once.
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.0)
    kernel = Python(KERNEL, filled, stderr=subprocess.DEVNULL)
    assert kernel.stdout is not None
    assert kernel.stdout.readline() == "held\n"
    kernel.send_signal(end)
    kernel.communicate()
    with open_store(str(filled)).write() as unit:
        assert [found.name for found in unit.workflows.list()] == ["Animals"]
        unit.workflows.ensure("after")
    close_stores()
    assert is_sound(filled)


TERMINATED = """
import os, signal, sys
import kolena_local
from kolena_local.workflow import test
from tests.files.make import AnimalModel, AnimalSuite, Judge, guess
asked = []
def infer(sample):
    asked.append(sample)
    if len(asked) == 5:
        os.kill(os.getpid(), signal.SIGTERM)
    return guess(sample)
before = signal.getsignal(signal.SIGTERM)
with kolena_local.session(db=sys.argv[1]):
    try:
        test(AnimalModel("new", infer=infer), AnimalSuite.load("animals"), Judge())
    finally:
        print(len(asked), signal.getsignal(signal.SIGTERM) == before)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGTERM")
def test_a_test_that_is_terminated_saves_what_is_done(filled: Path) -> None:
    end = run_python(TERMINATED, filled)
    assert (end.returncode, end.stdout, end.stderr) == (143, "5 True\n", "")
    with open_store(str(filled)).read() as unit:
        assert unit.inferences.count(unit.models.get("new").id) == 4
        (run,) = unit.test_runs.list(model="new")
        assert (run.status, run.error) == ("crashed", "SystemExit: 143")
        assert unit._sql.fetch("SELECT owner FROM inference_lease") == []


def test_a_handler_of_sigterm_stays_while_a_test_runs(filled: Path) -> None:
    seen: list[object] = []

    def infer(sample: Image) -> Guess:
        seen.append(signal.getsignal(signal.SIGTERM))
        return guess(sample)

    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with kolena_local.session(db=filled):
            test(AnimalModel("new", infer=infer), AnimalSuite.load("animals"))
    finally:
        signal.signal(signal.SIGTERM, before)
    assert set(seen) == {signal.SIG_IGN}
