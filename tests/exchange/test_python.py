"""Models import and export inferences from Python as the command line does."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any, Dict

import numpy as np
import pytest

from kolena_local.errors import (
    IncorrectUsageError,
    InputValidationError,
    KolenaWarning,
    NotFoundError,
    WorkflowMismatchError,
)
from kolena_local.repository import open_store
from kolena_local.workflow import Image, define_workflow
from tests.cli.conftest import Invoke
from tests.cli.test_bad_inferences import BAD
from tests.conftest import sampled
from tests.exchange.guesses import LOCATORS, Animal, Guess, stored, write

_, TestCase, TestSuite, Model = define_workflow("Animals", Image, Animal, Guess)
GOOD = "locator,score\n1.png,1\n"


def inferences(model: Any) -> list[str]:
    # By their text: NaN is equal to nothing.
    suite = TestSuite.load("all")
    return [
        repr((sample.locator, guess))
        for case in suite.test_cases
        for sample, _, guess in model.load_inferences(case)
    ]


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "parquet"])
def test_what_one_model_exports_another_imports(guessed: Path, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"one.{suffix}"
    one, two = Model.load("one"), Model.load("two")
    assert one.export_inferences(path) == 3
    result = two.import_inferences(str(path))
    assert repr(result) == "ImportResult(stored=3, replaced=0, skipped=0, problems=())"
    assert inferences(two) == inferences(one)
    assert len(inferences(two)) == 3
    assert two.export_inferences(tmp_path / f"two.{suffix}") == 3
    assert (tmp_path / f"two.{suffix}").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "parquet", "txt"])
def test_both_ways_write_the_same_file(
    guessed: Path, invoke: Invoke, tmp_path: Path, suffix: str
) -> None:
    for arguments, options in (
        ((), {}),
        (("--test-case", "others"), {"test_case": TestCase.load("others")}),
        (("--test-suite", "all"), {"test_suite": TestSuite.load("all")}),
    ):
        command, python = tmp_path / f"command.{suffix}", tmp_path / f"python.{suffix}"
        invoke("--db", guessed, "inferences", "export", "one", "-o", command, *arguments)
        Model.load("one").export_inferences(python, **options)
        assert python.read_bytes() == command.read_bytes()


@pytest.mark.parametrize(
    "content", sampled(content for content, _ in BAD.values()), ids=sampled(BAD)
)
def test_both_ways_refuse_a_file_with_the_same_message(
    guessed: Path, invoke: Invoke, tmp_path: Path, content: str
) -> None:
    path = write(tmp_path / "bad.csv", content)
    said = invoke("--db", guessed, "inferences", "import", "two", path).stderr
    with pytest.raises(InputValidationError) as caught:
        Model.load("two").import_inferences(path)
    for option, name in {
        "--map COLUMN=locator": "mapping={'COLUMN': 'locator'}",
        "--map COLUMN=score": "mapping={'COLUMN': 'score'}",
        "--map COLUMN=prediction.label": "mapping={'COLUMN': 'prediction.label'}",
        "--map lable=,": "mapping={'lable': None},",
        "--map 'my notes=' --map by=,": "mapping={'my notes': None, 'by': None},",
        "--map COLUMN=FIELD;": "mapping={'COLUMN': 'FIELD'};",
        "--delimiter.": "delimiter.",
        "--map": "mapping",
        "--on": "on",
        "--dry-run": "dry_run=True",
    }.items():
        said = said.replace(option, name)
    assert said == f"Error: {caught.value}\n"
    assert "--" not in said
    assert stored(guessed, "two") == []


def test_samples_that_have_an_inference(guessed: Path, tmp_path: Path) -> None:
    model = Model.load("one")
    path = write(tmp_path / "p.csv", "locator,score\n1.png,1\n")
    before = inferences(model)
    with pytest.raises(InputValidationError) as caught:
        model.import_inferences(path)
    assert str(caught.value) == (
        "Nothing was stored: line 2, column locator: the model has an inference for '1.png'"
        " already, on_conflict skip keeps it and replace overwrites it."
    )
    result = model.import_inferences(path, on_conflict="skip")
    assert (result.stored, result.replaced, result.skipped) == (0, 0, 1)
    assert inferences(model) == before
    result = model.import_inferences(path, on_conflict="replace")
    assert (result.stored, result.replaced, result.skipped) == (1, 1, 0)
    assert inferences(model) == [repr(("1.png", Guess(1.0))), *before[1:]]


def test_columns_get_the_fields_that_they_are_mapped_to(guessed: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "p.txt", "path,confidence,comment\n3 ü.png,0.25,x\n", "cp1252")
    result = Model.load("two").import_inferences(
        path,
        on="locator",
        mapping={"path": "locator", "confidence": "score", "comment": None},
        format="csv",
        encoding="cp1252",
    )
    assert result.stored == 1
    assert inferences(Model.load("two")) == [repr(("3 ü.png", Guess(0.25)))]


def test_a_dry_run_tells_what_would_happen_and_stores_nothing(
    guessed: Path, tmp_path: Path
) -> None:
    path = write(tmp_path / "p.csv", "locator,score\n1.png,1\n1.png,2\n2,abc\n9.png,1\n")
    model = Model.load("two")
    result = model.import_inferences(path, dry_run=True)
    assert (result.stored, result.problem_count, result.line_count) == (1, 3, 4)
    assert result.problems == (
        "line 3, column locator: line 2 is about the same sample '1.png'",
        "line 4, column score: a number is expected, not 'abc'",
        "line 5, column locator: no sample has the locator '9.png'",
    )
    good = write(tmp_path / "good.csv", GOOD)
    replaced = Model.load("one").import_inferences(good, on_conflict="replace", dry_run=True)
    assert (replaced.stored, replaced.replaced, replaced.problems) == (1, 1, ())
    assert stored(guessed, "two") == []
    assert len(inferences(Model.load("one"))) == 3


def test_another_unicode_spelling_is_told(guessed: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "p.csv", unicodedata.normalize("NFD", "locator,score\n3 ü.png,1\n"))
    with pytest.warns(KolenaWarning, match="the store spells"):
        assert Model.load("two").import_inferences(path).stored == 1


BAD_ARGUMENTS: Dict[str, Dict[str, Any]] = {
    "path must be the path of a file, not 5": {"path": 5},
    "path must be the path of a file, not 'a\\x00b'": {"path": "a\0b"},
    "path must be the path of a file, not b'p.csv'": {"path": b"p.csv"},
    "The file none.csv cannot be read (No such file": {"path": "none.csv"},
    "The file - cannot be read (No such file": {"path": "-", "format": "csv"},
    "Give format: the name p.xls does not tell what is in it": {"path": "p.xls"},
    "format must be 'csv', 'tsv', 'jsonl' or 'parquet', not 'xls'": {"format": "xls"},
    "on_conflict must be 'error', 'skip' or 'replace', not 'overwrite'": {
        "on_conflict": "overwrite"
    },
    "on_conflict must be 'error', 'skip' or 'replace', not []": {"on_conflict": []},
    'no field "score", which on names': {"on": ["score"]},
    "on must be a field or a list of fields, not 5": {"on": 5},
    "a name in on or mapping must be an instance of str, not 5": {"on": [5]},
    "mapping must be an instance of Mapping, not 'x=score'": {"mapping": "x=score"},
    "mapping must be an instance of Mapping, not []": {"mapping": []},
    "a name in on or mapping must be an instance of str, not 7": {"mapping": {"x": 7}},
    'no column "x", which mapping names': {"mapping": {"x": "score"}},
    'There is no field "scroe", which mapping names': {"mapping": {"score": "scroe"}},
    "There is no encoding 'klingon'": {"encoding": "klingon"},
    "There is no encoding 'a\\x00b'": {"encoding": "a\0b"},
    "encoding must be an instance of str": {"encoding": None},
    "dry_run must be True or False": {"dry_run": "maybe"},
    "The file p.csv is not a Parquet file": {"format": "parquet"},
    "format must be": {"format": np.array(["csv", "tsv"])},
}


@pytest.mark.parametrize("message", BAD_ARGUMENTS)
def test_wrong_arguments_are_refused_in_a_sentence_and_nothing_is_stored(
    guessed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "p.csv", GOOD)
    with pytest.raises(InputValidationError) as caught:
        Model.load("two").import_inferences(**{"path": "p.csv", **BAD_ARGUMENTS[message]})
    assert message in str(caught.value)
    assert stored(guessed, "two") == []


def test_an_export_that_is_refused_leaves_the_file_as_it_was(guessed: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "p.csv", "mine")
    model, case, suite = Model.load("one"), TestCase.load("first"), TestSuite.load("all")
    other = define_workflow("Others", Image, Animal, Guess)[1]("other")
    for options, error, message in (
        (
            {"format": "xls"},
            InputValidationError,
            "format must be 'csv', 'tsv', 'jsonl' or 'parquet'",
        ),
        ({"test_case": "first"}, InputValidationError, "test_case must be an instance of TestCase"),
        ({"test_suite": case}, InputValidationError, "test_suite must be an instance of TestSuite"),
        ({"test_case": case, "test_suite": suite}, IncorrectUsageError, "not both"),
        ({"test_case": other}, WorkflowMismatchError, "belongs to the workflow 'Others'"),
    ):
        with pytest.raises(error, match=message):
            model.export_inferences(path, **options)
    for place in (tmp_path / "none" / "p.csv", tmp_path):
        with pytest.raises(InputValidationError, match="cannot be written"):
            model.export_inferences(place)
    assert path.read_text() == "mine"
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith("p.")] == ["p.csv"]


def test_a_model_that_was_deleted_is_refused(guessed: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "p.csv", GOOD)
    model = Model.load("two")
    with open_store(str(guessed)).write() as unit:
        unit.models.delete(["two"])
    Model("two")
    with pytest.raises(NotFoundError, match="was deleted"):
        model.import_inferences(path)
    with pytest.raises(NotFoundError, match="was deleted"):
        model.export_inferences(tmp_path / "new.csv")
    assert stored(guessed, "two") == []
    assert not (tmp_path / "new.csv").exists()


def test_only_the_inferences_of_a_test_case_or_suite(guessed: Path, tmp_path: Path) -> None:
    model, path = Model.load("one"), tmp_path / "p.jsonl"
    assert model.export_inferences(path, test_case=TestCase.load("others")) == 2
    assert [name in path.read_text() for name in LOCATORS] == [False, True, True]
    assert model.export_inferences(path, test_suite=TestSuite.load("all")) == 3


@pytest.mark.parametrize("name", ["p.csv", "p.tsv"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_delimiter_that_is_given_is_taken(
    guessed: Path, tmp_path: Path, delimiter: str, name: str
) -> None:
    header = delimiter.join(("locator", "score", '"extra.a;b,c"'))
    row = delimiter.join(('"2,5.png"', "0.5", "x"))
    path = write(tmp_path / name, f"{header}\n{row}\n")
    assert Model.load("two").import_inferences(path, delimiter=delimiter).stored == 1


def test_an_inference_with_delimiters_in_names_of_attributes_comes_back(
    guessed: Path, tmp_path: Path
) -> None:
    payload = '{"score":1.0,"prediction":null,"a;b;c;d;e;f;g;h;i;j;k;l":"x"}'
    with open_store(str(guessed)).write() as unit:
        unit.inferences.put(unit.models.get("two").id, [1], [payload], replace=False)
    three = Model("three")
    for suffix in ("csv", "tsv"):
        path = tmp_path / f"two.{suffix}"
        Model.load("two").export_inferences(path)
        assert three.import_inferences(path, on_conflict="replace").stored == 1
        ((_, content, _),) = stored(guessed, "three")
        assert json.loads(content)["a;b;c;d;e;f;g;h;i;j;k;l"] == "x"
