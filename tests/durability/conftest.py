"""How long the tests of durability go on, and the stores that they begin with."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from kolena_local.repository import close_stores
from tests.files.make import fill

# Read before a test's own environment hides it.
ROUNDS = int(os.environ.get("KOLENA_LOCAL_ROUNDS", "30"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `pytest tests/durability --rounds 500` go on for longer."""
    parser.addoption("--rounds", type=int, default=ROUNDS, help="how many processes are killed")


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> int:
    """Return how many processes are killed."""
    return int(request.config.getoption("--rounds", default=ROUNDS))


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a store with something of everything, which nobody changes."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    fill(path)
    yield path


@pytest.fixture
def filled(template: Path, tmp_path: Path) -> Path:
    """Return a store of the test's own with something of everything."""
    close_stores()
    path = tmp_path / "filled.db"
    shutil.copyfile(template, path)
    path.chmod(0o600)
    return path
