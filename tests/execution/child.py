"""What a process does that runs the test.

It says ``up`` when it is ready, writes down each sample before it infers it, and infers as many as
the numbers allow that it gets line by line.
"""

from __future__ import annotations

from pathlib import Path

import kolena_local
from kolena_local.execution import work_queue
from kolena_local.repository.file import connection
from kolena_local.workflow import test as run_test
from tests.execution.toy_workflow import PAGE, Guess, Image, Model, TestSuite, evaluate, guess


def main(db: str, log: str, lease_seconds: str) -> None:
    kolena_local.initialize(db=db, verbose=False)
    work_queue.LEASE_SECONDS = float(lease_seconds)
    connection.BUSY_SECONDS = 120.0  # type: ignore[misc]  # a turn may come late on a busy machine
    # Pages and batches are counted, so that how fast the machine is does not decide.
    work_queue._SMALLEST_PAGE = work_queue._LARGEST_PAGE = work_queue.BATCH_INFERENCES = PAGE
    work_queue.BATCH_SECONDS = float("inf")
    work_queue._LONGEST_PAUSE = work_queue._SHORTEST_PAUSE
    allowed = 0
    with Path(log).open("a", buffering=1) as lines:

        def infer(sample: Image) -> Guess:
            nonlocal allowed
            lines.write(sample.locator + "\n")
            while not allowed:
                allowed += int(input())
            allowed -= 1
            return guess(sample)

        model, suite = Model("m", infer=infer), TestSuite.load("suite")
        print("up", flush=True)
        run_test(model, suite, evaluate)
