"""``results`` and ``runs show``: every metric that an evaluator found, nested ones included."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path

import pytest

import kolena_local
from kolena_local.errors import KolenaWarning
from kolena_local.payload import dumps
from kolena_local.repository import open_store
from kolena_local.repository.result_records import CaseMetrics, Results
from kolena_local.workflow import test as run_test
from tests.cli.conftest import Invoke
from tests.workflow.types import Judge, Model, TestCase, TestSuite, Threshold, cat, pairs


@pytest.fixture
def evaluated(store: Path) -> Path:
    """Return the store with a second evaluator's results: two configurations, nested metrics."""
    with open_store(str(store)).write() as unit:
        model, suite = unit.models.get("resnet-50"), unit.test_suites.get("all animals")
        day, night = suite.test_cases
        run = unit.test_runs.start(unit.test_runs.ensure(model.id, suite.id, 1, "By class").id)
        for name, recall in (("loose", 1.0), ("strict", 0.5)):
            configuration = unit.test_runs.ensure_configuration(run.id, name, "{}")
            classes = [{"class": "cat", "recall": recall}, {"class": "dog", "recall": math.nan}]
            metrics = [
                CaseMetrics(day.id, dumps({"n": 3, "size": {"min": 1}, "classes": classes})),
                CaseMetrics(night.id, dumps({"n": 2, "classes": []})),
            ]
            unit.test_runs.replace_results(
                configuration.id, Results([], metrics, [], dumps({"mean": recall, "per": classes}))
            )
        unit.test_runs.complete(run.id)
    return store


def test_results_have_a_table_for_each_kind_of_metric(invoke: Invoke, evaluated: Path) -> None:
    result = invoke(
        "results", "resnet-50", "all animals", "--evaluator", "By class", "--db", evaluated
    )
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "",
        "resnet-50 on all animals@1 by By class",
        "",
        "metrics by test case",
        "test case  configuration  samples  n  size.min",
        "---------  -------------  -------  -  --------",
        "day        loose                3  3         1",
        "night      loose                2  2         -",
        "day        strict               3  3         1",
        "night      strict               2  2         -",
        "",
        "classes",
        "test case  configuration  samples  class  recall",
        "---------  -------------  -------  -----  ------",
        "day        loose                3  cat         1",
        "day        loose                3  dog       nan",
        "day        strict               3  cat       0.5",
        "day        strict               3  dog       nan",
        "",
        "metrics of the test suite",
        "configuration  mean",
        "-------------  ----",
        "loose             1",
        "strict          0.5",
        "",
        "per of the test suite",
        "configuration  class  recall",
        "-------------  -----  ------",
        "loose          cat         1",
        "loose          dog       nan",
        "strict         cat       0.5",
        "strict         dog       nan",
    ]


def test_results_of_all_evaluators_as_entries(invoke: Invoke, evaluated: Path) -> None:
    arguments = ("results", "resnet-50", "all animals@1", "--db", evaluated)
    entries = json.loads(invoke(*arguments, "--json").stdout)
    assert {tuple(entry) for entry in entries} == {
        ("model", "test_suite", "test_suite_version", "evaluator", "configuration", "test_case",
         "test_case_version", "sample_count", "is_stale", "metrics", "plots")
    }  # fmt: skip
    found = [(one["evaluator"], one["configuration"], one["test_case"]) for one in entries]
    assert found == [
        ("Accuracy", "strict", "day"),
        ("Accuracy", "strict", "night"),
        ("By class", "loose", "day"),
        ("By class", "loose", "night"),
        ("By class", "strict", "day"),
        ("By class", "strict", "night"),
        ("By class", "loose", None),
        ("By class", "strict", None),
    ]
    assert entries[2]["metrics"]["classes"][1] == {"class": "dog", "recall": None}
    rows = list(csv.DictReader(io.StringIO(invoke(*arguments, "--csv").stdout)))
    assert [row["metrics.accuracy"] for row in rows[:3]] == ["0.6666666666666666", "nan", ""]
    assert (rows[2]["metrics.size.min"], rows[-1]["metrics.mean"]) == ("1", "0.5")


def test_results_on_a_version_that_is_not_the_latest_say_so(
    invoke: Invoke, evaluated: Path
) -> None:
    remark = "These are results on version 1 of the test suite; its latest version is 2.\n"
    commands = [(it, "resnet-50", "all animals", "--db", evaluated) for it in ("results", "plots")]
    assert not any(remark in invoke(*command).stderr for command in commands)
    with open_store(str(evaluated)).write() as unit:
        suite = unit.test_suites.get("all animals")
        (first, *_) = suite.test_cases
        unit.test_suites.replace_test_cases(suite.id, suite.version, [(first.id, first.version)])
    assert all(remark in invoke(*command).stderr for command in commands)


def test_results_of_a_crashed_run_say_so(invoke: Invoke, store: Path) -> None:
    result = invoke("results", "resnet-101", "all animals", "--db", store)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith(
        "The run 2 by no evaluator (crashed: ValueError: no weights) does not"
    )
    assert (
        json.loads(invoke("results", "resnet-101", "all animals", "--db", store, "--json").stdout)
        == []
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["resnet-5", "all animals"], "no model 'resnet-5'; did you mean 'resnet-50' or"),
        (["resnet-50", "al animals"], "no test suite 'al animals'; did you mean 'all animals'?"),
        (["resnet-50", "all animals@7"], "no version 7"),
        (["resnet-50", "all animals@0"], "never tested on the test suite 'all animals@0'"),
        (["bert", "all animals"], "never tested"),
        (["resnet-50", "all animals", "--evaluator", "x"], "by the evaluator 'x'"),
    ],
)
def test_no_results_are_one_sentence(
    invoke: Invoke, store: Path, arguments: list[str], sentence: str
) -> None:
    result = invoke("results", *arguments, "--db", store)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    assert sentence in result.stderr


def test_a_crashed_run_is_shown_with_the_whole_error(invoke: Invoke, store: Path) -> None:
    output = invoke("runs", "show", 2, "--db", store).stdout
    assert "status      crashed" in output
    assert output.endswith("\nerror\nValueError: no weights\n  in line 7\n")


def test_a_run_is_shown_with_its_metrics(invoke: Invoke, evaluated: Path) -> None:
    output = invoke("runs", "show", 1, "--db", evaluated).stdout
    assert "test case  configuration  samples  accuracy  by_class.cat  n_wrong" in output
    entry = json.loads(invoke("runs", "show", 3, "--db", evaluated, "--json").stdout)
    assert entry["suite_metrics"][1]["metrics"]["mean"] == 0.5
    assert len(entry["test_cases"]) == 4
    assert invoke("runs", "show", 9, "--db", evaluated).exit_code == 1


def test_runs_are_deleted_together_or_not_at_all(invoke: Invoke, evaluated: Path) -> None:
    arguments = ("runs", "delete", 1, 3, "--db", evaluated)
    planned = json.loads(invoke(*arguments, "--dry-run", "--json").stdout)
    assert [(one["id"], one["evaluator"], one["result_count"]) for one in planned] == [
        (1, "Accuracy", 2),
        (3, "By class", 6),
    ]
    assert invoke(*arguments).exit_code == 1  # nobody is there to ask
    assert invoke("runs", "delete", 1, 9, "--yes", "--db", evaluated).exit_code == 1
    assert len(json.loads(invoke("runs", "list", "--json", "--db", evaluated).stdout)) == 3
    assert invoke(*arguments, "--yes").stderr == "Deleted 2 test runs.\n"
    (left,) = json.loads(invoke("runs", "list", "--json", "--db", evaluated).stdout)
    assert left["id"] == 2
    model = json.loads(invoke("models", "show", "resnet-50", "--json", "--db", evaluated).stdout)
    assert (model["inference_count"], model["runs"]) == (3, [])


def test_runs_are_listed_by_test_suite(invoke: Invoke, store: Path) -> None:
    assert "resnet" in invoke("runs", "list", "-s", "all animals", "--db", store).stdout
    assert "did you mean" in invoke("runs", "list", "-s", "all animal", "--db", store).stderr


def test_test_cases_without_samples_are_named_once_below_the_tables(
    invoke: Invoke, store_path: Path
) -> None:
    with kolena_local.session(store_path):
        cases = [TestCase("e"), TestCase("full", test_samples=pairs("a")), TestCase("d")]
        suite = TestSuite("s", test_cases=cases)
        with pytest.warns(KolenaWarning, match="no samples"):
            run_test(Model("m", infer=cat), suite, Judge([Threshold(0), Threshold(1)]))
    result = invoke("results", "m", "s", "--db", store_path)
    assert result.stderr == "Not evaluated, because they have no samples: d, e.\n"
    assert [line.split()[0] for line in result.stdout.splitlines()[6:8]] == ["full", "full"]
    assert "d" not in [
        one["test_case"]
        for one in json.loads(
            invoke("results", "m", "s", "--json", "--quiet", "--db", store_path).stdout
        )
    ]
