"""A file from an older version opens with all that is in it, or stays exactly as it was.

A made-up migration after the last one stands for those to come.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from importlib.resources import files
from pathlib import Path

import pytest

import kolena_local
from kolena_local.comparison import compare
from kolena_local.errors import IncorrectUsageError, StoreError
from kolena_local.repository import close_stores, open_store
from kolena_local.repository.file import migrations
from kolena_local.repository.health.checks import check
from kolena_local.workflow import TestRun, test
from tests.conftest import long_only, sampled
from tests.durability import concurrent
from tests.durability.dump import dump, is_sound
from tests.files import freeze
from tests.files.make import (
    AnimalCase,
    AnimalModel,
    AnimalSuite,
    Judge,
    Strictness,
    animals,
    guess,
)
from tests.python_process import Python

FILES = Path(freeze.__file__).parent
RELEASES = sorted(folder.name for folder in FILES.iterdir() if (folder / freeze.STORE).exists())

# Additions, a table that is built anew, and changed rows.
NEXT = """\
ALTER TABLE model ADD COLUMN licence TEXT;
CREATE TABLE added (id INTEGER NOT NULL PRIMARY KEY, text TEXT NOT NULL) STRICT;
INSERT INTO added (text) SELECT name FROM model;
CREATE TABLE rebuilt (model_id INTEGER NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (model_id, tag),
    FOREIGN KEY (model_id) REFERENCES model (id) ON DELETE CASCADE) STRICT, WITHOUT ROWID;
INSERT INTO rebuilt SELECT model_id, tag FROM model_tag;
DROP VIEW IF EXISTS v_model;
DROP TABLE model_tag;
ALTER TABLE rebuilt RENAME TO model_tag;
UPDATE model SET licence = 'unknown';
"""


@pytest.fixture(params=RELEASES)
def released(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a copy of the store that a released version left behind."""
    path = tmp_path / "released.db"
    shutil.copy(FILES / request.param / freeze.STORE, path)
    return path


@pytest.fixture
def following(monkeypatch: pytest.MonkeyPatch) -> migrations.Migration:
    """Add the made-up migration to this process."""
    return use(monkeypatch, NEXT)


def use(monkeypatch: pytest.MonkeyPatch, sql: str) -> migrations.Migration:
    known = migrations.load()
    step = migrations.Migration(known[-1].number + 1, sql)
    monkeypatch.setattr(migrations, "load", lambda: (*known, step))
    return step


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as raw:
        (found,) = raw.execute("PRAGMA user_version").fetchone()
    return int(found)


def backups(path: Path) -> list[Path]:
    return sorted(path.parent.glob("*.bak"))


def take_new_work(path: Path) -> None:
    with kolena_local.session(db=path):
        with AnimalCase.load("day").edit() as editor:
            editor.add(*animals(30, 31)[0])
        suite = AnimalSuite("new", test_cases=[AnimalCase.load("day")])
        test(AnimalModel("new", infer=guess), suite, Judge())
        assert len(AnimalModel.load("new").load_inferences(suite.test_cases[0])) == 13
    close_stores()


@pytest.mark.parametrize("release", RELEASES)
def test_a_released_migration_is_what_it_was(release: str) -> None:
    for name, digest in json.loads((FILES / release / freeze.DIGESTS).read_text()).items():
        content = (files(migrations.__name__) / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest, (
            f"{name} is part of {release}: add a migration instead of changing it"
            " (until that version is out, run: python tests/files/freeze.py)"
        )


def test_every_version_so_far_left_a_store() -> None:
    assert kolena_local.__version__ in RELEASES


def test_a_released_store_opens_with_every_row_and_takes_new_work(released: Path) -> None:
    before = dump(released)
    with open_store(str(released), create=False).read() as unit:
        ((shown,),) = unit.query("SELECT count(*) FROM v_plot", {}).rows
    close_stores()
    assert shown == len(before["plot"][1]) > 0
    assert dump(released, like=before) == before
    take_new_work(released)
    assert not [finding for finding in check(str(released)) if finding.severity == "error"]


def test_a_migration_keeps_every_row_after_one_backup(
    released: Path, following: migrations.Migration
) -> None:
    before = dump(released)
    old = version(released)
    open_store(str(released), create=False)
    close_stores()
    assert version(released) == following.number
    assert dump(released, like=before) == before
    (copy,) = backups(released)
    assert copy.name.endswith(f".v{old}.bak")
    assert (dump(copy), version(copy)) == (before, old)
    take_new_work(released)
    assert is_sound(released)
    assert backups(released) == [copy]


def test_a_store_of_the_first_schema_gets_a_number_for_each_row_and_shows_its_results(
    tmp_path: Path,
) -> None:
    path = tmp_path / "first.db"
    shutil.copy(FILES / "0.1.0" / freeze.STORE, path)
    before = dump(path)
    assert version(path) == 1
    with kolena_local.session(db=path):
        whole = AnimalSuite.load("animals", 1)
        models = [AnimalModel.load(name) for name in ("first", "second")]
        assert [len(one.load_inferences(whole.test_cases[0])) for one in models] == [12, 12]
        assert [len(case.load_test_samples()) for case in whole.test_cases] == [12, 12]
        results = whole.results_dataframe(models)
        assert set(results["configuration"]) == {"threshold 0.5", "threshold 0.9"}
        assert set(results["metric"]) == {"accuracy", "not_a_number", "mean"}
        with open_store().read() as unit:
            runs = unit.test_runs.list()
            shown = [len(unit.test_runs.case_metrics(run.id)) for run in runs]
    close_stores()
    latest = migrations.load()[-1].number
    assert (version(path), dump(path, like=before)) == (latest, before)
    assert ([run.status for run in runs], shown) == (
        ["crashed", "completed", "completed", "completed"],
        [0, 0, 4, 4],
    )
    after = dump(path)
    found = [
        row[after[table][0].index("uid")]
        for table in ("model", "test_case_version", "test_suite_version", "test_run")
        for row in after[table][1]
    ]
    assert len(set(found) - {0}) == len(found) > 15


@pytest.mark.parametrize("schema", ["0.1.0", "0.1.0-schema-2"])
def test_results_of_earlier_schemas_are_of_unknown_age_until_computed_again(
    tmp_path: Path, schema: str
) -> None:
    path = tmp_path / "earlier.db"
    shutil.copy(FILES / schema / freeze.STORE, path)
    with kolena_local.session(db=path):
        whole = AnimalSuite.load("animals", 1)
        names, chosen = ("first", "second"), {"configuration": "threshold 0.5"}
        assert whole.results_dataframe(names)["is_stale"].isna().all()
        with pytest.raises(IncorrectUsageError, match="of unknown age: they were stored by a ver"):
            compare(*names, whole, **chosen)
        for name in names:
            TestRun(AnimalModel.load(name), whole, Judge([Strictness(0.5)])).evaluate()
        compare(*names, whole, **chosen)
        with open_store().read() as unit:
            assert [run.is_stale for run in unit.test_runs.list(superseded=True)][-1] is None
    close_stores()
    assert is_sound(path)


@pytest.mark.parametrize("place", sampled(range(len(NEXT.splitlines()) - 1), 16))
def test_a_step_that_fails_leaves_the_file_as_it_was(
    released: Path, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    statements = list(migrations.statements(NEXT))
    statements.insert(place, "INSERT INTO missing VALUES (1);\n")
    before, old = dump(released), version(released)
    with monkeypatch.context() as patched:
        use(patched, "".join(statements))
        with pytest.raises(StoreError, match="missing"):
            open_store(str(released), create=False)
    close_stores()
    assert (dump(released), version(released)) == (before, old)
    take_new_work(released)


CHILD = """
import os, signal, sys
from kolena_local.repository import open_store
from kolena_local.repository.file import migrations
path, sql, place = sys.argv[1], sys.argv[2], int(sys.argv[3])
known = migrations.load()
migrations.load = lambda: (*known, migrations.Migration(known[-1].number + 1, sql))
whole = migrations.statements
def statements(script):
    for number, statement in enumerate(whole(script)):
        if number == place and script == sql:
            os.kill(os.getpid(), signal.SIGKILL)
        yield statement
    if place == -2 and script == sql:
        os.kill(os.getpid(), signal.SIGKILL)
migrations.statements = statements
"""
UPGRADE = "open_store(path, create=False)\n"


def upgrade(path: Path, place: int = -1) -> int:
    """Upgrade in another process, which is killed before a statement (-2: before the COMMIT)."""
    command = [sys.executable, "-c", CHILD + UPGRADE, str(path), NEXT, str(place)]
    return subprocess.run(command).returncode


@long_only
@pytest.mark.parametrize("place", [0, 7, -2])
def test_a_migration_that_is_killed_leaves_the_file_as_it_was(released: Path, place: int) -> None:
    before, old = dump(released), version(released)
    assert upgrade(released, place) == -signal.SIGKILL
    assert (dump(released), version(released)) == (before, old)
    (copy,) = backups(released)
    assert dump(copy) == before
    take_new_work(released)
    assert upgrade(released) == 0
    assert version(released) == migrations.load()[-1].number + 1


def test_two_processes_upgrade_at_once(released: Path) -> None:
    before, old = dump(released), version(released)
    code = CHILD + concurrent.WAIT + UPGRADE
    assert concurrent.run([Python(code, released, NEXT, -1) for _ in range(2)]) == [0, 0]
    assert version(released) == migrations.load()[-1].number + 1
    assert dump(released, like=before) == before
    (copy,) = backups(released)
    assert (dump(copy), version(copy)) == (before, old)


def test_a_store_of_a_newer_version_is_left_as_it_is(
    released: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        use(patched, NEXT)
        open_store(str(released), create=False)
        close_stores()
    before = released.read_bytes()
    for question in (True, False):
        with pytest.raises(StoreError, match="newer kolena-local"):
            open_store(str(released), create=question)
    assert released.read_bytes() == before
