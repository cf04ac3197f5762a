"""``kolena-local export`` and ``import``: a store as lines of text, and back."""

from __future__ import annotations

import csv
import errno
import io
import json
import math
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Optional

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from kolena_local.cli import main
from kolena_local.payload import digest, dumps
from kolena_local.repository import close_stores, open_store
from kolena_local.repository.records import MemberChange, NewGroundTruth, NewSample
from kolena_local.repository.result_records import CaseMetrics, CasePlot, Results, SampleMetrics
from tests.cli.conftest import (
    Invoke,
    add_test_case,
    add_test_suite,
    run_process,
)
from tests.conftest import IS_LONG, sampled
from tests.python_process import COMMAND, Python, run_command


def export(invoke: Invoke, store: Path, file: Path) -> bytes:
    result = invoke("export", file, "--db", store)
    assert result.exit_code == 0, result.stderr
    return file.read_bytes()


def lines_of(file: Path) -> List[Dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def test_a_store_comes_back_and_twice_is_once(invoke: Invoke, store: Path, tmp_path: Path) -> None:
    text = export(invoke, store, tmp_path / "a.jsonl")
    copy = tmp_path / "copy.db"
    for said in ("imported", "read; all of this is in the store already"):
        result = invoke("import", tmp_path / "a.jsonl", "--db", copy)
        assert (result.exit_code, result.stdout) == (0, "")
        assert result.stderr == f"{len(text.splitlines()) - 1} lines were {said}.\n"
        assert export(invoke, copy, tmp_path / "b.jsonl") == text
    assert invoke("import", tmp_path / "a.jsonl", "--db", store).exit_code == 0
    assert export(invoke, store, tmp_path / "b.jsonl") == text
    assert invoke("db", "check", "--db", copy).exit_code == 0
    shown = [
        invoke("results", "resnet-50", "all animals", "--json", "--db", place).stdout
        for place in (store, copy)
    ]
    assert shown[0] == shown[1] and "accuracy" in shown[0]


def test_lines_say_names_and_locators_and_no_times(
    invoke: Invoke, store: Path, tmp_path: Path
) -> None:
    text = export(invoke, store, tmp_path / "a.jsonl").decode()
    assert text.startswith('{"kind":"kolena-local store","format":1}\n{"kind":"workflow",')
    assert "_at" not in text.replace("test_at", "")
    (first, *_) = [line for line in lines_of(tmp_path / "a.jsonl") if line["kind"] == "inference"]
    assert list(first) == ["kind", "locator", "model", "test_sample", "stale", "fields"]


def test_standard_output_and_input(store: Path, tmp_path: Path) -> None:
    out = run_process("export", "-q", "--db", store)
    assert (out.returncode, out.stderr) == (0, "")
    piped = run_command("import", "-", "--db", tmp_path / "b.db", says=out.stdout)
    assert piped.returncode == 0, piped.stderr
    assert run_command("export", "-q", "--db", tmp_path / "b.db").stdout == out.stdout


def changed(
    file: Path, kind: str, key: Optional[str] = None, value: Any = None, times: int = 1
) -> Path:
    """Write a copy in which the last line of a kind has another value, is gone, or is twice."""
    content = lines_of(file)
    last = max(place for place, line in enumerate(content) if line["kind"] == kind)
    if key is not None:
        content[last] = {**content[last], key: value}
    content[last : last + 1] = [content[last]] * times
    copy = file.with_name("changed.jsonl")
    copy.write_text("".join(f"{json.dumps(line)}\n" for line in content), "utf-8")
    return copy


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


def test_a_full_folder_for_temporary_files_is_named(
    store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", Full)
    read, write = os.pipe()
    os.write(write, b"{}\n")
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        result = CliRunner().invoke(main, ["import", f"/dev/fd/{read}", "--db", str(store_path)])
        assert not pipe.closed
    assert result.exit_code == 1
    assert f"cannot be saved in {tempfile.gettempdir()} (No space left on device)" in result.output


def test_a_full_disk_for_predictions_that_are_imported_is_not_an_unreadable_file(
    guessed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "guesses.csv"
    runner = CliRunner()
    arguments = ["--db", str(guessed)]
    assert (
        runner.invoke(main, ["inferences", "export", "one", "-o", str(file), *arguments]).exit_code
        == 0
    )

    def full(*_: Any, **__: Any) -> Any:
        return Path("/dev/full").open("wb", buffering=0)

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    result = runner.invoke(main, ["inferences", "import", "one", str(file), *arguments])
    assert result.exit_code == 1
    assert f"cannot be saved in {tempfile.gettempdir()} (No space left" in result.output


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


def test_equal_samples_of_two_stores_are_one(invoke: Invoke, tmp_path: Path) -> None:
    for name, content in (("a", {"uid": 1.0, "zero": -0.0}), ("b", {"zero": 0, "uid": 1})):
        with open_store(str(tmp_path / f"{name}.db")).write() as unit:
            workflow = unit.workflows.ensure("Animals").id
            (sample,) = unit.test_samples.put(
                workflow, [NewSample(digest(content), dumps(content), {})]
            )
            unit.ground_truths.put([NewGroundTruth(sample, digest(content), dumps(content))])
    text = export(invoke, tmp_path / "b.db", tmp_path / "b.jsonl")
    export(invoke, tmp_path / "a.db", tmp_path / "a.jsonl")
    result = invoke("import", tmp_path / "a.jsonl", "--db", tmp_path / "b.db")
    assert result.exit_code == 0, result.stderr
    assert export(invoke, tmp_path / "b.db", tmp_path / "b.jsonl") == text


def test_text_with_nul_comes_back_and_is_shown_whole(
    invoke: Invoke, store_path: Path, tmp_path: Path
) -> None:
    with open_store(str(store_path)).write() as unit:
        suite = add_test_suite(unit, "suite", add_test_case(unit, "case", ["a", "a\0b"]))
        model = unit.models.add(
            unit.workflows.ensure("Animals").id, "m", {"uid": 2**64 - 1, "note": "a\0b"}, ()
        )
        run = unit.test_runs.ensure(model.id, suite.id, suite.version, None)
        unit.test_runs.start(run.id)
        unit.test_runs.crash(run.id, "ValueError: no \0 here")
    text = export(invoke, store_path, tmp_path / "a.jsonl")
    lines = lines_of(tmp_path / "a.jsonl")
    locators = [line["locator"] for line in lines if line["kind"] == "test_case_member"]
    assert locators == ["a", "a\0b"]
    assert invoke("import", tmp_path / "a.jsonl", "--db", tmp_path / "b.db").exit_code == 0
    assert export(invoke, tmp_path / "b.db", tmp_path / "b.jsonl") == text
    assert b"no \\u0000 here" in text and b"18446744073709551615" in text


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


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1)
names = texts.filter(lambda text: text.strip() != "")
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
objects = st.dictionaries(st.text(max_size=4), values, max_size=3)


@settings(max_examples=settings.default.max_examples // (1 if IS_LONG else 4))
@given(
    st.lists(st.tuples(objects, objects, objects, objects), max_size=4),
    st.lists(names, min_size=3, max_size=3, unique=True),
    st.sets(names, max_size=2),
)
def test_whatever_is_stored_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
    rows: List[Any],
    found_names: List[str],
    tags: Any,
) -> None:
    folder = tmp_path_factory.mktemp("stores")
    model_name, case_name, suite_name = found_names
    with open_store(str(folder / "a.db")).write() as unit:
        workflow = unit.workflows.ensure(suite_name).id
        model = unit.models.add(workflow, model_name, rows[0][3] if rows else {}, tags)
        samples = unit.test_samples.put(
            workflow, [NewSample(digest(row[0]), dumps(row[0]), row[1]) for row in rows]
        )
        truths = unit.ground_truths.put(
            [
                NewGroundTruth(sample, digest(row[2]), dumps(row[2]))
                for sample, row in zip(samples, rows, strict=True)
            ]
        )
        members = dict(zip(samples, truths, strict=True))
        case = unit.test_cases.add(workflow, case_name, model_name)
        for reset in (False, True):
            changes = [MemberChange(*pair, False) for pair in list(members.items())[reset:]]
            case = unit.test_cases.edit(
                case.id, case.version, description=None, reset=reset, changes=changes
            )
        suite = unit.test_suites.add(workflow, suite_name, case_name, tags)
        suite = unit.test_suites.replace_test_cases(suite.id, 0, [(case.id, case.version)])
        said = {sample: dumps(row[3]) for sample, row in zip(samples, rows, strict=True)}
        unit.inferences.put(model.id, list(said), list(said.values()), replace=False)
        run = unit.test_runs.ensure(model.id, suite.id, suite.version, model_name)
        fields = dumps({"threshold": math.nan})
        configuration = unit.test_runs.ensure_configuration(run.id, case_name, fields)
        unit.test_runs.replace_results(
            configuration.id,
            Results(
                [
                    SampleMetrics([case.id if place % 2 else None], [sample], [text])
                    for place, (sample, text) in enumerate(said.items())
                ],
                [CaseMetrics(case.id, dumps({"x": math.inf}))],
                [CasePlot(case.id, 0, "{}")],
                dumps({"x": 1e300}),
            ),
        )
    with open_store(str(folder / "a.db")).read() as unit:
        text = [line.encode() for line in unit.dump.lines()]
    with open_store(str(folder / "b.db")).write() as unit:
        assert unit.dump.read(text).lines == len(text) - 1
    with open_store(str(folder / "b.db")).read() as unit:
        assert [line.encode() for line in unit.dump.lines()] == text
    close_stores()
    shutil.rmtree(folder)


def test_a_run_that_goes_on_is_one_that_has_yet_to_begin(
    invoke: Invoke, store_path: Path, tmp_path: Path
) -> None:
    with open_store(str(store_path)).write() as unit:
        suite = add_test_suite(unit, "suite", add_test_case(unit, "case", ["a", "b"]))
        model = unit.models.add(unit.workflows.ensure("Animals").id, "m", {}, ())
        unit.test_runs.start(unit.test_runs.ensure(model.id, suite.id, suite.version, None).id)
    export(invoke, store_path, tmp_path / "a.jsonl")
    (run,) = [line for line in lines_of(tmp_path / "a.jsonl") if line["kind"] == "test_run"]
    assert (run["status"], run["evaluator"]) == ("created", None)


def test_a_run_that_crashed_with_a_nul_in_its_error_is_imported(
    invoke: Invoke, store: Path, tmp_path: Path
) -> None:
    with open_store(str(store)).write() as unit:
        unit.test_runs.crash(1, "a\0b \ud800")
    text = export(invoke, store, tmp_path / "a.jsonl")
    assert rb'"error":"a\u0000b \\ud800"' in text
    copy = tmp_path / "copy.db"
    assert invoke("import", tmp_path / "a.jsonl", "--db", copy).exit_code == 0
    assert export(invoke, copy, tmp_path / "b.jsonl") == text


def test_a_locator_with_an_unpaired_surrogate_beside_a_nul_is_not_damage(
    invoke: Invoke, store_path: Path, tmp_path: Path
) -> None:
    odd = ["a\ud800", "b\x00", "c\x00\ud800", "\ud83d", "\x00", 5, {"a": ["\ud800\x00"]}, None]
    contents = [{"locator": locator, "note": note} for locator in odd for note in ("\x00", "")]
    with open_store(str(store_path)).write() as unit:
        workflow = unit.workflows.ensure("Animals")
        samples = unit.test_samples.put(
            workflow.id, [NewSample(digest(content), dumps(content), {}) for content in contents]
        )
        truth = {"label": "cat"}
        unit.ground_truths.put(
            [NewGroundTruth(sample, digest(truth), dumps(truth)) for sample in samples]
        )
    text = export(invoke, store_path, tmp_path / "a.jsonl")
    copy = tmp_path / "copy.db"
    assert invoke("import", tmp_path / "a.jsonl", "--db", copy).exit_code == 0
    assert export(invoke, copy, tmp_path / "b.jsonl") == text
    shown = [line.get("locator") for line in lines_of(tmp_path / "a.jsonl")]
    # The same with a NUL beside it, which our function reads, as without one, which SQLite's does.
    assert all(shown.count(locator) % 2 == 0 for locator in shown if locator is not None)
    assert {"b\x00", "c\x00\ud800"} & {*filter(None, shown)} == {"b\x00"}


def test_inferences_of_an_imported_store_are_exported_and_imported_as_those_of_the_first(
    invoke: Invoke, guessed: Path, tmp_path: Path
) -> None:
    text = export(invoke, guessed, tmp_path / "a.jsonl")
    copy = tmp_path / "copy.db"
    assert invoke("import", tmp_path / "a.jsonl", "--db", copy).exit_code == 0
    assert export(invoke, copy, tmp_path / "b.jsonl") == text
    model = "one"
    tables = [
        invoke("inferences", "export", model, "--db", place).stdout for place in (guessed, copy)
    ]
    rows = [list(csv.reader(io.StringIO(table, newline=""))) for table in tables]
    assert rows[0][0] == rows[1][0] and "prediction.label" in rows[0][0]
    # The samples have other ids, by which they are ordered.
    assert sorted(rows[0]) == sorted(rows[1]) and len(rows[0]) == 4
    (tmp_path / "guesses.csv").write_text(tables[0], "utf-8")
    again = invoke(
        "inferences", "import", model, tmp_path / "guesses.csv", "--on-conflict", "skip",
        "--db", copy,
    )  # fmt: skip
    assert (again.exit_code, "stay as they are" in again.stderr) == (0, True)


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


def test_the_types_of_a_later_definition_stay_and_files_without_types_are_imported(
    invoke: Invoke, guessed: Path, tmp_path: Path
) -> None:
    export(invoke, guessed, tmp_path / "a.jsonl")
    other = {"properties": {"other": {"type": "string"}}, "required": []}
    file = changed(tmp_path / "a.jsonl", "workflow_types", "inference", other)
    text = export(invoke, guessed, tmp_path / "before.jsonl")
    assert invoke("import", file, "--db", guessed).exit_code == 0
    assert export(invoke, guessed, tmp_path / "after.jsonl") == text
    copy = tmp_path / "copy.db"
    file = changed(tmp_path / "a.jsonl", "workflow_types", times=0)
    assert invoke("import", file, "--db", copy).exit_code == 0
    assert b"workflow_types" not in export(invoke, copy, tmp_path / "b.jsonl")
    assert invoke("import", tmp_path / "a.jsonl", "--db", copy).exit_code == 0
    assert export(invoke, copy, tmp_path / "b.jsonl") == text
