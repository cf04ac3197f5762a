"""Where a store's file is and who has access to it, which SQLite does not check.

Nothing here opens the file. What cannot be determined counts as good.
"""

from __future__ import annotations

import os
import re
import sqlite3
import stat
from collections.abc import Iterator
from typing import Final

from kolena_local import location
from kolena_local.repository.health.findings import Finding, warning

_WAL_RESET_FIXED: Final = (3, 51, 3)

# Locks and shared memory of these may not reach other machines; of file systems in user space it is
# unknown. Local disks that are mounted by FUSE are called fuseblk.
_NETWORK: Final = re.compile(
    r"nfs\d?|cifs|smb\w*|fuse|fuse\..*|9p|afs|ceph|glusterfs|lustre|ncpfs|davfs|webdav"
)
_MOUNTS: Final = "/proc/mounts"

# Parts of paths under which these programs keep what they synchronize.
_SYNCHRONISED: Final = {
    "Dropbox": re.compile(r"dropbox( \(.*\))?", re.I),
    "OneDrive": re.compile(r"onedrive( ?- ?.*)?", re.I),
    "iCloud": re.compile(r"mobile documents|icloud ?drive", re.I),
    "Google Drive": re.compile(r"google ?drive(-.*)?|my drive", re.I),
    "a cloud service": re.compile(r"cloudstorage|nextcloud|owncloud|pcloud ?drive|box sync", re.I),
}


def examine(path: str) -> Iterator[Finding]:
    """Yield risks for the store at ``path``, which exists."""
    yield from _library()
    yield from _file_system(path)
    yield from _synchronisation(path)
    yield from _names(path)
    if os.name == "posix":
        yield from _permissions(path)


def private_mode(path: str) -> int:
    """Return the permissions that a store's file, or the folder of the usual store, should have."""
    return 0o700 if os.path.isdir(path) else 0o600


def exposed(path: str) -> list[str]:
    """Return what of the store other users may read or write, and should not."""
    places = [path, f"{path}-wal", f"{path}-shm"]
    if path == os.path.realpath(location.default_file()):
        places.append(os.path.dirname(path))
    return [place for place in places if os.path.exists(place) and _mode(place) & 0o077]


def _library() -> Iterator[Finding]:
    if sqlite3.sqlite_version_info < _WAL_RESET_FIXED:
        yield warning(
            "sqlite version",
            f"SQLite {sqlite3.sqlite_version} can, very rarely, damage a file when several"
            " processes write to it at the same moment (the WAL-reset bug, fixed in 3.51.3); make"
            " backups, or use a Python that was built with a newer SQLite.",
        )


def _file_system(path: str) -> Iterator[Finding]:
    kind = _kind_of_file_system(path)
    if kind is not None and _NETWORK.fullmatch(kind):
        yield warning(
            "file system",
            f"The store {path} is on a file system of type {kind}, where locks may not work;"
            " move it to a local disk, or let only one process use it.",
        )


def _kind_of_file_system(path: str) -> str | None:
    try:
        with open(_MOUNTS, encoding="utf-8", errors="surrogateescape") as file:
            lines = [line.split(" ") for line in file]
    except OSError:
        return None
    best, kind = "", None
    for _, point, kind_here, *_ in lines:
        # Blanks are written as \040 there, and so on.
        folder = re.sub(r"\\(\d{3})", lambda match: chr(int(match[1], 8)), point)
        inside = path == folder or path.startswith(folder.rstrip("/") + "/")
        # Of several on one folder, the last one is the one that is seen.
        if inside and len(folder) >= len(best):
            best, kind = folder, kind_here
    return kind


def _synchronisation(path: str) -> Iterator[Finding]:
    folders = os.path.dirname(path).split(os.sep)
    for program, name in _SYNCHRONISED.items():
        if any(name.fullmatch(folder) for folder in folders):
            yield warning(
                "synchronized folder",
                f"The store {path} is in a folder that {program} seems to synchronize, which copies"
                " the file and its log at different moments; move it elsewhere, and keep backups"
                " there instead.",
            )
            return


def _names(path: str) -> Iterator[Finding]:
    if os.stat(path).st_nlink > 1:
        yield warning(
            "hard links",
            f"The store {path} has another name on its disk (a hard link); using both names"
            " would damage it, so replace the other one by a copy from `kolena-local db backup`.",
        )


def _permissions(path: str) -> Iterator[Finding]:
    for place in exposed(path):
        yield warning(
            "permissions",
            f"Other users can access {place} (mode {_mode(place):04o}); it should be"
            f" {private_mode(place):04o}.",
            fixable=os.stat(place).st_uid == os.geteuid(),
        )
    folder = os.path.dirname(path)
    # In a folder with the sticky bit, such as /tmp, nobody can take away another's files.
    if _mode(folder) & 0o002 and not _mode(folder) & stat.S_ISVTX:
        yield warning(
            "permissions",
            f"Other users can replace files in {folder} (mode {_mode(folder):04o}); remove that"
            " permission, or move the store.",
        )
    for place in (path, folder):
        if not os.access(place, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
            yield warning(
                "permissions",
                f"You do not have permission to write to {place}; the store can only be read.",
            )


def _mode(path: str) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)
