"""Leases on pending samples, and which processes still live."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kolena_local.repository import Store, leases
from kolena_local.repository.processes import Process, is_gone, this_process
from tests.repository.conftest import add_case, add_suite, put_pairs

OTHER = "import sys; print('up', flush=True); sys.stdin.read()"


class Bench:
    """A model, six samples, and claims on them by whoever."""

    def __init__(self, store: Store) -> None:
        self.store = store
        with store.write() as unit:
            self.samples = [sample for sample, _ in put_pairs(unit, "abcdef")]
            self.model = unit.models.add(unit.workflows.ensure("workflow").id, "model", {}, ()).id

    def claim(
        self, owner: str, samples: list[int], held: list[int] | None = None, seconds: float = 60
    ) -> tuple[list[int], list[int]]:
        with self.store.write() as unit:
            claim = unit.leases.claim(
                owner, self.model, samples, limit=9, held=held or [], seconds=seconds
            )
        assert not claim.left
        return list(claim.granted), list(claim.refused)


@pytest.fixture
def bench(store: Store) -> Bench:
    return Bench(store)


@pytest.fixture
def other_process() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", OTHER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


def test_two_owners_get_different_samples(bench: Bench) -> None:
    a, b, c, d, *_ = bench.samples
    assert bench.claim("first", [c, a, b]) == ([c, a, b], [])
    assert bench.claim("second", [a, b, c, d]) == ([d], [a, b, c])
    assert bench.claim("first", [d]) == ([], [d])


def test_no_more_is_granted_than_was_asked_for(bench: Bench) -> None:
    a, b, c, *_ = bench.samples
    bench.claim("first", [b])
    with bench.store.write() as unit:
        claim = unit.leases.claim("second", bench.model, [c, b, a], limit=1, held=[], seconds=60)
    assert [list(samples) for samples in claim] == [[c], [b], [a]]
    assert bench.claim("third", [a, b, c]) == ([a], [b, c])


def test_what_is_held_stays_leased_when_more_is_claimed(bench: Bench) -> None:
    a, b, c, *_ = bench.samples
    bench.claim("first", [a, b])
    bench.claim("first", [c], held=[b])
    assert bench.claim("second", [a, b, c]) == ([a], [b, c])


def test_what_is_done_is_neither_granted_nor_refused(bench: Bench) -> None:
    a, b, *_ = bench.samples
    with bench.store.write() as unit:
        unit.inferences.put(bench.model, [a], ["{}"], replace=True)
    assert bench.claim("first", [a, b]) == ([b], [])
    assert bench.claim("second", [a, b]) == ([], [b])


def test_what_is_stale_is_to_be_done(bench: Bench) -> None:
    with bench.store.write() as unit:
        pairs = put_pairs(unit, "ab")
        suite = add_suite(unit, "suite", [add_case(unit, "case", pairs)])
        samples = [sample for sample, _ in pairs]
        unit.inferences.put(bench.model, samples, ["{}", "{}"], replace=True)
        unit.inferences.mark_stale(bench.model, suite.id, suite.version)
        unit.inferences.put(bench.model, samples[:1], ["{}"], replace=True)
    assert bench.claim("first", samples) == (samples[1:], [])


def test_a_lease_ends_by_being_dropped(bench: Bench) -> None:
    bench.claim("first", bench.samples)
    with bench.store.write() as unit:
        unit.leases.drop("first")
    assert bench.claim("second", bench.samples) == (bench.samples, [])


def test_a_lease_runs_out_unless_it_is_extended(bench: Bench) -> None:
    a, b, *_ = bench.samples
    bench.claim("first", [a], seconds=0.05)
    bench.claim("second", [b], seconds=0.05)
    with bench.store.write() as unit:
        unit.leases.extend("second", seconds=60)
        unit.leases.extend("nobody", seconds=60)
    time.sleep(0.06)
    assert bench.claim("third", [a, b]) == ([a], [b])


def test_a_lease_of_another_model_is_no_obstacle(bench: Bench) -> None:
    bench.claim("first", bench.samples)
    with bench.store.write() as unit:
        bench.model = unit.models.add(unit.workflows.ensure("workflow").id, "other", {}, ()).id
    assert bench.claim("second", bench.samples) == (bench.samples, [])


def test_a_killed_process_holds_no_lease(
    bench: Bench, other_process: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = Process(this_process().host, other_process.pid, None)
    monkeypatch.setattr("kolena_local.repository.leases.this_process", lambda: owner)
    bench.claim("first", bench.samples)
    assert bench.claim("second", bench.samples) == ([], bench.samples)
    other_process.kill()
    other_process.wait()
    assert bench.claim("second", bench.samples) == (bench.samples, [])


def test_a_process_is_there_until_it_ends(other_process: subprocess.Popen[str]) -> None:
    host, pid, _ = this_process()
    assert pid == os.getpid()
    assert not is_gone(this_process())
    assert not is_gone(Process(host, other_process.pid, None))
    other_process.kill()
    os.waitid(os.P_PID, other_process.pid, os.WEXITED | os.WNOWAIT)
    # Nobody has asked how it ended, so it has a number still; on Linux one sees that it is dead.
    assert is_gone(Process(host, other_process.pid, None)) or sys.platform != "linux"
    other_process.wait()
    assert is_gone(Process(host, other_process.pid, None))


def test_a_number_that_was_given_again_is_another_process() -> None:
    host, pid, started = this_process()
    # Only Linux tells when a process began.
    assert (started is not None) == (sys.platform == "linux")
    assert started is None or is_gone(Process(host, pid, started - 1))


def test_of_other_machines_nothing_is_known() -> None:
    assert not is_gone(Process("elsewhere", 2**22 + 1, None))


def test_a_number_that_no_process_can_have_is_gone() -> None:
    assert is_gone(Process(this_process().host, 2**70, None))


def test_somebody_elses_process_is_there() -> None:
    assert not is_gone(Process(this_process().host, 1, None))


def test_of_another_container_with_the_same_name_nothing_is_known(
    other_process: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, readlink = this_process(), os.readlink
    monkeypatch.setattr(
        os, "readlink", lambda path: "pid:[4026532178]" if "/ns/pid" in path else readlink(path)
    )
    inside = this_process()
    assert (inside.host == here.host) is not Path("/proc/self/ns/pid").exists()
    assert inside.host.startswith(socket.gethostname())
    other_process.kill()
    other_process.wait()
    assert is_gone(Process(inside.host, other_process.pid, None))
    monkeypatch.undo()
    if inside.host != here.host:
        assert not is_gone(Process(inside.host, other_process.pid, None))


@pytest.mark.parametrize("end", ["9999-12-31T23:59:59.999Z", "2999-01-01T00:00:00.000Z"])
def test_a_lease_that_ends_in_the_far_future_ends_within_a_minute(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    a, b, *_ = bench.samples
    bench.claim("ahead", [a])
    with bench.store.write() as unit:
        unit._sql.execute("UPDATE inference_lease SET expires_at = ?", (end,))
    assert bench.claim("second", [a, b]) == ([b], [a])
    usual = leases.now
    monkeypatch.setattr(leases, "now", lambda seconds=0.0: usual(seconds + 59))
    assert bench.claim("third", [a]) == ([], [a])
    monkeypatch.setattr(leases, "now", lambda seconds=0.0: usual(seconds + 61))
    assert bench.claim("third", [a]) == ([a], [])


def test_who_has_a_clock_that_runs_ahead_keeps_the_samples_it_is_at(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, *_ = bench.samples
    bench.claim("ahead", [a])
    usual = leases.now
    for seconds in range(0, 300, 50):
        monkeypatch.setattr(leases, "now", lambda more=0.0, s=seconds: usual(more + s + 86_400))
        with bench.store.write() as unit:
            unit.leases.extend("ahead", seconds=60)
        monkeypatch.setattr(leases, "now", lambda more=0.0, s=seconds: usual(more + s))
        assert bench.claim("second", [a]) == ([], [a])
