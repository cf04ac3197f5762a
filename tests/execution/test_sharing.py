"""Processes that run the same test share the work, whatever happens to one of them."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest

from kolena_local.execution import sharing
from kolena_local.repository import open_store
from kolena_local.workflow import test as run_test
from tests.execution import things
from tests.execution.things import Guess, Image, Model, expected, make_suite, stored

COUNT = 100


class Children:
    """Starts processes that run the test, and knows what each has inferred."""

    def __init__(self, db: Path, folder: Path) -> None:
        self.db, self.folder = db, folder
        self.all: list[subprocess.Popen[str]] = []

    def start(self, *seconds: float, lease_seconds: float = 60) -> list[subprocess.Popen[str]]:
        """Start a process for each number, all at once; it is the time that a sample takes."""
        for each in seconds:
            arguments = [self.db, self._log(len(self.all)), each, lease_seconds]
            command = [sys.executable, "-m", "tests.execution.child", *map(str, arguments)]
            self.all.append(subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True))
        for child in self.all:
            assert child.stdout is not None and child.stdout.readline() == "up\n"
        for child in self.all:
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
        return self.all

    def inferred(self, child: subprocess.Popen[str]) -> list[str]:
        log = self._log(self.all.index(child))
        return log.read_text().splitlines() if log.exists() else []

    def wait_until_inferred(self, child: subprocess.Popen[str], count: int) -> None:
        deadline = time.monotonic() + 20
        while len(self.inferred(child)) < count:
            assert time.monotonic() < deadline and child.poll() is None
            time.sleep(0.01)

    def stop_between_writes(self, child: subprocess.Popen[str]) -> None:
        """Stop a process at a moment when it keeps nobody from writing."""
        while True:
            os.kill(child.pid, signal.SIGSTOP)
            _, status = os.waitpid(child.pid, os.WUNTRACED)
            assert os.WIFSTOPPED(status)
            try:
                with closing(sqlite3.connect(self.db, timeout=1)) as connection:
                    connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError:
                os.kill(child.pid, signal.SIGCONT)
                time.sleep(0.01)

    def _log(self, number: int) -> Path:
        return self.folder / f"child-{number}.log"


@pytest.fixture
def children(db: Path, tmp_path: Path) -> Iterator[Children]:
    children = Children(db, tmp_path)
    yield children
    for child in children.all:
        child.kill()
        child.communicate()


def metrics() -> list[Any]:
    with open_store().read() as unit:
        (run,) = unit.test_runs.list()
        assert (run.status, run.is_stale) == ("completed", False)
        return [record.metrics for record in unit.test_runs.case_metrics(run.id)]


def test_two_processes_infer_different_samples_and_find_the_same(
    children: Children, leases: Callable[[], list[Any]]
) -> None:
    make_suite(COUNT)
    both = children.start(0.01, 0.01)
    assert [child.wait(30) for child in both] == [0, 0]
    one, other = map(children.inferred, both)
    assert len(one) > COUNT // 5 and len(other) > COUNT // 5
    assert sorted(one + other) == sorted(expected(COUNT))
    assert stored("m") == expected(COUNT)
    assert metrics() == [{"n_right": COUNT // 4}, {"n_right": COUNT // 4}]
    assert leases() == []


def test_what_a_killed_process_had_is_done_by_the_other_at_once(
    children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_suite(COUNT)
    victim, other = children.start(0.005, 0.005)
    children.wait_until_inferred(victim, 20)
    victim.kill()
    victim.wait()
    begun = time.monotonic()
    assert other.wait(30) == 0
    assert time.monotonic() - begun < sharing.LEASE_SECONDS / 2
    assert stored("m") == expected(COUNT)
    assert metrics() == [{"n_right": COUNT // 4}, {"n_right": COUNT // 4}]


def test_a_killed_process_is_followed_by_one_that_does_the_rest(children: Children) -> None:
    suite = make_suite(COUNT)
    (victim,) = children.start(0.01)
    children.wait_until_inferred(victim, 60)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    with open_store().read() as unit:
        (run,) = unit.test_runs.list()
    assert (run.status, run.is_stale) == ("running", True)
    kept = stored("m")
    assert len(kept) > 20
    asked: list[str] = []

    def infer(sample: Image) -> Guess:
        asked.append(sample.locator)
        return things.guess(sample)

    begun = time.monotonic()
    run_test(Model.load("m", infer=infer), suite, things.evaluate)
    assert time.monotonic() - begun < sharing.LEASE_SECONDS / 2
    assert sorted(asked) == sorted(set(expected(COUNT)) - set(kept))
    assert metrics() == [{"n_right": COUNT // 4}, {"n_right": COUNT // 4}]


def test_a_process_that_hangs_loses_its_lease_and_may_come_back(children: Children) -> None:
    make_suite(COUNT)
    hanging, other = children.start(0.005, 0.005, lease_seconds=0.3)
    children.wait_until_inferred(hanging, 20)
    children.stop_between_writes(hanging)
    assert other.wait(30) == 0
    assert stored("m") == expected(COUNT)
    os.kill(hanging.pid, signal.SIGCONT)
    assert hanging.wait(30) == 0
    assert stored("m") == expected(COUNT)
    assert metrics() == [{"n_right": COUNT // 4}, {"n_right": COUNT // 4}]


def test_threads_of_one_process_share_too(leases: Callable[[], list[Any]]) -> None:
    suite, asked = make_suite(COUNT), []

    def infer(sample: Image) -> Guess:
        asked.append(sample.locator)
        time.sleep(0.002)
        return things.guess(sample)

    model = Model("m", infer=infer)
    threads = [
        threading.Thread(target=run_test, args=(model, suite, things.evaluate)) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(asked) == sorted(expected(COUNT))
    assert stored("m") == expected(COUNT)
    assert metrics() == [{"n_right": COUNT // 4}, {"n_right": COUNT // 4}]
    assert leases() == []


def test_a_reset_infers_all_samples_anew_and_who_joins_does_not_begin_again() -> None:
    suite, asked = make_suite(20), []

    def infer(sample: Image) -> Guess:
        asked.append(sample.locator)
        if len(asked) == 30:  # half of the second round is done
            run_test(Model("n", infer=things.guess), suite)
        return things.guess(sample)

    model = Model("m", infer=infer)
    run_test(model, suite)
    run_test(model, suite, reset=True)
    run_test(model, suite)
    assert sorted(asked) == sorted([*expected(20), *expected(20)])


def test_others_are_waited_for_even_if_nothing_is_left_to_do() -> None:
    suite, begun, go_on = make_suite(4), threading.Event(), threading.Event()

    def infer(sample: Image) -> Guess:
        begun.set()
        assert go_on.wait(10)
        return things.guess(sample)

    model = Model("m", infer=infer)
    first = threading.Thread(target=run_test, args=(model, suite))
    second = threading.Thread(target=run_test, args=(Model("m", infer=things.guess), suite))
    first.start()
    assert begun.wait(10)
    second.start()
    second.join(0.3)
    assert second.is_alive() and stored("m") == {}
    go_on.set()
    first.join()
    second.join()
    assert stored("m") == expected(4)
