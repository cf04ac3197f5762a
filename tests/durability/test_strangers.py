"""A file whose schema is not what the migrations make is refused before anything is asked of it.

`KOLENA_LOCAL_TESTS=long` asks every command of every file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

import kolena_local
from kolena_local.cli import main
from kolena_local.errors import NotAStoreError, StoreDamagedError, StoreError, StoreNewerError
from kolena_local.repository import close_stores, open_store
from kolena_local.repository.file import migrations
from kolena_local.repository.file.backups import back_up, restore
from kolena_local.repository.health.checks import check
from kolena_local.repository.health.repairs import repair
from kolena_local.repository.health.store_info import store_info
from tests.cli.conftest import separating_runner
from tests.conftest import IS_LONG, sampled
from tests.files.make import AnimalCase, AnimalModel, AnimalSuite


def replaced(name: str, old: str, new: str) -> list[str]:
    """Return what changes the text of a table, index or view and leaves its rows as they are."""
    return [
        "PRAGMA writable_schema = ON",
        f"UPDATE sqlite_master SET sql = replace(sql, '{old}', '{new}') WHERE name = '{name}'",
        "PRAGMA writable_schema = RESET",
    ]


def added(kind: str, name: str, sql: str) -> list[str]:
    """Return what puts a row into the schema that SQLite would not accept."""
    values = ", ".join("'" + value.replace("'", "''") + "'" for value in (kind, name, name))
    text = sql.replace("'", "''")
    return [
        "PRAGMA writable_schema = ON",
        f"INSERT INTO sqlite_master VALUES ({values}, 0, '{text}')",
    ]


ENDLESS = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
    " SELECT i AS id, i AS workflow_id, 'a' AS name, '{}' AS metadata FROM n"
)
HUGE = "SELECT 1 AS id, 1 AS workflow_id, hex(zeroblob(400000000)) AS name"
AWAY = "ALTER TABLE model RENAME TO other"

SCHEMAS: dict[str, list[str]] = {
    "view for a table": [AWAY, "CREATE VIEW model AS SELECT * FROM other"],
    "endless view": [AWAY, f"CREATE VIEW model AS {ENDLESS}"],
    "endless view of ours": ["DROP VIEW v_model", f"CREATE VIEW v_model AS {ENDLESS}"],
    "view of a huge value": [AWAY, f"CREATE VIEW model AS {HUGE}"],
    "view of itself": [*replaced("v_model", "FROM model", "FROM v_model")],
    "view of a file": ["DROP VIEW v_model", "CREATE VIEW v_model AS SELECT readfile('x') AS a"],
    "view that loads code": [
        "DROP VIEW v_metrics", "CREATE VIEW v_metrics AS SELECT load_extension('x')"
    ],
    "missing view": ["DROP VIEW v_inference"],
    "extra view": ["CREATE VIEW v_extra AS SELECT 1"],
    "view with another text": replaced("v_model", "AS", "AS  "),
    "missing table": ["DROP TABLE plot"],
    "renamed table": [AWAY],
    "extra table": ["CREATE TABLE extra (a)"],
    "other case of a name": ["ALTER TABLE model RENAME TO m", "ALTER TABLE m RENAME TO MODEL"],
    "virtual table": ["CREATE VIRTUAL TABLE extra USING fts5(a)"],
    "virtual table for a table": ["DROP TABLE plot", "CREATE VIRTUAL TABLE plot USING fts5(a)"],
    "unknown virtual table": added("table", "x", "CREATE VIRTUAL TABLE x USING evil(a)"),
    "extra column": ["ALTER TABLE model ADD COLUMN extra TEXT"],
    "missing column": ["DROP VIEW v_model", "DROP VIEW v_inference", "DROP VIEW v_metrics",
                       "ALTER TABLE model DROP COLUMN metadata"],
    "renamed column": ["ALTER TABLE model RENAME COLUMN metadata TO other"],
    "generated column": ["ALTER TABLE model ADD COLUMN g TEXT AS (hex(zeroblob(400000000)))"],
    "generated for a stored column": replaced(
        "test_suite", "description TEXT NOT NULL", "description TEXT AS (hex(name)) VIRTUAL"
    ),
    "not strict": replaced("model", "STRICT", ""),
    "not strict inferences": replaced("inference", "STRICT", ""),
    "null allowed": replaced("model", "name TEXT NOT NULL", "name TEXT"),
    "no check": replaced("model", "CHECK (trim(name, char(9, 10, 13, 32)) <> '''')", ""),
    "endless check": replaced("test_suite", "version >= 0", "version >= 0 OR sleep(9)"),
    "other default": replaced("test_suite", "DEFAULT 0", "DEFAULT 7"),
    "no foreign key": replaced("plot", "ON DELETE CASCADE", ""),
    "other foreign key": replaced("model", "REFERENCES workflow", "REFERENCES model_tag"),
    "unknown collation": replaced("model", "name TEXT", "name TEXT COLLATE evil"),
    "other collation": replaced("model", "name TEXT", "name TEXT COLLATE NOCASE"),
    "other affinity": replaced("model", "metadata TEXT", "metadata BLOB"),
    "trigger": ["CREATE TRIGGER t AFTER INSERT ON model BEGIN DELETE FROM model; END"],
    "trigger that loads code": [
        "CREATE TRIGGER t BEFORE DELETE ON model BEGIN SELECT load_extension('x'); END"
    ],
    "trigger on a view": [
        "CREATE TRIGGER t INSTEAD OF INSERT ON v_model BEGIN DELETE FROM model; END"
    ],
    "extra index": ["CREATE INDEX extra ON model (name)"],
    "missing index": ["DROP INDEX inference_stale"],
    "index of a huge value": ["CREATE INDEX extra ON model (hex(zeroblob(1000) || name))"],
    "index of an unknown function": added("index", "x", "CREATE INDEX x ON model (evil(name))"),
    "index with another condition": replaced("inference_stale", "stale = 1", "stale = 0"),
    "unreadable text": added("table", "x", "CREATE TABLE x (((("),
    "no text": replaced("model", "CREATE", "")[:2],
    "a table twice": added("table", "model", "CREATE TABLE model (a)"),
    "false statistics": added("view", "sqlite_stat1", "CREATE VIEW sqlite_stat1 AS SELECT 1"),
    "version -1": ["PRAGMA user_version = -1"],
    "version 0": ["PRAGMA user_version = 0"],
    "largest version": ["PRAGMA user_version = 2147483647"],
    "smallest version": ["PRAGMA user_version = -2147483648"],
    "other mark": ["PRAGMA application_id = 1"],
    "no mark": ["PRAGMA application_id = 0"],
}  # fmt: skip

COMMANDS = [
    ["models", "list"],
    ["models", "list", "--json"],
    ["models", "show", "first"],
    ["models", "create", "new", "--workflow", "animals"],
    ["models", "edit", "first", "--tag", "new"],
    ["models", "rename", "first", "new"],
    ["models", "delete", "first", "--yes"],
    ["test-suites", "list"],
    ["test-suites", "show", "animals"],
    ["test-suites", "rename", "animals", "new"],
    ["test-suites", "delete", "animals", "--yes"],
    ["test-cases", "list", "--csv"],
    ["test-cases", "show", "day"],
    ["test-cases", "rename", "day", "new"],
    ["test-cases", "delete", "day", "--yes"],
    ["inferences", "export", "first"],
    ["runs", "list"],
    ["runs", "show", "1"],
    ["runs", "delete", "1", "--yes"],
    ["results", "first", "animals@1"],
    ["compare", "first", "second", "-s", "animals@1"],
    ["sql", "SELECT * FROM v_model"],
    ["db", "info"],
    ["db", "check"],
    ["db", "check", "--fix"],
    ["db", "backup"],
    ["export"],
    ["demo"],
]
CALLS: list[Callable[[str], object]] = [
    lambda path: open_store(path),
    lambda path: AnimalModel.load_all(),
    lambda path: AnimalSuite.load("animals"),
    lambda path: AnimalCase("new", test_samples=[]),
    lambda path: check(path),
    lambda path: repair(path),
    lambda path: store_info(path),
    lambda path: back_up(path),
    lambda path: restore(f"{path}.restored", path),
]
REFUSALS = (NotAStoreError, StoreDamagedError, StoreNewerError)


@pytest.fixture(params=sampled(SCHEMAS, 6))
def crafted(request: pytest.FixtureRequest, filled: Path) -> Path:
    """Return a store that somebody has changed."""
    with closing(sqlite3.connect(filled, isolation_level=None)) as raw:
        raw.execute("PRAGMA journal_mode = DELETE")
        raw.execute("PRAGMA legacy_alter_table = ON")
        for statement in SCHEMAS[request.param]:
            raw.execute(statement)
    return filled


def test_a_file_with_another_schema_is_refused_and_left_as_it_is(
    crafted: Path, request: pytest.FixtureRequest
) -> None:
    before, number = crafted.read_bytes(), [*SCHEMAS].index(request.node.callspec.params["crafted"])
    here = (
        range(len(COMMANDS))
        if IS_LONG
        else [(number * 3 + more) % len(COMMANDS) for more in range(3)]
    )
    for command in (COMMANDS[place] for place in here):
        result = separating_runner().invoke(main, [*command, "--db", str(crafted)])
        close_stores()
        assert result.exit_code == 5, (command, result.output, result.exception)
        assert result.stdout == ""
        assert result.stderr.startswith("Error: The ")
        assert result.stderr.count("\n") == 1
        assert "report" not in result.stderr
    with kolena_local.session(db=crafted):
        for call in CALLS:
            with pytest.raises(REFUSALS, match="store"):
                call(str(crafted))
    assert crafted.read_bytes() == before
    assert [*crafted.parent.glob("*.db*")] == [crafted]


def test_the_counters_of_analyze_are_no_other_schema(filled: Path) -> None:
    with closing(sqlite3.connect(filled)) as raw:
        raw.execute("ANALYZE")
    assert open_store(str(filled), create=False)


def test_a_schema_is_that_of_the_version_of_the_file(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = migrations.load()
    step = migrations.Migration(known[-1].number + 1, "ALTER TABLE model ADD COLUMN a TEXT;\n")
    monkeypatch.setattr(migrations, "load", lambda: (*known, step))
    for _ in range(2):  # brought up to date, and as it is then
        open_store(str(filled), create=False)
        close_stores()
    with closing(sqlite3.connect(filled)) as raw:
        raw.execute(f"PRAGMA user_version = {known[-1].number}")
    with pytest.raises(StoreError, match="table 'model'"):
        open_store(str(filled), create=False)
