"""A process that runs the test: ``python -m tests.execution.child DB LOG SECONDS LEASE_SECONDS``.

It says ``up`` when it is ready, begins when it gets a line, and writes down each sample before it
infers it.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import kolena_local
from kolena_local.execution import sharing
from kolena_local.workflow import test as run_test
from tests.execution.things import Guess, Image, Model, TestSuite, evaluate, guess


def main(db: str, log: str, seconds: str, lease_seconds: str) -> None:
    kolena_local.initialize(db=db, verbose=False)
    sharing.LEASE_SECONDS = float(lease_seconds)
    # The whole test takes a second, so its batches and pages are short.
    sharing.BATCH_SECONDS = sharing._PAGE_SECONDS = 0.05
    with Path(log).open("a", buffering=1) as lines:

        def infer(sample: Image) -> Guess:
            lines.write(sample.locator + "\n")
            time.sleep(float(seconds))
            return guess(sample)

        model, suite = Model("m", infer=infer), TestSuite.load("suite")
        print("up", flush=True)
        input()
        run_test(model, suite, evaluate)


if __name__ == "__main__":
    main(*sys.argv[1:])
