"""Whatever lies at the path: a store is opened, a missing one made, all else left untouched."""

from __future__ import annotations

import os
import random
import sqlite3
import stat
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from kolena_local import location
from kolena_local.errors import (
    InputValidationError,
    NotAStoreError,
    StoreDamagedError,
    StoreError,
    StoreNewerError,
    StoreNotFoundError,
)
from kolena_local.repository import Store, close_stores, open_store
from kolena_local.repository.file import connection, migrations, opening
from kolena_local.repository.file.backups import verify
from tests.conftest import long_only
from tests.repository.conftest import locked


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def pragma(path: Path, name: str) -> object:
    with closing(sqlite3.connect(path)) as raw:
        return raw.execute(f"PRAGMA {name}").fetchone()[0]


def test_a_missing_store_is_made_private(store_path: Path) -> None:
    open_store(str(store_path))
    assert stat.S_IMODE(store_path.stat().st_mode) == 0o600
    assert pragma(store_path, "application_id") == migrations.APPLICATION_ID
    assert pragma(store_path, "user_version") == migrations.load()[-1].number
    assert pragma(store_path, "journal_mode") == "wal"


def test_the_default_folder_is_made_private() -> None:
    path = Path(open_store().location)
    assert path == Path(location.default_file()).resolve()
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_question_makes_nothing(store_path: Path) -> None:
    with pytest.raises(StoreNotFoundError, match="no store"):
        open_store(str(store_path), create=False)
    with pytest.raises(StoreNotFoundError, match="no store"):
        open_store(create=False)
    assert not store_path.exists()
    assert not Path(location.default_file()).parent.exists()


def test_the_same_location_is_the_same_store(store_path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    store = open_store(str(store_path))
    link.symlink_to(store_path)
    assert open_store(str(link)) is store
    assert open_store(":memory:") is open_store(":memory:")


def test_an_empty_file_becomes_a_store(store_path: Path) -> None:
    store_path.touch()
    with pytest.raises(StoreNotFoundError):
        open_store(str(store_path), create=False)
    with open_store(str(store_path)).write() as unit:
        unit.workflows.ensure("one")


def test_a_missing_folder_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreNotFoundError, match=r"folder .*missing does not exist"):
        open_store(str(tmp_path / "missing" / "store.db"))
    assert contents(tmp_path) == {}


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError):
        open_store(str(tmp_path / "file" / "store.db"))


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(NotAStoreError, match="folder"):
        open_store(str(tmp_path))


@pytest.mark.parametrize("create", [True, False])
def test_what_is_no_regular_file_is_no_store(tmp_path: Path, create: bool) -> None:
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path / "pipe", Path("/dev/null"), Path("/dev/zero")):
        with pytest.raises(NotAStoreError, match="is not a regular file"):
            open_store(str(place), create=create)


def test_a_name_that_is_too_long_makes_nothing(tmp_path: Path) -> None:
    for length in (250, 300):
        with pytest.raises(StoreError, match="File name too long"):
            open_store(str(tmp_path / ("x" * length)))
        assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("what", ["folder", "file"])
def test_a_store_that_may_not_be_read_is_not_called_missing(what: str) -> None:
    with locked(0o000 if what == "folder" else 0o755) as folder:
        path = folder / "store.db"
        if what == "file":
            if os.geteuid() != os.getuid():
                os.seteuid(os.getuid())
                path.chmod(0o000)
                os.seteuid(65534)
            else:
                path.chmod(0o000)
        for call in (lambda: open_store(str(path), create=False), lambda: verify(str(path))):
            with pytest.raises(StoreError, match=r"cannot be reached|permission to read") as raised:
                call()
            assert not isinstance(raised.value, StoreNotFoundError)


def test_the_folders_above_the_usual_store_are_private_whatever_the_umask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOLENA_LOCAL_HOME", str(tmp_path / "a" / "b"))
    before = os.umask(0)
    try:
        open_store()
    finally:
        os.umask(before)
    for folder in (tmp_path / "a", tmp_path / "a" / "b"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@long_only
@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 cannot set this limit")
def test_no_value_takes_all_memory(file_store: Store) -> None:
    with file_store.read() as unit, pytest.raises(InputValidationError, match="too big"):
        unit.query("SELECT zeroblob(200000000)", {})
    with pytest.raises(InputValidationError, match="larger than"), file_store.write() as unit:
        unit.workflows.ensure("x" * 2**27)


@pytest.mark.parametrize("application_id", [0, 1])
@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_another_database_is_left_untouched(
    tmp_path: Path, store_path: Path, application_id: int, mode: str
) -> None:
    with closing(sqlite3.connect(store_path)) as other:
        other.execute(f"PRAGMA journal_mode = {mode}")
        other.execute(f"PRAGMA application_id = {application_id}")
        other.execute("CREATE TABLE theirs (a)")
        other.commit()
    before = contents(tmp_path)
    for create in (True, False):
        with pytest.raises(NotAStoreError, match="another program"):
            open_store(str(store_path), create=create)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("size", [1, 15, 100, 5000])
def test_random_bytes_are_left_untouched(tmp_path: Path, store_path: Path, size: int) -> None:
    store_path.write_bytes(random.Random(size).randbytes(size))
    before = contents(tmp_path)
    with pytest.raises((NotAStoreError, StoreDamagedError)):
        open_store(str(store_path))
    assert contents(tmp_path) == before


def test_a_damaged_store_says_so(file_store: Store) -> None:
    path = Path(file_store.location)
    with file_store.write() as unit:
        workflow = unit.workflows.ensure("one")
        for number in range(200):
            unit.models.add(workflow.id, f"model {number}", {}, ())
    close_stores()
    content = bytearray(path.read_bytes())
    content[4096:] = random.Random(0).randbytes(len(content) - 4096)
    path.write_bytes(content)
    with (
        pytest.raises(StoreDamagedError, match="recover"),
        open_store(str(path)).read() as unit,
    ):
        unit.models.list()


def test_a_newer_store_is_refused_and_left_untouched(tmp_path: Path, file_store: Store) -> None:
    close_stores()
    path = Path(file_store.location)
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA user_version = 9999")
    before = path.read_bytes()
    with pytest.raises(StoreNewerError, match="pip install --upgrade kolena-local"):
        open_store(str(path))
    assert path.read_bytes() == before


def test_the_mark_of_a_store_without_its_tables(store_path: Path) -> None:
    with closing(sqlite3.connect(store_path)) as raw:
        raw.execute(f"PRAGMA application_id = {migrations.APPLICATION_ID}")
    with pytest.raises(NotAStoreError, match="no version"):
        open_store(str(store_path))


def test_an_older_store_is_copied_and_brought_up_to_date(
    tmp_path: Path, file_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with file_store.write() as unit:
        unit.workflows.ensure("one")
    close_stores()
    steps = migrations.load()
    added = migrations.Migration(steps[-1].number + 1, "CREATE TABLE added (a TEXT) STRICT;\n")
    monkeypatch.setattr(migrations, "load", lambda: [*steps, added])
    with open_store(file_store.location).read() as unit:
        assert [workflow.name for workflow in unit.workflows.list()] == ["one"]
    assert pragma(Path(file_store.location), "user_version") == added.number
    (copy,) = tmp_path.glob("*.bak")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert pragma(copy, "user_version") == steps[-1].number
    monkeypatch.undo()
    monkeypatch.setattr(migrations, "load", lambda: steps)
    with open_store(str(copy)).read() as unit:
        assert [workflow.name for workflow in unit.workflows.list()] == ["one"]


def test_a_migration_that_fails_changes_nothing(
    file_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    close_stores()
    steps = migrations.load()
    broken = migrations.Migration(
        steps[-1].number + 1, "CREATE TABLE added (a TEXT) STRICT;\nCREATE TABLE model (a TEXT);\n"
    )
    with monkeypatch.context() as patched:
        patched.setattr(migrations, "load", lambda: [*steps, broken])
        with pytest.raises(StoreError, match="model already exists"):
            open_store(file_store.location)
    assert pragma(Path(file_store.location), "user_version") == steps[-1].number
    with open_store(file_store.location).write() as unit:
        unit.workflows.ensure("one")


def test_an_old_sqlite_is_refused(store_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 0))
    with pytest.raises(StoreError, match=r"3\.37"):
        open_store(str(store_path))
    assert not store_path.exists()


def test_full_synchronisation_on_demand(store_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_store(str(store_path))
    for value, level in (("", 1), ("full", 2), ("NORMAL", 1)):
        monkeypatch.setenv("KOLENA_LOCAL_SYNCHRONOUS", value)
        with closing(connection.connect(str(store_path))) as raw:
            assert raw.execute("PRAGMA synchronous").fetchone() == (level,)
    monkeypatch.setenv("KOLENA_LOCAL_SYNCHRONOUS", "OFF")
    with pytest.raises(InputValidationError, match="NORMAL or FULL"):
        connection.connect(str(store_path))


@long_only
def test_a_store_that_another_process_makes_at_this_moment_is_not_foreign(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    path.touch()
    maker = threading.Thread(target=lambda: open_store(str(path)))

    class Overtaken(sqlite3.Connection):
        def execute(self, question: str, *parameters: Any) -> sqlite3.Cursor:
            if question == "PRAGMA application_id" and not maker.ident:
                maker.start()
                maker.join(0.3)  # it can end only if nothing is being read
            return super().execute(question, *parameters)

    known = migrations.load()
    with closing(sqlite3.connect(path, factory=Overtaken, isolation_level=None)) as raw:
        assert opening.missing_steps(raw, str(path), known) == list(known)
        maker.join()
        assert opening.missing_steps(raw, str(path), known) == []
