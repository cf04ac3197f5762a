"""``plots``: what evaluators drew, as a list and as files."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from kolena_local.payload import dumps
from kolena_local.repository import close_store, open_store
from kolena_local.repository.result_records import CasePlot, Results
from tests.cli.conftest import Invoke
from tests.conftest import long_only, sampled

BARS = {
    "title": "Ac/cu\u202eracy",
    "x_label": "x",
    "y_label": "y",
    "labels": ["a", "b"],
    "values": [1, 0.5],
    "data_type": "PLOT/BAR",
}
MATRIX = {
    "title": "Confusion",
    "labels": ["a", "b"],
    "matrix": [[1, 2], [3, 4]],
    "x_label": "Predicted",
    "y_label": "Actual",
    "data_type": "PLOT/CONFUSION_MATRIX",
}
OF = ("plots", "resnet-50", "all animals", "--evaluator", "Drawing")


@pytest.fixture
def drawn(store: Path) -> Path:
    """Return the store with plots of both test cases."""
    with open_store(str(store)).write() as unit:
        model, suite = unit.models.get("resnet-50"), unit.test_suites.get("all animals")
        day, night = suite.test_cases
        run = unit.test_runs.start(unit.test_runs.ensure(model.id, suite.id, 1, "Drawing").id)
        configuration = unit.test_runs.ensure_configuration(run.id, "strict", "{}")
        found = [
            CasePlot(day.id, 0, dumps(BARS)),
            CasePlot(day.id, 1, dumps(MATRIX)),
            CasePlot(night.id, 0, dumps(BARS)),
        ]
        unit.test_runs.replace_results(configuration.id, Results([], [], found, None))
        unit.test_runs.complete(run.id)
    return store


def test_plots_are_listed(invoke: Invoke, drawn: Path) -> None:
    result = invoke(*OF, "--db", drawn)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0].split() == [
        "test",
        "case",
        "evaluator",
        "configuration",
        "results",
        "type",
        "title",
    ]
    title = r"Ac/cu\u202eracy"
    assert [line.split()[-1] for line in lines[2:]] == [title, "Confusion", title]


@long_only
def test_a_folder_gets_a_file_for_each_plot(invoke: Invoke, drawn: Path, tmp_path: Path) -> None:
    folder = tmp_path / "plots"
    result = invoke(*OF, "--db", drawn, "-o", folder, "--format", "png")
    assert (result.exit_code, result.stderr) == (0, f"Drew 3 plots into {folder}.\n")
    names = sorted(path.name for path in folder.iterdir())
    assert names[1].endswith("-strict-Confusion.png")
    assert names[0].endswith("-strict-Ac-cu-racy.png")
    assert {(folder / name).read_bytes()[:4] for name in names} == {b"\x89PNG"}


@long_only
def test_a_pdf_file_gets_all_and_an_svg_file_one(
    invoke: Invoke, drawn: Path, tmp_path: Path
) -> None:
    assert invoke(*OF, "--db", drawn, "-o", tmp_path / "all.pdf").exit_code == 0
    assert (tmp_path / "all.pdf").read_bytes().count(b"/Type /Page ") == 3
    result = invoke(*OF, "--db", drawn, "-o", tmp_path / "one.svg")
    assert result.exit_code == 1
    assert "holds one plot, and there are 3" in result.stderr
    assert not (tmp_path / "one.svg").exists()
    with open_store(str(drawn)).read() as unit:
        night = unit.test_suites.get("all animals").test_cases[1].name
    chosen = ("--test-case", night, "--title", BARS["title"])
    result = invoke(*OF, *chosen, "--db", drawn, "-o", tmp_path / "one.svg")
    assert result.exit_code == 0
    assert (tmp_path / "one.svg").read_bytes().startswith(b"<?xml")
    for arguments in ((), ("-o", tmp_path / "other.svg")):
        result = invoke(*OF, "--title", "confusion", "--db", drawn, *arguments)
        assert (result.exit_code, result.stdout) == (1, "")
        assert (
            r"No plot has the title 'confusion'; there are 'Ac/cu\u202eracy' and 'Confusion'."
            in (result.stderr)
        )


def test_the_store_is_never_overwritten(invoke: Invoke, drawn: Path, tmp_path: Path) -> None:
    close_store(str(drawn))
    pdf = drawn.rename(tmp_path / "store.pdf")
    before = pdf.read_bytes()
    result = invoke(*OF, "--db", pdf, "-o", pdf)
    assert result.exit_code == 1
    assert "is a store" in result.stderr
    assert pdf.read_bytes() == before


def test_nothing_to_draw_is_an_error(invoke: Invoke, store: Path, tmp_path: Path) -> None:
    of = ("plots", "resnet-50", "all animals", "--db", store)
    result = invoke(*of, "-o", tmp_path / "a.pdf")
    assert (result.exit_code, [*tmp_path.glob("a.pdf")]) == (1, [])
    assert "There is nothing to draw. No evaluator stored such plots." in result.stderr
    assert (invoke(*of).exit_code, invoke(*of).stdout) == (0, "")


@long_only
def test_names_of_test_cases_become_names_of_files(
    invoke: Invoke, drawn: Path, tmp_path: Path
) -> None:
    close_store(str(drawn))
    names = sampled(["../a/b", "A/B.", "..", "日本" * 99])
    for number, (old, name) in enumerate(pairwise(["day", *names])):
        with closing(sqlite3.connect(drawn)) as raw, raw:
            raw.execute("UPDATE test_case SET name = ? WHERE name = ?", (name, old))
        folder = tmp_path / str(number)
        result = invoke(*OF, "--db", drawn, "--test-case", name, "-o", folder)
        assert result.exit_code == 0, result.stderr
        assert sorted(path.name[:2] for path in folder.iterdir()) == ["1-", "2-"]
    assert len([*tmp_path.glob("*/*.svg")]) == 2 * len(names)


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("plots.jpg", (), "is neither a folder nor an .svg, .png or .pdf file"),
        ("there", (), "is neither a folder nor"),
        ("missing/folder", (), "cannot be made (No such file or directory)"),
        ("missing/a.pdf", (), "cannot be written"),
        ("there", ("--format", "png"), "holds one plot, and there are 3"),
    ],
)
def test_a_place_that_cannot_be_drawn_into_is_refused(
    invoke: Invoke, drawn: Path, tmp_path: Path, name: str, arguments: Any, message: str
) -> None:
    (tmp_path / "there").write_text("mine")
    before = {*tmp_path.rglob("*")}
    result = invoke(*OF, "--db", drawn, "-o", tmp_path / name, *arguments)
    assert result.exit_code == 1
    assert message in result.stderr
    assert ({*tmp_path.rglob("*")}, (tmp_path / "there").read_text()) == (before, "mine")


def test_a_new_folder_whose_first_file_cannot_be_written_is_removed(
    invoke: Invoke, drawn: Path, tmp_path: Path
) -> None:
    above, longest = tmp_path, os.pathconf(tmp_path, "PC_PATH_MAX")
    while len(os.fsencode(above)) < longest - 250:  # 255 bytes is the longest name
        above = above / ("x" * 100)
    above.mkdir(parents=True)
    folder = above / ("y" * (longest - 16 - len(os.fsencode(above))))
    for there in (False, True):
        if there:
            folder.mkdir()
        result = invoke(*OF, "--db", drawn, "-o", folder)
        assert result.exit_code == 1
        assert "cannot be written (File name too long)" in result.stderr
        assert folder.exists() is there


@long_only
def test_a_format_overrides_the_suffix(invoke: Invoke, drawn: Path, tmp_path: Path) -> None:
    chosen = ("--format", "pdf", "-o", tmp_path / "plots.svg")
    assert invoke(*OF, "--db", drawn, *chosen).exit_code == 0
    assert (tmp_path / "plots.svg").read_bytes().startswith(b"%PDF")
    chosen = ("--format", "pdf")
    for target in ((), ("-o", "-")):
        assert invoke(*OF, "--db", drawn, *chosen, *target).stdout.startswith("%PDF")
    assert "Confusion" in invoke(*OF, "--db", drawn, "-o", "-").stdout
