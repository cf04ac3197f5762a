"""A restore that is killed at any of its calls to the system leaves every store with its log."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from kolena_local.errors import KolenaError
from kolena_local.repository import close_stores, open_store
from kolena_local.repository.file.backups import back_up, restore
from tests.conftest import IS_LONG

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]


def killed(call: Callable[[], object], place: int) -> bool:
    """Run a call in a child that is killed at its n-th event; say whether there were so many."""
    pid = os.fork()
    if not pid:
        left = place

        def count(event: str, _: object) -> None:
            nonlocal left
            # What opens, renames, links, removes or asks for a file or a database.
            left -= event.startswith(("os.", "open", "sqlite3.", "shutil."))
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            sys.addaudithook(count)
            call()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


def workflows(path: Path) -> set[str]:
    try:
        with open_store(str(path), create=False).read() as unit:
            return {workflow.name for workflow in unit.workflows.list()}
    finally:
        close_stores()


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """Return a store whose last rows are in its log alone, as a killed process leaves it."""
    path = tmp_path / "left.db"
    with open_store(str(path)).write() as unit:
        unit.workflows.ensure("in the file")
    close_stores()
    with closing(sqlite3.connect(path)) as kept:
        kept.execute("SELECT count(*) FROM workflow").fetchone()
        with open_store(str(path)).write() as unit:
            unit.workflows.ensure("in the log")
        close_stores()
        for end in ("", "-wal"):
            shutil.copyfile(f"{path}{end}", tmp_path / f"work.db{end}")
    return tmp_path / "work.db"


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    path = tmp_path / "other.db"
    with open_store(str(path)).write() as unit:
        unit.workflows.ensure("restored")
    close_stores()
    return Path(back_up(str(path), str(tmp_path / "backup")))


def test_a_restore_killed_at_any_call_loses_no_row(left: Path, backup: Path) -> None:
    before = {end: left.with_name(f"work.db{end}").read_bytes() for end in ("", "-wal")}
    for place in range(1, 1000, 1 if IS_LONG else 17):
        for rest in left.parent.glob("work.db*"):
            rest.unlink()
        for end, content in before.items():
            left.with_name(f"work.db{end}").write_bytes(content)
        if not killed(lambda: restore(str(left), str(backup)), place):
            break
        found = [workflows(path) for path in [left, *left.parent.glob("*.old")] if path.exists()]
        assert {"in the file", "in the log"} in found, place
        assert found[0] in ({"in the file", "in the log"}, {"restored"}), place
    assert place > 20
    assert workflows(left) == {"restored"}


def test_a_store_that_cannot_be_read_is_never_without_its_log(left: Path, backup: Path) -> None:
    log = left.with_name("work.db-wal").read_bytes()
    content = b"\0" * 4096 + left.read_bytes()[4096:]
    content = b"SQLite format 3\0" + content[16:]
    for place in range(1, 1000, 1 if IS_LONG else 17):
        for rest in left.parent.glob("work.db*"):
            rest.unlink()
        left.write_bytes(content)
        left.with_name("work.db-wal").write_bytes(log)
        if not killed(lambda: restore(str(left), str(backup)), place):
            break
        names = [path for path in [left, *left.parent.glob("*.old")] if path.exists()]
        whole = [path for path in names if path.read_bytes() == content]
        assert whole, place
        for path in whole:
            assert path.with_name(f"{path.name}-wal").read_bytes() == log, (place, path)
        with suppress(KolenaError):
            # What has taken the place did not get the log of what was there.
            assert workflows(left) == {"restored"} or left in whole, place
    assert place > 20
    assert workflows(left) == {"restored"}
