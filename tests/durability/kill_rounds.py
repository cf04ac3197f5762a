"""Kills a process at a random moment of its work, many times, and looks at what it left.

Run by ``test_kill.py`` as a program of its own, because it forks: importing everything anew for
each round would take ten times as long as the work. It prints what it saw as one JSON object.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Callable, Iterator, List, Tuple

import kolena_local
from kolena_local.execution import work_queue
from kolena_local.repository import close_stores, open_store
from kolena_local.repository.health.checks import check
from kolena_local.workflow import Image, TestRun, test
from tests.durability.dump import is_sound
from tests.files.make import (
    AnimalCase,
    AnimalModel,
    AnimalSuite,
    Guess,
    Judge,
    Strictness,
    animals,
    guess,
)

SAMPLES = 40
BATCH = 5
UPLOAD = 10
NEW, GONE = 3, 1
# After which steps a process is killed, and how many of each it makes in a turn of its work.
STEPS = {"begin": 1, "uploaded": SAMPLES // UPLOAD, "edited": 1, "infers": SAMPLES, "tested": 1}
TURNS = 2
LONGEST_SECONDS = 0.01
CONFIGURATIONS = [Strictness(0.5), Strictness(0.9)]

Ack = Callable[..., None]


def judge() -> Judge:
    return Judge(configurations=CONFIGURATIONS)


def make(path: Path) -> None:
    with kolena_local.session(db=path):
        case = AnimalCase("case", test_samples=animals(0, SAMPLES))
        AnimalCase("edited", test_samples=animals(0, SAMPLES))
        AnimalSuite("suite", test_cases=[case])
    close_stores()


def contents(version: int) -> List[str]:
    """Return the samples of a version of the edited test case, in order."""
    last = SAMPLES + NEW * (version - 1)
    return [sample.locator for sample, _ in animals(GONE * (version - 1), last)]


def work(path: Path, ack: Ack) -> None:
    """Store one thing after the other until killed, saying what is done."""
    work_queue.BATCH_INFERENCES = BATCH
    with kolena_local.session(db=path):
        suite = AnimalSuite.load("suite")
        samples = [sample for sample, _ in animals(0, SAMPLES)]
        ack("begin")
        for number in range(10_000):
            run = TestRun(AnimalModel(f"upload-{number}"), suite)
            for start in range(0, SAMPLES, UPLOAD):
                part = samples[start : start + UPLOAD]
                run.upload_inferences([(sample, guess(sample)) for sample in part])
                ack("uploaded", number, start + UPLOAD)

            case = AnimalCase.load("edited")
            with case.edit() as editor:
                gone = GONE * (case.version - 1)
                for sample, _ in animals(gone, gone + GONE):
                    editor.remove(sample)
                first = SAMPLES + NEW * (case.version - 1)
                for pair in animals(first, first + NEW):
                    editor.add(*pair)
            ack("edited", case.version)

            def infer(sample: Image, number: int = number) -> Guess:
                ack("infers", number)
                time.sleep(0.001)  # so that many are killed here
                return guess(sample)

            test(AnimalModel(f"test-{number}", infer=infer), suite, judge())
            ack("tested", number)


class Moment:
    """When to kill: a while after a step, so that how fast the machine is does not decide."""

    def __init__(self, chance: random.Random) -> None:
        self.step = chance.choice(list(STEPS))
        turns = 1 if self.step == "begin" else TURNS
        self.after = chance.randint(1, STEPS[self.step] * turns)
        self.seconds = chance.uniform(0, LONGEST_SECONDS)


def killed(path: Path, moment: Moment) -> Tuple[int, List[List[str]]]:
    """Let a child work and kill it at the moment; return its pid and what it acknowledged."""
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reader)
        try:
            work(path, lambda *words: os.write(writer, f"{' '.join(map(str, words))}\n".encode()))
        finally:
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader) as said:
        lines: List[str] = []
        left = moment.after
        while left and (line := said.readline()):
            lines.append(line)
            left -= line.split()[0] == moment.step
        time.sleep(moment.seconds)
        os.kill(pid, signal.SIGKILL)
        lines.extend(said)
    _, status = os.waitpid(pid, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL, f"the child failed by itself: {lines[-3:]}"
    return pid, [line.split() for line in lines]


class Left:
    """What a killed process left in the store, against what it acknowledged."""

    def __init__(self, path: Path, acknowledged: List[List[str]]) -> None:
        self._path = path
        self.counts: Counter[str] = Counter(words[0] for words in acknowledged)
        self.last = acknowledged[-1][0]
        self._of: Counter[Tuple[str, ...]] = Counter(map(tuple, acknowledged))
        self._acknowledged = acknowledged
        self.rows = 0
        self.unsaved = 0

    def problems(self) -> Iterator[str]:
        if not is_sound(self._path):
            yield "SQLite's own checks fail"
        for finding in check(str(self._path)):
            if finding.severity == "error" and finding.rule != "test runs":
                yield finding.text
        with open_store(str(self._path)).read() as unit:
            self._stored = {
                model.name: unit.inferences.count(model.id) for model in unit.models.list()
            }
            self._runs = {run.model: run for run in unit.test_runs.list()}
            self._results = {
                name: (
                    unit.test_runs.sample_metrics(run.id),
                    unit.test_runs.case_metrics(run.id),
                    unit.test_runs.suite_metrics(run.id),
                    unit.test_runs.plots(run.id),
                )
                for name, run in self._runs.items()
            }
        yield from self._uploads()
        yield from self._edits()
        yield from self._tests()

    def _uploads(self) -> Iterator[str]:
        said: Counter[str] = Counter()
        for words in self._acknowledged:
            if words[0] == "uploaded":
                said[f"upload-{words[1]}"] = int(words[2])
        for name, stored in self._stored.items():
            if name.startswith("upload-"):
                self.rows += stored
                if stored % UPLOAD:
                    yield f"{name}: half a batch, {stored} rows"
                if not said[name] <= stored <= said[name] + UPLOAD:
                    yield f"{name}: {said[name]} acknowledged, {stored} stored"
        yield from (f"{name} is missing" for name in said if name not in self._stored)

    def _edits(self) -> Iterator[str]:
        said = max(
            (int(words[1]) for words in self._acknowledged if words[0] == "edited"), default=1
        )
        with kolena_local.session(db=self._path):
            case = AnimalCase.load("edited")
            if case.version not in (said, said + 1):
                yield f"version {said} acknowledged, {case.version} stored"
            for version in range(1, case.version + 1):
                loaded = AnimalCase.load("edited", version).load_test_samples()
                found = [sample.locator for sample, _ in loaded]
                self.rows += NEW
                if found != contents(version):
                    yield f"version {version} of the test case is not what was edited: {found}"

    def _tests(self) -> Iterator[str]:
        for name, stored in self._stored.items():
            if not name.startswith("test-"):
                continue
            number = name.rpartition("-")[2]
            self.rows += stored
            begun = self._of["infers", number]
            if not begun - BATCH <= stored <= begun:
                yield f"{name}: inferred {begun}, stored {stored}"
            self.unsaved += max(0, begun - stored)
            done = ("tested", number) in self._of
            if done and (stored != SAMPLES or self._runs[name].status != "completed"):
                yield f"{name}: acknowledged, but {stored} rows and {self._runs.get(name)}"
            if name in self._runs:
                yield from self._results_of(name, done)

    def _results_of(self, name: str, done: bool) -> Iterator[str]:
        whole = (SAMPLES, 1, 1, 1)
        for configuration in CONFIGURATIONS:
            display = configuration.display_name()
            found = tuple(
                sum(record.configuration == display for record in records)
                for records in self._results[name]
            )
            self.rows += sum(found)
            if found != whole and (done or any(found)):
                yield f"{name}: half a result under {display}, {found}"

    def resume(self) -> Iterator[str]:
        """Test again what was being tested; exactly what is missing may be inferred."""
        with kolena_local.session(db=self._path):
            suite = AnimalSuite.load("suite")
            for name in [name for name in self._stored if name.startswith("test-")][-1:]:
                made: List[str] = []

                def infer(sample: Image, made: List[str] = made) -> Guess:
                    made.append(sample.locator)
                    return guess(sample)

                test(AnimalModel(name, infer=infer), suite, judge())
                if len(made) != SAMPLES - self._stored[name] or len(set(made)) != len(made):
                    yield f"{name}: {self._stored[name]} stored, but {len(made)} inferred anew"
                with open_store(str(self._path)).read() as unit:
                    (run,) = unit.test_runs.list(model=name)
                    if run.status != "completed":
                        yield f"{name}: tested again, but {run.status}"


def main(rounds: int, seed: int, folder: Path) -> None:
    """Kill as many processes and print what was seen."""
    chance = random.Random(seed)
    template = folder / "template.db"
    make(template)
    totals: Counter[str] = Counter()
    moments: Counter[str] = Counter()
    problems: List[str] = []
    for number in range(rounds):
        path = folder / f"{number}.db"
        shutil.copyfile(template, path)
        _, acknowledged = killed(path, Moment(chance))
        left = Left(path, acknowledged)
        problems += [f"round {number}: {problem}" for problem in left.problems()]
        problems += [f"round {number}: {problem}" for problem in left.resume()]
        totals.update(left.counts, rows=left.rows, unsaved=left.unsaved)
        moments[left.last] += 1
        close_stores()
        if not problems:
            for rest in folder.glob(f"{number}.db*"):
                rest.unlink()
    print(json.dumps({"totals": totals, "killed_after": moments, "problems": problems}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
