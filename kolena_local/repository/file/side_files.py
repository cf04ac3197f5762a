"""The files beside a store that SQLite reads, writes and deletes because of their names.

A store from an untrusted source may come with such files. SQLite follows links, and deletes any
file that a rollback journal names as the journal of several databases; our stores never have one
that names another file.
"""

from __future__ import annotations

import os
import stat
import struct
from typing import Final

from kolena_local.errors import StoreDamagedError, StoreError

SIDES: Final = ("-wal", "-shm", "-journal")
_MAGIC: Final = bytes.fromhex("d9d505f920a163d7")
_HEADER: Final = struct.Struct(">8x8xI4xI")  # magic, records and nonce, pages, sector, page size


def check_side_files(path: str) -> None:
    """Refuse files beside a store that would let SQLite touch anything but the store.

    A write-ahead log, and a rollback journal of this file alone, are left to SQLite: they only say
    what is in the store, and a crash leaves them where a store was being made, or where a disk
    without shared memory has no write-ahead log.

    Args:
        path: the path of the store, which SQLite has not opened yet.

    Raises:
        StoreDamagedError: such a file is there.
        StoreError: the files cannot be examined.
    """
    for side in SIDES:
        try:
            status = os.lstat(path + side)
            if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
                raise _refused(path, side, "is a link or not a regular file")
            if side == "-journal" and not _is_harmless(path):
                raise _refused(path, side, "is not a journal that SQLite wrote for this store")
        except FileNotFoundError:
            continue
        except StoreError:
            raise
        except OSError as error:
            raise StoreError(
                f"The store {path} cannot be opened, because {path}{side} cannot be read"
                f" ({error.strerror}); fix that, or use another location."
            ) from error


def _is_harmless(path: str) -> bool:
    with open(f"{path}-journal", "rb") as file:
        head = file.read(_HEADER.size)
        file.seek(max(0, file.seek(0, os.SEEK_END) - len(_MAGIC)))
        # This ending follows the name of another file, even if SQLite would not read it now.
        if file.read() == _MAGIC:
            return False
    if head[:1] in (b"", b"\0"):  # empty, or finished
        return True
    if len(head) < _HEADER.size or not head.startswith(_MAGIC):
        return False
    # SQLite would set the file to this length; this package never shortens a store.
    pages, page_size = _HEADER.unpack(head)
    return bool(pages * page_size <= os.path.getsize(path))


def _refused(path: str, side: str, problem: str) -> StoreDamagedError:
    return StoreDamagedError(
        f"The file {path}{side} {problem}, so the store {path} was not opened; move that file"
        " elsewhere."
    )
