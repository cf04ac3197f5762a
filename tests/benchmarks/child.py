"""What a child process does while its memory is watched; prints its peak in megabytes."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from kolena_local.workflow import test
from tests.benchmarks.data import D1
from tests.benchmarks.stores import CASE, MODEL, SUITE, use
from tests.benchmarks.testing import Exact, infer


def main(word: str, path: Path) -> None:
    """Do one of the works, then print the peak."""
    use(path)
    if word == "iterate":
        for _ in D1.Model.load(MODEL).iter_inferences(D1.TestCase.load(CASE)):
            pass
    else:
        test(D1.Model.load(MODEL, infer), D1.TestSuite.load(SUITE), Exact())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Kilobytes on Linux, bytes on macOS.
    print(peak / (2**20 if sys.platform == "darwin" else 2**10))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
