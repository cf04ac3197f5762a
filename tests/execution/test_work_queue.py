"""Processes that run the same test share the work, whatever happens to one of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kolena_local.errors import NotFoundError
from kolena_local.repository import open_store
from kolena_local.workflow import test as run_test
from tests.conftest import long_only
from tests.execution import toy_workflow
from tests.execution.toy_workflow import PAGE, Guess, Image, Model, expected, make_suite, stored
from tests.python_process import Python

COUNT = 100
ENDED = 120  # seconds, long after a test has failed
CHILD = "import sys\nfrom tests.execution.child import main\nmain(*sys.argv[1:])"
LEASE = 300.0  # seconds that nobody may wait for


class Children:
    """Starts processes that run the test, lets them infer, and knows what each has begun."""

    def __init__(self, db: Path, folder: Path) -> None:
        self.db, self.folder = db, folder
        self.all: list[Python] = []

    def start(self, count: int, lease_seconds: float = LEASE) -> list[Python]:
        """Start processes, which wait before their first sample."""
        for number in range(count):
            self.all.append(Python(CHILD, self.db, self._log(number), lease_seconds))
        for child in self.all:
            assert child.stdout is not None and child.stdout.readline() == "up\n"
        return self.all

    def begun(self, child: Python) -> list[str]:
        return self._log(self.all.index(child)).read_text().splitlines()

    def allow(self, child: Python, count: int = COUNT) -> None:
        assert child.stdin is not None
        child.stdin.write(f"{count}\n")
        child.stdin.flush()

    def infer(self, child: Python, count: int) -> None:
        """Let a process infer so many samples, and wait until it is at the next one."""
        self.allow(child, count)
        self.wait_until_begun(child, count + 1)

    def wait_until_begun(self, child: Python, count: int) -> None:
        deadline = time.monotonic() + ENDED
        while len(self.begun(child)) < count:
            assert time.monotonic() < deadline and child.poll() is None
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
        assert (run.status, run.is_interrupted) == ("completed", False)
        return [record.metrics for record in unit.test_runs.case_metrics(run.id)]


def test_two_processes_infer_different_samples_and_find_the_same(
    children: Children, leases: Callable[[], list[Any]]
) -> None:
    make_suite(COUNT)
    both = children.start(2)
    for child in both:
        children.infer(child, 20)
    for child in both:
        children.allow(child)
    assert [child.wait(ENDED) for child in both] == [0, 0]
    one, other = map(children.begun, both)
    assert len(one) > 20 and len(other) > 20
    assert sorted(one + other) == sorted(expected(COUNT))
    assert stored("m") == expected(COUNT)
    assert metrics() == [{"n_right": COUNT // 4}, {"n_right": COUNT // 4}]
    assert leases() == []


def test_what_a_killed_process_had_is_done_by_the_other_at_once(children: Children) -> None:
    make_suite(COUNT)
    victim, other = children.start(2)
    children.infer(victim, 20)
    children.allow(other)
    children.wait_until_begun(other, COUNT - 20 - PAGE)
    assert other.poll() is None
    victim.kill()
    victim.wait()
    assert other.wait(ENDED) == 0
    assert len(children.begun(other)) == COUNT - 20
    assert stored("m") == expected(COUNT)
    assert metrics() == [{"n_right": COUNT // 4}, {"n_right": COUNT // 4}]


@pytest.mark.filterwarnings("ignore:.*made by other code")
def test_a_killed_process_is_followed_by_one_that_does_the_rest(children: Children) -> None:
    suite = make_suite(COUNT)
    (victim,) = children.start(1)
    children.infer(victim, 60)
    victim.kill()
    victim.wait()
    with open_store().read() as unit:
        (run,) = unit.test_runs.list()
    assert (run.status, run.is_interrupted) == ("running", True)
    kept = stored("m")
    assert len(kept) == 60
    asked: list[str] = []

    def infer(sample: Image) -> Guess:
        asked.append(sample.locator)
        return toy_workflow.guess(sample)

    begun = time.monotonic()
    run_test(Model.load("m", infer=infer), suite, toy_workflow.evaluate)
    assert time.monotonic() - begun < LEASE / 2
    assert sorted(asked) == sorted(set(expected(COUNT)) - set(kept))
    assert metrics() == [{"n_right": COUNT // 4}, {"n_right": COUNT // 4}]


@long_only
def test_a_process_that_hangs_loses_its_lease_and_may_come_back(children: Children) -> None:
    make_suite(COUNT)
    hanging, other = children.start(2, lease_seconds=0.3)
    children.infer(hanging, 20)
    children.allow(other)
    assert other.wait(ENDED) == 0
    assert stored("m") == expected(COUNT)
    children.allow(hanging)
    assert hanging.wait(ENDED) == 0
    assert stored("m") == expected(COUNT)
    assert metrics() == [{"n_right": COUNT // 4}, {"n_right": COUNT // 4}]


@long_only
def test_threads_of_one_process_share_too(leases: Callable[[], list[Any]]) -> None:
    suite, asked = make_suite(COUNT), []

    def infer(sample: Image) -> Guess:
        asked.append(sample.locator)
        time.sleep(0.002)
        return toy_workflow.guess(sample)

    model = Model("m", infer=infer)
    threads = [
        threading.Thread(target=run_test, args=(model, suite, toy_workflow.evaluate))
        for _ in range(3)
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
            run_test(Model("n", infer=toy_workflow.guess), suite)
        return toy_workflow.guess(sample)

    model = Model("m", infer=infer)
    run_test(model, suite)
    run_test(model, suite, reset=True)
    run_test(model, suite)
    assert sorted(asked) == sorted([*expected(20), *expected(20)])


def test_nobody_waits_for_the_samples_of_a_test_suite_that_is_deleted_during_a_run(
    leases: Callable[[], list[Any]],
) -> None:
    suite, deleted = make_suite(4), []

    def infer(sample: Image) -> Guess:
        if not deleted:
            deleted.append(suite.delete())
        return toy_workflow.guess(sample)

    with pytest.raises(NotFoundError, match="test suite"):
        run_test(Model("m", infer=infer), suite)
    assert leases() == []


@long_only
def test_others_are_waited_for_even_if_nothing_is_left_to_do() -> None:
    suite, begun, go_on = make_suite(4), threading.Event(), threading.Event()

    def infer(sample: Image) -> Guess:
        begun.set()
        assert go_on.wait(ENDED)
        return toy_workflow.guess(sample)

    model = Model("m", infer=infer)
    first = threading.Thread(target=run_test, args=(model, suite))
    second = threading.Thread(target=run_test, args=(Model("m", infer=toy_workflow.guess), suite))
    first.start()
    assert begun.wait(ENDED)
    second.start()
    second.join(0.3)
    assert second.is_alive() and stored("m") == {}
    go_on.set()
    first.join()
    second.join()
    assert stored("m") == expected(4)
