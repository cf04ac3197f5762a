"""What a call has returned from is in the file; a killed process loses at most one batch."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from kolena_local.repository import close_stores, open_store
from tests.conftest import sampled
from tests.durability.dump import is_sound
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


@pytest.mark.parametrize("pages", sampled([2, 1, 60]))
def test_a_process_killed_while_it_folds_the_log_into_the_file_loses_nothing(
    filled: Path, tmp_path: Path, pages: int
) -> None:
    left = tmp_path / "left.db"
    raw = sqlite3.connect(filled, isolation_level=None)
    raw.execute("PRAGMA wal_autocheckpoint = 0")
    moment = "strftime('%Y-%m-%dT%H:%M:%fZ')"
    raw.execute("BEGIN")
    for number in range(2000):
        raw.execute(f"INSERT INTO workflow (name, created_at) VALUES ('{number:0500}', {moment})")
    raw.execute("COMMIT")
    content = bytearray(filled.read_bytes())
    log = Path(f"{filled}-wal").read_bytes()
    raw.close()
    whole = filled.read_bytes()
    assert len(whole) > len(content)
    # Pages are copied one after the other, and the first one says how many there are.
    content[: pages * 4096] = whole[: pages * 4096]
    left.write_bytes(content)
    Path(f"{left}-wal").write_bytes(log)
    with open_store(str(left), create=False).read() as unit:
        assert len(unit.workflows.list()) == 1 + 2000
    close_stores()
    assert is_sound(left)
