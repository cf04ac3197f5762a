"""How long the tests of durability go on, and the stores that they begin with.

Their files are on a disk, whatever the other tests use: kills, locks, logs and renames are tested
where stores are kept, and with the time that writing takes there.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import kolena_local
from kolena_local.repository import close_stores
from tests.conftest import IS_LONG
from tests.durability.held import Things, done, make
from tests.durability.rows import add_rows
from tests.durability.watch import watch
from tests.files.make import fill

# Read before a test's own environment hides it.
ROUNDS = int(os.environ.get("KOLENA_LOCAL_ROUNDS", "25" if IS_LONG else "3"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `pytest tests/durability --rounds 500` go on for longer."""
    parser.addoption("--rounds", type=int, default=ROUNDS, help="how many processes are killed")


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> int:
    """Return how many processes are killed."""
    return int(request.config.getoption("--rounds", default=ROUNDS))


@pytest.fixture(scope="session")
def disk(request: pytest.FixtureRequest) -> Iterator[Path]:
    """Return a folder in the system's folder for temporary files; it is kept if a test fails."""
    folder = Path(tempfile.mkdtemp(prefix="kolena-local-durability-"))
    yield folder
    if not request.session.testsfailed:
        shutil.rmtree(folder)


# Here statements fail and bytes change by the test's own hand: a disk would only cost time.
WITHOUT_DISK = ("test_faults.py", "test_fuzz.py", "test_odd_names.py", "test_strangers.py")
if not IS_LONG:
    # Which row takes the place of another does not depend on the disk; the long profile has one.
    WITHOUT_DISK += ("test_held_objects.py", "test_objects_in_use.py")


@pytest.fixture
def tmp_path(tmp_path: Path, disk: Path, request: pytest.FixtureRequest) -> Path:
    """Return a folder of the test's own, on a disk if that matters."""
    if request.path.name in WITHOUT_DISK:
        return tmp_path
    return Path(tempfile.mkdtemp(prefix=f"{request.node.originalname}-", dir=disk))


@pytest.fixture(scope="session")
def template(disk: Path) -> Path:
    """Return a store with something of everything, which nobody changes."""
    path = disk / "template.db"
    fill(path)
    return path


@pytest.fixture
def filled(template: Path, tmp_path: Path) -> Path:
    """Return a store of the test's own with something of everything."""
    close_stores()
    path = tmp_path / "filled.db"
    shutil.copyfile(template, path)
    path.chmod(0o600)
    return path


@pytest.fixture(scope="session")
def rows_template(template: Path) -> Path:
    """Return such a store with a dataset of two commits, which nobody changes."""
    path = template.with_name("rows.db")
    shutil.copyfile(template, path)
    path.chmod(0o600)
    add_rows(path)
    return path


@pytest.fixture
def watched() -> Iterator[None]:
    """Fail if what no store may open is opened meanwhile."""
    watch.seen.clear()
    watch.on = True
    yield
    watch.on = False
    assert watch.seen == []


@pytest.fixture
def things(filled: Path) -> Iterator[Things]:
    """Return objects that are younger than the backup beside their store."""
    done(filled, "db", "backup", f"{filled}.early")
    with kolena_local.session(db=filled):
        yield make(filled, "held", 100)
