"""``kolena-local import`` refuses what ``export`` did not write, and says what and where."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Optional

import pytest

from kolena_local.repository import open_store
from tests.cli.conftest import Invoke
from tests.cli.dumps import changed, export, lines_of
from tests.conftest import IS_LONG, sampled
from tests.python_process import COMMAND, Python

WRONG_LINES = [
    ("model", "name", 3, "'name' cannot be 3"),
    ("model", "colour", "red", "the kind model has no 'colour'"),
    ("model", "kind", "modle", "there is no kind 'modle'"),
    ("model", "name", " ", "'name' cannot be ' '"),
    ("model", "name", "\ud800", "'name' cannot be"),
    ("model", "tags", [" "], "'tags' cannot be [' ']"),
    ("model", "metadata", {"$": "what"}, "holds an unknown escape object"),
    ("model", "metadata", {"$": "nan"}, "it is not a JSON object"),
    ("model", "metadata", {"a": ["\ud800"]}, "surrogates not allowed"),
    ("model", "workflow", "none", "refers to something that is neither in the file nor"),
    ("test_sample", "fields", {"locator": "9.png"}, "its fields have the digest 01"),
    ("test_sample", "digest", "zz", "'digest' cannot be 'zz'"),
    ("inference", "test_sample", "01" * 17, "refers to something that is neither"),
    ("inference", "fields", [1], "'fields' cannot be [1]"),
    ("inference", "fields", {"score": math.inf}, "'fields' cannot be"),
    ("inference", "fields", {"$": "what"}, "'fields' cannot be"),
    ("inference", "stale", 2, "the store refuses its inference (CHECK constraint failed"),
    (
        "test_case_version",
        "samples",
        9,
        "says that the number of its samples is 9, but it is 2",
    ),
    ("test_case_member", "removed", 9, "comes or goes in a version that does not exist"),
    ("test_case_member", "position", 2**63 - 1, "'position' cannot be 9223372036854775807"),
    ("test_case_member", "position", 0, "has the same test_case, position and added already"),
    ("test_case", "version", 2, "is at version 2, but the number of its versions is 2"),
    ("test_suite", "version", 2, "is at version 2, but the number of its versions is 2"),
    ("test_suite_version", "test_cases", [["day", 7]], "refers to something"),
    ("test_suite_version", "test_cases", [["day", 1], ["day", 0]], "'test_cases' cannot be"),
    ("test_run", "status", "lost", "the store refuses its test_run (CHECK constraint failed"),
    ("configuration", "fields", [1], "'fields' cannot be [1]"),
    ("metrics_test_case", "fields", {"n": {"$": 5}}, "holds an unknown escape object"),
]


@pytest.mark.parametrize(("kind", "key", "value", "says"), sampled(WRONG_LINES, 6))
def test_a_wrong_line_is_refused_in_a_sentence_that_names_it_and_nothing_is_imported(
    invoke: Invoke, store: Path, tmp_path: Path, kind: str, key: str, value: Any, says: str
) -> None:
    export(invoke, store, tmp_path / "a.jsonl")
    copy = tmp_path / "copy.db"
    file = changed(tmp_path / "a.jsonl", kind, key, value)
    number = max(
        place
        for place, line in enumerate(lines_of(tmp_path / "a.jsonl"), 1)
        if line["kind"] == kind
    )
    for is_there in (False, True):
        if is_there:
            open_store(str(copy))
        result = invoke("import", file, "--db", copy)
        assert result.exit_code == 1, result.stderr
        assert says in result.stderr.replace('"', "'")
        assert f"ine {number} " in result.stderr
        assert len(result.stderr.splitlines()) == 1
        assert any(tmp_path.glob("copy.db*")) == is_there
    assert export(invoke, copy, tmp_path / "b.jsonl").count(b"\n") == 1


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no such device")
@pytest.mark.parametrize("file", ["/dev/zero", "-"])
def test_an_endless_line_is_refused(store_path: Path, tmp_path: Path, file: str) -> None:
    # Python takes a second for as much as a line may have.
    limit = "" if IS_LONG else "from kolena_local.cli import dump\ndump._LONGEST = 2**20\n"
    with Path("/dev/zero").open() as endless, (tmp_path / "errors").open("w") as errors:
        arguments = ("import", file, "--db", store_path)
        process = Python(limit + COMMAND, *arguments, stdin=endless, stderr=errors)
        output = process.communicate()
    assert (process.returncode, output) == (1, "")
    said = (tmp_path / "errors").read_text()
    message = "Error: Nothing was imported, because line 1 of the file is longer than"
    assert said.startswith(message)
    assert not store_path.exists()


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    sampled(
        [
            ("model", "metadata", {"seed": 99}),
            ("test_sample", "metadata", {"seed": 99}),
            ("inference", "fields", {"label": "other"}),
            ("test_case_version", "description", "other"),
            ("test_suite", "tags", ["other"]),
            ("metrics_test_case", "fields", {"accuracy": 0.0}),
        ]
    ),
)
def test_what_is_there_and_differs_is_refused(
    invoke: Invoke, store: Path, tmp_path: Path, kind: str, key: str, value: Any
) -> None:
    text = export(invoke, store, tmp_path / "a.jsonl")
    result = invoke("import", changed(tmp_path / "a.jsonl", kind, key, value), "--db", store)
    assert result.exit_code == 1
    assert "The store differs from the file: " in result.stderr
    assert export(invoke, store, tmp_path / "b.jsonl") == text


def test_a_number_that_no_float_holds_is_refused(
    invoke: Invoke, store: Path, tmp_path: Path
) -> None:
    text = export(invoke, store, tmp_path / "a.jsonl")
    file = tmp_path / "changed.jsonl"
    file.write_bytes(text.replace(b'"seed":0', b'"seed":1e400'))
    result = invoke("import", file, "--db", tmp_path / "copy.db")
    assert (result.exit_code, "'seed': inf}" in result.stderr) == (1, True), result.stderr


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("workflow", "line 2 has the same name already"),
        ("model", "has the same name already"),
        ("inference", "has the same model and test_sample already"),
        ("test_run", "has the same model, test_suite, test_suite_version and evaluator already"),
    ],
)
@pytest.mark.parametrize("key", [None, "locator"])
def test_a_second_line_about_the_same_is_refused(
    invoke: Invoke, store: Path, tmp_path: Path, kind: str, says: str, key: Optional[str]
) -> None:
    export(invoke, store, tmp_path / "a.jsonl")
    twice = changed(tmp_path / "a.jsonl", kind, key, "another text for readers", times=2)
    last = max(number for number, line in enumerate(lines_of(twice), 1) if line["kind"] == kind)
    result = invoke("import", twice, "--db", tmp_path / "copy.db")
    assert result.exit_code == 1
    assert f"Line {last} of the file cannot be imported" in result.stderr
    assert says.replace("line 2", f"line {last - 1}") in result.stderr
    assert not (tmp_path / "copy.db").exists()


@pytest.mark.parametrize("content", [b"", b"\n", b"hello\n", b'{"kind":"model"}\n', b"[[" * 5000])
def test_what_is_no_store_is_refused(invoke: Invoke, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.jsonl").write_bytes(content)
    result = invoke("import", tmp_path / "a.jsonl", "--db", tmp_path / "copy.db")
    assert result.exit_code == 1
    assert "The file is not an exported store" in result.stderr


def test_a_later_format_and_a_missing_file(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"kind":"kolena-local store","format":2}\n')
    result = invoke("import", tmp_path / "a.jsonl", "--db", tmp_path / "copy.db")
    assert (result.exit_code, "format 2" in result.stderr) == (1, True)
    result = invoke("import", tmp_path / "none.jsonl", "--db", tmp_path / "other.db")
    assert (result.exit_code, "cannot be read" in result.stderr) == (1, True)
    assert not (tmp_path / "other.db").exists()


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("inference", None, "'inference' cannot be None"),
        ("inference", [], "'inference' cannot be []"),
        ("ground_truth", {}, "the schema has no properties"),
        (
            "inference",
            {"properties": {"a": {"$ref": "#/$defs/A"}}, "required": []},
            "no definition",
        ),
        ("test_sample", {"properties": {"a": {"type": "date"}}, "required": []}, "no type 'date'"),
        ("test_sample", {"properties": {}, "required": ["\ud800"]}, "surrogates not allowed"),
        ("workflow", "none", "refers to something that is neither in the file nor"),
    ],
)
def test_types_that_no_definition_wrote_are_not_imported(
    invoke: Invoke, guessed: Path, tmp_path: Path, key: str, value: Any, says: str
) -> None:
    export(invoke, guessed, tmp_path / "a.jsonl")
    copy = tmp_path / "copy.db"
    result = invoke(
        "import", changed(tmp_path / "a.jsonl", "workflow_types", key, value), "--db", copy
    )
    assert result.exit_code == 1
    assert says in result.stderr and "Nothing was imported." in result.stderr
    assert not copy.exists()
