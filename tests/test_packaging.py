"""The wheel carries what the package needs, and README and changelog tell the truth."""

from __future__ import annotations

import os
import re
import resource
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import List

import pytest
from click.testing import CliRunner

import kolena_local
from kolena_local.cli import main
from tests.conftest import CHECKOUT


def text(name: str) -> str:
    return (CHECKOUT / name).read_text(encoding="utf-8")


def blocks(section: str, language: str) -> List[str]:
    (body,) = re.findall(rf"^## {section}\n(.*?)(?=^## |\Z)", text("README.md"), re.M | re.S)
    assert body.count("```") % 2 == 0
    return re.findall(rf"^```{language}\n(.*?)^```$", body, re.M | re.S)


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


@pytest.mark.parametrize("section", ["Try it", "Run the tests"])
def test_readme_section_is_one_command_line(section: str) -> None:
    (block,) = blocks(section, "sh")
    assert block.count("\n") == 1
    assert " && " in block


def test_readme_example_runs_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (example,) = blocks("Your own script", "python")
    script = tmp_path / "example.py"
    script.write_text(example, encoding="utf-8")
    (tmp_path / "inferences.csv").write_text(
        "locator,label,score\nday-1.png,cat,0.9\nday-2.png,dog,0.6\n", encoding="utf-8"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", str(script)], cwd=tmp_path, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    (expected,) = blocks("Your own script", "text")
    assert run.stdout == expected
    (commands,) = blocks("Your own script", "sh")
    for line in commands.splitlines():
        program, *arguments = shlex.split(line)
        assert program == "kolena-local"
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == 0, done.output
    lines = (tmp_path / "exported.csv").read_text("utf-8").splitlines()
    assert lines[0] == "locator,prediction.label,prediction.score,ground_truth.label.label"
    assert lines[1:] == ["day-1.png,cat,0.9,cat", "day-2.png,dog,0.6,dog"]
    (evaluator,) = blocks("Comparing two models", "python")
    script.write_text(f"{example}\n{evaluator}", encoding="utf-8")
    _, command = blocks("Comparing two models", "sh")
    run = subprocess.run(
        [sys.executable, "-W", "error", str(script)], cwd=tmp_path, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    program, *arguments = shlex.split(command)
    assert program == "kolena-local"
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    assert "not decided" in done.output and "1 sample is left out" in done.output
