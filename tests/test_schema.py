"""schema.sql, the migrations and the mapped tables are one schema, and it refuses nonsense."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool
from sqlmodel import SQLModel

from kolena_local.repository import open_store
from kolena_local.repository.file import migrations, schema_snapshot
from kolena_local.repository.file.new_file import build
from kolena_local.repository.tables import Table

SNAPSHOT = Path(__file__).parent.parent / "schema.sql"
TIME = "2026-01-31T23:59:59.999Z"
DIGEST = b"\x01" + bytes(16)

# One good row of every table (foreign keys are off here) …
GOOD: dict[str, dict[str, Any]] = {
    "workflow": {
        "name": "w",
        "created_at": TIME,
        "test_sample_schema": "{}",
        "ground_truth_schema": "{}",
        "inference_schema": "{}",
    },
    "model": {
        "workflow_id": 1,
        "name": "m",
        "metadata": '{"a": 1}',
        "created_at": TIME,
        "updated_at": TIME,
    },
    "model_tag": {"model_id": 1, "tag": "t"},
    "test_sample": {"workflow_id": 1, "digest": DIGEST, "payload": "{}", "metadata": "{}"},
    "ground_truth": {"test_sample_id": 1, "digest": DIGEST, "payload": "{}"},
    "test_case": {
        "workflow_id": 1,
        "name": "c",
        "version": 0,
        "created_at": TIME,
        "updated_at": TIME,
    },
    "test_case_version": {
        "test_case_id": 1,
        "version": 0,
        "description": "",
        "sample_count": 0,
        "created_at": TIME,
    },
    "test_case_member": {
        "test_case_id": 1,
        "position": 0,
        "added": 1,
        "removed": 2,
        "test_sample_id": 1,
        "ground_truth_id": 1,
    },
    "test_suite": {
        "workflow_id": 1,
        "name": "s",
        "description": "",
        "version": 0,
        "created_at": TIME,
        "updated_at": TIME,
    },
    "test_suite_tag": {"test_suite_id": 1, "tag": "t"},
    "test_suite_version": {"test_suite_id": 1, "version": 0, "created_at": TIME},
    "test_suite_member": {
        "test_suite_id": 1,
        "version": 1,
        "position": 0,
        "test_case_id": 1,
        "test_case_version": 1,
    },
    "inference": {"model_id": 1, "test_sample_id": 1, "stale": 0, "payload": "{}"},
    "inference_lease": {
        "owner": "o",
        "model_id": 1,
        "test_sample_ids": "[1, 2]",
        "expires_at": TIME,
        "host": "h",
        "pid": 1,
    },
    "test_run": {
        "model_id": 1,
        "test_suite_id": 1,
        "test_suite_version": 1,
        "evaluator": "",
        "status": "crashed",
        "error": "boom",
        "created_at": TIME,
        "started_at": TIME,
        "finished_at": TIME,
    },
    "evaluator_configuration": {"test_run_id": 1, "display_name": "", "payload": None},
    "metrics_test_sample": {
        "evaluator_configuration_id": 1,
        "test_case_id": None,
        "test_sample_id": 1,
        "payload": "{}",
    },
    "metrics_test_case": {"evaluator_configuration_id": 1, "test_case_id": 1, "payload": "{}"},
    "metrics_test_suite": {"evaluator_configuration_id": 1, "payload": "{}"},
    "plot": {"evaluator_configuration_id": 1, "test_case_id": 1, "position": 0, "payload": "{}"},
    "provenance": {"digest": DIGEST, "payload": "{}", "created_at": TIME},
    "determinism_check": {
        "model_id": 1,
        "test_suite_id": 1,
        "test_suite_version": 1,
        "checked_at": TIME,
        "identical": 1,
        "within_tolerance": 0,
        "different": 0,
        "payload": "{}",
    },
    "dataset": {"test_suite_id": 1, "test_case_id": 1},
    "dataset_commit": {
        "test_suite_id": 1,
        "number": 1,
        "hash": "0" * 40,
        "test_case_version": 1,
        "test_suite_version": 1,
        "id_fields": '["id"]',
        "columns": '["id"]',
        "tags": "[]",
        "n_added": 1,
        "n_removed": 0,
        "created_at": TIME,
    },
    "dataset_embedding": {
        "test_suite_id": 1,
        "key": "k",
        "datapoint": DIGEST,
        "vector": bytes(8),
    },
    "quality_standard": {"test_suite_id": 1, "payload": "{}", "updated_at": TIME},
}
# … and what each CHECK must refuse in it.
BAD: dict[str, dict[str, list[Any]]] = {
    "workflow": {
        "name": ["", " \t\n"],
        "created_at": ["", "2026-01-31", "2026-01-31 23:59:59"],
        "test_sample_schema": ["", "{", "[]"],
        "ground_truth_schema": ["true"],
        "inference_schema": ["NaN"],
    },
    "model": {
        "name": [" "],
        "metadata": ["", "[]", "1", "{", "null"],
        "created_at": ["2026-13-01T00:00:00.000Z"],
        "updated_at": ["2026-01-31T23:59:59Z"],
    },
    "model_tag": {"tag": [" "]},
    "test_sample": {"digest": [b"", bytes(16), bytes(18)]},
    "ground_truth": {"digest": [bytes(16)]},
    "test_case": {"name": [""], "version": [-1], "created_at": ["x"], "updated_at": ["x"]},
    "test_case_version": {"version": [-1], "sample_count": [-1], "created_at": ["x"]},
    "test_case_member": {"position": [-1], "added": [0, -1], "removed": [1, 0]},
    "test_suite": {"name": [""], "version": [-1], "created_at": ["x"], "updated_at": ["x"]},
    "test_suite_tag": {"tag": [""]},
    "test_suite_version": {"version": [-1], "created_at": ["x"]},
    "test_suite_member": {"position": [-1]},
    "inference": {"stale": [2, -1]},
    "inference_lease": {"test_sample_ids": ["", "1, 2"], "expires_at": ["x"]},
    "test_run": {
        "status": ["done", ""],
        "error": [],  # see below: it takes two columns to be wrong
        "created_at": ["x"],
        "started_at": ["x"],
        "finished_at": ["x"],
        "host": ["h"],
        "pid": [1],
        "process_started": [1],
        "superseded_at": ["x"],
    },
    "evaluator_configuration": {
        "directions": ["", "{"],
        "evaluated_at": ["x"],
        "stale_since": ["x", TIME],
    },
    "metrics_test_sample": {},
    "metrics_test_case": {"payload": ["", "{"]},
    "metrics_test_suite": {"payload": ["NaN"]},
    "plot": {"position": [-1], "payload": ["{"]},
    "provenance": {"digest": [bytes(16)], "payload": ["{", "[]"], "created_at": ["x"]},
    "determinism_check": {
        "checked_at": ["x"],
        "identical": [-1],
        "within_tolerance": [-1],
        "different": [-1],
        "payload": ["{", "[]"],
    },
    "dataset": {},
    "dataset_commit": {
        "number": [0],
        "hash": ["", "0"],
        "test_case_version": [0],
        "test_suite_version": [0],
        "id_fields": ["{}", "["],
        "columns": ["{}", "x"],
        "tags": ["null"],
        "n_added": [-1],
        "n_removed": [-1],
        "created_at": ["x"],
    },
    "dataset_embedding": {"key": [" "], "datapoint": [bytes(16)], "vector": [b"", bytes(5)]},
    "quality_standard": {"payload": ["[]", "{"], "updated_at": ["x"]},
}


@pytest.fixture
def fresh() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        build(connection, migrations.load())
        yield connection


def everything(connection: sqlite3.Connection) -> list[Any]:
    pragmas = [
        connection.execute(f"PRAGMA {name}").fetchone()
        for name in ("application_id", "user_version", "page_size", "encoding")
    ]
    entries = connection.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 1, 2"
    )
    return [*pragmas, *entries]


def insert(connection: sqlite3.Connection, table: str, row: dict[str, Any]) -> None:
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(row.values()))


def test_the_snapshot_is_what_the_migrations_build() -> None:
    printed = "python -m kolena_local.repository.file.schema_snapshot > schema_snapshot.sql"
    assert SNAPSHOT.read_text("utf-8") == schema_snapshot.text(), f"run: {printed}"


def test_the_snapshot_alone_builds_a_store_that_opens(tmp_path: Path) -> None:
    built = tmp_path / "built.db"
    with closing(sqlite3.connect(built)) as connection:
        connection.executescript(SNAPSHOT.read_text("utf-8"))
        by_sqlite = everything(connection)
    open_store(str(tmp_path / "migrated.db"))
    with closing(sqlite3.connect(tmp_path / "migrated.db")) as connection:
        assert everything(connection) == by_sqlite
    with open_store(str(built), create=False).write() as unit:
        unit.workflows.ensure("w")
    with open_store(str(built)).read() as unit:
        assert [workflow.name for workflow in unit.workflows.list()] == ["w"]


def test_the_mapped_tables_are_those_of_the_migrations(fresh: sqlite3.Connection) -> None:
    engine = create_engine("sqlite://", creator=lambda: fresh, poolclass=StaticPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_server_default": True,
                "include_name": lambda name, kind, _: kind != "table" or name in mapped,
            },
        )
        mapped = Table.metadata.tables
        assert compare_metadata(context, Table.metadata) == []


def test_the_mapped_tables_stay_out_of_other_peoples_registry() -> None:
    assert not set(Table.metadata.tables) & set(SQLModel.metadata.tables)


@pytest.mark.parametrize(
    "table", ["metrics_test_sample", "metrics_test_case", "metrics_test_suite", "plot"]
)
def test_results_are_replaced_without_a_look_at_those_of_others(
    fresh: sqlite3.Connection, table: str
) -> None:
    query = f"EXPLAIN QUERY PLAN DELETE FROM {table} WHERE evaluator_configuration_id = 1"
    assert not [step for *_, step in fresh.execute(query) if step.startswith("SCAN")]


def test_every_table_is_strict_and_explained(fresh: sqlite3.Connection) -> None:
    tables = fresh.execute(
        "SELECT list.name, strict, sql FROM pragma_table_list AS list"
        " JOIN sqlite_master ON sqlite_master.name = list.name"
        " WHERE list.schema = 'main' AND list.type = 'table'"
    ).fetchall()
    assert {name for name, _, _ in tables} == set(GOOD)
    for name, strict, sql in tables:
        assert strict, name
        assert sql.splitlines()[1].startswith("    -- "), name


def test_every_view_is_explained(fresh: sqlite3.Connection) -> None:
    views = fresh.execute("SELECT name, sql FROM sqlite_master WHERE type = 'view'").fetchall()
    names = ["v_model", "v_inference", "v_metrics", "v_plot", "v_provenance"]
    assert [name for name, _ in views] == names
    for name, sql in views:
        assert sql.splitlines()[1].startswith("    -- "), name


@pytest.mark.parametrize("table", GOOD)
def test_every_check_refuses_a_bad_row(fresh: sqlite3.Connection, table: str) -> None:
    (sql,) = fresh.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    assert sql.count("CHECK (") == len(BAD[table]), "every CHECK has its bad values here"
    for column, values in BAD[table].items():
        for value in values:
            with pytest.raises(sqlite3.IntegrityError, match="CHECK constraint failed"):
                insert(fresh, table, {**GOOD[table], column: value})
    insert(fresh, table, GOOD[table])


def test_only_a_crashed_run_has_an_error(fresh: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="CHECK constraint failed"):
        insert(fresh, "test_run", {**GOOD["test_run"], "status": "completed"})


def test_a_running_run_has_a_process(fresh: sqlite3.Connection) -> None:
    running = {**GOOD["test_run"], "status": "running", "error": None}
    for process in ({}, {"host": "h"}, {"pid": 1}):
        with pytest.raises(sqlite3.IntegrityError, match="CHECK constraint failed"):
            insert(fresh, "test_run", {**running, **process})
    insert(fresh, "test_run", {**running, "host": "h", "pid": 1, "process_started": 1})


def test_the_latest_version_has_a_sample_once(fresh: sqlite3.Connection) -> None:
    member = {**GOOD["test_case_member"], "removed": None}
    insert(fresh, "test_case_member", member)
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        insert(fresh, "test_case_member", {**member, "position": 1})


def test_migrations_are_numbered_without_a_gap() -> None:
    numbers = [step.number for step in migrations.load()]
    assert numbers == list(range(1, len(numbers) + 1))
