"""A question that somebody typed is answered, and can change nothing, whatever it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from kolena_local.errors import InputValidationError
from kolena_local.repository import Store, Unit


def add_models(unit: Unit, *names: str) -> None:
    for name in names:
        unit.models.add(unit.workflows.ensure("w").id, name, {"length": len(name)}, ())


def test_rows_come_with_their_columns_and_a_cap(store: Store) -> None:
    with store.write() as unit:
        add_models(unit, "a", "bb", "ccc")
    question = "SELECT name, id, id FROM v_model WHERE length(name) >= :least ORDER BY 1"
    with store.read() as unit:
        assert unit.query(question, {"least": 2}, 5) == (
            ["name", "id", "id_2"], [("bb", 2, 2), ("ccc", 3, 3)], False
        )  # fmt: skip
        assert unit.query(question, {"least": 2}, 1).rows == [("bb", 2, 2)]
        assert unit.query(question, {"least": 2}, 1).more
        assert not unit.query(question, {"least": 2}).more


@pytest.mark.parametrize(
    "question",
    [
        "SELECT key, value FROM json_each('[1]')",
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 3) SELECT * FROM n",
        "SELECT * FROM pragma_table_info('model')",
        "SELECT name FROM sqlite_master",
        "EXPLAIN QUERY PLAN SELECT * FROM model",
        "VALUES (1)",
    ],
)
def test_every_way_of_reading_is_allowed(store: Store, question: str) -> None:
    with store.read() as unit:
        assert unit.query(question, {}).rows


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM model",
        "INSERT INTO workflow (name, created_at) VALUES ('x', 'y')",
        "UPDATE model SET name = 'x' RETURNING id",
        "DROP TABLE model",
        "UPDATE sqlite_master SET sql = 'x'",
        "CREATE TEMP TABLE mine (x)",
        "ATTACH ':memory:' AS other",
        "PRAGMA query_only = OFF",
        "PRAGMA user_version = 7",
        "PRAGMA writable_schema = ON",
        "SELECT load_extension('x')",
        "COMMIT",
        "VACUUM",
        "REINDEX",
        "SELECT writefile('x', 'y')",
        "SELECT * FROM no_such_table",
        "SELECT 1; SELECT 2",
        "SELECT zeroblob(3000000000)",
        "SELECT :missing",
        "SELECT ?",
        "SELEC",
        "",
    ],
)
def test_everything_else_is_one_sentence_and_no_change(
    store: Store, statement: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with store.write() as unit:
        add_models(unit, "a")
    for begin in (store.read, store.write):
        with begin() as unit:
            with pytest.raises(InputValidationError, match=r"^(The query|SQLite) .*\.$"):
                unit.query(statement, {})
            assert len(unit.models.list()) == 1
    with store.write() as unit:
        add_models(unit, "b")  # the connection is as before
    assert not (tmp_path / "x").exists()


def test_numbers_beyond_sqlite_are_refused(store: Store) -> None:
    with store.read() as unit, pytest.raises(InputValidationError):
        unit.query("SELECT :n", {"n": 2**70})
