"""Backups are whole and sound; restoring deletes nothing and refuses what is no store of ours."""

from __future__ import annotations

import errno
import os
import random
import re
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from kolena_local.errors import (
    InputValidationError,
    KolenaError,
    NotAStoreError,
    StoreBusyError,
    StoreDamagedError,
    StoreError,
    StoreFullError,
    StoreNewerError,
    StoreNotFoundError,
    StoreReadOnlyError,
)
from kolena_local.repository import Store, close_stores, open_store
from kolena_local.repository.file.backups import back_up, restore, verify
from tests.python_process import Python, run_python


def names(path: str | Path) -> list[str]:
    with open_store(str(path)).read() as unit:
        return [workflow.name for workflow in unit.workflows.list()]


def put(path: str | Path, *workflows: str) -> None:
    with open_store(str(path)).write() as unit:
        for name in workflows:
            unit.workflows.ensure(name)


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_backup_has_what_was_stored_and_is_private(file_store: Store, tmp_path: Path) -> None:
    put(file_store.location, "one")
    with file_store.write() as unit:  # a writer is at work, and its work is not in the backup
        unit.workflows.ensure("two")
        copy = back_up(file_store.location, str(tmp_path / "copy.db"))
    assert stat.S_IMODE(Path(copy).stat().st_mode) == 0o600
    assert names(copy) == ["one"]
    assert names(file_store.location) == ["one", "two"]


def test_a_backup_leaves_one_file(file_store: Store, tmp_path: Path) -> None:
    put(file_store.location, "one")
    before = files(tmp_path)
    copy = back_up(file_store.location)
    assert files(tmp_path) - before == {Path(copy).name}
    assert copy.startswith(file_store.location)
    with closing(sqlite3.connect(f"file:{copy}?mode=ro&immutable=1", uri=True)) as raw:
        assert raw.execute("SELECT name FROM workflow").fetchall() == [("one",)]


def test_a_backup_overwrites_nothing(file_store: Store, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("mine")
    for target in (taken, tmp_path, Path(file_store.location)):
        with pytest.raises(InputValidationError, match="exists already"):
            back_up(file_store.location, str(target))
    assert taken.read_text() == "mine"


def test_a_backup_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreNotFoundError):
        back_up(str(tmp_path / "missing.db"))
    with pytest.raises(InputValidationError, match="no file"):
        back_up(":memory:")
    assert files(tmp_path) == set()


def test_a_backup_without_a_place_leaves_nothing(file_store: Store, tmp_path: Path) -> None:
    target = str(tmp_path / "missing" / "copy.db")
    with pytest.raises(StoreNotFoundError, match=f"The copy {re.escape(target)} cannot be created"):
        back_up(file_store.location, target)


def test_a_backup_that_is_not_there_is_not_said_to_be_made_later(
    file_store: Store, tmp_path: Path
) -> None:
    missing = str(tmp_path / "nope.db")
    with pytest.raises(StoreNotFoundError) as raised:
        restore(file_store.location, missing)
    assert str(raised.value) == f"There is no backup at {missing}; give the path of one."


def test_a_backup_of_a_damaged_store_is_refused(file_store: Store, tmp_path: Path) -> None:
    put(file_store.location, "one")
    with closing(sqlite3.connect(file_store.location)) as raw:
        raw.execute("PRAGMA foreign_keys = OFF")
        raw.execute(
            "INSERT INTO model (workflow_id, name, created_at, updated_at)"
            " SELECT 99, 'm', created_at, created_at FROM workflow"
        )
        raw.commit()
    before = files(tmp_path)
    with pytest.raises(StoreDamagedError) as raised:
        back_up(file_store.location, str(tmp_path / "copy.db"))
    # Not the unfinished copy, which nobody has ever seen.
    assert str(raised.value).startswith(f"The store {file_store.location} is damaged (")
    assert files(tmp_path) <= before


def test_a_backup_of_a_store_with_a_torn_page_names_the_store(
    file_store: Store, tmp_path: Path
) -> None:
    put(file_store.location, "one")
    close_stores()
    content = Path(file_store.location).read_bytes()
    Path(file_store.location).write_bytes(content[:-4096] + b"\xff" * 4096)
    with pytest.raises(StoreDamagedError) as raised:
        back_up(file_store.location, str(tmp_path / "copy.db"))
    assert f"{file_store.location} " in str(raised.value)
    assert "draft" not in str(raised.value) and "copy.db" not in str(raised.value)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        (lambda good: b"no database" * 500, NotAStoreError),
        (lambda good: good[:100] + b"\xff" * 3996 + good[4096:], StoreDamagedError),
        (lambda good: good.replace(b"tableworkflow", b"table\xff\xffrkflow"), StoreDamagedError),
    ],
    ids=["no database", "no table", "names that are not UTF-8"],
)
def test_a_backup_of_what_sqlite_cannot_read_says_so(
    file_store: Store,
    tmp_path: Path,
    changed: Callable[[bytes], bytes],
    error: type[KolenaError],
) -> None:
    path = Path(file_store.location)
    put(path, "one")
    close_stores()
    path.write_bytes(changed(path.read_bytes()))
    before = files(tmp_path)
    with pytest.raises(error, match="store"):
        back_up(str(path))
    assert files(tmp_path) <= before


def test_restoring_sets_the_old_file_aside(file_store: Store) -> None:
    put(file_store.location, "one")
    copy = back_up(file_store.location)
    put(file_store.location, "two")
    close_stores()
    aside = restore(file_store.location, copy)
    assert aside is not None
    assert names(file_store.location) == ["one"]
    assert names(aside) == ["one", "two"]
    assert names(copy) == ["one"]


def test_restoring_where_nothing_was(file_store: Store, tmp_path: Path) -> None:
    put(file_store.location, "one")
    copy = back_up(file_store.location)
    new = tmp_path / "new.db"
    assert restore(str(new), copy) is None
    assert stat.S_IMODE(new.stat().st_mode) == 0o600
    assert names(new) == ["one"]


KILLED = """
import os, signal, sys
from kolena_local.repository import open_store
with open_store(sys.argv[1]).write() as unit:
    unit.workflows.ensure("lost")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_log_of_a_store_that_is_gone_does_not_get_into_the_restored_one(
    file_store: Store, tmp_path: Path
) -> None:
    put(file_store.location, "one")
    copy = back_up(file_store.location)
    new = tmp_path / "new.db"
    assert run_python(KILLED, new).returncode == -9
    new.unlink()
    with pytest.raises(InputValidationError, match="exists already"):
        back_up(file_store.location, str(new))
    assert restore(str(new), copy) is None
    assert names(new) == ["one"]
    assert len(list(tmp_path.glob("new.db.*.old-wal"))) == 1


HOLDER = """
import sys
from kolena_local.repository import open_store
store = open_store(sys.argv[1])
with store.read() as unit:
    print(len(unit.workflows.list()), flush=True)
    sys.stdin.readline()
"""


def test_a_store_that_is_in_use_is_not_replaced(file_store: Store, tmp_path: Path) -> None:
    put(file_store.location, "one")
    copy = back_up(file_store.location)
    close_stores()
    holder = Python(HOLDER, file_store.location)
    assert holder.stdout is not None
    holder.stdout.readline()
    with pytest.raises(StoreBusyError, match="in use by another process"):
        restore(file_store.location, copy)
    holder.communicate("\n")
    assert holder.returncode == 0
    put(file_store.location, "two")
    assert names(file_store.location) == ["one", "two"]
    assert not list(tmp_path.glob("*.draft")) + list(tmp_path.glob("*.old"))


def test_a_damaged_store_is_set_aside_with_its_log(file_store: Store, tmp_path: Path) -> None:
    put(file_store.location, "one")
    copy = back_up(file_store.location)
    close_stores()
    path = Path(file_store.location)
    noise = random.Random(0).randbytes(10_000)
    path.write_bytes(noise)
    Path(f"{path}-wal").write_bytes(b"a log")
    aside = restore(str(path), copy)
    assert aside is not None
    assert Path(aside).read_bytes() == noise
    assert Path(f"{aside}-wal").read_bytes() == b"a log"
    assert names(path) == ["one"]


def test_a_store_that_was_cut_is_set_aside(file_store: Store) -> None:
    put(file_store.location, "one")
    copy = back_up(file_store.location)
    close_stores()
    path = Path(file_store.location)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(StoreDamagedError, match="truncated"):
        open_store(str(path))
    aside = restore(str(path), copy)
    assert aside is not None
    assert Path(aside).stat().st_size % 4096 == 3996
    assert names(path) == ["one"]


def test_only_a_sound_store_is_restored(file_store: Store, tmp_path: Path) -> None:
    put(file_store.location, "one")
    foreign, newer, cut, text, older = (tmp_path / name for name in "fncto")
    with closing(sqlite3.connect(foreign)) as raw:
        raw.execute("CREATE TABLE mine (x)")
    for target, statement in ((newer, "PRAGMA user_version = 99"), (cut, "SELECT 1")):
        back_up(file_store.location, str(target))
        with closing(sqlite3.connect(target)) as raw:
            raw.execute(statement)
    cut.write_bytes(cut.read_bytes()[:-8192])
    text.write_text("this is no store " * 100)
    close_stores()
    before = Path(file_store.location).read_bytes()
    for source, error in (
        (foreign, NotAStoreError),
        (newer, StoreNewerError),
        (cut, StoreDamagedError),
        (text, NotAStoreError),
        (older, StoreNotFoundError),
        (tmp_path, NotAStoreError),
        (Path(file_store.location), InputValidationError),
    ):
        kept = source.read_bytes() if source.is_file() else b""
        with pytest.raises(error):
            restore(file_store.location, str(source))
        assert not source.is_file() or source.read_bytes() == kept
    assert Path(file_store.location).read_bytes() == before
    assert not list(tmp_path.glob("*.old"))


def test_a_foreign_file_is_not_set_aside(file_store: Store, tmp_path: Path) -> None:
    put(file_store.location, "one")
    copy = back_up(file_store.location)
    foreign = tmp_path / "foreign.db"
    with closing(sqlite3.connect(foreign)) as raw:
        raw.execute("CREATE TABLE mine (x)")
    with pytest.raises(NotAStoreError):
        restore(str(foreign), copy)
    verify(copy)


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (PermissionError(errno.EACCES, "Permission denied"), StoreReadOnlyError),
        (OSError(errno.ENOSPC, "No space left on device"), StoreFullError),
        (OSError(errno.EIO, "Input/output error"), StoreError),
    ],
)
def test_a_copy_that_fails_leaves_nothing(
    file_store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: OSError,
    meaning: type[KolenaError],
) -> None:
    put(file_store.location, "one")

    def fail(*_: object) -> None:
        raise error

    before = files(tmp_path)
    target = str(tmp_path / "copy.db")
    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", fail)
        with pytest.raises(meaning, match=f"The copy {re.escape(target)} cannot be created"):
            back_up(file_store.location, target)
    assert files(tmp_path) == before
