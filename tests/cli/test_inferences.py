"""Inferences go into a file and out of one without user code; nothing is lost or half stored."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow.parquet
import pytest

from kolena_local.repository import open_store
from kolena_local.workflow import Image, define_workflow
from kolena_local.workflow.annotation import ClassificationLabel, ScoredClassificationLabel
from tests.cli.conftest import Invoke, command_line
from tests.conftest import sampled
from tests.exchange.guesses import LOCATORS, Animal, Guess, stored, write
from tests.python_process import COMMAND, Python, read_terminal, run_command, run_python

ALL_STORED = "3 inferences of two were stored.\nall@1: inferences for 3 of 3 samples.\n"


def test_a_csv_file_has_a_column_for_each_field(guessed: Path, invoke: Invoke) -> None:
    result = invoke("--db", guessed, "inferences", "export", "one")
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


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "parquet"])
def test_what_is_exported_can_be_imported(
    guessed: Path, invoke: Invoke, tmp_path: Path, suffix: str
) -> None:
    first, second = tmp_path / f"first.{suffix}", tmp_path / f"second.{suffix}"
    assert invoke("--db", guessed, "inferences", "export", "one", "-o", first).exit_code == 0
    result = invoke("--db", guessed, "inferences", "import", "two", first)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == ALL_STORED
    assert stored(guessed, "two") == stored(guessed, "one")
    assert invoke("--db", guessed, "inferences", "export", "two", "-o", second).exit_code == 0
    assert second.read_bytes() == first.read_bytes()


def test_a_file_is_exported_without_writing_o(
    guessed: Path, invoke: Invoke, tmp_path: Path
) -> None:
    one, other = tmp_path / "one.tsv", tmp_path / "other.tsv"
    command = ("--db", guessed, "inferences", "export", "one")
    assert invoke(*command, one).exit_code == 0
    invoke(*command, "-o", other)
    assert one.read_bytes() == other.read_bytes()
    assert "one file for the output, not two" in invoke(*command, one, "-o", other).stderr


def test_parquet_has_numbers_as_numbers(guessed: Path, invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "one.parquet"
    invoke("--db", guessed, "inferences", "export", "one", "-o", path)
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
    guessed: Path, invoke: Invoke, options: list[str], locators: list[str]
) -> None:
    result = invoke("--db", guessed, "inferences", "export", "one", "--format", "jsonl", *options)
    lines = [json.loads(line) for line in result.stdout.splitlines() if line]
    assert [line["locator"] for line in lines] == locators
    assert all(line["ground_truth.label.label"] == "cat" for line in lines)


def test_loading_predictions_from_csv(guessed: Path, invoke: Invoke, tmp_path: Path) -> None:
    path = write(
        tmp_path / "predictions.csv",
        "path,score,prediction.label,prediction.score,comment\r\n1.png,1,dog,0.25,x\r\n"
        '"2,5.png", 2e-1 ,,,y\r\n',
        "utf-8-sig",
    )
    options = ("--map", "path=locator", "--map", "comment=", "--on", "locator")
    result = invoke("--db", guessed, "inferences", "import", "two", path, *options)
    assert result.exit_code == 0
    assert result.stderr == (
        "2 inferences of two were stored.\nall@1: inferences for 2 of 3 samples, 1 is missing.\n"
    )
    first, second = (json.loads(inference) for _, inference, _ in stored(guessed, "two"))
    assert second == {"score": 0.2, "prediction": None}
    label = ScoredClassificationLabel("dog", 0.25)._to_dict()
    assert first == {"score": 1.0, "prediction": label}


@pytest.mark.parametrize("name", ["p.csv", "p.tsv"])
def test_files_of_other_spreadsheets_are_read(
    guessed: Path, invoke: Invoke, tmp_path: Path, name: str
) -> None:
    delimiter = ";" if name == "p.csv" else "\t"
    text = 'locator;score;note\r\n1.png;1;"a;b"\r\n2,5.png;0.5;c, d\r\n'.replace(";", delimiter)
    path = write(tmp_path / name, text, "utf-8-sig")
    assert invoke("--db", guessed, "inferences", "import", "two", path).exit_code == 0
    notes = [json.loads(inference)["note"] for _, inference, _ in stored(guessed, "two")]
    assert notes == [f"a{delimiter}b", "c, d"]


@pytest.mark.parametrize("before", ["sep=;\r\n", "\r\n\r\n", "\r\nSEP=;\r\n", "sep=;\n\n"])
def test_a_file_whose_header_is_not_the_first_line_is_read(
    guessed: Path, invoke: Invoke, tmp_path: Path, before: str
) -> None:
    text = f"{before}locator;score\r\n2,5.png;0.5\r\n"
    for name, encoding in (("p.csv", "U8"), ("p.tsv", "utf_8")):
        if name == "p.csv" or "=" in before:
            path = write(tmp_path / name, text, "utf-8-sig")
            arguments = ("import", "two", path, "--encoding", encoding, "--dry-run")
            result = invoke("--db", guessed, "inferences", *arguments)
            assert result.exit_code == 0, result.stderr
    write(path, f"{text}1.png\r\n", "utf-8-sig")
    arguments = ("import", "two", path, "--format", "csv")
    said = invoke("--db", guessed, "inferences", *arguments).stderr
    assert f"Line {text.count(chr(10)) + 1} of" in said


def test_an_index_of_pandas_is_left_out_of_csv_and_parquet(
    guessed: Path, invoke: Invoke, tmp_path: Path
) -> None:
    frame = pd.DataFrame({"locator": LOCATORS, "score": [0.1, 0.2, 0.3]})
    for index in (frame.index, [3, 1, 2], pd.MultiIndex.from_product([[1], [1, 2, 3]])):
        indexed = frame.set_index(pd.Index(index) if isinstance(index, list) else index)
        indexed.to_csv(tmp_path / "a.csv")
        indexed.to_parquet(tmp_path / "a.parquet")
        pd.read_csv(tmp_path / "a.csv").to_csv(tmp_path / "b.csv")
        for name in ("a.csv", "b.csv", "a.parquet"):
            options = ("--on-conflict", "replace")
            arguments = ("inferences", "import", "two", tmp_path / name, *options)
            result = invoke("--db", guessed, *arguments)
            assert (result.exit_code, len(stored(guessed, "two"))) == (0, 3), result.stderr


def test_decimals_and_dates_of_parquet_are_read(
    guessed: Path, invoke: Invoke, tmp_path: Path
) -> None:
    columns = {
        "locator": LOCATORS,
        "score": [Decimal("0.50"), Decimal("2.00"), Decimal("-1.25")],
        "count": [Decimal("3.0"), None, Decimal("4.0")],
        "boxes": [[Decimal("1.5")], [], None],
        "note": [date(2026, 11, 27), None, date(1999, 1, 1)],
        "extra.at": [datetime(2026, 11, 27, 13, 2), None, None],
    }
    pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "p.parquet")
    result = invoke("--db", guessed, "inferences", "import", "two", tmp_path / "p.parquet")
    assert result.exit_code == 0, result.stderr
    found = [json.loads(inference) for _, inference, _ in stored(guessed, "two")]
    assert [one["score"] for one in found] == [0.5, 2.0, -1.25]
    assert [one["count"] for one in found] == [3, None, 4]
    assert (found[0]["boxes"], found[0]["note"]) == ([1.5], "2026-11-27")
    assert found[0]["at"] == "2026-11-27T13:02:00"
    columns["score"] = [timedelta(1)] * 3
    pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "p.parquet")
    result = invoke("--db", guessed, "inferences", "import", "two", tmp_path / "p.parquet")
    assert "line 1, column score: a number is expected, not datetime.timedelta" in result.stderr


def test_json_lines_nested_or_dotted_and_with_pythons_nan(
    guessed: Path, invoke: Invoke, tmp_path: Path
) -> None:
    path = write(
        tmp_path / "p.jsonl",
        '{"locator": "1.png", "score": NaN, "prediction": {"label": "a", "score": 1}}\n\n'
        '{"locator": "2,5.png", "score": 5, "prediction.label": "b", "prediction.score": 0.5}\n',
    )
    assert invoke("--db", guessed, "inferences", "import", "two", path).exit_code == 0
    exported = invoke("--db", guessed, "inferences", "export", "two").stdout.splitlines()
    assert exported[1].startswith("1.png,nan,a,1.0,")
    assert exported[2].startswith('"2,5.png",5.0,b,0.5,')


def test_samples_that_have_an_inference(guessed: Path, invoke: Invoke, tmp_path: Path) -> None:
    path = write(tmp_path / "p.csv", "locator,score\n1.png,1\n")
    before = stored(guessed, "one")
    run = ("--db", guessed, "inferences", "import", "one", path)
    result = invoke(*run)
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: Nothing was stored: line 2, column locator: the model has an inference for"
        " '1.png' already, --on-conflict skip keeps it and replace overwrites it.\n"
    )
    result = invoke(*run, "--on-conflict", "skip")
    assert result.stderr.startswith(
        "0 inferences of one were stored; 1 was there and stays as it is.\n"
    )
    assert stored(guessed, "one") == before
    result = invoke(*run, "--on-conflict", "replace")
    assert result.stderr == (
        "1 inference of one was stored, 1 in place of another.\n"
        "all@1: inferences for 3 of 3 samples.\n"
    )
    assert json.loads(stored(guessed, "one")[0][1]) == {"score": 1.0}


def test_the_first_bad_line_is_named_whatever_is_wrong_with_it(
    guessed: Path, invoke: Invoke, tmp_path: Path
) -> None:
    path = write(tmp_path / "p.csv", "locator,score\n1.png,1\n9.png,1\n")
    result = invoke("--db", guessed, "inferences", "import", "one", path)
    assert "line 2, column locator: the model has an inference for '1.png'" in result.stderr
    assert "(and 1 more; --dry-run lists them)" in result.stderr


def test_a_dry_run_lists_problems_and_stores_nothing(
    guessed: Path, invoke: Invoke, tmp_path: Path
) -> None:
    path = write(
        tmp_path / "p.csv", "locator,score,count\n1.png,1,\n1.png,2,\n4.png,3,\n2,abc,1.5\n"
    )
    result = invoke("--db", guessed, "inferences", "import", "two", path, "--dry-run")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "4 lines: 1 new inference, 0 for samples that have one (error), 3 problems",
        "line 3, column locator: line 2 is about the same sample '1.png'",
        "line 4, column locator: no sample has the locator '4.png'",
        "line 5, column score: a number is expected, not 'abc'",
    ]
    good = write(tmp_path / "good.csv", "locator,score\n1.png,1\n")
    result = invoke("--db", guessed, "inferences", "import", "two", good, "--dry-run")
    assert (result.exit_code, stored(guessed, "two")) == (0, [])


def test_other_encodings(guessed: Path, invoke: Invoke, tmp_path: Path) -> None:
    content = "locator,score,note\n3 ü.png,1,é\n"
    path = write(tmp_path / "p.csv", content, "cp1252")
    result = invoke("--db", guessed, "inferences", "import", "two", path)
    assert result.exit_code == 1
    assert "is not utf-8 text near line 1; say what it is with --encoding" in result.stderr
    for encoding in ("cp1252", "utf-16"):
        path = write(tmp_path / "p.csv", content, encoding)
        options = ("--encoding", encoding, "--on-conflict", "replace")
        assert invoke("--db", guessed, "inferences", "import", "two", path, *options).exit_code == 0
        assert json.loads(stored(guessed, "two")[0][1])["note"] == "é"
    result = invoke("--db", guessed, "inferences", "import", "two", path, "--encoding", "klingon")
    assert "There is no encoding 'klingon'" in result.stderr


def test_a_model_without_stored_types_can_still_be_exported(guessed: Path, invoke: Invoke) -> None:
    with open_store(str(guessed)).write() as unit:
        model = unit.models.add(unit.workflows.ensure("Texts").id, "bert", {}, ())
        unit.inferences.put(model.id, [1], ['{"a":{"b":1},"c":"x"}'], replace=False)
    result = invoke("--db", guessed, "inferences", "export", "bert")
    header, row = csv.reader(result.stdout.splitlines())
    assert dict(zip(header, row, strict=True))["a"] == '{"b":1}'
    assert dict(zip(header, row, strict=True))["c"] == "x"


def test_extra_attributes_have_columns_and_come_back(
    guessed: Path, invoke: Invoke, tmp_path: Path
) -> None:
    payload = '{"score":1.0,"prediction":{"label":"a","score":1.0,"mood":"5"},"by":"me","n":5}'
    with open_store(str(guessed)).write() as unit:
        unit.inferences.put(unit.models.get("two").id, [1], [payload], replace=False)
        unit.models.add(unit.workflows.ensure("Animals").id, "three", {}, ())
    path = tmp_path / "two.csv"
    invoke("--db", guessed, "inferences", "export", "two", "-o", path)
    header, row = csv.reader(path.read_text().splitlines())
    cells = dict(zip(header, row, strict=True))
    assert (cells["extra.by"], cells["extra.n"], cells["prediction.label"]) == ("me", "5", "")
    assert invoke("--db", guessed, "inferences", "import", "three", path).exit_code == 0
    ((_, text, _),) = stored(guessed, "three")
    kept = json.loads(text)
    assert (kept["by"], kept["n"], kept["prediction"]["mood"]) == ("me", 5, "5")


def test_one_process_pipes_into_another(guessed: Path, tmp_path: Path) -> None:
    # Both are there at once, with a pipe between them.
    reader, writer = os.pipe()
    target = ("--db", guessed, "inferences", "import", "two", "-", "--format", "csv")
    source = ("--db", guessed, "inferences", "export", "one", "-q")
    with (tmp_path / "said").open("w+") as said:
        importing = Python(COMMAND, *target, stdin=reader, stdout=said, stderr=said)
        exporting = Python(COMMAND, *source, stdin=subprocess.DEVNULL, stdout=writer, stderr=said)
        os.close(reader)
        os.close(writer)
        assert (exporting.wait(), importing.wait()) == (0, 0)
        said.seek(0)
        assert said.read() == ALL_STORED
    assert stored(guessed, "two") == stored(guessed, "one")


@pytest.mark.parametrize("chosen", sampled(["csv", "jsonl"]))
def test_a_pipe_is_utf_8_whatever_the_encoding_of_standard_output(
    guessed: Path, chosen: str
) -> None:
    exported = subprocess.run(
        command_line("--db", guessed, "inferences", "export", "one", "--format", chosen),
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
    )
    assert "3 ü.png" in exported.stdout.decode()
    arguments = ("--db", guessed, "inferences", "import", "two", "-", "--format", chosen)
    imported = run_command(*arguments, says=exported.stdout.decode())
    assert (imported.returncode, imported.stderr) == (0, ALL_STORED)
    assert stored(guessed, "two") == stored(guessed, "one")


def test_samples_are_found_by_any_field(guessed: Path, invoke: Invoke, tmp_path: Path) -> None:
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
    run = ("--db", guessed, "inferences", "import", "reader", path, "--dry-run")
    assert invoke(*run, "--on", "number").stdout.startswith("2 lines: 2 new inferences, 0 for")
    assert invoke(*run, "--on", "score").stdout.startswith("2 lines: 2 new inferences, 0 for")
    result = invoke(*run, "--map", "number=locator")
    assert "no sample has the locator '1'" in result.stdout
    book = write(tmp_path / "p.csv", "locator,score\nbook.pdf,0.5\n")
    result = invoke("--db", guessed, "inferences", "import", "reader", book)
    assert (
        "line 2, column locator: 3 samples have the locator 'book.pdf', choose another field"
        in result.stderr
    )


def test_parquet_without_pyarrow_names_the_extra(
    guessed: Path, invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    path = write(tmp_path / "p.parquet", "PAR1")
    for arguments in (("import", "two", path), ("export", "one", "-o", tmp_path / "o.parquet")):
        result = invoke("--db", guessed, "inferences", *arguments)
        assert result.exit_code == 1
        assert "pip install 'kolena-local[parquet]'" in result.stderr
    assert not (tmp_path / "o.parquet").exists()


def test_csv_needs_neither_pandas_nor_pyarrow(guessed: Path) -> None:
    code = (
        "import sys; from kolena_local.cli import main\n"
        "main(sys.argv[1:], standalone_mode=False)\n"
        "assert not {'pandas', 'pyarrow', 'numpy'} & set(sys.modules)"
    )
    done = run_python(code, "--db", guessed, "inferences", "export", "one", "-q")
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_long_work_shows_a_bar_where_somebody_looks(guessed: Path, tmp_path: Path) -> None:
    import pty

    content = "".join(f"{number}.png,0.5,{'x' * 200}\n" for number in range(3000))
    path = write(tmp_path / "p.csv", f"locator,score,note\n{content}")
    controller, terminal = pty.openpty()
    arguments = ("--db", guessed, "inferences", "import", "two", path)
    process = Python(COMMAND, *arguments, stderr=terminal)
    os.close(terminal)
    shown = read_terminal(controller)
    output = process.communicate()
    assert (process.returncode, output) == (1, "")
    assert "reading" in shown and "storing" in shown and "100%" in shown
    assert "no sample has the locator '0.png'" in shown
