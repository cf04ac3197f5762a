"""The wheel carries what the package needs, and all places name the same version."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import kolena_local
from tests.conftest import CHECKOUT, long_only


def text(name: str) -> str:
    return (CHECKOUT / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
    )
    (path,) = folder.glob("*.whl")
    return path


def test_wheel_carries_every_file_of_the_package_and_nothing_else(wheel: Path) -> None:
    package = CHECKOUT / "kolena_local"
    expected = {
        path.relative_to(CHECKOUT).as_posix()
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    carried = set(zipfile.ZipFile(wheel).namelist())
    assert {name for name in carried if not name.split("/")[0].endswith(".dist-info")} == expected
    kinds = {Path(name).suffix for name in expected}
    assert {".py", ".sql", ".csv", ".md"} <= kinds
    assert "kolena_local/py.typed" in carried


@long_only
def test_wheel_alone_runs_the_demo_within_ten_seconds(wheel: Path, tmp_path: Path) -> None:
    unpacked = tmp_path / "unpacked"
    zipfile.ZipFile(wheel).extractall(unpacked)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.run(
        [sys.executable, "-m", "kolena_local", "demo"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(unpacked)},
        capture_output=True,
        text=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert run.returncode == 0, run.stderr
    assert "kolena-local models list" in run.stdout
    # Of the processor's time: how long it takes by the clock is up to what else runs.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 10


def test_version_is_the_same_everywhere() -> None:
    (declared,) = re.findall(r'^version = "(.+)"$', text("pyproject.toml"), re.M)
    newest = re.findall(r"^## (\S+)", text("CHANGELOG.md"), re.M)[0]
    assert kolena_local.__version__ == declared == newest
