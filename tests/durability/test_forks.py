"""A fork while a transaction is open: it stays the parent's, and the child can write after it."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from kolena_local.errors import StoreError
from kolena_local.repository import Store, close_stores, open_store
from kolena_local.repository.file import connection, forks
from tests.conftest import IS_LONG, long_only
from tests.durability.dump import is_sound

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]
FORKS = 30 if IS_LONG else 4


@pytest.fixture
def store(store_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr(forks, "_WAITING_SECONDS", 0.1)
    return open_store(str(store_path))


def forked(child: Callable[[], object]) -> Callable[[], int]:
    """Run something in a child; return what waits for its exit code."""
    pid = os.fork()
    if not pid:
        code = 1
        signal.alarm(60)  # one that hangs fails
        try:
            child()
            code = 0
        finally:
            os._exit(code)
    return lambda: os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


class Statement:
    """A statement of another thread, which SQLite runs until it is told to end."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._begun, self._end = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> None:
        self._thread.start()
        self._begun.wait()

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        def wait() -> None:
            self._begun.set()
            self._end.wait()

        with self._store.write() as unit:
            unit.workflows.ensure("parent")
            unit._sql.driver.create_function("wait", 0, wait)
            unit._sql.execute("SELECT wait()")


def ensure(store: Store, name: str) -> None:
    with store.write() as unit:
        unit.workflows.ensure(name)


def names(store: Store) -> set[str]:
    with store.read() as unit:
        return {workflow.name for workflow in unit.workflows.list()}


@long_only
def test_a_child_writes_as_soon_as_a_thread_of_its_parent_has_committed(store: Store) -> None:
    for number in range(FORKS):
        begun, over = threading.Event(), threading.Event()

        def hold(
            number: int = number, begun: threading.Event = begun, over: threading.Event = over
        ) -> None:
            with store.write() as unit:
                unit.workflows.ensure(f"parent {number}")
                begun.set()
                over.wait()

        thread = threading.Thread(target=hold)
        thread.start()
        begun.wait()
        end = forked(lambda number=number: ensure(store, f"child {number}"))
        over.set()
        thread.join()
        assert end() == 0
    expected = {f"{who} {number}" for who in ("parent", "child") for number in range(FORKS)}
    assert names(store) == expected
    close_stores()
    assert is_sound(Path(store.location))


@long_only
def test_a_child_writes_while_a_thread_of_its_parent_writes_again_and_again(store: Store) -> None:
    over = threading.Event()

    def write() -> None:
        number = 0
        while not over.is_set():
            with store.write() as unit:
                for place in range(100):
                    unit.workflows.ensure(f"parent {number % 3} {place}")
            number += 1

    thread = threading.Thread(target=write)
    thread.start()
    ends = [forked(lambda number=n: ensure(store, f"child {number}")) for n in range(FORKS)]
    codes = [end() for end in ends]
    over.set()
    thread.join()
    assert codes == [0] * FORKS
    assert {f"child {number}" for number in range(FORKS)} < names(store)
    close_stores()
    assert is_sound(Path(store.location))


def test_a_child_reads_while_its_parent_is_in_the_middle_of_a_statement(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.0)
    ensure(store, "before")

    def child() -> None:
        assert names(store) == {"before"}
        with pytest.raises(StoreError, match="was forked while"):
            ensure(store, "child")

    with Statement(store), monkeypatch.context() as impatient:
        impatient.setattr(forks, "_STATEMENT_SECONDS", 0.1)
        assert forked(child)() == 0
    assert forked(lambda: ensure(store, "child"))() == 0
    assert names(store) == {"before", "parent", "child"}


@long_only
def test_a_child_reads_while_a_thread_of_its_parent_waits_for_its_turn(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forks, "_STATEMENT_SECONDS", 0.1)
    waiting = threading.Thread(target=lambda: ensure(store, "late"))
    with store.write() as unit:
        unit.workflows.ensure("parent")
        waiting.start()
        while len(forks._threads) < 2:
            time.sleep(0.001)
        time.sleep(0.05)  # it begins to wait; if it takes longer, less is tried
        assert forked(lambda: names(store))() == 0
    waiting.join()
    assert names(store) == {"parent", "late"}


def test_a_block_that_is_open_at_a_fork_is_its_parents_alone(store: Store) -> None:
    ensure(store, "before")
    process = os.getpid()

    def child() -> None:
        assert names(store) == {"before", "parent"}
        ensure(store, "child")

    for goes_on in (False, True):
        try:
            with store.write() as unit:
                unit.workflows.ensure("parent")
                pid = os.fork()
                if goes_on and not pid:
                    unit.workflows.ensure("of nobody")
        except StoreError as error:
            if os.getpid() != process:
                refused = "was forked while a read or write was open" in str(error)
                os._exit(0 if refused else 1)
            raise
        finally:
            if os.getpid() != process:
                os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert forked(child)() == 0
    assert names(store) == {"before", "parent", "child"}


def test_pages_that_are_in_the_log_already_stay_there(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.0)
    ensure(store, "before")
    with store.write() as unit:
        driver = unit._sql.driver
        unit.workflows.ensure("first")
        assert not forks._has_spilled(driver)
        unit._sql.execute("PRAGMA cache_size = 10")
        for number in range(3000):
            unit.workflows.ensure(f"{number:0200}")
        assert forks._has_spilled(driver)
        # Who cannot be helped is told so, and does no harm.
        assert forked(lambda: ensure(store, "child"))() == 1
        assert len(unit.workflows.list()) == 3002
    assert len(names(store)) == 3002
    close_stores()
    assert is_sound(Path(store.location))


def test_what_a_child_writes_stays_when_its_parent_and_others_close_the_store(store: Store) -> None:
    ensure(store, "before")
    closed, begun = os.pipe(), os.pipe()

    def child() -> None:
        try:
            ensure(store, "child 1")
        finally:
            os.write(begun[1], b"x")
        os.read(closed[0], 1)
        ensure(store, "child 2")

    end = forked(child)
    os.read(begun[0], 1)
    # The last one that closes the file deletes the log.
    close_stores()
    with closing(sqlite3.connect(store.location)) as other:
        other.execute("SELECT count(*) FROM workflow").fetchall()
    os.write(closed[1], b"x")
    assert end() == 0
    assert names(store) == {"before", "child 1", "child 2"}
    for descriptor in closed + begun:
        os.close(descriptor)


@pytest.mark.parametrize("rows", ["all read", "some left", "being read"])
def test_a_child_of_a_process_that_reads_loses_nothing_that_it_could_write(
    store: Store, rows: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forks, "_WAITING_SECONDS", 0.1)
    if rows == "being read":
        monkeypatch.setattr(forks, "_STATEMENT_SECONDS", 0.1)
    ensure(store, "before")
    closed, begun, reading, over = os.pipe(), os.pipe(), threading.Event(), threading.Event()
    query = "WITH numbers(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM numbers LIMIT 9) SELECT {}"

    def read() -> None:
        with store.read() as unit:
            driver = unit.workflows._sql.driver
            driver.create_function("wait", 0, lambda: (reading.set(), over.wait(), 1)[2])
            shown = "wait()" if rows == "being read" else "n, (SELECT count(*) FROM workflow)"
            cursor = driver.execute(f"{query.format(shown)} FROM numbers, workflow")
            (cursor.fetchone if rows == "some left" else cursor.fetchall)()
            reading.set()
            over.wait()

    def write(name: str) -> None:
        if rows == "being read":
            with pytest.raises(StoreError, match="was forked while"):
                ensure(store, name)
        else:
            ensure(store, name)

    def child() -> None:
        try:
            write("child 1")
        finally:
            os.write(begun[1], b"x")
        os.read(closed[0], 1)
        write("child 2")

    thread = threading.Thread(target=read)
    thread.start()
    reading.wait()
    end = forked(child)
    os.read(begun[0], 1)
    over.set()
    thread.join()
    close_stores()
    with closing(sqlite3.connect(store.location)) as other:
        other.execute("SELECT count(*) FROM workflow").fetchall()
    os.write(closed[1], b"x")
    assert end() == 0
    assert names(store) == {"before"} | ({"child 1", "child 2"} if rows != "being read" else set())
    for descriptor in closed + begun:
        os.close(descriptor)


def test_a_child_reads_and_writes_while_threads_of_its_parent_open_and_close_the_store(
    store: Store,
) -> None:
    over = threading.Event()

    def use() -> None:
        while not over.is_set():
            names(store)
            store.close()

    threads = [threading.Thread(target=use) for _ in range(3)]
    for thread in threads:
        thread.start()
    ends = []
    for number in range(2 * FORKS):
        ends.append(forked(lambda number=number: ensure(store, f"child {number}")))
    codes = [end() for end in ends]
    over.set()
    for thread in threads:
        thread.join()
    assert codes == [0] * len(ends)
    assert names(store) == {f"child {number}" for number in range(2 * FORKS)}
    close_stores()
    assert is_sound(Path(store.location))
