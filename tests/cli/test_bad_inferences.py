"""Files of inferences, and arguments, that are refused: with a sentence, and nothing is stored."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import pytest

from kolena_local.repository import open_store
from kolena_local.workflow import Image, Inference, define_workflow
from tests.cli.conftest import Invoke
from tests.conftest import sampled
from tests.exchange.guesses import Animal, Guess, stored, write


@dataclass(frozen=True)
class Silent(Inference):
    word: Optional[str] = None


BAD = {
    "unknown column": (
        "locator,score,lable\n",
        'The file has the column "lable", which is not a field; leave it out with --map lable=, or',
    ),
    "unknown columns": (
        "locator,score,my notes,by\n",
        'columns "my notes", "by", which are not fields; leave them out with'
        " --map 'my notes=' --map by=, or say which field a column is with --map COLUMN=FIELD;",
    ),
    "no key column": ("score\n1\n", 'The file has no column "locator" (text)'),
    "missing column": ("locator,note\n1.png,a\n", 'The file has no column "score" (a number)'),
    "missing part of an object": (
        "locator,score,prediction.score\n1.png,1,1\n",
        'The file has no column "prediction.label" (text)',
    ),
    "two columns": ("locator,score,score\n", 'has two columns "score"'),
    "missing sample": ("locator,score\n9.png,1\n", "line 2, column locator: no sample has the"),
    "duplicate": ("locator,score\n1.png,1\n1.png,1\n", "line 3, column locator: line 2 is about"),
    "no number": ("locator,score\n1.png,x\n", "line 2, column score: a number is expected, not"),
    "no number so large": ("locator,score\n1.png,1e400\n", "a number of at most 1.8e308 (infinity"),
    "rounded": (
        "locator,score,count\n1.png,1,9007199254740992.0\n",
        "column count: a whole number without a decimal point (floats of this size are rounded) is",
    ),
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
    "key twice in a cell": (
        'locator,score,prediction\n1.png,1,"{""label"":""a"",""label"":""b"",""score"":1}"\n',
        "line 2, column prediction",
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
    "bars": ("locator|score\n1.png|1\n", 'has only the column "locator|score", which is not'),
    "decimal comma": ("locator;score\n1.png;0,5\n", "a number with a decimal point is expected"),
    "too many semicolons": ("locator;score\n2;5.png;1\n", "hold a semicolon in double quotes"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "message"), sampled(BAD.values()), ids=sampled(BAD))
def test_bad_files_are_refused_with_a_sentence_and_nothing_is_stored(
    guessed: Path, invoke: Invoke, tmp_path: Path, content: str, message: str
) -> None:
    path = write(tmp_path / "bad.csv", content)
    result = invoke("--db", guessed, "inferences", "import", "two", path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert stored(guessed, "two") == []


def test_bad_json_lines_name_their_line(guessed: Path, invoke: Invoke, tmp_path: Path) -> None:
    good = '{"locator": "1.png", "score": 1}\n'
    for bad, message in {
        "[]": "Line 2 of",
        "{": "bad.jsonl cannot be read as JSON",
        '{"locator": "2,5.png"}': "line 2, column score: a number is expected, not nothing",
        '{"locator": "2,5.png", "score": "1"}': "column score: a number is expected, not '1'",
        '{"locator": "2,5.png", "score": null}': "column score: a number is expected, not null",
        '{"locator": "2,5.png", "score": 1e400}': "read as JSON: the number 1e400 is too large",
        '{"locator": "2,5.png", "score": 1, "count": 1e16}': "column count: a whole number without",
        '{"locator": "1.png", "score": 1, "score": 2}': "as JSON: the key 'score' occurs twice in",
        '{"locator": "1.png", "score": 1, "prediction": {"label": "a", "label": "b"}}': "'label'",
        '{"locator": 5, "score": 1}': "no sample has the locator 5",
        '{"locator": "2,5.png", "score": 1, "lable": 1}': "leave it out with --map lable=, or",
    }.items():
        path = write(tmp_path / "bad.jsonl", good + bad + "\n")
        result = invoke("--db", guessed, "inferences", "import", "two", path)
        assert (result.exit_code, stored(guessed, "two")) == (1, [])
        assert message in result.stderr, result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    sampled(
        [
            (("import", "tow", "p.csv"), 1, "There is no model 'tow'; did you mean 'two'?"),
            (("import", "two", "p.xls"), 2, "Give --format"),
            (("import", "two", "none.csv"), 1, "The file none.csv cannot be read (No such file"),
            (("import", "two", "p.csv", "--on", "score"), 1, 'no field "score", which --on names'),
            (("import", "two", "p.csv", "--map", "x=score"), 1, 'has no column "x", which --map'),
            (("import", "two", "p.csv", "--map", "x"), 1, "--map takes COLUMN=FIELD"),
            (("import", "two", "p.csv", "--map", "score=scroe"), 1, 'There is no field "scroe"'),
            (
                ("import", "two", "p.csv", "--format", "parquet"),
                1,
                "The file p.csv is not a Parquet file",
            ),
            (
                ("import", "two", "p.csv", "--delimiter", "::"),
                1,
                "--delimiter takes one character, or",
            ),
            (
                ("import", "two", "p.csv", "--delimiter", ";", "--format", "jsonl"),
                1,
                "Only CSV has a delimiter",
            ),
            (
                ("import", "bert", "p.csv"),
                1,
                'The types of the workflow "Texts" are not in the store',
            ),
            (("import", "other", "p.csv"), 1, "no sample has the locator '1.png'"),
            (("export", "tow"), 1, "There is no model 'tow'"),
            (("export", "one", "--format", "parquet"), 2, "Parquet goes into a file"),
            (("export", "one", "--test-case", "no"), 1, "There is no test case 'no'"),
            (("export", "one", "--test-case", "first", "--test-suite", "all"), 2, "not both"),
        ]
    ),
)
def test_wrong_arguments(
    guessed: Path, invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...], code: int, message: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "p.csv", "locator,score\n1.png,1\n")
    with open_store(str(guessed)).write() as unit:
        unit.models.add(unit.workflows.ensure("Texts").id, "bert", {}, ())
    define_workflow("Others", Image, Animal, Guess)[3]("other")
    result = invoke("--db", guessed, "inferences", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr


@pytest.mark.parametrize(
    ("schema", "problem"),
    sampled(
        [
            ("{}", "the schema has no properties"),
            ('{"type":"object","properties":{}}', "the schema has no required"),
            ('{"properties":{},"required":["score"]}', "no property is 'score'"),
            ('{"properties":[],"required":[]}', "properties is not an object"),
            ('{"properties":{"score":5},"required":[]}', "5 stands where a schema should"),
            ('{"properties":{"a":{"type":"complex"}},"required":[]}', "no type 'complex'"),
            ('{"properties":{"a":{"type":[]}},"required":[]}', "no type []"),
            (
                '{"properties":{"a":{"$ref":"#/$defs/B"}},"required":[]}',
                "no definition '#/$defs/B'",
            ),
            ('{"properties":{"a":{"$ref":5}},"required":[]}', "no definition 5"),
            ('{"properties":{"a":{"anyOf":{}}},"required":[]}', "anyOf is not a list"),
            ('{"properties":{"a":{"minItems":"2"}},"required":[]}', "minItems is not a number"),
            ('{"properties":{},"required":[],"$defs":[]}', "$defs is not an object"),
            ('{"properties":{},"required":[],"$defs":{"A":{"$ref":"#/$defs/A"}}}', "A has no prop"),
        ],
        4,
    ),
)
@pytest.mark.parametrize("kind", ["test_sample", "ground_truth", "inference"])
def test_a_schema_that_was_edited_by_hand_is_called_damaged(
    guessed: Path, tmp_path: Path, invoke: Invoke, kind: str, schema: str, problem: str
) -> None:
    with closing(sqlite3.connect(guessed)) as connection, connection:
        connection.execute(f"UPDATE workflow SET {kind}_schema = ?", (schema,))
    file = write(tmp_path / "one.csv", "locator,score\n1.png,0.5\n")
    for command in (["export", "one"], ["import", "two", file]):
        result = invoke("--db", guessed, "inferences", *command)
        assert (result.exit_code, result.stdout) == (5, "")
        what = f"{kind.replace('_', ' ')}s"
        assert f'schema of the {what} of the workflow "Animals" is damaged' in result.stderr
        assert problem in result.stderr


def test_a_file_that_says_nothing_of_the_inferences_is_refused(
    guessed: Path, invoke: Invoke, tmp_path: Path
) -> None:
    define_workflow("Others", Image, Animal, Silent)[3]("other")
    file = write(tmp_path / "locators.csv", "locator\n1.png\n")
    result = invoke("--db", guessed, "inferences", "import", "other", file)
    assert (result.exit_code, result.stdout) == (1, "")
    assert 'The file has no column "word" (text)' in result.stderr, result.stderr
