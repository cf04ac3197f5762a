"""What a child process does while its memory is watched; prints its peak in megabytes."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from kolena_local.cli import main as command_line
from kolena_local.workflow import test
from tests.benchmarks.data import D1
from tests.benchmarks.stores import CASE, MODEL, SUITE, use
from tests.benchmarks.testing import Exact, infer

_AGAIN = ("--on-conflict", "replace")
_STATUS = Path("/proc/self/status")


def main(word: str, path: Path) -> None:
    """Do one of the works, then print the peak."""
    use(path)
    if word == "iterate":
        for _ in D1.Model.load(MODEL).iter_inferences(D1.TestCase.load(CASE)):
            pass
    elif word == "test":
        test(D1.Model.load(MODEL, infer), D1.TestSuite.load(SUITE), Exact())
    else:
        lines, table = str(path.with_suffix(".jsonl")), str(path.with_suffix(".csv"))
        arguments = {
            "check": ["--db", str(path), "db", "check"],
            "export": ["--db", str(path), "export", lines],
            "import": ["--db", str(path.with_name("imported.db")), "import", lines],
            "write": ["--db", str(path), "inferences", "export", MODEL, "-o", table],
            "read": ["--db", str(path), "inferences", "import", MODEL, table, *_AGAIN],
        }
        command_line(arguments[word], standalone_mode=False)
    print(_peak())


def _peak() -> float:
    """Return this process's peak in megabytes."""
    if sys.platform == "darwin":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    # Not ru_maxrss: on Linux a process inherits it from the large one that started it.
    (line,) = (one for one in _STATUS.read_text().splitlines() if one.startswith("VmHWM:"))
    return int(line.split()[1]) / 2**10


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
