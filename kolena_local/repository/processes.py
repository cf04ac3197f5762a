"""Which process is at work, and whether it still is: a killed one cannot say so itself.

Nothing but the standard library is asked, so the answer is a careful one: of a process on another
machine nothing is known, and what is not known to be gone counts as there.
"""

from __future__ import annotations

import os
import socket
from typing import Final, NamedTuple

# Linux's own number for where processes are counted that are in no container.
_OUTERMOST: Final = "pid:[4026531836]"


class Process(NamedTuple):
    """A process, in the words that tell it from every other one.

    Args:
        host: the name of its machine, or of its container there.
        pid: its number there, which is used again when the process is gone.
        process_started: when it began, in clock ticks since the machine did; None if the system
            does not tell.
    """

    host: str
    pid: int
    process_started: int | None


def this_process() -> Process:
    """Return the process that asks."""
    pid = os.getpid()
    state = _state(pid)
    return Process(_host(), pid, state[1] if state else None)


def is_gone(process: Process) -> bool:
    """Say whether a process is known to have ended."""
    # Elsewhere than on POSIX systems, signal 0 is not a question but Ctrl-C.
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
    """Name what this process shares its numbers with; containers may have one name and do not."""
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
