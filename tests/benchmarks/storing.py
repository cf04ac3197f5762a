"""Writing: inferences that were made elsewhere, a large test case, one more sample in it."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from kolena_local.workflow import TestRun, no_op_evaluator
from kolena_local.workflow.annotation import ClassificationLabel
from tests.benchmarks import plain
from tests.benchmarks.data import D1, D2, DataSet, Picture, Shown, pairs
from tests.benchmarks.measure import Row, Turn, seconds_of
from tests.benchmarks.stores import CASE, MODEL, SUITE, copy, fill, settle, use

_EDITS = 20

INSERT_INFERENCE = "INSERT INTO inference (model_id, test_sample_id, payload)"
INSERT_SAMPLE = "INSERT INTO test_sample (id, workflow_id, digest, payload, metadata)"
INSERT_TRUTH = "INSERT INTO ground_truth (id, test_sample_id, digest, payload)"
INSERT_MEMBER = (
    "INSERT INTO test_case_member"
    " (test_case_id, position, added, removed, test_sample_id, ground_truth_id)"
)


def upload(data: DataSet, folder: Path, rows: int) -> tuple[Turn, Turn]:
    """Upload inferences of samples that are in the store."""
    done = fill(data, folder, rows, inferred=True)
    connection = plain.connect(done.path)
    stored = connection.execute(
        "SELECT model_id, test_sample_id, payload FROM inference"
    ).fetchall()
    # The samples' store without inferences is where every turn begins.
    connection.execute("DELETE FROM inference")
    connection.execute("VACUUM")
    connection.close()
    settle(done.path)
    # Samples that the user made: nothing about them is known from an earlier call.
    answers = [(pair[0], guess) for pair, guess in zip(pairs(rows), done.inferences, strict=True)]

    def ours() -> float:
        use(copy(done.path, "turn.db"))
        run = TestRun(data.Model.load(MODEL), data.TestSuite.load(SUITE))
        return seconds_of(run.upload_inferences, answers)

    def theirs() -> float:
        connection = plain.connect(copy(done.path, "turn.db"))
        taken = seconds_of(_write, connection, [(INSERT_INFERENCE, stored)])
        connection.close()
        return taken

    return ours, theirs


def replace(folder: Path, rows: int) -> tuple[Turn, Turn]:
    """Upload other inferences of samples whose results are fresh, and of some that are not."""
    done = fill(D1, folder, rows, inferred=True)
    use(done.path)
    TestRun(D1.Model.load(MODEL), D1.TestSuite.load(SUITE), no_op_evaluator).evaluate()
    settle(done.path)
    stale = copy(done.path, "stale.db")
    connection = plain.connect(stale)
    connection.execute(
        "UPDATE evaluator_configuration SET stale_reason = 'x',"
        " stale_since = '2024-01-01T00:00:00.000Z'"
    )
    connection.close()
    settle(stale)
    guesses = [*done.inferences[1:], done.inferences[0]]
    answers = [(pair[0], guess) for pair, guess in zip(pairs(rows), guesses, strict=True)]

    def turn(path: Path) -> float:
        use(copy(path, "turn.db"))
        run = TestRun(D1.Model.load(MODEL), D1.TestSuite.load(SUITE), reset=True)
        return seconds_of(run.upload_inferences, answers)

    return lambda: turn(done.path), lambda: turn(stale)


def make_test_case(folder: Path, rows: int) -> tuple[Turn, Turn]:
    """Store samples and ground truths of a new test case."""
    done = fill(D1, folder, rows, inferred=False)
    connection = plain.connect(done.path)
    stored = [
        (INSERT_SAMPLE, connection.execute("SELECT * FROM test_sample").fetchall()),
        (INSERT_TRUTH, connection.execute("SELECT * FROM ground_truth").fetchall()),
        (INSERT_MEMBER, _members(connection)),
    ]
    connection.close()
    empty = folder / "empty.db"
    use(empty)
    D1.TestCase(CASE)
    settle(empty)

    def ours() -> float:
        use(copy(empty, "turn.db"))
        return seconds_of(lambda: D1.TestCase(CASE, test_samples=done.pairs))

    def theirs() -> float:
        connection = plain.connect(copy(empty, "turn.db"))
        taken = seconds_of(_write, connection, stored)
        connection.close()
        return taken

    return ours, theirs


def add_one_sample(folder: Path, rows: int) -> tuple[Turn, Turn]:
    """Edit a large test case: one sample more, again and again."""
    done = fill(D1, folder, rows, inferred=False)
    generator = random.Random(rows)
    connection = plain.connect(copy(done.path, "plain.db"))
    template = connection.execute(
        "SELECT workflow_id, payload, metadata FROM test_sample"
    ).fetchone()
    use(done.path)
    test_case = D1.TestCase.load(CASE)

    def ours() -> float:
        truth = Shown(ClassificationLabel("cat"))
        samples = [Picture(f"new-{generator.random()}.jpg") for _ in range(_EDITS)]

        def edit() -> None:
            for sample in samples:
                with test_case.edit() as editor:
                    editor.add(sample, truth)

        return seconds_of(edit) / _EDITS

    def theirs() -> float:
        workflow, payload, metadata = template
        digests = [generator.randbytes(17) for _ in range(_EDITS)]

        def edit() -> None:
            for digest in digests:
                _write(connection, [(INSERT_SAMPLE, [(None, workflow, digest, payload, metadata)])])

        return seconds_of(edit) / _EDITS

    plain.close_after(theirs, connection)
    return ours, theirs


def _members(connection: Any) -> list[Any]:
    return list(
        connection.execute(
            "SELECT test_case_id, position, added, removed, test_sample_id, ground_truth_id"
            " FROM test_case_member"
        )
    )


def _write(connection: Any, statements: list[tuple[str, list[Any]]]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for head, rows in statements:
        plain.insert(connection, head, rows)
    connection.execute("COMMIT")


ROWS = [
    Row(
        "upload_inferences(), D1",
        "the payloads inserted",
        2.5,
        lambda folder, rows: upload(D1, folder, rows),
    ),
    Row(
        "upload_inferences(), D2",
        "the payloads inserted",
        2.5,
        lambda folder, rows: upload(D2, folder, rows),
        most_rows=100_000,
    ),
    Row("upload_inferences(), fresh results", "stale results", 1.15, replace),
    Row("TestCase(test_samples=…)", "the rows inserted", 2.5, make_test_case),
    Row("edit() adds one sample", "a one-row commit", 20, add_one_sample, per_row=False),
]
