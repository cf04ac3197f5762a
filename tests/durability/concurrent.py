"""Processes that do something at the same moment, each after it has loaded everything."""

from __future__ import annotations

import time
from collections.abc import Sequence

from tests.python_process import Python

#: What a child runs when it is ready. It says so, is told the moment, and sleeps until then. On a
#: busy machine, a writer's turn may come after more than the usual seconds.
WAIT = """
import sys, time
from kolena_local.repository.file import connection
connection.BUSY_SECONDS = 120.0
print("ready", flush=True)
moment = float(sys.stdin.readline())
time.sleep(max(0.0, moment - time.time()))
"""


def run(children: Sequence[Python]) -> list[int | None]:
    """Let all children, whose code contains :data:`WAIT`, begin at once; return how they ended."""
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    moment = time.time() + 0.02
    for child in children:
        assert child.stdin is not None
        child.stdin.write(f"{moment}\n")
        child.stdin.flush()
    for child in children:
        child.communicate()
    return [child.returncode for child in children]
