"""A store with thousands of models, hundreds of test cases, and three models' results on them."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from kolena_local.repository import open_store

MODELS, CASES = 10_000, 500
SUITE, CASE, MODEL, BASE = "suite", "case 7", "model 2", "model 1"
_NOW = "2026-01-01T00:00:00.000Z"
_RESULTS = 3
_DIRECTIONS = json.dumps({"sample": {"is_correct": "higher"}, "case": {"accuracy": "higher"}})


def make_large_store(path: Path, samples: int) -> None:
    """Make the store; by SQL, since the public API would take ten times as long.

    Args:
        path: where; a store that the package has made already.
        samples: how many test samples it has in all, divided among the test cases.
    """
    open_store(str(path)).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("INSERT INTO workflow (id, name, created_at) VALUES (1, 'w', ?)", [_NOW])
        for statement, rows in (*_models(), *_samples(samples), *_results(samples)):
            connection.executemany(statement, rows)
        connection.commit()


Statements = Iterator[tuple[str, Iterator[tuple[object, ...]]]]


def _models() -> Statements:
    yield (
        "INSERT INTO model (id, workflow_id, name, metadata, created_at, updated_at, uid)"
        " VALUES (?1, 1, ?2, ?3, ?4, ?4, ?1)",
        (
            (id_, f"model {id_}", _json(seed=id_ % 7, framework="torch", rate=id_ / 1000), _NOW)
            for id_ in range(1, MODELS + 1)
        ),
    )
    tags = ((id_, f"tag {id_ % 3}") for id_ in range(1, MODELS + 1))
    yield "INSERT INTO model_tag VALUES (?, ?)", tags


def _samples(count: int) -> Statements:
    random_ = random.Random(0)
    ids = range(1, count + 1)
    yield (
        "INSERT INTO test_sample VALUES (?, 1, ?, ?, ?)",
        (
            (
                id_,
                _digest(id_),
                _json(locator=f"s3://bucket/{id_}.png", data_type="TEST_SAMPLE/IMAGE"),
                _json(hour=id_ % 24, weather=("sun", "rain")[id_ % 2], ink=random_.random()),
            )
            for id_ in ids
        ),
    )
    truths = ((id_, id_, _digest(id_), _json(label=("cat", "dog")[id_ % 2])) for id_ in ids)
    yield "INSERT INTO ground_truth VALUES (?, ?, ?, ?)", truths
    each = count // CASES
    cases = range(1, CASES + 1)
    yield (
        "INSERT INTO test_case (id, workflow_id, name, version, created_at, updated_at)"
        " VALUES (?1, 1, ?2, 1, ?3, ?3)",
        ((case, f"case {case}", _NOW) for case in cases),
    )
    yield (
        "INSERT INTO test_case_version VALUES (?1, 1, '', ?2, ?3, ?1)",
        ((case, each, _NOW) for case in cases),
    )
    yield (
        "INSERT INTO test_case_member VALUES (?1, ?2, 1, NULL, ?3, ?3)",
        ((case, place, (case - 1) * each + place + 1) for case in cases for place in range(each)),
    )
    yield (
        "INSERT INTO test_suite"
        " (id, workflow_id, name, description, version, created_at, updated_at)"
        " VALUES (1, 1, ?1, '', 1, ?2, ?2)",
        iter([(SUITE, _NOW)]),
    )
    yield "INSERT INTO test_suite_version VALUES (1, 1, ?, 1)", iter([(_NOW,)])
    members = ((case - 1, case) for case in cases)
    yield "INSERT INTO test_suite_member VALUES (1, 1, ?, ?, 1)", members


def _results(count: int) -> Statements:
    random_ = random.Random(1)
    ids, models = range(1, count + 1), range(1, _RESULTS + 1)
    yield (
        "INSERT INTO inference (model_id, test_sample_id, payload) VALUES (?, ?, ?)",
        (
            (model, id_, _json(label=random_.choice(("cat", "dog")), score=random_.random()))
            for model in models
            for id_ in ids
        ),
    )
    yield (
        "INSERT INTO test_run (id, model_id, test_suite_id, test_suite_version, evaluator, status,"
        " created_at, started_at, finished_at, uid)"
        " VALUES (?1, ?1, 1, 1, 'evaluator', 'completed', ?2, ?2, ?2, ?1)",
        ((model, _NOW) for model in models),
    )
    yield (
        "INSERT INTO evaluator_configuration (id, test_run_id, display_name, directions,"
        " evaluated_at) VALUES (?1, ?1, '', ?2, ?3)",
        ((model, _DIRECTIONS, _NOW) for model in models),
    )
    yield (
        "INSERT INTO metrics_test_sample"
        " (evaluator_configuration_id, test_sample_id, payload) VALUES (?, ?, ?)",
        (
            (model, id_, _json(is_correct=random_.random() < 0.9, loss=random_.random()))
            for model in models
            for id_ in ids
        ),
    )
    yield (
        "INSERT INTO metrics_test_case VALUES (?, ?, ?)",
        (
            (model, case, _json(accuracy=random_.random(), n=count // CASES))
            for model in models
            for case in range(1, CASES + 1)
        ),
    )


def _json(**values: object) -> str:
    return json.dumps(values, separators=(",", ":"))


def _digest(id_: int) -> bytes:
    return b"\1" + id_.to_bytes(16, "big")
