"""A store and its first content appear together, or neither does."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import List

import pytest

from kolena_local.errors import InputValidationError, StoreNotFoundError
from kolena_local.repository import Unit, open_store
from kolena_local.repository.create_store import write_or_create


def names(path: Path) -> List[str]:
    with open_store(str(path)).read() as unit:
        return [workflow.name for workflow in unit.workflows.list()]


def test_the_new_store_is_whole_private_and_alone(store_path: Path) -> None:
    assert write_or_create(str(store_path), lambda unit: unit.workflows.ensure("w").name) == "w"
    assert [*store_path.parent.iterdir()] == [store_path]
    assert stat.S_IMODE(store_path.stat().st_mode) == 0o600
    assert store_path.stat().st_nlink == 1
    write_or_create(str(store_path), lambda unit: unit.workflows.ensure("v"))
    assert names(store_path) == ["w", "v"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError, InputValidationError])
def test_a_change_that_fails_leaves_nothing(
    store_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type
) -> None:
    home = tmp_path / "home" / "below"
    monkeypatch.setenv("KOLENA_LOCAL_HOME", str(home))

    def change(unit: Unit) -> None:
        unit.workflows.ensure("w")
        raise error

    for place in (str(store_path), None):
        with pytest.raises(error):
            write_or_create(place, change)
    assert [*store_path.parent.iterdir()] == []
    assert not home.parent.exists()
    home.mkdir(parents=True)
    with pytest.raises(error):
        write_or_create(None, change)
    assert [*home.iterdir()] == []


def test_a_store_that_another_process_makes_meanwhile_is_added_to(store_path: Path) -> None:
    calls: List[int] = []

    def change(unit: Unit) -> int:
        if not calls:
            with open_store(str(store_path)).write() as other:
                other.workflows.ensure("theirs")
        calls.append(len(calls))
        unit.workflows.ensure("ours")
        return calls[-1]

    assert write_or_create(str(store_path), change) == 1
    assert names(store_path) == ["theirs", "ours"]
    assert [*store_path.parent.glob("*.draft")] == []


def test_a_file_system_without_links_gets_its_store_in_place(
    store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    write_or_create(str(store_path), lambda unit: unit.workflows.ensure("w"))
    assert names(store_path) == ["w"]
    assert [*store_path.parent.glob("*.draft")] == []


def test_what_is_in_the_way_is_told_about_the_place_itself(tmp_path: Path) -> None:
    place = tmp_path / "nowhere" / "store.db"
    with pytest.raises(StoreNotFoundError, match=f"The folder {place.parent} does not exist"):
        write_or_create(str(place), lambda unit: unit.workflows.ensure("w"))


def test_a_store_in_memory_needs_no_file() -> None:
    assert write_or_create(":memory:", lambda unit: unit.workflows.ensure("w").name) == "w"
