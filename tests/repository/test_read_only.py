"""A store that may only be read shows what is in it, also what its owner writes meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kolena_local.errors import StoreBusyError, StoreReadOnlyError
from kolena_local.repository import open_store
from tests.conftest import sampled
from tests.files import freeze
from tests.python_process import Python
from tests.repository.conftest import locked


@pytest.fixture
def locked_folder() -> Iterator[Path]:
    """Yield a folder of which an unprivileged user may change nothing."""
    with locked(0o555) as folder:
        yield folder


def test_an_older_store_that_cannot_be_written_says_what_to_do() -> None:
    released = Path(freeze.__file__).parent / "0.1.0" / freeze.STORE
    before = released.read_bytes()
    with locked(0o555, released) as folder:
        for _ in range(2):
            with pytest.raises(StoreReadOnlyError, match="writable once, or use a copy of it"):
                open_store(str(folder / "store.db"), create=False)
        assert (folder / "store.db").read_bytes() == before
        assert [one.name for one in folder.iterdir()] == ["store.db"]


# What the owner of a read-only file does, line by line; whoever is root has only stepped back.
OWNER = """
import os, sys
from pathlib import Path
if os.getuid() == 0:
    os.seteuid(0)
from kolena_local.repository import close_stores, open_store
path = Path(sys.argv[1])
for line in sys.stdin:
    folder_mode, file_mode = path.parent.stat().st_mode, path.stat().st_mode
    path.parent.chmod(0o777)
    path.chmod(0o644)
    with open_store(str(path)).write() as unit:
        workflow = unit.workflows.ensure("one")
        start = len(unit.models.list())
        for number in range(start, start + 100):
            unit.models.add(workflow.id, f"{'long ' * 100}{number}", {}, ())
    if line == "stay\\n":
        path.chmod(file_mode)
        print("written", flush=True)
        sys.stdin.readline()
    close_stores()
    path.chmod(file_mode)
    path.parent.chmod(folder_mode)
    print("closed", flush=True)
"""


class Owner:
    """The owner of a read-only file, in a process that may write to it."""

    def __init__(self, path: Path) -> None:
        self._process = Python(OWNER, path)

    def does(self, what: str, until: str) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == f"{until}\n"

    def write(self) -> None:
        self.does("write", until="closed")

    def end(self) -> None:
        self._process.communicate()
        assert self._process.returncode == 0


@contextmanager
def owner_of(path: Path) -> Iterator[Owner]:
    """Yield the owner of a read-only file; where root has stepped back, it is root."""
    unprivileged = os.geteuid()
    os.seteuid(os.getuid())
    try:
        owner = Owner(path)
    finally:
        os.seteuid(unprivileged)
    try:
        yield owner
    finally:
        owner.end()


needs_permissions = pytest.mark.skipif(
    not hasattr(os, "geteuid"), reason="this system has no such permissions"
)


@needs_permissions
@pytest.mark.parametrize("mode", sampled([0o777, 0o555]))
def test_a_read_only_store_shows_what_its_owner_writes_meanwhile(mode: int) -> None:
    with locked(mode) as folder, owner_of(folder / "store.db") as owner:
        store = open_store(str(folder / "store.db"))
        for expected in (0, 100, 200):
            with store.read() as unit:
                assert len(unit.models.list()) == expected
            # A log of ours would keep the owner out.
            assert [one.name for one in folder.iterdir()] == ["store.db"]
            owner.write()


@needs_permissions
def test_a_read_only_store_shows_what_its_owner_has_only_in_the_log() -> None:
    with locked(0o777) as folder, owner_of(folder / "store.db") as owner:
        store = open_store(str(folder / "store.db"))
        with store.read() as unit:
            assert unit.models.list() == []
        owner.does("stay", until="written")
        with store.read() as unit:
            assert len(unit.models.list()) == 100
        owner.does("", until="closed")
        with store.read() as unit:
            assert len(unit.models.list()) == 100


@needs_permissions
def test_a_read_only_store_that_changes_while_it_is_read_is_called_busy() -> None:
    with locked(0o777) as folder, owner_of(folder / "store.db") as owner:
        store = open_store(str(folder / "store.db"))
        with (
            pytest.raises(StoreBusyError, match="changed by another process"),
            store.read() as unit,
        ):
            unit.models.list()
            owner.write()
            unit.models.list()
        with pytest.raises(StoreBusyError), store.read() as unit:
            owner.write()
            raise ZeroDivisionError
        with store.read() as unit:
            assert len(unit.models.list()) == 200


@needs_permissions
def test_a_read_only_store_can_be_read(locked_folder: Path) -> None:
    store = open_store(str(locked_folder / "store.db"))
    with store.read() as unit:
        assert unit.workflows.list() == []
    with pytest.raises(StoreReadOnlyError, match="read-only"), store.write():
        pass
    with pytest.raises(StoreReadOnlyError, match="not writable"):
        open_store(str(locked_folder / "another.db"))
