"""What a call has returned from is in the file; a killed process loses at most one batch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.durability.kill_rounds import BATCH


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_killed_process_loses_at_most_the_batch_it_was_working_on(
    tmp_path: Path, rounds: int, capsys: pytest.CaptureFixture[str]
) -> None:
    # Forking beside the threads of numpy makes newer Pythons warn; the children use none of them.
    command = [sys.executable, "-W", "ignore", "-m", "tests.durability.kill_rounds"]
    run = subprocess.run(
        [*command, str(rounds), "0", str(tmp_path)], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    seen = json.loads(run.stdout)
    with capsys.disabled():
        if rounds > 100:
            print(f"\n{rounds} rounds: {seen['totals']}, killed after {seen['killed_after']}")
    assert seen["problems"] == []
    assert seen["totals"]["begin"] == rounds
    assert seen["totals"].get("unsaved", 0) <= BATCH * rounds
    # Otherwise the kills came too early or too late to show anything.
    assert len(seen["killed_after"]) > 2
