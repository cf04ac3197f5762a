"""A store to work in, on a real file and in memory, and short words for what tests put into it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from kolena_local.payload import Json, digest, dumps
from kolena_local.repository import Store, Unit, close_stores, open_store
from kolena_local.repository.records import (
    MemberChange,
    NewGroundTruth,
    NewSample,
    TestCaseRecord,
    TestSuiteRecord,
)


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, store_path: Path) -> Store:
    """Return a fresh store: what holds for a file holds in memory too."""
    return open_store(str(store_path) if request.param == "file" else ":memory:")


@pytest.fixture
def file_store(store_path: Path) -> Store:
    """Return a fresh store on a file."""
    return open_store(str(store_path))


def new_sample(name: str, metadata: dict[str, Json] | None = None) -> NewSample:
    """Return a sample that is known by its name."""
    payload: dict[str, Json] = {"locator": name}
    return NewSample(digest(payload), dumps(payload), metadata or {})


def put_pairs(unit: Unit, names: Sequence[str], truth: Json = "cat") -> list[tuple[int, int]]:
    """Store samples with a ground truth; return pairs of their ids."""
    workflow = unit.workflows.ensure("workflow")
    samples = unit.test_samples.put(workflow.id, [new_sample(name) for name in names])
    truths = unit.ground_truths.put(
        [NewGroundTruth(sample, digest(truth), dumps(truth)) for sample in samples]
    )
    return list(zip(samples, truths, strict=True))


def add_case(unit: Unit, name: str, pairs: Sequence[tuple[int, int]]) -> TestCaseRecord:
    """Make a test case at version 1 with these samples and ground truths."""
    case = unit.test_cases.add(unit.workflows.ensure("workflow").id, name, "")
    changes = [MemberChange(sample, truth, False) for sample, truth in pairs]
    return unit.test_cases.edit(case.id, 0, description=None, reset=False, changes=changes)


def add_suite(unit: Unit, name: str, cases: Sequence[TestCaseRecord]) -> TestSuiteRecord:
    """Make a test suite at version 1 of these test cases."""
    suite = unit.test_suites.add(unit.workflows.ensure("workflow").id, name, "", ())
    pinned = [(case.id, case.version) for case in cases]
    return unit.test_suites.replace_test_cases(suite.id, 0, pinned)


@contextmanager
def locked(mode: int, store: Path | None = None) -> Iterator[Path]:
    """Give a folder whose file an unprivileged user may read but not write; root becomes one."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if store is not None:
            shutil.copyfile(store, folder / "store.db")
        else:
            open_store(str(folder / "store.db"))
            close_stores()
        folder.chmod(mode)
        (folder / "store.db").chmod(0o444)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)
        try:
            yield folder
        finally:
            close_stores()
            if root:
                os.seteuid(0)
            folder.chmod(0o755)
