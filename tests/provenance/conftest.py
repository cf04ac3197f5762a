"""A git repository, and scripts that run in it as a user's do."""

from __future__ import annotations

import os
import runpy
import subprocess
from pathlib import Path
from typing import Any, Dict, NamedTuple

import pytest

from kolena_local.provenance import git


class Project(NamedTuple):
    """A folder with scripts, which may be a git repository."""

    folder: Path

    def git(self, *arguments: str) -> str:
        command = ["git", "-c", "protocol.file.allow=always", *arguments]
        done = subprocess.run(command, cwd=self.folder, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self, message: str = "Change") -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def write(self, name: str, text: str) -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def capture(self, script: str = "capture.py") -> Dict[str, Any]:
        """Return what a script of the project captures."""
        facts: Dict[str, Any] = runpy.run_path(str(self.folder / script))["found"].facts
        return facts


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    # In a hook of git, they name the repository of these tests.
    for variable in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(variable)
    for variable in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(variable, "/dev/null")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Jane")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "jane@example.org")
    # What lies above is not a repository, whatever the machine has there.
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    # A busy machine may be slow.
    monkeypatch.setattr(git, "TIME_LIMIT", 60.0)
    project = Project(tmp_path / "project")
    project.folder.mkdir()
    project.git("init", "-q", "-b", "main")
    project.write(
        "capture.py",
        "from kolena_local.provenance import capture\nfound = capture(seeds={'numpy': 7})\n",
    )
    project.commit()
    return project
