"""The views are for people who ask in SQL: one row a model, an inference, a metric, a plot."""

from __future__ import annotations

import math

from kolena_local.payload import dumps
from kolena_local.repository import Store, Unit
from kolena_local.repository.result_records import CaseMetrics, CasePlot, Results
from tests.repository.conftest import add_case, add_suite, put_pairs


def rows(unit: Unit, query: str) -> list[tuple[object, ...]]:
    return unit._sql.fetch(query)


def test_models_have_their_workflow_and_sorted_tags(store: Store) -> None:
    with store.write() as unit:
        unit.models.add(unit.workflows.ensure("w").id, "m", {"seed": 3}, ["b", "a"])
        query = "SELECT name, workflow, tags, json_extract(metadata, '$.seed') FROM v_model"
        assert rows(unit, query) == [("m", "w", '["a","b"]', 3)]


def test_inferences_stand_beside_their_samples(store: Store) -> None:
    with store.write() as unit:
        ((sample, _),) = put_pairs(unit, ["1.png"])
        model = unit.models.add(unit.workflows.ensure("workflow").id, "m", {}, ())
        unit.inferences.put(model.id, [sample], ['{"label":"cat"}'], replace=False)
        (row,) = rows(unit, "SELECT * FROM v_inference")
        assert row == (
            "m", "workflow", sample, "1.png", '{"locator":"1.png"}', "{}", '{"label":"cat"}', 0
        )  # fmt: skip


def test_metrics_are_single_values_however_deep(store: Store) -> None:
    with store.write() as unit:
        case = add_case(unit, "day", put_pairs(unit, ["1.png"]))
        suite = add_suite(unit, "all", [case])
        model = unit.models.add(unit.workflows.ensure("workflow").id, "m", {}, ())
        run = unit.test_runs.ensure(model.id, suite.id, 1, "Accuracy")
        strict = unit.test_runs.ensure_configuration(run.id, "strict", None)
        metrics = {
            "accuracy": 0.5,
            "loss": math.nan,
            "worst": -math.inf,
            "classes": [{"name": "cat", "recall": 1.0}],
            "by_class": {"cat": 2},
        }
        unit.test_runs.replace_results(
            strict.id, Results([], [CaseMetrics(case.id, dumps(metrics))], [], '{"mean":0.25}')
        )
        found = rows(unit, "SELECT * FROM v_metrics")
    assert {row[-1] for row in found} == {0}
    assert {row[:7] for row in found} == {(run.id, "m", "workflow", "all", 1, "Accuracy", "strict")}
    assert [row[7:-1] for row in found] == [
        ("day", "accuracy", 0.5),
        ("day", "loss", None),
        ("day", "worst", -math.inf),
        ("day", "classes[0].name", "cat"),
        ("day", "classes[0].recall", 1.0),
        ("day", "by_class.cat", 2),
        (None, "mean", 0.25),
    ]


def test_plots_stand_beside_their_names_until_they_are_superseded(store: Store) -> None:
    plot = dumps({"title": "bars", "data_type": "PLOT/BAR", "values": [1, math.nan]})
    with store.write() as unit:
        case = add_case(unit, "day", put_pairs(unit, ["1.png"]))
        suite = add_suite(unit, "all", [case])
        model = unit.models.add(unit.workflows.ensure("workflow").id, "m", {}, ())
        run = unit.test_runs.ensure(model.id, suite.id, 1, "")
        only = unit.test_runs.ensure_configuration(run.id, None, None)
        plots = [CasePlot(case.id, 1, plot), CasePlot(case.id, 0, plot)]
        unit.test_runs.replace_results(only.id, Results([], [], plots, None))
        query = "SELECT * FROM v_plot ORDER BY position"
        named = (run.id, "m", "workflow", "all", 1, None, None, "day")
        assert rows(unit, query) == [
            (*named, position, "bars", "PLOT/BAR", plot, 0) for position in (0, 1)
        ]
        unit._sql.execute("UPDATE test_run SET superseded_at = created_at")
        assert rows(unit, query) == []
