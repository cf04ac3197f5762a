"""A column of a stranger's file may hold a value of any type, whatever its table declares.

A table is made loose, given the value, and made to look as before: the schema is exactly ours.
"""

from __future__ import annotations

import random
import re
import shutil
import sqlite3
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

import kolena_local
from kolena_local import comparison, dataset
from kolena_local.cli import main
from kolena_local.dataset.dataset import _fetch_dataset_history
from kolena_local.dataset.standards import download_quality_standard_result
from kolena_local.errors import KolenaError
from kolena_local.provenance import Provenance
from kolena_local.repository import close_stores
from kolena_local.workflow import TestRun, test
from tests.conftest import IS_LONG, IS_RANDOM
from tests.durability.test_fuzz import COMMANDS
from tests.files.make import AnimalModel, AnimalSuite, Judge, guess

RELEASED = Path(__file__).parent.parent / "files" / "0.1.0" / "store.db"
VALUES: list[object] = [
    *(None, 0, -1, 2**63 - 1, 1.5, float("inf"), "", "x", b"\xed\xa0\x80x", b"\xff\xfe"),
    *('{"$":"what"}', "[]", '{"a":', "9" * 400),
]
ROWS = pd.DataFrame({"id": [1, 2], "x": [3, 4]})
STANDARD = {
    "name": "standard",
    "version": "1",
    "stratifications": [
        {"name": "x", "stratify_fields": [{"source": "datapoint", "field": "x"}]},
    ],
    "metric_groups": [
        {"name": "g", "metrics": [{"label": "x", "aggregator": "mean", "params": {"key": "x"}}]}
    ],
}
ASKED = [
    *COMMANDS,
    ["datasets", "list"],
    ["datasets", "standard", "show", "rows"],
    ["results", "other", "rows"],
    ["export"],
    ["inferences", "export", "first"],
    ["models", "show", "first", "--provenance"],
    ["models", "diff", "first", "second"],
    ["test-cases", "create", "new", "--from", "day", "--where", 'sample.locator != "x"'],
    ["test-cases", "create", "new", "--from", "animals", "--stratify", "sample.locator"],
    ["slices", "find", "first", "animals"],
    ["leaderboard", "animals@1"],
]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "store.db"
    shutil.copy(RELEASED, path)
    path.chmod(0o600)
    with kolena_local.session(path):  # brought up to date, and given what old files lack
        captured = Provenance({"git": {"commit": "a"}, "packages": {"numpy": "1"}})
        model = AnimalModel.load("first", infer=guess, provenance=captured)
        test(model, AnimalSuite.load("animals"), Judge(), reset=True)
        for change in (0, 1):
            rows = ROWS.assign(x=change)
            dataset.upload_dataset("rows", rows, id_fields=["id"], commit_tags=["a"])
        dataset.upload_results("rows", "other", ROWS, higher_is_better={"x": True})
        dataset.upload_dataset_embeddings("rows", "key", ROWS.assign(embedding=[[1.0]] * 2))
        dataset.upload_quality_standard("rows", STANDARD)
    close_stores()
    return path


def columns(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(
            "SELECT made.name, column.name FROM sqlite_master AS made"
            " JOIN pragma_table_info(made.name) AS column"
            " WHERE made.type = 'table' AND made.name NOT LIKE 'sqlite_%'"
        ).fetchall()


def declare(path: Path, table: str, sql: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        (version,) = connection.execute("PRAGMA schema_version").fetchone()
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET sql = ? WHERE name = ?", (sql, table))
        connection.execute(f"PRAGMA schema_version = {version + 1}")


def put(path: Path, table: str, column: str, value: object, end: str) -> bool:
    """Store a value in a column that does not take it; tell whether that could be done.

    The row with the ``min`` or ``max`` number gets it, or all rows of a table without numbers.
    """
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT sql FROM sqlite_master WHERE name = ?"
        (sql,) = connection.execute(query, (table,)).fetchone()
    loose = re.sub(r"(?<!IS )NOT NULL", "", re.sub(r",?\s*STRICT\s*$", "", sql))
    declare(path, table, loose)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA ignore_check_constraints = ON")
        some = "" if "WITHOUT ROWID" in sql else f"WHERE rowid = (SELECT {end}(rowid) FROM {table})"
        spelled = "CAST(? AS TEXT)" if value == b"\xed\xa0\x80x" else "?"
        changed = 0
        with suppress(sqlite3.Error):
            update = f"UPDATE OR IGNORE {table} SET {column} = {spelled} {some}"
            changed = connection.execute(update, (value,)).rowcount
    declare(path, table, sql)
    return changed > 0


def calls() -> Iterator[Callable[[], Any]]:
    model, suite = AnimalModel.load("first"), AnimalSuite.load("animals")
    yield lambda: [model.load_inferences(case) for case in suite.test_cases]
    yield lambda: model.to_dataframe(suite)
    yield lambda: [case.load_test_samples() for case in suite.test_cases]
    yield lambda: suite.results_dataframe()
    yield lambda: TestRun(model, suite, Judge()).metrics_dataframe("sample")
    yield lambda: test(AnimalModel("first", infer=guess), suite, Judge(), reset=True)
    yield lambda: comparison.compare("first", "second", suite)


def calls_of_datasets() -> Iterator[Callable[[], Any]]:
    yield dataset.list_datasets
    yield lambda: dataset.download_dataset("rows", include_datapoint_id=True)
    yield lambda: _fetch_dataset_history("rows")
    yield lambda: dataset.get_models("rows")
    yield lambda: dataset.download_results("rows", "other")
    yield lambda: dataset.download_dataset_embeddings("rows", "key")
    yield lambda: download_quality_standard_result("rows", ["other"])
    yield lambda: dataset.upload_results("rows", "other", ROWS + 1)
    yield lambda: dataset.upload_dataset("rows", ROWS, append_only=True)
    yield lambda: dataset.delete_dataset("rows")


def outcomes(path: Path, commands: list[list[str]]) -> Iterator[str]:
    """Yield everything that is not an answer, and not an error of ours."""
    for command in commands:
        result = CliRunner().invoke(main, ["--db", str(path), *command])
        if result.exit_code not in range(6) or "PYTHONDEVMODE" in result.output:
            yield f"{command}: {result.output} {result.exception!r}"
    kolena_local.initialize(db=str(path), verbose=False)
    for some in (calls, calls_of_datasets):
        try:
            for call in some():
                with suppress(KolenaError):
                    call()
        except KolenaError:
            pass
        except Exception as error:
            yield repr(error)
        finally:
            close_stores()


def test_a_value_of_another_type_gives_our_errors(sound: Path, tmp_path: Path) -> None:
    chance = random.Random(None if IS_RANDOM else 2)
    cases = [(table, column, value) for table, column in columns(sound) for value in VALUES]
    assert len(cases) > 1400
    tried = 0
    for table, column, value in chance.sample(cases, 80 if IS_LONG else 8):
        path = tmp_path / f"{tried}.db"
        shutil.copy(sound, path)
        if not put(path, table, column, value, chance.choice(("min", "max"))):
            continue
        tried += 1
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # missing inferences and the like
            found = list(outcomes(path, chance.sample(ASKED, 6 if IS_LONG else 4)))
        assert found == [], (table, column, value)
    assert tried > (30 if IS_LONG else 3)  # seven in ten can be put there
