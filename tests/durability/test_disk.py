"""A disk that is full, a file that is cut, gone or never was a store: our errors, nothing lost."""

from __future__ import annotations

import os
import random
import resource
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import kolena_local
from kolena_local.cli import main
from kolena_local.errors import (
    NotAStoreError,
    StoreDamagedError,
    StoreFullError,
    StoreNotFoundError,
    StoreReadOnlyError,
)
from kolena_local.repository import close_stores, open_store
from kolena_local.repository.file.backups import back_up
from kolena_local.repository.health.checks import check
from kolena_local.repository.health.store_info import store_info
from kolena_local.workflow import test
from tests.cli.conftest import separating_runner
from tests.conftest import IS_LONG
from tests.durability.dump import dump, is_sound
from tests.files.make import AnimalCase, AnimalModel, AnimalSuite, Judge, animals, guess


def add(start: int, stop: int) -> None:
    AnimalCase(f"{start} to {stop}", test_samples=animals(start, stop))


def test_a_file_that_may_not_grow_keeps_what_it_has(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, room = sqlite3.connect, [0]

    def connect(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection = real(*arguments, **options)
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + room[0]}")
        return connection

    monkeypatch.setattr(sqlite3, "connect", connect)
    before = dump(filled)
    refused = 0
    with kolena_local.session(db=filled):
        for room[0] in range(0, 100, 1 if IS_LONG else 4):
            close_stores()
            try:
                add(100, 400)
            except StoreFullError:
                refused += 1
                assert dump(filled) == before
                assert AnimalModel.load("first").metadata["seed"] == 1
            else:
                break
        assert refused > 3
        assert len(AnimalCase.load("100 to 400").load_test_samples()) == 300
    assert is_sound(filled)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return the folder of a disk of 340 kB; where none can be mounted the test is skipped."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=340k", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("a small disk can be mounted by root only")
    yield folder
    close_stores()
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_keeps_every_acknowledged_row(small_disk: Path) -> None:
    path, stored = small_disk / "store.db", 0
    with kolena_local.session(db=path):
        with pytest.raises(StoreFullError, match="no room left"):
            for start in range(0, 100_000, 10):
                add(start, start + 10)
                stored += 10
        for start in range(0, stored, 10):
            assert len(AnimalCase.load(f"{start} to {start + 10}").load_test_samples()) == 10
        assert is_sound(path)
        subprocess.run(["mount", "-o", "remount,size=2m", str(small_disk)], check=True)
        add(stored, stored + 10)
    with open_store(str(path)).read() as unit:
        assert [case.sample_count for case in unit.test_cases.list()] == [10] * (stored // 10 + 1)


def test_a_disk_without_room_for_a_store_gets_one_later(small_disk: Path) -> None:
    rest = small_disk / "rest"
    rest.write_bytes(bytes(330_000))
    path = small_disk / "store.db"
    with pytest.raises(StoreFullError):
        open_store(str(path))
    rest.unlink()
    with kolena_local.session(db=path):
        add(0, 3)
    assert is_sound(path)


@pytest.mark.parametrize("room", [0, 28, 40])
def test_a_store_on_a_full_disk_can_be_read_and_copied_to_another(
    small_disk: Path, filled: Path, tmp_path: Path, room: int
) -> None:
    path, rest = small_disk / "store.db", small_disk / "rest"
    shutil.copy(filled, path)
    free = shutil.disk_usage(small_disk).free
    rest.write_bytes(bytes(free - room * 1024))
    with kolena_local.session(db=path):
        assert AnimalModel.load("first").metadata["seed"] == 1
        assert len(AnimalCase.load("day").load_test_samples()) == 12
        assert [found.severity for found in check(str(path))].count("error") == 0
        assert store_info(str(path)).counts["model"] == 4
        assert is_sound(Path(back_up(str(path), str(tmp_path / "copy.db"))))
        with pytest.raises(StoreFullError, match="no room left"):
            back_up(str(path))
        with pytest.raises(StoreFullError, match="no room left"):
            add(100, 400)
        rest.unlink()
        AnimalModel("new")
    close_stores()
    assert [*small_disk.iterdir()] == [path]


def test_a_first_command_on_a_full_disk_leaves_nothing(small_disk: Path) -> None:
    rest = small_disk / "rest"
    rest.write_bytes(bytes(330_000))
    arguments = ["models", "create", "new", "--workflow", "one", "--db", f"{small_disk}/store.db"]
    result = separating_runner().invoke(main, arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no room left" in result.stderr
    assert [*small_disk.iterdir()] == [rest]


def test_a_quota_that_is_used_up_is_no_damage(filled: Path) -> None:
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    with kolena_local.session(db=filled):
        AnimalModel.load("first")
        resource.setrlimit(resource.RLIMIT_FSIZE, (filled.stat().st_size, limit[1]))
        try:
            with pytest.raises(StoreFullError, match="no room left"):
                add(100, 4000)
            assert AnimalModel.load("first").metadata["seed"] == 1
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        add(100, 400)
    assert is_sound(filled)


def test_a_folder_that_vanishes_is_missed(filled: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    shutil.move(filled, folder / "store.db")
    with kolena_local.session(db=folder / "store.db"):
        model = AnimalModel("one", infer=guess)
        suite = AnimalSuite.load("animals")
        shutil.rmtree(folder)
        for call in (
            lambda: test(model, suite, Judge()),
            lambda: add(0, 3),
            lambda: AnimalModel.load("one"),
        ):
            with pytest.raises(StoreNotFoundError):
                call()
    assert not folder.exists()


def test_a_test_whose_folder_vanishes_meanwhile_fails_by_our_error(
    filled: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    shutil.move(filled, folder / "store.db")

    def infer(sample: Any) -> Any:
        shutil.rmtree(folder, ignore_errors=True)
        return guess(sample)

    with kolena_local.session(db=folder / "store.db"), pytest.raises(StoreNotFoundError):
        test(AnimalModel("one", infer=infer), AnimalSuite.load("animals"))
    assert not folder.exists()


def use_everything(path: Path) -> None:
    with kolena_local.session(db=path):
        AnimalModel("one", infer=guess)
        add(100, 130)
        suite = AnimalSuite.load("animals")
        test(AnimalModel("one", infer=guess), suite, Judge())
        AnimalModel("one").load_inferences(suite.test_cases[0])


@pytest.mark.parametrize("share", [0.0001, 0.002, 0.01, 0.1, 0.5, 0.9, 0.99, 0.99999])
def test_a_truncated_file_gives_our_errors(filled: Path, share: float) -> None:
    content = filled.read_bytes()
    filled.write_bytes(content[: int(len(content) * share)])
    with pytest.raises((StoreDamagedError, NotAStoreError)):
        use_everything(filled)


def test_random_bytes_are_no_store_and_stay(tmp_path: Path) -> None:
    chance = random.Random(0)
    for size in (1, 15, 100, 511, 512, 4096, 100_000):
        path = tmp_path / str(size)
        content = chance.randbytes(size)
        path.write_bytes(content)
        with pytest.raises(NotAStoreError):
            use_everything(path)
        assert path.read_bytes() == content
        assert [other.name for other in tmp_path.iterdir() if "-" in other.name] == []


def test_a_folder_in_the_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(NotAStoreError, match="is a folder"):
        use_everything(tmp_path)
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_is_read_only_is_read_and_not_written(filled: Path, what: str) -> None:
    with closing(sqlite3.connect(filled)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    close_stores()
    before = filled.read_bytes()
    for parent in filled.parents[:-1]:
        if parent.stat().st_uid == os.geteuid() and parent != Path("/tmp"):
            parent.chmod(parent.stat().st_mode | 0o755)
    filled.chmod(0o444 if what == "file" else 0o666)
    filled.parent.chmod(0o555 if what == "folder" else 0o777)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        with kolena_local.session(db=filled):
            assert AnimalModel.load("first").metadata["seed"] == 1
            assert len(AnimalCase.load("day").load_test_samples()) == 12
            for call in (lambda: AnimalModel("new"), lambda: add(0, 1)):
                with pytest.raises(StoreReadOnlyError, match="read-only"):
                    call()
        close_stores()
    finally:
        if root:
            os.seteuid(0)
        filled.parent.chmod(0o755)
    assert filled.read_bytes() == before
