"""Ctrl-C may come at any instruction of a write: the file is free at once and has all or nothing.

A trace function sends the signal at the n-th instruction of Python, which is finer than any clock;
`KOLENA_LOCAL_TESTS=long` tries thousands, of which the short profile takes some.
"""

from __future__ import annotations

import gc
import random
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import kolena_local
from kolena_local.repository import Store, open_store
from kolena_local.repository.file import interrupts
from tests.conftest import IS_LONG, IS_RANDOM, sampled
from tests.durability.test_faults import ONE_WRITE, Call, fresh, is_free, state, whole_states

# Of all instructions, and of those where a transaction begins or ends.
TRIALS = 15 if IS_LONG else 3
EDGES = ("contextlib.py", "store.py", "interrupts.py")
ALL = 10**9


@pytest.fixture(autouse=True)
def usual_handler() -> Iterator[None]:
    """Let signals raise KeyboardInterrupt, and see that nobody else's handler stays."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.signal(signal.SIGINT, before) is signal.default_int_handler


class Moment:
    """Sends SIGINT at the n-th instruction."""

    def __init__(self, instruction: int) -> None:
        self.left = instruction
        self.place = ""
        self.edges: list[int] = []

    def _called(self, frame: FrameType, event: str, argument: Any) -> Any:
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return self._executed

    def _executed(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event in ("opcode", "return"):
            self.left -= 1
            if frame.f_code.co_filename.endswith(EDGES):
                self.edges.append(self.left)
            if self.left == 0:
                sys.settrace(None)
                self.place = f"{frame.f_code.co_filename}:{frame.f_lineno}"
                signal.raise_signal(signal.SIGINT)
        return self._executed

    def end_of(self, call: Call) -> BaseException | None:
        """Return what the call raised, with all that its traceback keeps alive."""
        before = sys.gettrace()
        try:
            sys.settrace(self._called)
            call()
        except BaseException as error:
            return error
        finally:
            sys.settrace(before)
        return None


@pytest.mark.filterwarnings("ignore:The metadata passed for the test case")
@pytest.mark.filterwarnings("ignore:1 changed datapoint of the dataset")
@pytest.mark.parametrize("name", sampled(reversed(ONE_WRITE), 8))
def test_ctrl_c_at_any_moment_of_a_write_leaves_the_file_free_and_whole(
    rows_template: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled, path, call = rows_template, tmp_path / "work.db", ONE_WRITE[name]
    # Python drops what is raised inside a callback of a weak reference, and only says so here.
    dropped: list[type[BaseException]] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda lost: dropped.append(lost.exc_type))
    chance = random.Random(None if IS_RANDOM else name)
    with kolena_local.session(db=path):
        before, after = whole_states(filled, path, name)
        fresh(filled, path)
        whole = Moment(ALL)
        assert whole.end_of(call) is None
        edges = [ALL - left for left in whole.edges]
        assert len(edges) > 100
        tried = 0
        for place in chance.sample(range(1, ALL - whole.left), TRIALS) + chance.sample(
            edges, TRIALS
        ):
            fresh(filled, path)
            moment = Moment(place)
            dropped.clear()
            error = moment.end_of(call)
            # NumPy takes whatever is raised while it looks at a type for a no.
            is_lost = dropped == [KeyboardInterrupt] or "numpy" in moment.place
            if error is None and (moment.left > 0 or is_lost):
                assert state(path) == after, (place, moment.place)
                continue  # what is cached takes fewer instructions
            tried += 1
            assert type(error) is KeyboardInterrupt, (place, moment.place)
            assert is_free(path), (place, moment.place)
            now = state(path)
            assert now in before or now == after, (place, moment.place)
            error = None
            assert gc.isenabled(), (place, moment.place)
            if now != after:
                call()
                assert state(path) == after, (place, moment.place)
        assert tried > TRIALS


def interrupt() -> int:
    signal.raise_signal(signal.SIGINT)
    return 0


@pytest.fixture
def file_store(store_path: Path) -> Store:
    return open_store(str(store_path))


def test_an_interrupt_that_sqlite_swallows_is_an_interrupt(file_store: Store) -> None:
    # SQLite's driver makes "user-defined function raised exception" of it.
    with pytest.raises(KeyboardInterrupt), file_store.write() as unit:
        unit.workflows.ensure("half")
        unit._sql.driver.create_function("interrupt", 0, interrupt)
        unit._sql.fetch("SELECT interrupt()")
    with file_store.read() as unit:
        assert unit.workflows.list() == []


def test_an_interrupt_that_is_lost_where_an_object_ends_stores_nothing(
    file_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Last:
        def __del__(self) -> None:
            interrupt()

    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)
    with pytest.raises(KeyboardInterrupt), file_store.write() as unit:
        unit.workflows.ensure("half")
        Last()
    with file_store.read() as unit:
        assert unit.workflows.list() == []


def test_an_interrupt_while_a_transaction_ends_comes_after_it(file_store: Store) -> None:
    entered: list[str] = []

    @interrupts.shielded
    def slow() -> Iterator[None]:
        interrupt()
        entered.append("begun")
        yield
        entered.append("ended")

    with pytest.raises(KeyboardInterrupt), slow():
        entered.append("inside")
    assert entered == ["begun"]


def test_an_interrupt_of_a_store_in_memory_keeps_what_was_in_it() -> None:
    store = open_store(":memory:")
    with store.write() as unit:
        unit.workflows.ensure("kept")
    error = Moment(3000).end_of(lambda: add_model(store))
    assert type(error) is KeyboardInterrupt
    add_model(store)
    with store.read() as unit:
        assert [found.name for found in unit.workflows.list()] == ["kept"]
        assert len(unit.models.list()) == 1


def add_model(store: Store) -> None:
    with store.write() as unit:
        unit.models.add(unit.workflows.get("kept").id, "model", {"a": 1}, ["b", "c"])


def test_a_handler_of_the_users_own_is_asked_and_may_go_on(file_store: Store) -> None:
    asked: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: asked.append(number))
    with file_store.write() as unit:
        unit.workflows.ensure("whole")
        interrupt()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    assert asked == [signal.SIGINT]
    with file_store.read() as unit:
        assert len(unit.workflows.list()) == 1


def test_a_write_in_another_thread_leaves_the_handlers_alone(file_store: Store) -> None:
    seen: list[Any] = []

    def write() -> None:
        with file_store.write():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=write)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]
