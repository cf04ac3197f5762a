"""The git commit of the calling code, and whether there are changes beside it.

Git is run with a time limit, and so that it changes nothing: without locks, without a daemon, and
without the programs that a repository's configuration may name.
"""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
from pathlib import Path
from threading import Timer
from time import monotonic
from typing import Any, Final

from kolena_local.provenance.files import without_user

#: For all calls of git together.
TIME_LIMIT = 2.0

_OPTIONS: Final = ("--no-optional-locks", "-c", "core.fsmonitor=false")
_DIFF: Final = (
    *("diff", "--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "--binary"),
    *("--full-index", "--src-prefix=a/", "--dst-prefix=b/", "--submodule=short"),
    *("--diff-algorithm=myers", "--unified=3", "HEAD"),
)
# In a hook, they name the repository of the hook.
_OTHER_REPOSITORY: Final = (
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX"),
    *("GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE"),
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
    except (_GitError, OSError) as reason:
        known = isinstance(reason, _GitError)
        return {"missing": str(reason) if known else "a file could not be read"}, None


def _facts(git: _Git, file: str | None) -> tuple[dict[str, Any], str]:
    top = os.fsdecode(git.output("rev-parse", "--show-toplevel").removesuffix(b"\n"))
    status = git.output(
        "status", "--porcelain=v2", "--branch", "-z", "--untracked-files=no", "--no-renames"
    )
    heads, is_dirty = {}, False
    for line in status.decode("utf-8", "replace").split("\0"):
        if line.startswith("# branch."):
            name, _, value = line.removeprefix("# branch.").partition(" ")
            heads[name] = value
        elif line and not line.startswith("# "):
            is_dirty = True
    commit, branch = heads.get("oid", ""), heads.get("head", "")
    has_commit = bool(commit) and not commit.startswith("(")
    changes = hashlib.blake2b(digest_size=16)
    if is_dirty and has_commit:
        git.run(_DIFF, changes.update)
    if file is not None and not git.output("ls-files", "-z", "--", file):
        is_dirty = True
        changes.update(Path(file).read_bytes())
    facts: dict[str, Any] = {
        "commit": commit if has_commit else None,
        "branch": None if branch == "(detached)" else without_user(branch),
        "is_dirty": is_dirty or not has_commit,
    }
    if is_dirty and has_commit:
        facts["diff"] = changes.hexdigest()
    return facts, str(Path(top).resolve())


class _Git:
    """Runs git in a folder, until the time is up."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._end = monotonic() + TIME_LIMIT
        self._environment = {
            **{name: value for name, value in os.environ.items() if name not in _OTHER_REPOSITORY},
            "LC_ALL": "C",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_TERMINAL_PROMPT": "0",
        }

    def output(self, *arguments: str) -> bytes:
        chunks: list[bytes] = []
        self.run(arguments, chunks.append)
        return b"".join(chunks)

    def run(self, arguments: tuple[str, ...], take: Any) -> None:
        """Run a command of git, and pass on what it prints, however much that is."""
        try:
            process = subprocess.Popen(
                ["git", *_OPTIONS, *arguments],
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                # The first command tells why git does not work here, in a few words.
                stderr=subprocess.PIPE if arguments[0] == "rev-parse" else subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError:
            raise _GitError("git could not be started") from None
        # What git has started has its output open, too.
        timer = Timer(max(self._end - monotonic(), 0), os.killpg, [process.pid, signal.SIGKILL])
        timer.start()
        problem = b""
        try:
            with process:
                while chunk := process.stdout.read(1 << 16):  # type: ignore[union-attr]
                    take(chunk)
                if process.stderr is not None:
                    problem = process.stderr.read()
        finally:
            timer.cancel()
        if process.returncode == 0:
            return
        if monotonic() >= self._end:
            raise _GitError("git took too long")
        if b"not a git repository" in problem:
            raise _GitError("not a git repository")
        raise _GitError("git refused" if b"ownership" in problem else "git failed")
