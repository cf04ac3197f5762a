"""Notice that a file changes while it is read without locks.

SQLite reads a file with a write-ahead log only where it may write the log's index beside it. Where
this process may not write, a log that it created would belong to it and lock the file's owner out.
So a read-only store without a log is opened as immutable, and afterwards checked for changes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from kolena_local.errors import StoreBusyError


class State(NamedTuple):
    """What tells one state of a file from another."""

    device: int
    inode: int
    size: int = 0
    changed_at: int = 0
    has_log: bool = False


def has_log(path: str) -> bool:
    """Return whether there is a write-ahead log that is not empty."""
    try:
        return os.stat(path + "-wal").st_size > 0
    except OSError:
        return False


def state_of(path: str, *, writable: bool) -> State | None:
    """Return what a file is like now; None if it is missing.

    Args:
        path: the file.
        writable: whether this process may write it: then SQLite's locks notice changes, and only
            another file in its place is another state.
    """
    try:
        status = os.stat(path)
    except OSError:
        return None
    if writable:
        return State(status.st_dev, status.st_ino)
    return State(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, has_log(path))


@contextmanager
def unchanged(path: str, before: State | None, *, writable: bool) -> Iterator[None]:
    """Raise an error if the file changed while the block read it.

    Args:
        path: the file.
        before: its state when the connection was opened.
        writable: whether this process may write it.

    Raises:
        StoreBusyError: another process changed the file, which also explains any other error.
    """
    if writable or before is None or before.has_log:
        yield
        return
    try:
        yield
    except Exception as error:
        _refuse_change(path, before, error)
        raise
    _refuse_change(path, before)


def _refuse_change(path: str, before: State, cause: Exception | None = None) -> None:
    now = state_of(path, writable=False)
    # A log that has just been created does not change the file yet.
    if now is None or now._replace(has_log=False) != before:
        raise StoreBusyError(
            f"The store {path} was changed by another process while it was read; this can happen"
            " where you may only read it. Try again."
        ) from cause
