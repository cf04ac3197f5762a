"""The plots of a run, wherever they are shown: as objects, as JSON and in SQL."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, List

import pytest
from click.testing import CliRunner

from kolena_local.cli import main
from kolena_local.errors import InputValidationError, KolenaWarning, NotFoundError
from kolena_local.serialization import classes
from kolena_local.view.plots import overlay
from kolena_local.workflow import (
    AxisConfig,
    BarPlot,
    ConfusionMatrix,
    Curve,
    CurvePlot,
    Histogram,
    Plot,
    TestRun,
    test,
)
from tests.cli.conftest import separating_runner
from tests.conftest import long_only
from tests.workflow.evaluated import score, two_cases
from tests.workflow.types import Guess, Judge, Model, Threshold, photo


@dataclass(frozen=True)
class Pie(Plot):
    title: str
    shares: List[float]

    _type_name = "PLOT/PIE"


PLOTS = [
    CurvePlot("c", "x", "y", [Curve([1, 2], [0.5, math.nan], "é")], y_config=AxisConfig("log")),
    Histogram("h", "x", "y", [0, 1, 2], [[1, 2], [3, 4]], ["a", "b"]),
    BarPlot("b", "x", "y", ["a", 1], [None, math.inf]),
    ConfusionMatrix("m", ["a", "b"], [[1, None], [3, 4]]),
    Pie("p", [0.25, 0.75]),
]


class Drawing(Judge):
    def compute_test_case_plots(
        self, test_case: Any, inferences: Any, metrics: Any, configuration: Any = None
    ) -> Any:
        return PLOTS if test_case.name == "one" else None


def entries(*arguments: str) -> Any:
    return json.loads(separating_runner().invoke(main, [*arguments, "--json"]).stdout)


def test_plots_of_a_run_come_back_as_they_were_made() -> None:
    suite = two_cases()
    test(Model("m", infer=score), suite, Drawing())
    plots = TestRun(Model.load("m"), suite, Drawing()).plots()
    assert [*plots] == ["one"]
    assert [(type(it), repr(it)) for it in plots["one"]] == [(type(it), repr(it)) for it in PLOTS]
    assert len(overlay({"m": plots["one"][0], "n": PLOTS[0]}).axes[0].get_lines()) == 2
    assert TestRun(Model.load("m"), suite, Judge()).plots() == {}


def test_the_plots_of_one_of_several_configurations_are_chosen_by_its_name() -> None:
    run = TestRun(Model("m", infer=score), two_cases(), Drawing([Threshold(0), Threshold(1)]))
    run.run()
    assert len(run.plots("threshold 0")["one"]) == 5
    with pytest.raises(InputValidationError, match="several configurations: 'threshold 0' and"):
        run.plots()
    with pytest.raises(NotFoundError, match="has results of 'threshold 0' and 'threshold 1'"):
        run.plots("strict")


def test_a_plot_of_a_class_that_is_not_imported_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    run = TestRun(Model("m", infer=score), two_cases(), Drawing())
    run.run()
    monkeypatch.delitem(classes.BY_DATA_TYPE, "PLOT/PIE")
    with pytest.raises(InputValidationError, match="'PLOT/PIE', which no imported class has"):
        run.plots()


def test_json_has_the_plots_as_they_are_stored_and_other_formats_do_not() -> None:
    test(Model("m", infer=score), two_cases(), Drawing())
    stored = [json.loads(json.dumps(plot._to_dict())) for plot in PLOTS]
    stored[0]["curves"][0]["y"][1] = stored[2]["values"][1] = None  # as NaN and infinities are
    rows = {row["test_case"]: row["plots"] for row in entries("results", "m", "s")}
    assert rows == {"one": stored, "two": [], None: []}
    shown = entries("runs", "show", "1")["plots"]
    named = {"configuration": None, "test_case": "one", "is_stale": False}
    assert shown == [
        {**named, "position": position, "plot": plot} for position, plot in enumerate(stored)
    ]
    for command in (["results", "m", "s"], ["runs", "show", "1"]):
        for arguments in ([], ["--csv"]):
            output = CliRunner().invoke(main, [*command, *arguments]).output
            assert "test_case" in output or "test case" in output
            assert "plots" not in output and "PLOT/" not in output


@long_only
def test_plots_say_wherever_they_are_shown_that_they_are_stale(tmp_path: Path) -> None:
    suite = two_cases()
    test(Model("m", infer=score), suite, Drawing())
    run = TestRun(Model.load("m"), suite, Drawing(), reset=True)
    run.upload_inferences([(photo("a", day=1), Guess("dog"))])
    with pytest.warns(KolenaWarning, match="plots of .* are stale since .*; run test"):
        assert len(run.plots()["one"]) == 5
    assert {it["is_stale"] for it in entries("runs", "show", "1")["plots"]} == {True}
    assert {it["stale"] for it in entries("sql", "SELECT stale FROM v_plot")} == {1}
    result = separating_runner().invoke(main, ["plots", "m", "s"])
    assert [line.split()[3] for line in result.stdout.splitlines()[2:]] == ["stale"] * 5
    assert "are stale since" in result.stderr
    command = ["plots", "m", "s", "-o", str(tmp_path / "drawn")]
    result = separating_runner().invoke(main, command)
    assert "'PLOT/PIE' cannot be drawn" in result.stderr
    assert "1 plot could not be drawn" in result.stderr and result.exit_code == 1
    assert len([*(tmp_path / "drawn").iterdir()]) == 4
