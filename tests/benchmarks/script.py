"""The whole of ``test()`` as a script written by hand for one data set, the reference for it.

It keeps what the package promises a user: what is pending is found by the database, inferences are
saved in batches, and an evaluator sees each slice's objects and has its results stored in one
transaction. What it leaves out is everything that would make it serve a second data set.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.benchmarks import plain
from tests.benchmarks.storing import INSERT_INFERENCE

_BATCH = 500
_PENDING = """
    SELECT sample.id, sample.payload, sample.metadata FROM test_suite_member AS pinned
    JOIN test_case_member AS member
        ON member.test_case_id = pinned.test_case_id AND member.removed IS NULL
    JOIN test_sample AS sample ON sample.id = member.test_sample_id
    WHERE pinned.test_suite_id = 1 AND pinned.version = 1 AND NOT EXISTS (
        SELECT 1 FROM inference WHERE model_id = 1 AND stale = 0
        AND inference.test_sample_id = member.test_sample_id)
"""
_SLICE = """
    SELECT sample.id, sample.payload, sample.metadata, truth.payload, inference.payload
    FROM test_case_member AS member
    JOIN inference ON inference.model_id = 1 AND inference.test_sample_id = member.test_sample_id
    JOIN test_sample AS sample ON sample.id = member.test_sample_id
    JOIN ground_truth AS truth ON truth.id = member.ground_truth_id
    WHERE member.test_case_id = ? AND member.removed IS NULL
    ORDER BY member.position
"""


@dataclass
class Picture:
    """An image."""

    locator: str
    metadata: dict[str, Any]


@dataclass
class Label:
    """A label, of a truth or of a guess."""

    label: str
    score: float | None = None


Infer = Callable[[Picture], Label]


def run(connection: sqlite3.Connection, infer: Infer) -> None:
    """Infer what is pending, then evaluate slice by slice."""
    batch: list[tuple[int, int, str]] = []
    for id_, picture in _pending(connection):
        guess = infer(picture)
        content = {"label": guess.label, "score": guess.score, "data_type": "ANNOTATION/LABEL"}
        batch.append((1, id_, _dumps({"prediction": content})))
        if len(batch) == _BATCH:
            _save(connection, INSERT_INFERENCE, batch)
            batch = []
    if batch:
        _save(connection, INSERT_INFERENCE, batch)
    _evaluate(connection)


def _pending(connection: sqlite3.Connection) -> Iterator[tuple[int, Picture]]:
    # All at once, so that no read is open while the answers are written.
    for id_, payload, metadata in connection.execute(_PENDING).fetchall():
        yield id_, Picture(json.loads(payload)["locator"], json.loads(metadata))


def _evaluate(connection: sqlite3.Connection) -> None:
    run = (1, 1, 1, "Correctness", "completed", "2024-01-01T00:00:00.000Z")
    connection.execute(
        "INSERT INTO test_run (model_id, test_suite_id, test_suite_version, evaluator, status,"
        " created_at) VALUES (?, ?, ?, ?, ?, ?)",
        run,
    )
    connection.execute(
        "INSERT INTO evaluator_configuration (test_run_id, display_name) VALUES (1, '')"
    )
    cases = connection.execute(
        "SELECT test_case_id FROM test_suite_member WHERE test_suite_id = 1 AND version = 1"
    ).fetchall()
    of_samples, of_cases = [], []
    for (case,) in cases:
        triples = _load(connection, case)
        right = [(id_, truth.label == guess.label) for id_, _, truth, guess in triples]
        of_samples += [(1, case, id_, _dumps({"is_right": it})) for id_, it in right]
        share = sum(it for _, it in right) / len(right)
        of_cases.append((1, case, _dumps({"images": len(right), "accuracy": share})))
    connection.execute("BEGIN IMMEDIATE")
    head = "INSERT INTO metrics_test_sample"
    columns = "(evaluator_configuration_id, test_case_id, test_sample_id, payload)"
    plain.insert(connection, f"{head} {columns}", of_samples)
    plain.insert(connection, "INSERT INTO metrics_test_case", of_cases)
    connection.execute("COMMIT")


def _load(connection: sqlite3.Connection, case: int) -> list[tuple[int, Picture, Label, Label]]:
    return [
        (
            id_,
            Picture(json.loads(payload)["locator"], json.loads(metadata)),
            Label(json.loads(truth)["label"]["label"]),
            _guess(json.loads(inference)["prediction"]),
        )
        for id_, payload, metadata, truth, inference in connection.execute(_SLICE, (case,))
    ]


def _guess(content: dict[str, Any]) -> Label:
    return Label(content["label"], content["score"])


def _dumps(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _save(connection: sqlite3.Connection, head: str, rows: list[Any]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    plain.insert(connection, head, rows)
    connection.execute("COMMIT")
