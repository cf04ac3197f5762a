"""Which process has a store locked, for the error that it is busy, where the system can tell.

Linux lists all locks of files in ``/proc/locks``; elsewhere, and for processes on other machines,
the owner is unknown. The answer may already be out of date.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Final

_LOCKS: Final = "/proc/locks"

# SQLite's places for locks are part of its file format: the writer's in the log's index, and the
# one of the writer in the file itself where there is no log.
_WRITER_IN_INDEX: Final = 120
_WRITER_IN_FILE: Final = 0x40000001


def writer_of(path: str) -> str | None:
    """Return which process is writing to a store, as ``process 4711, python``; None if unknown."""
    places: dict[str, int] = {}
    for name, place in ((f"{path}-shm", _WRITER_IN_INDEX), (path, _WRITER_IN_FILE)):
        with suppress(OSError):
            places[str(os.stat(name).st_ino)] = place
    try:
        with open(_LOCKS, encoding="ascii", errors="replace") as file:
            lines = [line.split() for line in file]
    except OSError:
        return None
    for _, *fields in lines:
        # Kind, strength, access, pid, device:device:inode, first byte, last byte; one that begins
        # with an arrow still waits for its lock.
        if len(fields) != 7 or fields[2] != "WRITE":
            continue
        place = places.get(fields[4].rpartition(":")[2], -1)
        last = float("inf") if fields[6] == "EOF" else int(fields[6])
        if place >= 0 and int(fields[5]) <= place <= last and int(fields[3]) > 0:
            return _name(int(fields[3]))
    return None


def _name(pid: int) -> str:
    if pid == os.getpid():
        return "this one, in another thread or connection"
    with suppress(OSError), open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
        return f"process {pid}, {file.read().strip()}"
    return f"process {pid}"
