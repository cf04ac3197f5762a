"""A store that attacks whoever shows it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kolena_local.repository import close_store
from tests.view.hostile import make_hostile


@pytest.fixture(scope="session")
def hostile_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hostile") / "template.db"
    make_hostile(path)
    close_store(str(path))
    return path


@pytest.fixture
def hostile_store(hostile_template: Path, store_path: Path) -> Path:
    """Return a store with hostile texts, which this test may change."""
    shutil.copy(hostile_template, store_path)
    return store_path
