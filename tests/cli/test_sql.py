"""``sql``: one question, in every format, which can change nothing."""

from __future__ import annotations

import json
import signal
import threading
from pathlib import Path

import pytest

from kolena_local.repository import free_query
from tests.cli.conftest import Invoke


def test_an_answer_is_a_listing(invoke: Invoke, store: Path) -> None:
    query = "SELECT name, json_extract(metadata, '$.seed') AS seed FROM v_model WHERE id <= :most"
    arguments = ("sql", query, "-p", "most", 2, "--db", store)
    assert invoke(*arguments).stdout.splitlines() == [
        "name        seed",
        "----------  ----",
        "resnet-50      0",
        "resnet-101     -",
    ]
    assert json.loads(invoke(*arguments, "--json").stdout) == [
        {"name": "resnet-50", "seed": 0},
        {"name": "resnet-101", "seed": None},
    ]
    assert invoke(*arguments, "--csv").stdout == "name,seed\nresnet-50,0\nresnet-101,\n"


def test_parameters_are_values_and_never_sql(invoke: Invoke, store: Path) -> None:
    query = "SELECT typeof(:a) AS a, typeof(:b) AS b, typeof(:c) AS c, typeof(:d) AS d, :e AS e"
    parameters = [
        ("a", "1"),
        ("b", "0.5"),
        ("c", "null"),
        ("d", "true"),
        ("e", "'; DROP TABLE model"),
    ]
    options = [word for pair in parameters for word in ("-p", *pair)]
    assert json.loads(invoke("sql", query, *options, "--json", "--db", store).stdout) == [
        {"a": "integer", "b": "real", "c": "null", "d": "text", "e": "'; DROP TABLE model"}
    ]


def test_many_rows_are_capped_with_a_note(invoke: Invoke, store: Path) -> None:
    query = (
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 1500) SELECT x FROM n"
    )
    result = invoke("sql", query, "--db", store, "--format", "jsonl")
    assert len(result.stdout.splitlines()) == 1000
    assert result.stderr == "There are more rows than 1000; --limit 0 prints them all.\n"
    result = invoke("sql", query, "--db", store, "--format", "jsonl", "--limit", 0)
    assert (len(result.stdout.splitlines()), result.stderr) == (1500, "")
    result = invoke("sql", "SELECT name FROM v_model WHERE 0", "--db", store, "--csv")
    assert (result.stdout, result.stderr) == ("name\n", "")
    result = invoke("sql", "SELECT name FROM v_model WHERE 0", "--db", store)
    assert (result.stdout, result.stderr) == ("", "The query returned no rows.\n")


def test_bytes_are_hexadecimal_and_equal_names_are_numbered(invoke: Invoke, store: Path) -> None:
    result = invoke("sql", "SELECT x'01ff' AS a, 2 AS a", "--db", store, "--json")
    assert json.loads(result.stdout) == [{"a": "01ff", "a_2": 2}]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("DELETE FROM model", "more than read"),
        ("PRAGMA user_version = 9", "more than read"),
        ("SELECT * FROM modell", "no such table: modell; the views v_"),
        ("DELETE FROM models", ", v_model, "),
        ("SELECT nme FROM V_Model", "no such column: nme; v_model has id, name, workflow, "),
        ("SELECT nme", "no such column: nme; correct it."),
        ("SELECT 1; SELECT 2", "one statement"),
        ("SELECT :seed", "seed"),
        ("", "returns nothing"),
        ("SELECT '\udcff'", "not valid Unicode"),
    ],
)
def test_anything_but_a_question_is_one_sentence(
    invoke: Invoke, store: Path, query: str, sentence: str
) -> None:
    result = invoke("sql", query, "--db", store)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    assert sentence in result.stderr
    assert len(json.loads(invoke("models", "list", "--json", "--db", store).stdout)) == 3


def test_an_interrupted_question_says_so_and_leaves_no_file(
    invoke: Invoke, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x FROM n) SELECT count(*) FROM n"
    timers = [threading.Timer(0.2, signal.raise_signal, [signal.SIGINT])]
    authorize = free_query._authorize

    def interrupt_soon(*arguments: object) -> int:
        while timers:  # now SQLite has the question
            timers.pop().start()
        return authorize(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(free_query, "_authorize", interrupt_soon)
    target = tmp_path / "answer.csv"
    result = invoke("sql", endless, "--csv", "-o", target, "--db", store)
    assert (result.exit_code, result.stdout, result.stderr) == (130, "", "\nInterrupted.\n")
    assert not list(tmp_path.glob("answer.csv*"))


@pytest.mark.parametrize("number", [2**64 - 1, 2**63, -(2**63) - 1])
def test_a_parameter_that_sqlite_cannot_hold_is_not_a_query_that_it_does_not_understand(
    invoke: Invoke, store: Path, number: int
) -> None:
    result = invoke("sql", "SELECT :m", "-p", "m", number, "--db", store)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "more than 64 bits" in result.stderr and "understand" not in result.stderr
    largest = invoke("sql", "SELECT :m AS m", "-p", "m", 2**63 - 1, "--csv", "--db", store)
    assert largest.stdout.splitlines() == ["m", str(2**63 - 1)]
