"""What lies beside a store under its name makes SQLite touch nothing but the store."""

from __future__ import annotations

import os
import signal
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from kolena_local.errors import StoreDamagedError
from kolena_local.repository import close_stores, open_store
from kolena_local.repository.file.backups import back_up, restore
from kolena_local.repository.health.checks import check
from kolena_local.repository.health.store_info import store_info

MAGIC = bytes.fromhex("d9d505f920a163d7")
PAGE = 4096


@pytest.fixture
def path(store_path: Path) -> Path:
    """Return a store that holds one workflow, in the mode without a log."""
    with open_store(str(store_path)).write() as unit:
        unit.workflows.ensure("one")
    close_stores()
    with closing(sqlite3.connect(store_path)) as raw:
        raw.execute("PRAGMA journal_mode = DELETE")
    return store_path


def journal(path: Path, *, super_journal: Path | None = None, pages: int | None = None) -> bytes:
    """Return a rollback journal that puts the first page back as it is."""
    content, nonce = path.read_bytes(), 12345
    if pages is None:
        pages = len(content) // PAGE
    page = content[:PAGE]
    checksum = (nonce + sum(page[place] for place in range(PAGE - 200, 0, -200))) % 2**32
    head = MAGIC + struct.pack(">5I", 1, nonce, pages, 512, PAGE)
    text = head.ljust(512, b"\0") + struct.pack(">I", 1) + page + struct.pack(">I", checksum)
    if super_journal is not None:
        name = os.fsencode(super_journal)
        signed = sum(byte if byte < 128 else byte - 256 for byte in name) % 2**32
        text += struct.pack(">I", 2**30 // PAGE + 1) + name
        text += struct.pack(">II", len(name), signed) + MAGIC
    return text


def use(path: Path) -> None:
    with open_store(str(path)).read() as unit:
        unit.workflows.list()


CALLS: list[Callable[[Path], object]] = [
    use,
    lambda path: check(str(path)),
    lambda path: store_info(str(path)),
    lambda path: back_up(str(path)),
    lambda path: restore(str(path.with_name("mine.db")), str(path)),
]


@pytest.mark.parametrize("call", CALLS, ids=["open", "check", "facts", "back up", "restore"])
@pytest.mark.parametrize("begun", [True, False])
def test_a_journal_that_names_another_file_does_not_delete_it(
    path: Path, tmp_path: Path, call: Callable[[Path], object], begun: bool
) -> None:
    thesis = tmp_path / "thesis.txt"
    thesis.write_text("my thesis")
    text = journal(path, super_journal=thesis)
    Path(f"{path}-journal").write_bytes(text if begun else bytes(28) + text[28:])
    before = path.read_bytes()
    with pytest.raises(StoreDamagedError, match="-journal is not a journal that SQLite wrote"):
        call(path)
    assert thesis.read_text() == "my thesis"
    assert path.read_bytes() == before
    assert sorted(other.name for other in tmp_path.iterdir()) == [
        path.name,
        f"{path.name}-journal",
        "thesis.txt",
    ]


def test_a_journal_that_would_make_the_store_huge_is_refused(path: Path) -> None:
    Path(f"{path}-journal").write_bytes(journal(path, pages=2**31))
    with pytest.raises(StoreDamagedError):
        use(path)


def test_notes_under_the_name_of_a_journal_are_not_deleted(path: Path) -> None:
    notes = Path(f"{path}-journal")
    notes.write_text("notes")
    with pytest.raises(StoreDamagedError, match="move that file"):
        use(path)
    assert notes.read_text() == "notes"


@pytest.mark.parametrize("side", ["-wal", "-shm", "-journal"])
@pytest.mark.parametrize("make", [os.symlink, os.link, None], ids=["symbolic", "hard", "pipe"])
def test_what_a_side_file_links_to_is_not_written(
    path: Path, tmp_path: Path, side: str, make: Callable[[Path, str], None] | None
) -> None:
    thesis = tmp_path / "thesis.txt"
    thesis.write_text("my thesis" * 1000)
    if make is None:
        os.mkfifo(f"{path}{side}")
    else:
        make(thesis, f"{path}{side}")
    with pytest.raises(StoreDamagedError, match=f"{side} is a link or not a regular file"):
        use(path)
    assert thesis.read_text() == "my thesis" * 1000


def test_a_store_is_restored_over_one_that_has_such_a_file(path: Path, tmp_path: Path) -> None:
    backup = back_up(str(path))
    thesis = tmp_path / "thesis.txt"
    thesis.write_text("my thesis")
    Path(f"{path}-journal").write_bytes(journal(path, super_journal=thesis))
    aside = restore(str(path), backup)
    assert Path(f"{aside}-journal").exists()
    assert thesis.read_text() == "my thesis"
    use(path)


CRASH = """
import os, signal, sqlite3, sys
path, statement = sys.argv[1:]
connection = sqlite3.connect(path, isolation_level=None)
connection.execute("PRAGMA cache_size = 5")
connection.execute("BEGIN IMMEDIATE")
connection.execute(statement)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_transaction_that_a_crash_cut_off_is_rolled_back(path: Path) -> None:
    statement = "CREATE TABLE filler AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1"
    statement += " FROM n LIMIT 50000) SELECT i, randomblob(100) FROM n"
    ended = subprocess.run([sys.executable, "-c", CRASH, str(path), statement])
    assert ended.returncode == -signal.SIGKILL
    assert Path(f"{path}-journal").read_bytes().startswith(MAGIC)
    with open_store(str(path)).read() as unit:
        assert [found.name for found in unit.workflows.list()] == ["one"]
    assert not Path(f"{path}-journal").exists()


def test_a_store_whose_making_was_cut_off_is_made(path: Path) -> None:
    Path(f"{path}-journal").write_bytes(journal(path, pages=0)[:512])
    path.write_bytes(path.read_bytes()[: 3 * PAGE])
    with open_store(str(path)).read() as unit:
        assert unit.workflows.list() == []
    assert not Path(f"{path}-journal").exists()


def test_a_copy_follows_no_link_that_waits_for_it(path: Path, tmp_path: Path) -> None:
    thesis = tmp_path / "thesis.txt"
    thesis.write_text("my thesis")
    target = tmp_path / "b.bak"
    for rest in (f"{os.getpid()}.draft", f"{os.getpid()}.draft.{os.getpid()}.part"):
        Path(f"{target}.{rest}").symlink_to(thesis)
    waiting = {other.name for other in tmp_path.iterdir()}
    made: list[tuple[str, int]] = []

    def note(event: str, arguments: tuple[object, ...]) -> None:
        if event == "os.rename" and arguments[1] == str(target):
            made.append((str(arguments[0]), Path(str(arguments[0])).stat().st_mode & 0o777))

    sys.addaudithook(note)
    for _ in range(2):
        assert back_up(str(path), str(target)) == str(target)
        target.unlink()
    assert thesis.read_text() == "my thesis"
    assert {other.name for other in tmp_path.iterdir()} == waiting
    (first, mode), (second, _) = made
    assert first != second
    assert mode == 0o600
