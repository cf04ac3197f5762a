"""The git commit of the calling code, and whether there are changes beside it.

Git is run with a time limit, and so that it changes nothing: without locks and without a daemon.
Like any ``git status``, it runs the clean filters that the repository's configuration names, such
as that of Git LFS.
"""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from time import monotonic
from typing import Any, Final

from kolena_local.provenance.files import without_user

#: For all calls of git together.
TIME_LIMIT = 2.0

_OPTIONS: Final = ("--no-optional-locks", "--literal-pathspecs", "-c", "core.fsmonitor=false")
# In a hook, they name the repository of the hook; the last ones change what a path means.
_OTHER_REPOSITORY: Final = (
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX"),
    *("GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE"),
    *("GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS"),
)


class _GitError(Exception):
    """Git cannot tell; the text says why."""


def git_facts(folder: str | None, file: str | None) -> tuple[dict[str, Any], str | None]:
    """Return what git tells about the repository that a folder is in, and its top folder.

    Args:
        folder: the folder; None if there is none.
        file: a file in it, which counts as a change if git does not know it.
    """
    if folder is None:
        return {"missing": "the calling code is not in a folder"}, None
    try:
        return _facts(_Git(folder), file)
    except _GitError as reason:
        return {"missing": str(reason)}, None
    except (LookupError, OSError, ValueError):
        return {"missing": "git or a changed file could not be read"}, None


def _facts(git: _Git, file: str | None) -> tuple[dict[str, Any], str]:
    top = Path(os.fsdecode(git.output("rev-parse", "--show-toplevel").removesuffix(b"\n")))
    status = git.output(
        *("status", "--porcelain=v2", "--branch", "-z", "--no-renames"),
        *("--untracked-files=no", "--ignore-submodules=none"),
    )
    heads, changes = {}, blake2b(digest_size=16)
    changed = [line for line in status.split(b"\0") if line]
    while changed and changed[0].startswith(b"# "):
        _, name, value = changed.pop(0).decode("utf-8", "replace").split(" ", 2)
        heads[name] = value
    for line in changed:
        # Kind, state, whether it is a submodule, modes, digests, path; a conflict has more of them.
        is_conflict = line.startswith(b"u")
        *fields, path = line.split(b" ", 10 if is_conflict else 8)
        changes.update(b"\0".join([path, fields[2], fields[6 if is_conflict else 5], b""]))
        place = top / os.fsdecode(path)
        # Of a submodule, the status tells that it has changed, but not how.
        if fields[2].startswith(b"S") and (place / ".git").exists():
            changes.update(repr(_facts(git.within(place), None)[0]).encode())
        git.hash(place, changes)
    # A commit says nothing of code that it does not have.
    is_unknown = file is not None and not git.output("ls-files", "-z", "--", file)
    if file is not None and is_unknown:
        git.hash(Path(file), changes)
    commit, branch = heads["branch.oid"], heads["branch.head"]
    facts: dict[str, Any] = {
        "commit": None if commit.startswith("(") else commit,
        "branch": None if branch == "(detached)" else without_user(branch),
        "is_dirty": bool(changed) or is_unknown,
    }
    if facts["is_dirty"]:
        facts["diff"] = changes.hexdigest()
    return facts, str(top.resolve())


class _Git:
    """Runs git in a folder, until the time is up."""

    def __init__(self, folder: str | Path, end: float | None = None) -> None:
        self._folder = folder
        self._end = monotonic() + TIME_LIMIT if end is None else end
        self._environment = {
            **{name: value for name, value in os.environ.items() if name not in _OTHER_REPOSITORY},
            "LC_ALL": "C",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_TERMINAL_PROMPT": "0",
        }

    def within(self, folder: Path) -> _Git:
        """Return the same for a folder of another repository."""
        return _Git(folder, self._end)

    def hash(self, file: Path, into: blake2b) -> None:
        """Hash what a file has now; nothing where there is no file any more."""
        with suppress(FileNotFoundError):
            if file.is_symlink():
                into.update(os.fsencode(file.readlink()))
                return
            if not file.is_file():  # to read a pipe never ends
                return
            with file.open("rb") as stream:
                while chunk := stream.read(1 << 20):
                    into.update(chunk)
                    if monotonic() >= self._end:
                        raise _GitError("the changes are too large")

    def output(self, *arguments: str) -> bytes:
        """Return what a command of git prints."""
        try:
            process = subprocess.Popen(
                ["git", *_OPTIONS, *arguments],
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError:
            raise _GitError("git could not be started") from None
        with process:
            try:
                left = max(self._end - monotonic(), 0)
                found, problem = process.communicate(timeout=left)
            except subprocess.TimeoutExpired:
                raise _GitError("git took too long") from None
            finally:
                if process.poll() is None:
                    # With what it has started, which has its output open, too.
                    os.killpg(process.pid, signal.SIGKILL)
        if process.returncode == 0:
            return found
        if b"not a git repository" in problem:
            raise _GitError("not a git repository")
        raise _GitError("git refused" if b"ownership" in problem else "git failed")
