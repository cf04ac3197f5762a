"""What a process that was killed has left beside a store: files that never got their name."""

from __future__ import annotations

import filecmp
import os
import re
import shutil
import stat
import time
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from kolena_local.repository.findings import Finding, warning

RULE: Final = "unfinished files"

_BACKUP: Final = r"\.\d{8}T\d{6}\.\d{6}Z\.v\d+\.bak"
# A number of a process or something random, and the logs of SQLite; as `copying`, `backups` and
# `founding` name them.
_UNFINISHED: Final = re.compile(
    r".+(\.([0-9]+|[0-9a-f]{16}|[a-z0-9_]{8})\.(draft|part))+(-wal|-shm|-journal)?", re.DOTALL
)
# Whoever is at work on one writes to it or ends it sooner.
_SECONDS: Final = 60.0


def examine(path: str) -> Iterator[Finding]:
    """Yield a finding for everything that was left beside the store at ``path``."""
    for place in _unfinished(path):
        if is_old := time.time() - os.lstat(place).st_mtime > _SECONDS:
            when = "--fix removes it"
        else:
            when = "if nobody is at work on it, --fix removes it in a minute"
        yield warning(RULE, f"{place} was never finished; {when}.", fixable=is_old)
    for place, newer in _repeated(path):
        text = (
            f"{place} is the same backup as {newer}, of an upgrade that failed; --fix removes it."
        )
        yield warning(RULE, text, fixable=True)


def remove(path: str) -> Iterator[str]:
    """Remove what :func:`examine` calls fixable, and say what it was."""
    old = [
        place for place in _unfinished(path) if time.time() - os.lstat(place).st_mtime > _SECONDS
    ]
    for place in old + [place for place, _ in _repeated(path)]:
        if os.path.isdir(place):
            shutil.rmtree(place)
        else:
            os.unlink(place)
        yield f"Removed {place}."


def _unfinished(path: str) -> list[str]:
    folder, store = os.path.split(path)
    found = [entry for entry in os.scandir(folder) if _UNFINISHED.fullmatch(entry.name)]
    return sorted(entry.path for entry in found if _is_ours(entry, store))


def _is_ours(entry: os.DirEntry[str], store: str) -> bool:
    status = entry.stat(follow_symlinks=False)
    if hasattr(os, "geteuid") and status.st_uid != os.geteuid():
        return False
    if entry.name.startswith(f"{store}."):
        return stat.S_ISREG(status.st_mode) or (
            stat.S_ISDIR(status.st_mode) and entry.name.endswith(".draft")
        )
    # A backup that was to have another name: nothing yet, or the beginning of a database.
    if not stat.S_ISREG(status.st_mode):
        return False
    with open(entry.path, "rb") as file:
        return file.read(16) in (b"", b"\0" * 16, b"SQLite format 3\0")


def _repeated(path: str) -> Iterator[tuple[str, str]]:
    """Yield backups of upgrades that are equal to a newer one of the same version."""
    folder, store = os.path.split(path)
    pattern = re.compile(re.escape(store) + _BACKUP)
    names = [
        entry.name
        for entry in os.scandir(folder)
        if pattern.fullmatch(entry.name) and entry.is_file(follow_symlinks=False)
    ]
    names.sort(key=lambda name: (name.split(".")[-2], name))
    for _, of_version in groupby(names, key=lambda name: name.split(".")[-2]):
        *others, newest = (os.path.join(folder, name) for name in of_version)
        for place in others:
            if filecmp.cmp(place, newest, shallow=False):
                yield place, newest
