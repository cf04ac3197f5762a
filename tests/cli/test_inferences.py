"""Inferences go into a file and out of one without user code; nothing is lost or half stored."""

from __future__ import annotations

import csv
import json
import math
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, List, Optional

import pyarrow.parquet
import pytest

import kolena_local
from kolena_local.repository import open_store
from kolena_local.workflow import GroundTruth, Image, Inference, define_workflow, test
from kolena_local.workflow.annotation import ClassificationLabel, ScoredClassificationLabel
from tests.cli.conftest import Invoke, command_line


@dataclass(frozen=True)
class Animal(GroundTruth):
    label: ClassificationLabel


@dataclass(frozen=True)
class Guess(Inference):
    score: float
    prediction: Optional[ScoredClassificationLabel] = None
    boxes: Optional[List[float]] = None
    sure: bool = False
    count: Optional[int] = None
    note: Optional[str] = None


GUESSES = [
    Guess(0.5, ScoredClassificationLabel("cat", 0.9), [1.0, math.nan], True, 3, ""),
    Guess(math.nan),
    Guess(-math.inf, ScoredClassificationLabel('"dog", naïve\r\n', 1.0), [], note='""'),
]
LOCATORS = ["1.png", "2,5.png", "3 ü.png"]


@pytest.fixture
def store(store_path: Path) -> Iterator[Path]:
    """Return a store with one model that has three inferences and one that has none."""
    with kolena_local.session(db=store_path):
        _, TestCase, TestSuite, Model = define_workflow("Animals", Image, Animal, Guess)
        pairs = [(Image(name), Animal(ClassificationLabel("cat"))) for name in LOCATORS]
        suite = TestSuite(
            "all",
            test_cases=[
                TestCase("first", test_samples=pairs[:1]),
                TestCase("others", test_samples=pairs[1:]),
            ],
        )
        answers = dict(zip(LOCATORS, GUESSES, strict=True))
        test(Model("one", infer=lambda sample: answers[sample.locator]), suite)
        Model("two")
        yield store_path


def stored(path: Path, model: str) -> Any:
    with open_store(str(path)).read() as unit:
        answer = unit.query(
            "SELECT locator, inference, stale FROM v_inference WHERE model = :model"
            " ORDER BY locator",
            {"model": model},
        )
    return answer.rows


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def test_a_csv_file_has_a_column_for_each_field(store: Path, invoke: Invoke) -> None:
    result = invoke("--db", store, "inferences", "export", "one")
    assert (result.exit_code, result.stderr) == (0, "3 inferences of one were exported.\n")
    header, *rows = csv.reader(result.stdout_bytes.decode().splitlines(keepends=True))
    assert header == [
        "locator", "score", "prediction.label", "prediction.score", "boxes", "sure", "count",
        "note", "ground_truth.label.label",
    ]  # fmt: skip
    assert rows[0] == [
        "1.png", "0.5", "cat", "0.9", '[1.0,{"$":"nan"}]', "true", "3", '""', "cat"
    ]  # fmt: skip
    assert rows[1] == ["2,5.png", "nan", "", "", "", "false", "", "", "cat"]
    assert rows[2][:5] == ["3 ü.png", "-inf", '"dog", naïve\r\n', "1.0", "[]"]


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_what_is_exported_can_be_imported(
    store: Path, invoke: Invoke, tmp_path: Path, suffix: str
) -> None:
    first, second = tmp_path / f"first.{suffix}", tmp_path / f"second.{suffix}"
    assert invoke("--db", store, "inferences", "export", "one", "-o", first).exit_code == 0
    result = invoke("--db", store, "inferences", "import", "two", first)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "3 inferences of two were stored.\n"
    assert stored(store, "two") == stored(store, "one")
    assert invoke("--db", store, "inferences", "export", "two", "-o", second).exit_code == 0
    assert second.read_bytes() == first.read_bytes()


def test_parquet_has_numbers_as_numbers(store: Path, invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "one.parquet"
    invoke("--db", store, "inferences", "export", "one", "-o", path)
    table = pyarrow.parquet.read_table(path)
    types = dict(zip(table.schema.names, map(str, table.schema.types), strict=True))
    assert types["score"] == types["prediction.score"] == "double"
    assert (types["count"], types["sure"], types["boxes"]) == ("int64", "bool", "string")


@pytest.mark.parametrize(
    ("options", "locators"),
    [
        (["--test-case", "others"], LOCATORS[1:]),
        (["--test-suite", "all@1"], LOCATORS),
        (["--test-case", "first@0"], []),
    ],
)
def test_export_of_a_test_case_or_suite(
    store: Path, invoke: Invoke, options: list[str], locators: list[str]
) -> None:
    result = invoke("--db", store, "inferences", "export", "one", "--format", "jsonl", *options)
    lines = [json.loads(line) for line in result.stdout.splitlines() if line]
    assert [line["locator"] for line in lines] == locators
    assert all(line["ground_truth.label.label"] == "cat" for line in lines)


def test_loading_predictions_from_csv(store: Path, invoke: Invoke, tmp_path: Path) -> None:
    path = write(
        tmp_path / "predictions.csv",
        "path,score,prediction.label,prediction.score,comment\r\n1.png,1,dog,0.25,x\r\n"
        '"2,5.png", 2e-1 ,,,y\r\n',
        "utf-8-sig",
    )
    options = ("--map", "path=locator", "--map", "comment=", "--on", "locator")
    result = invoke("--db", store, "inferences", "import", "two", path, *options)
    assert (result.exit_code, result.stderr) == (0, "2 inferences of two were stored.\n")
    first, second = (json.loads(inference) for _, inference, _ in stored(store, "two"))
    assert second == {"score": 0.2, "prediction": None}
    label = ScoredClassificationLabel("dog", 0.25)._to_dict()
    assert first == {"score": 1.0, "prediction": label}


def test_json_lines_nested_or_dotted_and_with_pythons_nan(
    store: Path, invoke: Invoke, tmp_path: Path
) -> None:
    path = write(
        tmp_path / "p.jsonl",
        '{"locator": "1.png", "score": NaN, "prediction": {"label": "a", "score": 1}}\n\n'
        '{"locator": "2,5.png", "score": 5, "prediction.label": "b", "prediction.score": 0.5}\n',
    )
    assert invoke("--db", store, "inferences", "import", "two", path).exit_code == 0
    exported = invoke("--db", store, "inferences", "export", "two").stdout.splitlines()
    assert exported[1].startswith("1.png,nan,a,1.0,")
    assert exported[2].startswith('"2,5.png",5.0,b,0.5,')


def test_samples_that_have_an_inference(store: Path, invoke: Invoke, tmp_path: Path) -> None:
    path = write(tmp_path / "p.csv", "locator,score\n1.png,1\n")
    before = stored(store, "one")
    run = ("--db", store, "inferences", "import", "one", path)
    result = invoke(*run)
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: Nothing was stored: line 2, column locator: the model has an inference for"
        " '1.png' already, --on-conflict skip keeps it and replace overwrites it.\n"
    )
    result = invoke(*run, "--on-conflict", "skip")
    assert result.stderr == "0 inferences of one were stored; 1 was there and stays as it is.\n"
    assert stored(store, "one") == before
    result = invoke(*run, "--on-conflict", "replace")
    assert result.stderr == "1 inference of one was stored, 1 in place of another.\n"
    assert json.loads(stored(store, "one")[0][1]) == {"score": 1.0}


def test_a_dry_run_lists_problems_and_stores_nothing(
    store: Path, invoke: Invoke, tmp_path: Path
) -> None:
    path = write(
        tmp_path / "p.csv", "locator,score,count\n1.png,1,\n1.png,2,\n4.png,3,\n2,abc,1.5\n"
    )
    result = invoke("--db", store, "inferences", "import", "two", path, "--dry-run")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "4 lines: 1 new inference, 0 for samples that have one (error), 3 problems",
        "line 3, column locator: line 2 is about the same sample '1.png'",
        "line 4, column locator: no sample has the locator '4.png'",
        "line 5, column score: a number is expected, not 'abc'",
    ]
    good = write(tmp_path / "good.csv", "locator,score\n1.png,1\n")
    result = invoke("--db", store, "inferences", "import", "two", good, "--dry-run")
    assert (result.exit_code, stored(store, "two")) == (0, [])


BAD = {
    "unknown column": ("locator,score,lable\n", 'There is no field "lable", which the file has;'),
    "no key column": ("score\n1\n", 'The file has no column "locator" (text)'),
    "missing column": ("locator,note\n1.png,a\n", 'The file has no column "score" (a number)'),
    "two columns": ("locator,score,score\n", 'has two columns "score"'),
    "missing sample": ("locator,score\n9.png,1\n", "line 2, column locator: no sample has the"),
    "duplicate": ("locator,score\n1.png,1\n1.png,1\n", "line 3, column locator: line 2 is about"),
    "no number": ("locator,score\n1.png,x\n", "line 2, column score: a number is expected, not"),
    "empty number": ("locator,score\n1.png,\n", "column score: a number is expected, not nothing"),
    "no whole number": (
        "locator,score,count\n1.png,1,1.5\n", "line 2, column count: a whole number is expected"
    ),
    "no truth": ("locator,score,sure\n1.png,1,maybe\n", "column sure: true or false is expected"),
    "no list": ("locator,score,boxes\n1.png,1,[1\n", "line 2, column boxes: a list is expected"),
    "wrong item": (
        'locator,score,boxes\n1.png,1,"[1, ""a""]"\n',
        "line 2, column boxes: a number is expected at $[1], not 'a'",
    ),
    "half an object": (
        "locator,score,prediction.label,prediction.score\n1.png,1,cat,\n",
        "line 2, column prediction.score: a number is expected, not nothing",
    ),
    "empty key": ("locator,score\n,1\n", "line 2, column locator: text is expected, not nothing"),
    "too few cells": ("locator,score\n1.png\n", "has 1 cell where the header has 2"),
    "too many cells": ("locator,score\n2,5.png,1\n", "has 3 cells where the header has 2"),
    "open quote": ('locator,score\n"1.png,1\n', "Line 2 of"),
    "several": ("locator,score\n1.png,x\n2.png,y\n", "(and 1 more; --dry-run lists them)"),
    "empty file": ("", "is empty; its first line must name the columns"),
    "semicolons": ("locator;score\n1.png;1\n", 'There is no field "locator;score"'),
}  # fmt: skip


@pytest.mark.parametrize(("content", "message"), BAD.values(), ids=BAD)
def test_bad_files_are_refused_with_a_sentence_and_nothing_is_stored(
    store: Path, invoke: Invoke, tmp_path: Path, content: str, message: str
) -> None:
    path = write(tmp_path / "bad.csv", content)
    result = invoke("--db", store, "inferences", "import", "two", path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert stored(store, "two") == []


def test_bad_json_lines_name_their_line(store: Path, invoke: Invoke, tmp_path: Path) -> None:
    good = '{"locator": "1.png", "score": 1}\n'
    for bad, message in {
        "[]": "Line 2 of",
        "{": "Line 2 of",
        '{"locator": "2,5.png"}': "line 2, column score: a number is expected, not nothing",
        '{"locator": "2,5.png", "score": "1"}': "column score: a number is expected, not '1'",
        '{"locator": "2,5.png", "score": null}': "column score: a number is expected, not null",
        '{"locator": 5, "score": 1}': "no sample has the locator 5",
        '{"locator": "2,5.png", "score": 1, "lable": 1}': 'There is no field "lable"',
    }.items():
        path = write(tmp_path / "bad.jsonl", good + bad + "\n")
        result = invoke("--db", store, "inferences", "import", "two", path)
        assert (result.exit_code, stored(store, "two")) == (1, [])
        assert message in result.stderr, result.stderr


def test_other_encodings(store: Path, invoke: Invoke, tmp_path: Path) -> None:
    content = "locator,score,note\n3 ü.png,1,é\n"
    path = write(tmp_path / "p.csv", content, "cp1252")
    result = invoke("--db", store, "inferences", "import", "two", path)
    assert result.exit_code == 1
    assert "is not utf-8 text near line 1; say what it is with --encoding" in result.stderr
    for encoding in ("cp1252", "utf-16"):
        path = write(tmp_path / "p.csv", content, encoding)
        options = ("--encoding", encoding, "--on-conflict", "replace")
        assert invoke("--db", store, "inferences", "import", "two", path, *options).exit_code == 0
        assert json.loads(stored(store, "two")[0][1])["note"] == "é"
    result = invoke("--db", store, "inferences", "import", "two", path, "--encoding", "klingon")
    assert "There is no encoding 'klingon'" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("import", "tow", "p.csv"), 1, "There is no model 'tow'; did you mean 'two'?"),
        (("import", "two", "p.xls"), 2, "Give --format"),
        (("import", "two", "none.csv"), 1, "The file none.csv cannot be read (No such file"),
        (("import", "two", "p.csv", "--on", "score"), 1, 'no field "score", which --on names'),
        (("import", "two", "p.csv", "--map", "x=score"), 1, 'has no column "x", which --map'),
        (("import", "two", "p.csv", "--map", "x"), 1, "--map takes COLUMN=FIELD"),
        (("import", "two", "p.csv", "--map", "score=scroe"), 1, 'There is no field "scroe"'),
        (("import", "two", "p.csv", "--format", "parquet"), 1, "The file p.csv is no Parquet"),
        (("import", "bert", "p.csv"), 1, 'The types of the workflow "Texts" are not in the store'),
        (("import", "other", "p.csv"), 1, "no sample has the locator '1.png'"),
        (("export", "tow"), 1, "There is no model 'tow'"),
        (("export", "one", "--format", "parquet"), 2, "Parquet goes into a file"),
        (("export", "one", "--test-case", "no"), 1, "There is no test case 'no'"),
        (("export", "one", "--test-case", "first", "--test-suite", "all"), 2, "not both"),
    ],
)
def test_wrong_arguments(
    store: Path, invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...], code: int, message: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "p.csv", "locator,score\n1.png,1\n")
    with open_store(str(store)).write() as unit:
        unit.models.add(unit.workflows.ensure("Texts").id, "bert", {}, ())
    define_workflow("Others", Image, Animal, Guess)[3]("other")
    result = invoke("--db", store, "inferences", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr


def test_a_model_without_stored_types_can_still_be_exported(store: Path, invoke: Invoke) -> None:
    with open_store(str(store)).write() as unit:
        model = unit.models.add(unit.workflows.ensure("Texts").id, "bert", {}, ())
        unit.inferences.put(model.id, [1], ['{"a":{"b":1},"c":"x"}'], replace=False)
    result = invoke("--db", store, "inferences", "export", "bert")
    header, row = csv.reader(result.stdout.splitlines())
    assert dict(zip(header, row, strict=True))["a"] == '{"b":1}'
    assert dict(zip(header, row, strict=True))["c"] == "x"


def test_extra_attributes_have_columns_and_come_back(
    store: Path, invoke: Invoke, tmp_path: Path
) -> None:
    payload = '{"score":1.0,"prediction":{"label":"a","score":1.0,"mood":"5"},"by":"me","n":5}'
    with open_store(str(store)).write() as unit:
        unit.inferences.put(unit.models.get("two").id, [1], [payload], replace=False)
        unit.models.add(unit.workflows.ensure("Animals").id, "three", {}, ())
    path = tmp_path / "two.csv"
    invoke("--db", store, "inferences", "export", "two", "-o", path)
    header, row = csv.reader(path.read_text().splitlines())
    cells = dict(zip(header, row, strict=True))
    assert (cells["extra.by"], cells["extra.n"], cells["prediction.label"]) == ("me", "5", "")
    assert invoke("--db", store, "inferences", "import", "three", path).exit_code == 0
    ((_, text, _),) = stored(store, "three")
    kept = json.loads(text)
    assert (kept["by"], kept["n"], kept["prediction"]["mood"]) == ("me", 5, "5")


def test_one_process_pipes_into_another(store: Path) -> None:
    exported = subprocess.run(
        command_line("--db", store, "inferences", "export", "one", "-q"), capture_output=True
    )
    assert (exported.returncode, exported.stderr) == (0, b"")
    imported = subprocess.run(
        command_line("--db", store, "inferences", "import", "two", "-", "--format", "csv"),
        input=exported.stdout,
        capture_output=True,
    )
    assert (imported.returncode, imported.stderr) == (0, b"3 inferences of two were stored.\n")
    assert stored(store, "two") == stored(store, "one")


def test_samples_are_found_by_any_field(store: Path, invoke: Invoke, tmp_path: Path) -> None:
    @dataclass(frozen=True)
    class Page(Image):
        number: int
        score: float

    _, TestCase, _, Model = define_workflow("Pages", Page, Animal, Guess)
    truth = Animal(ClassificationLabel("cat"))
    pages = [Page("book.pdf", number, number / 4) for number in range(3)]
    TestCase("pages", test_samples=[(page, truth) for page in pages])
    Model("reader")
    path = write(tmp_path / "p.csv", "number,score,test_sample.score\n1,0.5,0.25\n2,1,0.5\n")
    run = ("--db", store, "inferences", "import", "reader", path, "--dry-run")
    assert invoke(*run, "--on", "number").stdout.startswith("2 lines: 2 new inferences, 0 for")
    assert invoke(*run, "--on", "score").stdout.startswith("2 lines: 2 new inferences, 0 for")
    result = invoke(*run, "--map", "number=locator")
    assert "no sample has the locator '1'" in result.stdout
    book = write(tmp_path / "p.csv", "locator,score\nbook.pdf,0.5\n")
    result = invoke("--db", store, "inferences", "import", "reader", book)
    assert (
        "line 2, column locator: 3 samples have the locator 'book.pdf', choose another field"
        in result.stderr
    )


def test_parquet_without_pyarrow_names_the_extra(
    store: Path, invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    path = write(tmp_path / "p.parquet", "PAR1")
    for arguments in (("import", "two", path), ("export", "one", "-o", tmp_path / "o.parquet")):
        result = invoke("--db", store, "inferences", *arguments)
        assert result.exit_code == 1
        assert "pip install 'kolena-local[parquet]'" in result.stderr
    assert not (tmp_path / "o.parquet").exists()


def test_csv_needs_neither_pandas_nor_pyarrow(store: Path) -> None:
    code = (
        "import sys; from kolena_local.cli import main\n"
        "main(sys.argv[1:], standalone_mode=False)\n"
        "assert not {'pandas', 'pyarrow', 'numpy'} & set(sys.modules)"
    )
    arguments = ["--db", str(store), "inferences", "export", "one", "-q"]
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_long_work_shows_a_bar_where_somebody_looks(store: Path, tmp_path: Path) -> None:
    import pty

    content = "".join(f"{number}.png,0.5,{'x' * 200}\n" for number in range(3000))
    path = write(tmp_path / "p.csv", f"locator,score,note\n{content}")
    controller, terminal = pty.openpty()
    with os.fdopen(terminal, "wb") as errors:
        arguments = ("--db", store, "inferences", "import", "two", path)
        run = subprocess.run(command_line(*arguments), stderr=errors, stdout=subprocess.PIPE)
        shown = os.read(controller, 100_000).decode()
    os.close(controller)
    assert (run.returncode, run.stdout) == (1, b"")
    assert "reading" in shown and "storing" in shown and "100%" in shown
    assert "no sample has the locator '0.png'" in shown


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        ("{}", "the schema has no properties"),
        ('{"type":"object","properties":{}}', "the schema has no required"),
        ('{"properties":{},"required":["score"]}', "no property is 'score'"),
        ('{"properties":[],"required":[]}', "properties is no object"),
        ('{"properties":{"score":5},"required":[]}', "5 stands where a schema should"),
        ('{"properties":{"a":{"type":"complex"}},"required":[]}', "no type 'complex'"),
        ('{"properties":{"a":{"type":[]}},"required":[]}', "no type []"),
        ('{"properties":{"a":{"$ref":"#/$defs/B"}},"required":[]}', "no definition '#/$defs/B'"),
        ('{"properties":{"a":{"$ref":5}},"required":[]}', "no definition 5"),
        ('{"properties":{"a":{"anyOf":{}}},"required":[]}', "anyOf is no list"),
        ('{"properties":{"a":{"minItems":"2"}},"required":[]}', "minItems is no number"),
        ('{"properties":{},"required":[],"$defs":[]}', "$defs is no object"),
        ('{"properties":{},"required":[],"$defs":{"A":{"$ref":"#/$defs/A"}}}', "A has no prop"),
    ],
)
@pytest.mark.parametrize("kind", ["test_sample", "ground_truth", "inference"])
def test_a_schema_that_was_edited_by_hand_is_called_damaged(
    store: Path, tmp_path: Path, invoke: Invoke, kind: str, schema: str, problem: str
) -> None:
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute(f"UPDATE workflow SET {kind}_schema = ?", (schema,))
    file = write(tmp_path / "one.csv", "locator,score\n1.png,0.5\n")
    for command in (["export", "one"], ["import", "two", file]):
        result = invoke("--db", store, "inferences", *command)
        assert (result.exit_code, result.stdout) == (5, "")
        what = f"{kind.replace('_', ' ')}s"
        assert f'schema of the {what} of the workflow "Animals" is damaged' in result.stderr
        assert problem in result.stderr
