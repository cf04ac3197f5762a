"""Identify this process, and find out whether another one has ended.

A process on another machine cannot be examined; it counts as running, as does any process that is
not known to have ended.
"""

from __future__ import annotations

import os
import socket
from typing import Final, NamedTuple

# Linux's identifier of the process namespace outside of all containers.
_OUTERMOST: Final = "pid:[4026531836]"


class Process(NamedTuple):
    """What identifies a process.

    Args:
        host: the name of its machine, or of its container there.
        pid: its number there, which is reused after the process has ended.
        process_started: when it began, in clock ticks since the machine did; None if the system
            does not tell.
    """

    host: str
    pid: int
    process_started: int | None


def this_process() -> Process:
    """Return the current process."""
    pid = os.getpid()
    state = _state(pid)
    return Process(_host(), pid, state[1] if state else None)


def is_gone(process: Process) -> bool:
    """Return whether a process is known to have ended."""
    # On Windows, signal 0 is not a check but Ctrl-C.
    if process.host != _host() or os.name != "posix":
        return False
    try:
        os.kill(process.pid, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:
        pass
    state = _state(process.pid)
    if state is None:
        return False
    condition, started = state
    return condition in "ZX" or process.process_started not in (None, started)


def _host() -> str:
    """Name the namespace of process numbers; containers may share a host name, not numbers."""
    name = socket.gethostname()
    try:
        numbers = os.readlink("/proc/self/ns/pid")
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            boot = file.read(8)
    except OSError:
        return name
    return name if numbers == _OUTERMOST else f"{name} {numbers} {boot}"


def _state(pid: int) -> tuple[str, int] | None:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            text = file.read()
    except OSError:
        return None
    # The second field is the program's name in parentheses, and may have blanks and parentheses.
    fields = text.rpartition(")")[2].split()
    return fields[0], int(fields[19])
