"""Files that a killed process left beside a store: drafts that were never renamed."""

from __future__ import annotations

import filecmp
import os
import re
import shutil
import stat
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from kolena_local.repository.health.findings import Finding, warning

RULE: Final = "unfinished files"

_BACKUP: Final = r"\.\d{8}T\d{6}\.\d{6}Z\.v\d+\.bak"
# A number of a process or something random, and the logs of SQLite; as `copying`, `backups` and
# `create_store` name them.
_UNFINISHED: Final = re.compile(
    r".+(\.([0-9]+|[0-9a-f]{16}|[a-z0-9_]{8})\.(draft|part))+(-wal|-shm|-journal)?", re.DOTALL
)
# A process that is working on one writes to it more often.
_SECONDS: Final = 60.0


def examine(path: str) -> Iterator[Finding]:
    """Yield a finding for everything that was left beside the store at ``path``."""
    for place in _unfinished(path):
        is_old = _is_old(place)
        when = "" if is_old else " once it is a minute old and no process is using it"
        yield warning(RULE, f"{place} was never finished; --fix removes it{when}.", fixable=is_old)
    for place in _repeated(path):
        text = f"{place} is a backup from a failed upgrade, equal to a newer one; --fix removes it."
        yield warning(RULE, text, fixable=True)


def remove(path: str) -> Iterator[str]:
    """Remove what :func:`examine` calls fixable, and yield what was done."""
    for place in [*filter(_is_old, _unfinished(path)), *_repeated(path)]:
        if os.path.isdir(place):
            shutil.rmtree(place)
        else:
            os.unlink(place)
        yield f"Removed {place}."


def _is_old(place: str) -> bool:
    return time.time() - os.lstat(place).st_mtime > _SECONDS


def _unfinished(path: str) -> list[str]:
    folder, store = os.path.split(path)
    found = [entry for entry in os.scandir(folder) if _UNFINISHED.fullmatch(entry.name)]
    return sorted(entry.path for entry in found if _is_ours(entry, store))


def _is_ours(entry: os.DirEntry[str], store: str) -> bool:
    status = entry.stat(follow_symlinks=False)
    if status.st_uid != os.stat(entry.path[: -len(entry.name)] + store).st_uid:
        return False
    is_beside = entry.name.startswith(f"{store}.")
    if not stat.S_ISREG(status.st_mode):
        return is_beside and stat.S_ISDIR(status.st_mode) and entry.name.endswith(".draft")
    if is_beside:
        return True
    # A backup that was to have another name: nothing yet, or the beginning of a database.
    with open(entry.path, "rb") as file:
        return file.read(16) in (b"", b"\0" * 16, b"SQLite format 3\0")


def _repeated(path: str) -> Iterator[str]:
    """Yield backups of upgrades that are equal to the next one of the same version."""
    folder, store = os.path.split(path)
    pattern = re.compile(re.escape(store) + _BACKUP)
    found = [entry for entry in os.scandir(folder) if pattern.fullmatch(entry.name)]
    places = sorted(entry.path for entry in found if entry.is_file(follow_symlinks=False))
    for place, newer in pairwise(sorted(places, key=lambda place: place.split(".")[-2])):
        same_version = place.split(".")[-2] == newer.split(".")[-2]
        if same_version and filecmp.cmp(place, newer, shallow=False):
            yield place
