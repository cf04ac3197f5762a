"""Several processes and threads use one store: every acknowledged row is there, nobody starves.

`KOLENA_LOCAL_TESTS=long` also tries eight processes, eight threads and more rounds.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import kolena_local
from kolena_local.errors import StoreBusyError
from kolena_local.repository import Store, close_stores, open_store
from kolena_local.repository.file import connection, lock_owner
from tests.conftest import IS_LONG
from tests.durability import concurrent
from tests.durability.dump import is_sound
from tests.files.make import AnimalCase, AnimalSuite, animals
from tests.python_process import Python

SAMPLES, BATCH = 60, 6
# There are always eight writers.
WRITING = [(2, 4), (8, 1), (1, 8)] if IS_LONG else [(2, 4)]
ROUNDS = 50 if IS_LONG else 20

# Each writes inferences and workflows of its own, and a test case that all of them edit. It speaks
# to the repository: importing the workflow API eight times would take longer than the work.
WRITERS = f"""
import sys
from concurrent.futures import ThreadPoolExecutor
from kolena_local.errors import NameConflictError
from kolena_local.repository import open_store
from kolena_local.repository.records import MemberChange
path, first, threads, batch = sys.argv[1], *map(int, sys.argv[2:])

def write(number):
    store = open_store(path)
    with store.write() as unit:
        workflow = unit.workflows.ensure("Animals")
        model = unit.models.add(workflow.id, f"model {{number}}", {{}}, ())
        samples = unit.test_cases.sample_ids(unit.test_cases.get("case").id, 1)
    for start in range(0, len(samples), batch):
        part = samples[start : start + batch]
        with store.write() as unit:
            unit.inferences.put(model.id, part, ["{{}}"] * len(part), replace=False)
            unit.workflows.ensure(f"{{number}} {{start}}")
    while True:
        with store.read() as unit:
            case = unit.test_cases.get("shared")
        change = MemberChange(samples[number], samples[number], False)
        try:
            with store.write() as unit:
                unit.test_cases.edit(
                    case.id, case.version, description=None, reset=False, changes=[change]
                )
            break
        except NameConflictError:
            pass

{concurrent.WAIT}
with ThreadPoolExecutor(threads) as pool:
    for done in [pool.submit(write, first + number) for number in range(threads)]:
        done.result()
"""


@pytest.mark.parametrize(("processes", "threads"), WRITING)
def test_eight_writers_lose_nothing(store_path: Path, processes: int, threads: int) -> None:
    with kolena_local.session(db=store_path):
        case = AnimalCase("case", test_samples=animals(0, SAMPLES))
        AnimalCase("shared")
        AnimalSuite("suite", test_cases=[case])
    close_stores()
    writers = [
        Python(WRITERS, store_path, number * threads, threads, BATCH) for number in range(processes)
    ]
    assert concurrent.run(writers) == [0] * processes
    with open_store(str(store_path)).read() as unit:
        counts = [unit.inferences.count(model.id) for model in unit.models.list()]
        assert counts == [SAMPLES] * 8
        assert len(unit.workflows.list()) == 1 + 8 * SAMPLES // BATCH
        shared = unit.test_cases.get("shared")
        assert (shared.version, shared.sample_count) == (8, 8)
    assert is_sound(store_path)


MAKERS = f"""
import sys, time
from pathlib import Path
from kolena_local.repository import close_stores, open_store
folder, name, rounds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
{concurrent.WAIT}
for number in range(rounds):
    while time.time() < moment + number * 0.01:
        pass
    with open_store(str(folder / f"{{number}}.db")).write() as unit:
        unit.workflows.ensure(name)
    close_stores()
"""


def test_two_processes_make_the_store_at_the_same_moment(tmp_path: Path) -> None:
    makers = [Python(MAKERS, tmp_path, name, ROUNDS) for name in ("one", "two")]
    assert concurrent.run(makers) == [0, 0]
    for number in range(ROUNDS):
        with open_store(str(tmp_path / f"{number}.db"), create=False).read() as unit:
            assert {workflow.name for workflow in unit.workflows.list()} == {"one", "two"}
        close_stores()


HOLDER = """
import sys
from kolena_local.repository import open_store
with open_store(sys.argv[1]).write() as unit:
    unit.workflows.ensure("held")
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def file_store(store_path: Path) -> Store:
    return open_store(str(store_path))


class Holder:
    """Another process that is in the middle of a write."""

    def __init__(self, path: str) -> None:
        self._process = Python(HOLDER, path)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "held\n"
        self.pid = self._process.pid

    def end(self) -> None:
        self._process.communicate("\n")
        assert self._process.returncode == 0


def names(store: Store) -> set[str]:
    with store.read() as unit:
        return {workflow.name for workflow in unit.workflows.list()}


def test_a_reader_does_not_wait_for_a_writer(
    file_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A reader that waited at all would fail at once.
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.0)
    with file_store.write() as unit:
        unit.workflows.ensure("before")
    close_stores()
    holder = Holder(file_store.location)
    assert names(open_store(file_store.location)) == {"before"}
    holder.end()
    assert names(file_store) == {"before", "held"}


def test_a_writer_does_not_wait_for_a_reader(
    file_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.0)
    close_stores()
    with file_store.read() as reader:
        assert reader.workflows.list() == []
        with open_store(file_store.location).write() as unit:
            unit.workflows.ensure("meanwhile")


def test_a_busy_store_says_who_keeps_it(file_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.05)
    close_stores()
    holder = Holder(file_store.location)
    with pytest.raises(StoreBusyError) as caught, file_store.write():
        pass
    holder.end()
    assert file_store.location in str(caught.value)
    if Path("/proc/locks").exists():
        assert f"(process {holder.pid}, python" in str(caught.value)
    with file_store.write() as unit:
        unit.workflows.ensure("after")


def test_where_the_system_does_not_tell_a_busy_store_says_how_to_find_out(
    file_store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.0)
    monkeypatch.setattr(lock_owner, "_LOCKS", str(tmp_path / "missing"))
    close_stores()
    failing = pytest.raises(StoreBusyError, match="lsof")
    with file_store.write(), failing, file_store.write():
        pass


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="this system does not tell")
def test_a_writer_of_the_same_process_is_named_so(
    file_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.0)
    close_stores()
    failing = pytest.raises(StoreBusyError, match="this one, in another thread")
    with file_store.write(), failing, file_store.write():
        pass
