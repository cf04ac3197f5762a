"""What is captured of the calling code's repository, and of packages, wherever the code lies."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Dict

import pytest

from kolena_local.provenance import Difference, Provenance, capture, diff, git
from tests.conftest import CHECKOUT, long_only
from tests.provenance.conftest import Project

CAPTURE = "from kolena_local.provenance import capture\nfound = capture()\n"


MADE = """
from dataclasses import dataclass, field
from kolena_local.provenance import Provenance, capture

@dataclass
class Settings:
    provenance: Provenance = field(default_factory=capture)

found = Settings().provenance
"""


def run(code: str, file_name: str) -> Dict[str, Any]:
    """Run code under a file name that is not a file's."""
    variables: Dict[str, Any] = {"__name__": "__main__"}
    exec(compile(code, file_name, "exec"), variables)
    facts: Dict[str, Any] = variables["found"].facts
    return facts


def test_the_commit_branch_and_changes_of_the_calling_code(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    commit = project.git("rev-parse", "HEAD")
    # In a hook of another repository, these name that one.
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    monkeypatch.chdir(tmp_path)
    clean = project.capture()
    assert clean["git"] == {"commit": commit, "branch": "main", "is_dirty": False}
    assert clean["seeds"] == {"numpy": 7}
    monkeypatch.delenv("GIT_DIR")
    monkeypatch.delenv("GIT_INDEX_FILE")

    # Files that nobody added do not count, unless one is the calling code.
    project.write("notes.txt", "…")
    assert project.capture() == clean
    project.write("untracked.py", CAPTURE)
    assert project.capture("untracked.py")["git"]["is_dirty"] is True
    (project.folder / "untracked.py").unlink()

    source = project.write("capture.py", f"{CAPTURE}# changed\n")
    changed = project.capture()["git"]
    assert (changed["commit"], changed["is_dirty"]) == (commit, True)
    assert len(bytes.fromhex(changed["diff"])) == 16
    # How the user likes to see changes changes nothing.
    for setting in ("status.renames=copies", "status.relativePaths=true", "color.ui=always"):
        project.git("config", *setting.split("="))
    assert project.capture()["git"] == changed
    source.write_text(f"{CAPTURE}# changed again\n")
    assert project.capture()["git"]["diff"] != changed["diff"]

    project.git("checkout", "-q", "-b", "new/branch")
    second = project.commit()
    assert project.capture()["git"] == {
        "commit": second,
        "branch": "new/branch",
        "is_dirty": False,
    }
    project.git("checkout", "-q", commit)
    assert project.capture()["git"] == {"commit": commit, "branch": None, "is_dirty": False}


@long_only
def test_worktrees_submodules_and_repositories_without_a_commit(
    project: Project, tmp_path: Path
) -> None:
    commit = project.git("rev-parse", "HEAD")
    project.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "worktree"))
    worktree = Project(tmp_path / "worktree")
    assert worktree.capture()["git"] == {"commit": commit, "branch": "side", "is_dirty": False}

    above = Project(tmp_path / "above")
    above.folder.mkdir()
    above.git("init", "-q", "-b", "trunk")
    above.write("capture.py", CAPTURE)
    facts = above.capture()["git"]
    assert (facts["commit"], facts["branch"], facts["is_dirty"]) == (None, "trunk", True)
    above.git("submodule", "--quiet", "add", str(project.folder), "part")
    above.commit()
    assert above.capture("part/capture.py")["git"]["commit"] == commit
    above.write("part/capture.py", f"{CAPTURE}# changed\n")
    assert above.capture("part/capture.py")["git"]["is_dirty"] is True
    # Changes in it, whether committed there or not, are told apart.
    states = [above.capture()["git"]]
    above.write("part/capture.py", f"{CAPTURE}# changed again\n")
    states.append(above.capture()["git"])
    for _ in range(2):
        Project(above.folder / "part").commit()
        states.append(above.capture()["git"])
    assert all(one["is_dirty"] for one in states)
    assert len({one["diff"] for one in states}) == 4


def test_a_file_is_not_taken_for_another_one_that_its_name_matches(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("run1.py", CAPTURE)
    project.commit()
    monkeypatch.setenv("GIT_ICASE_PATHSPECS", "1")
    for name in ("run[12].py", "RUN1.PY"):
        if not (project.folder / name).exists():  # as it does where the case does not matter
            project.write(name, CAPTURE)
            assert project.capture(name)["git"]["is_dirty"], name
    assert project.capture("run1.py")["git"]["is_dirty"] is False


def test_code_without_a_file(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.folder)
    known = project.capture()["git"]
    # python -c, a notebook of each kind, and a program from an archive, of which nothing is known.
    for name in ("<string>", "<ipython-input-1-abc>", "/tmp/ipykernel_7/1234.py"):
        assert run(CAPTURE, name)["git"] == known
    project.write("made.py", MADE)
    with monkeypatch.context() as elsewhere:
        elsewhere.chdir(project.folder.parent)
        assert project.capture("made.py")["git"]["commit"] == known["commit"]
    unknown = {"missing": "the calling code is not in a folder"}
    assert run(CAPTURE, "app.pyz/__main__.py")["git"] == unknown
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert project.capture()["git"] == unknown


@long_only
def test_where_git_does_not_help_the_rest_is_captured(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = project.capture()

    def missing(script: str = "capture.py") -> str:
        facts = project.capture(script)
        assert {**facts, "git": None} == {**known, "git": None, "seeds": facts["seeds"]}
        assert list(facts["git"]) == ["missing"]
        return str(facts["git"]["missing"])

    with monkeypatch.context() as context:
        context.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
        assert missing() == "git refused"
    project.git("clone", "-q", "--bare", str(project.folder), str(tmp_path / "bare"))
    outside = Project(tmp_path / "bare" / "code")
    outside.write("capture.py", CAPTURE)
    assert outside.capture()["git"] == {"missing": "git failed"}
    alone = Project(tmp_path / "alone")
    alone.write("capture.py", CAPTURE)
    assert alone.capture()["git"] == {"missing": "not a git repository"}
    with monkeypatch.context() as context:
        context.setenv("PATH", str(tmp_path))
        assert missing() == "git could not be started"
        # It starts another program, which would go on for long.
        slow = tmp_path / "git"
        slow.write_text("#!/bin/sh\n/bin/sleep 60\n/bin/true\n")
        slow.chmod(0o700)
        context.setattr(git, "TIME_LIMIT", 0.1)
        before = time.monotonic()
        assert missing() == "git took too long"
        assert time.monotonic() - before < 30


def test_a_repository_is_not_changed_and_runs_nothing(project: Project, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {ran}\ncat\n")
    program.chmod(0o700)
    project.write(".gitattributes", "*.py diff=own\n")
    project.commit()
    for name in ("core.fsmonitor", "diff.external", "diff.own.command", "diff.own.textconv"):
        project.git("config", name, str(program))
    project.write("capture.py", f"{CAPTURE}# changed\n")
    os.utime(project.folder / ".gitattributes", (1, 1))  # a refresh would write the index
    index = (project.folder / ".git/index").read_bytes()
    assert project.capture()["git"]["is_dirty"] is True
    assert (project.folder / ".git/index").read_bytes() == index
    assert not ran.exists()


def test_the_versions_are_those_of_the_imported_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    import dateutil  # noqa: F401 - a module that has another name than its package
    import numpy  # noqa: F401

    def normal(name: str) -> str:
        return name.lower().replace("_", "-").replace(".", "-")

    found = {normal(name): version for name, version in capture().facts["packages"].items()}
    packages = importlib.metadata.packages_distributions()
    expected = {
        normal(name): importlib.metadata.version(name)
        for module in sys.modules
        for name in packages.get(module, ())
    }
    assert found["python-dateutil"] == importlib.metadata.version("python-dateutil")
    assert {**expected, **found} == found
    # A package whose modules are named as others' are not imported, only seen, such as stubs. And
    # Python 3.10 does not know the modules of packages without top_level.txt.
    seen = {normal(name) for name in sys.modules}
    if "sklearn" in seen:
        seen.add("scikit-learn")
    assert set(found) - set(expected) <= seen


def test_frameworks_are_asked_if_they_are_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("torch", "tensorflow", "jax"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    assert "frameworks" not in capture().facts
    cudnn = SimpleNamespace(deterministic=True, benchmark=False)
    torch: Any = SimpleNamespace(
        version=SimpleNamespace(cuda="12.1"),
        are_deterministic_algorithms_enabled=lambda: True,
        backends=SimpleNamespace(cudnn=cudnn),
        get_num_threads=lambda: 1 / 0,
    )
    monkeypatch.setitem(sys.modules, "torch", torch)
    assert capture().facts["frameworks"] == {
        "torch": {
            "cuda": "12.1",
            "deterministic_algorithms": True,
            "cudnn_deterministic": True,
            "cudnn_benchmark": False,
            "threads": None,
        }
    }


def test_the_nearest_lock_file_of_the_repository(project: Project) -> None:
    assert "lock_file" not in project.capture()
    project.write("uv.lock", "a")
    project.write("part/capture.py", CAPTURE)
    above = project.capture("part/capture.py")["lock_file"]
    assert above["path"] == "uv.lock"
    project.write("part/requirements.txt", "a")
    assert project.capture("part/capture.py")["lock_file"] == {
        "path": "part/requirements.txt",
        "hash": above["hash"],
    }


def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(project: Project) -> None:
    known = project.write("known.txt", "a")
    project.commit()
    known.unlink()
    os.mkfifo(known)
    os.mkfifo(project.folder / "uv.lock")
    project.write("requirements.txt", "a")
    facts = project.capture()
    assert facts["git"]["is_dirty"] is True
    assert facts["lock_file"]["path"] == "requirements.txt"


def test_seeds_are_integers_by_name() -> None:
    import numpy

    assert capture(seeds={"a": numpy.int64(3), "b": 2**70}).facts["seeds"] == {"a": 3, "b": 2**70}
    for bad in ({"a": "secret"}, {"a": 0.5}, {1: 2}, 7):
        with pytest.raises(TypeError, match="seeds must be integers by name"):
            capture(seeds=bad)  # type: ignore[arg-type]


def test_two_captured_provenances_differ_by_field() -> None:
    one = Provenance({"python": {"version": "3.11"}, "packages": {"a": "1"}, "seeds": {}})
    other = Provenance({"python": {"version": "3.12"}, "packages": {"a": "1", "b": "2"}})
    assert diff(one, one) == []
    assert diff(one, other) == [
        Difference("python.version", "3.11", "3.12"),
        Difference("seeds", {}, None),
        Difference("packages.b", None, "2"),
    ]


def test_importing_captures_nothing(tmp_path: Path) -> None:
    program = tmp_path / "git"
    program.write_text(f"#!/bin/sh\necho ran >{tmp_path}/ran\n")
    program.chmod(0o700)
    code = "import json, kolena_local.provenance as p; print(json.dumps(p.capture().facts))"
    for script, runs in (("import kolena_local.provenance", False), (code, True)):
        subprocess.run(
            [sys.executable, "-c", script],
            check=True,
            stdout=subprocess.PIPE,
            env={**os.environ, "PATH": str(tmp_path)},
        )
        assert (tmp_path / "ran").exists() is runs


@long_only
def test_tests_that_a_git_hook_starts_leave_its_repository_alone(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path / "mine")], check=True)
    test = "test_worktrees_submodules_and_repositories_without_a_commit"
    command = [sys.executable, "-m", "pytest", "-q", f"{__file__}::{test}"]
    hooked = {**os.environ, "GIT_DIR": str(tmp_path / "mine/.git")}
    done = subprocess.run(command, cwd=CHECKOUT, env=hooked, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    refs = ["git", "for-each-ref"]
    assert not subprocess.check_output(refs, cwd=tmp_path / "mine", text=True)
