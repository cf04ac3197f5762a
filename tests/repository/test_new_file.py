"""A new store is a copy of one that the migrations built, and appears whole or not at all."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from kolena_local.repository import close_store, open_store

PRAGMAS = (
    "application_id",
    "user_version",
    "journal_mode",
    "page_size",
    "page_count",
    "freelist_count",
    "encoding",
    "auto_vacuum",
    "integrity_check",
)


def everything(path: Path) -> list[object]:
    close_store(str(path))
    with closing(sqlite3.connect(path)) as raw:
        pragmas = [raw.execute(f"PRAGMA {name}").fetchone() for name in PRAGMAS]
        schema = raw.execute("SELECT * FROM sqlite_master ORDER BY rowid").fetchall()
        return [*pragmas, *schema, *raw.iterdump(), path.stat().st_mode, path.stat().st_nlink]


def test_a_copy_equals_what_the_migrations_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise OSError(1, "Operation not permitted")

    first, second, built = (tmp_path / f"{name}.db" for name in ("first", "second", "built"))
    open_store(str(first))
    with open_store(str(first)).write() as unit:
        unit.workflows.ensure("not in the next one")
    open_store(str(second))
    # On a file system without hard links, a store is built where it is.
    monkeypatch.setattr(os, "link", refuse)
    open_store(str(built))
    assert everything(second) == everything(built)
    close_store(str(first))
    assert {*tmp_path.iterdir()} == {first, second, built}


def test_a_store_that_another_process_has_just_made_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs, path = tmp_path / "theirs.db", tmp_path / "new.db"
    with open_store(str(theirs)).write() as unit:
        unit.workflows.ensure("theirs")
    close_store(str(theirs))
    link = os.link

    def overtaken(draft: str, place: str) -> None:
        shutil.copy(theirs, place)
        link(draft, place)

    monkeypatch.setattr(os, "link", overtaken)
    with open_store(str(path)).read() as unit:
        assert [workflow.name for workflow in unit.workflows.list()] == ["theirs"]
    close_store(str(path))
    assert {*tmp_path.iterdir()} == {theirs, path}


def test_a_store_that_cannot_be_written_completely_is_not_there(
    store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(file: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(KeyboardInterrupt):
        open_store(str(store_path))
    assert [*store_path.parent.iterdir()] == []
