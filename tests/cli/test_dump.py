"""``kolena-local export`` and ``import``: a store as lines of text, and back."""

from __future__ import annotations

import csv
import errno
import io
import math
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, List

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from kolena_local.cli import main
from kolena_local.payload import digest, dumps
from kolena_local.repository import close_stores, open_store
from kolena_local.repository.records import MemberChange, NewGroundTruth, NewSample
from kolena_local.repository.result_records import CaseMetrics, CasePlot, Results, SampleMetrics
from tests.cli.conftest import Invoke, add_test_case, add_test_suite, run_process
from tests.cli.dumps import changed, export, lines_of
from tests.conftest import IS_LONG
from tests.python_process import run_command


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
