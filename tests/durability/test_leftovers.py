"""What a killed process leaves beside a store is named by a check and removed where it is safe."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from kolena_local.repository import close_stores, open_store
from kolena_local.repository.create_store import write_or_create
from kolena_local.repository.file.backups import back_up, restore
from kolena_local.repository.health.checks import check
from kolena_local.repository.health.leftovers import RULE
from kolena_local.repository.health.repairs import repair
from tests.conftest import IS_LONG, IS_RANDOM, sampled
from tests.durability.test_killed_restore import killed, workflows

LONG_AGO = 1_000_000_000
MOMENT = "20260101T000000.{}Z"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "store.db"
    with open_store(str(path)).write() as unit:
        unit.workflows.ensure("one")
    close_stores()
    return path


def beside(path: Path) -> set[str]:
    return {place.name for place in path.parent.iterdir() if place.name != path.name}


def named(path: Path) -> dict[str, bool]:
    """Return what a check calls left over, and whether it may be removed."""
    texts = [(one.text, one.fixable) for one in check(str(path)) if one.rule == RULE]
    return {Path(text.split(" ")[0]).name: fixable for text, fixable in texts}


def age(path: Path) -> None:
    for place in path.parent.iterdir():
        os.utime(place, (LONG_AGO, LONG_AGO))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize(
    "what", sampled(["backup beside", "backup under a name", "restore", "found"], 4)
)
def test_what_a_kill_leaves_is_named_and_removed(path: Path, tmp_path: Path, what: str) -> None:
    source = tmp_path / "elsewhere" / "source"
    source.parent.mkdir()
    shutil.copyfile(path, source)
    calls = {
        "backup beside": lambda: back_up(str(path)),
        "backup under a name": lambda: back_up(str(path), str(tmp_path / "kept.bak")),
        "restore": lambda: restore(str(path), str(source)),
        "found": lambda: write_or_create(str(path), lambda unit: unit.workflows.ensure("one")),
    }
    seen: set[str] = set()
    start = random.randrange(3) if IS_RANDOM else 0
    for place in range(1 + start, 1000, 3 if IS_LONG else 11):
        if what == "found":
            path.unlink()
        done = not killed(calls[what], place)
        shutil.copyfile(source, path)
        path.chmod(0o600)
        whole = {name for name in beside(path) if name.endswith((".old", ".bak"))}
        left = {name for name in beside(path) if ".draft" in name or ".part" in name}
        assert named(path) == dict.fromkeys(left, False), place
        age(path)
        seen |= {name.rpartition(".")[2].partition("-")[0] for name in left}
        assert named(path) == dict.fromkeys(left, True), place
        assert (repair(str(path))[0], workflows(path)) == (None, {"one"})
        assert beside(path) - {"elsewhere"} == whole, place
        for name in whole:
            path.with_name(name).unlink()
        if done:
            break
    assert seen == ({"draft"} if what == "found" else {"draft", "part"})


def test_only_what_is_ours_is_called_left_over(path: Path) -> None:
    names = ["thesis.2024.draft", "store.db.draft", "store.db.part", "store.db.my copy.part"]
    for name in names:
        path.with_name(name).write_text("somebody's text")
    path.with_name("store.db.4711.part").symlink_to(path)
    path.with_name("other.4711.draft").mkdir()
    age(path)
    before = beside(path)
    assert named(path) == {}
    assert repair(str(path)) == (None, [])
    assert before <= beside(path)


def test_of_equal_backups_of_one_upgrade_the_newest_is_kept(path: Path) -> None:
    contents = [(1, b"b"), (1, b"a"), (1, b"a"), (1, b"a"), (2, b"a")]
    names = [f"store.db.{MOMENT.format(f'{n:06}')}.v{v}.bak" for n, (v, _) in enumerate(contents)]
    for name, (_, content) in zip(names, contents, strict=True):
        path.with_name(name).write_bytes(content)
    assert named(path) == {names[1]: True, names[2]: True}
    repair(str(path))
    assert beside(path) == {names[0], *names[3:]}
