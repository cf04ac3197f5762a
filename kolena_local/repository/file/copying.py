"""Copy a store's file while others use it; the copy appears whole, or not at all.

Private to ``repository.file``: ``backups`` and ``opening`` decide when to copy, and check the copy.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timezone
from typing import Final

from kolena_local import drafts
from kolena_local.errors import StoreError, StoreFullError, StoreNotFoundError, StoreReadOnlyError
from kolena_local.repository.file.connection import connect_as_allowed
from kolena_local.repository.file.failures import translated
from kolena_local.repository.file.file_state import state_of, unchanged
from kolena_local.repository.file.side_files import SIDES

_KINDS: Final = {
    errno.ENOENT: StoreNotFoundError,
    errno.EACCES: StoreReadOnlyError,
    errno.EPERM: StoreReadOnlyError,
    errno.EROFS: StoreReadOnlyError,
    errno.ENOSPC: StoreFullError,
    errno.EDQUOT: StoreFullError,
}


def copy(source: str, target: str, *, name: str | None = None) -> None:
    """Copy a store to another file, replacing what is there.

    Readers and writers of the source go on meanwhile; the copy is a snapshot of the source.

    Args:
        source: the path of a store.
        target: the path of the copy; it is private to its owner, as a store is.
        name: what errors call the copy, if it is to get another name.

    Raises:
        StoreError: one of its leaves; the target is as it was.
    """
    with drafted(target, "part", name) as part:
        _copy_pages(source, part, name or target)
        os.replace(part, target)
        sync_folder(target)


@contextmanager
def drafted(target: str, kind: str, name: str | None = None) -> Iterator[str]:
    """Create an empty private file beside ``target``, which is removed after the block.

    Args:
        target: the path that the file will get.
        kind: the suffix of its temporary name.
        name: the path that errors name, if not ``target``.

    Yields:
        Its path.

    Raises:
        StoreError: one of its leaves, instead of any ``OSError``.
    """
    draft = None
    try:
        with drafts.begin(target, kind) as file:
            draft = file.name
        yield draft
    except StoreError:
        raise
    except OSError as error:
        of_errno = _KINDS.get(error.errno or 0, StoreError)
        raise of_errno(
            f"The copy {name or target} cannot be created ({error.strerror}); choose another place"
            " for it."
        ) from error
    finally:
        if draft is not None:
            for rest in (draft, *(draft + side for side in SIDES)):
                with suppress(OSError):
                    os.unlink(rest)


def file_moment() -> str:
    """Return this moment as it is written in names of files."""
    return datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S.%fZ")


def sync_folder(path: str) -> None:
    """Sync the folder of ``path``, so that new names in it survive a power cut."""
    with suppress(OSError):
        folder = os.open(os.path.dirname(path), os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _copy_pages(source: str, part: str, name: str) -> None:
    before = state_of(source, writable=False)
    with translated(source):
        writable, origin = connect_as_allowed(source)
    with (
        translated(name),
        unchanged(source, before, writable=writable),
        closing(origin),
        closing(sqlite3.connect(part, isolation_level=None)) as copied,
    ):
        # In one step: it reads one snapshot, for which no writer has to wait.
        origin.backup(copied)
        # One file that can be read from anywhere; a store that is opened gets its log again.
        copied.execute("PRAGMA journal_mode = DELETE")
