"""One write is one transaction, one read is one snapshot, whoever else is at work."""

from __future__ import annotations

import gc
import multiprocessing
import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from kolena_local.errors import (
    KolenaError,
    NameConflictError,
    StoreBusyError,
    StoreError,
    StoreNotFoundError,
)
from kolena_local.repository import Store, close_stores, open_store
from kolena_local.repository.file import connection
from tests.python_process import Python


def names(store: Store) -> list[str]:
    with store.read() as unit:
        return [workflow.name for workflow in unit.workflows.list()]


def test_a_block_that_ends_well_is_stored(store: Store) -> None:
    with store.write() as unit:
        unit.workflows.ensure("one")
    assert names(store) == ["one"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_after_an_exception_nothing_is_stored(store: Store, error: type[BaseException]) -> None:
    with pytest.raises(error), store.write() as unit:
        unit.workflows.ensure("one")
        unit.models.add(unit.workflows.ensure("two").id, "model", {}, ["tag"])
        raise error
    assert names(store) == []
    with store.write() as unit:
        unit.workflows.ensure("three")
    assert names(store) == ["three"]


def test_a_read_stores_nothing(store: Store) -> None:
    with store.read() as unit:
        unit.workflows.ensure("one")
    assert names(store) == []


def test_a_read_sees_one_moment(file_store: Store) -> None:
    with file_store.read() as reader:
        assert reader.workflows.list() == []
        with file_store.write() as writer:
            writer.workflows.ensure("meanwhile")
        assert reader.workflows.list() == []
    assert names(file_store) == ["meanwhile"]


def test_threads_wait_for_each_other(store: Store) -> None:
    failed: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for step in range(5):
                with store.write() as unit:
                    before = len(unit.workflows.list())
                    unit.workflows.ensure(f"{number}-{step}")
                    assert len(unit.workflows.list()) == before + 1
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert len(names(store)) == 40


WRITER = """
import sys
from kolena_local.repository import open_store
from kolena_local.repository.file import connection
connection.BUSY_SECONDS = 120.0  # a turn may come late on a busy machine
path, name = sys.argv[1:]
for step in range(20):
    with open_store(path).write() as unit:
        unit.workflows.list()
        unit.workflows.ensure(f"{name}-{step}")
"""


def test_two_processes_make_one_store_and_lose_nothing(store_path: Path) -> None:
    writers = [Python(WRITER, store_path, name) for name in "ab"]
    for writer in writers:
        writer.communicate()
    assert [writer.returncode for writer in writers] == [0, 0]
    assert len(names(open_store(str(store_path)))) == 40


def test_a_writer_that_waits_too_long_says_so(
    store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.05)
    store = open_store(str(store_path))
    with closing(sqlite3.connect(store_path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusyError, match="another process"), store.write():
            pass
        assert names(store) == []


# Whoever closes the last connection folds the log into the file and removes it.
def has_log(path: Path) -> bool:
    return Path(f"{path}-wal").exists()


def test_a_store_that_is_closed_while_it_is_read_is_closed_after_that(store_path: Path) -> None:
    store = open_store(str(store_path))
    with store.read() as unit:
        close_stores()
        assert unit.workflows.list() == []
        assert has_log(store_path)
    assert not has_log(store_path)


def test_a_store_that_is_used_after_it_was_closed_is_closed_when_it_is_forgotten(
    store_path: Path,
) -> None:
    gc.freeze()  # a collection that walks all that the suite has loaded takes half a second
    store = open_store(str(store_path))
    close_stores()
    with store.write() as unit:
        unit.workflows.ensure("late")
    assert has_log(store_path)
    del store, unit
    gc.collect()
    gc.unfreeze()
    assert not has_log(store_path)


USED_AFTER_CLOSING = """
import sys
from kolena_local.repository import close_stores, open_store
store = open_store(sys.argv[1])
close_stores()
with store.write() as unit:
    unit.workflows.ensure("late")
"""


def test_a_process_that_ends_closes_what_it_used(store_path: Path) -> None:
    subprocess.run([sys.executable, "-c", USED_AFTER_CLOSING, str(store_path)], check=True)
    assert store_path.exists()
    assert not has_log(store_path)


def _in_child(store: Store, path: str) -> None:
    with store.write() as unit:
        unit.workflows.ensure("from the child's copy")
    with open_store(path).write() as unit:
        unit.workflows.ensure("from the child's own")
    os._exit(0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_has_connections_of_its_own(file_store: Store) -> None:
    with file_store.write() as unit:
        unit.workflows.ensure("from the parent")
    child = multiprocessing.get_context("fork").Process(
        target=_in_child, args=(file_store, file_store.location)
    )
    child.start()
    child.join()
    assert child.exitcode == 0
    with file_store.write() as unit:
        unit.workflows.ensure("from the parent again")
    assert len(names(file_store)) == 4


def _memory_in_child(store: Store) -> None:
    with pytest.raises(StoreError, match="belongs to the process"), store.read():
        pass
    with open_store(":memory:").read() as unit:
        os._exit(len(unit.workflows.list()))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_store_in_memory_stays_with_its_process() -> None:
    store = open_store(":memory:")
    with store.write() as unit:
        unit.workflows.ensure("one")
    child = multiprocessing.get_context("fork").Process(target=_memory_in_child, args=(store,))
    child.start()
    child.join()
    assert child.exitcode == 0


def test_a_block_inside_another_one_on_a_store_in_memory_is_refused() -> None:
    store = open_store(":memory:")
    with store.write() as unit:
        unit.workflows.ensure("one")
        with pytest.raises(StoreError, match="end that block first"), store.read():
            pass
        unit.workflows.ensure("two")
    assert names(store) == ["one", "two"]


def test_a_traceback_that_keeps_a_query_holds_nothing_back(file_store: Store) -> None:
    with file_store.write() as unit:
        for number in range(9):
            unit.workflows.ensure(str(number))
    with pytest.raises(RuntimeError) as kept, file_store.read() as unit:
        query = unit._sql.driver.execute("SELECT name FROM workflow")
        assert query.fetchone()
        raise RuntimeError
    with closing(connection.connect(file_store.location)) as other, other:
        other.execute("DELETE FROM workflow WHERE name = '0'")
    assert len(names(file_store)) == 8
    with file_store.write() as unit:
        unit.workflows.ensure("again")
    assert kept.value and query


def test_threads_may_close_all_stores_at_once(tmp_path: Path) -> None:
    failed: list[BaseException] = []

    def close() -> None:
        try:
            close_stores()
        except BaseException as error:
            failed.append(error)

    for turn in range(20):
        for name in range(5):
            open_store(str(tmp_path / f"{name}.db"))
        threads = [threading.Thread(target=close) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failed, turn


def test_a_store_that_is_deleted_is_missed_not_written_into_the_void(file_store: Store) -> None:
    Path(file_store.location).unlink()
    with pytest.raises(StoreNotFoundError), file_store.write():
        pass
    with open_store(file_store.location).write() as unit:
        unit.workflows.ensure("in a new file")
    assert names(file_store) == ["in a new file"]


def test_a_store_that_is_replaced_is_read_anew(file_store: Store, tmp_path: Path) -> None:
    other = open_store(str(tmp_path / "other.db"))
    with other.write() as unit:
        unit.workflows.ensure("other")
    other.close()
    file_store.close()
    Path(other.location).replace(file_store.location)
    assert names(file_store) == ["other"]


def test_what_the_database_refuses_is_an_error_of_ours(store: Store) -> None:
    with store.write() as unit:
        workflow = unit.workflows.ensure("one")
        unit.models.add(workflow.id, "model", {}, ())
    with pytest.raises(NameConflictError, match="already"), store.write() as unit:
        unit.models.add(workflow.id, "model", {}, ())
    with pytest.raises(KolenaError, match="Unicode"), store.write() as unit:
        unit.test_cases.add(workflow.id, "case", "\ud800")
