"""Models are edited, renamed and deleted in one write each, and all or nothing."""

from __future__ import annotations

import math

import pytest

from kolena_local.errors import InputValidationError, NameConflictError, NotFoundError
from kolena_local.repository import Store, Unit
from kolena_local.repository.metadata_paths import parse_path
from kolena_local.repository.records import ModelRecord
from kolena_local.repository.result_records import CaseMetrics, Results
from tests.repository.conftest import add_case, add_suite, put_pairs


def add_model(unit: Unit, name: str = "m") -> ModelRecord:
    metadata = {"seed": 1, "crop": {"size": 8, "flip": True}, "loss": math.nan}
    return unit.models.add(unit.workflows.ensure("workflow").id, name, metadata, ["a", "b"])


def test_an_edit_changes_only_what_it_says(store: Store) -> None:
    with store.write() as unit:
        before = add_model(unit)
        after = unit.models.edit(
            "m",
            assign=[
                (parse_path("seed"), None),
                (parse_path("crop.size"), [1, 2]),
                (parse_path('new."a key".deep'), "x"),
            ],
            unset=[parse_path("crop.flip")],
            tags=["c"],
            untag=["a"],
        )
    assert math.isnan(after.metadata.pop("loss"))  # type: ignore[arg-type]
    assert after.metadata == {
        "seed": None,
        "crop": {"size": [1, 2]},
        "new": {"a key": {"deep": "x"}},
    }
    assert list(after.metadata) == ["seed", "crop", "new"]
    assert after.tags == {"b", "c"}
    assert (after.id, after.created_at) == (before.id, before.created_at)


def test_an_edit_that_changes_nothing_leaves_no_trace(store: Store) -> None:
    with store.write() as unit:
        before = add_model(unit)
        execute = (
            "UPDATE model SET updated_at = '2000-01-01T00:00:00.000Z', created_at = updated_at"
        )
        unit._sql.execute(execute)
        unit.models.edit("m", assign=[(("seed",), 1)], tags=["a"])
        assert unit.models.get("m").updated_at == "2000-01-01T00:00:00.000Z"
        assert unit.models.edit("m", tags=["z"]).updated_at > before.created_at[:4]


@pytest.mark.parametrize(
    ("changes", "error", "text"),
    [
        ({"assign": [(("seed", "x"), 1)]}, InputValidationError, "'seed' is not an object"),
        ({"assign": [(("crop", 0), 1)]}, InputValidationError, "whole list"),
        (
            {"unset": [("sed",)]},
            NotFoundError,
            "no metadata 'sed' to unset; there is 'seed', 'crop'",
        ),
        ({"unset": [("crop", "no")]}, NotFoundError, "no metadata 'no'"),
        ({"unset": [("seed", "no")]}, NotFoundError, "no metadata 'seed'"),
        ({"untag": ["c"]}, NotFoundError, "no tag 'c' to remove; it has 'a', 'b'"),
        ({"tags": [" "]}, InputValidationError, "blank"),
    ],
)
def test_an_edit_that_cannot_be_done_changes_nothing(
    store: Store, changes: dict[str, object], error: type[Exception], text: str
) -> None:
    with store.write() as unit:
        before = add_model(unit)
    arguments = {"assign": [(("seed",), 7)], "tags": ["new"], **changes}
    with pytest.raises(error, match=text), store.write() as unit:
        unit.models.edit("m", **arguments)  # type: ignore[arg-type]
    with store.read() as unit:
        after = unit.models.get("m")
    assert (after.metadata["seed"], after.tags) == (before.metadata["seed"], before.tags)


def test_metadata_that_somebody_else_changed_is_not_overwritten(store: Store) -> None:
    with store.write() as unit:
        seen = add_model(unit).metadata
        assert unit.models.replace_metadata("m", {"new": 1}, seen=seen).metadata == {"new": 1}
        with pytest.raises(NameConflictError, match="changed by someone else"):
            unit.models.replace_metadata("m", {"new": 2}, seen=seen)


def test_a_renamed_model_keeps_everything(store: Store) -> None:
    with store.write() as unit:
        before = add_model(unit)
        add_model(unit, "taken")
        after = unit.models.rename("m", "n")
        assert (after.id, after.name, after.tags) == (before.id, "n", before.tags)
        assert unit.models.find("m") is None
        assert unit.models.rename("n", "n") == after
        with pytest.raises(NameConflictError, match="taken"):
            unit.models.rename("n", "taken")
        with pytest.raises(NotFoundError, match="did you mean 'taken'"):
            unit.models.rename("takn", "x")
        with pytest.raises(InputValidationError, match="blank"):
            unit.models.rename("n", " ")


def fill(unit: Unit) -> int:
    """Give the model "m" two inferences and a run with three results; return the run's id."""
    model = add_model(unit)
    pairs = put_pairs(unit, ["1.png", "2.png"])
    case = add_case(unit, "case", pairs)
    suite = add_suite(unit, "suite", [case])
    unit.inferences.put(
        model.id, [sample for sample, _ in pairs], ["{}"] * len(pairs), replace=False
    )
    run = unit.test_runs.ensure(model.id, suite.id, 1, None)
    for name in ("one", "two"):
        configuration = unit.test_runs.ensure_configuration(run.id, name, None)
        suite_metrics = "{}" if name == "one" else None
        unit.test_runs.replace_results(
            configuration.id, Results([], [CaseMetrics(case.id, "{}")], [], suite_metrics)
        )
    return run.id


def rows_left(unit: Unit) -> dict[str, int]:
    tables = ("model", "model_tag", "inference", "test_run", "metrics_test_case", "test_sample")
    return {table: unit._sql.fetch(f"SELECT count(*) FROM {table}")[0][0] for table in tables}


def test_a_model_goes_with_its_inferences_and_runs(store: Store) -> None:
    with store.write() as unit:
        fill(unit)
        add_model(unit, "other")
    with store.write() as unit:
        with pytest.raises(NotFoundError):
            unit.models.delete(["m", "no such model"])
        planned = unit.models.deletion(["m", "other", "m"])
        assert planned == [
            ("m", "workflow", {"inference_count": 2, "run_count": 1}),
            ("other", "workflow", {"inference_count": 0, "run_count": 0}),
        ]
        assert unit.models.delete(["m"]) == planned[:1]
        assert rows_left(unit) == {
            "model": 1, "model_tag": 2, "inference": 0, "test_run": 0, "metrics_test_case": 0,
            "test_sample": 2,
        }  # fmt: skip


def test_a_run_goes_with_its_results_only(store: Store) -> None:
    with store.write() as unit:
        run_id = fill(unit)
        (planned,) = unit.test_runs.deletion([run_id, run_id])
        assert (planned.run.id, planned.results) == (run_id, 3)
        with pytest.raises(NotFoundError):
            unit.test_runs.delete([run_id, run_id + 1])
        assert unit.test_runs.delete([run_id]) == [planned]
        assert rows_left(unit)["inference"] == 2
        assert rows_left(unit)["metrics_test_case"] == rows_left(unit)["test_run"] == 0
        suite = unit.test_suites.get("suite")
        unit.test_runs.ensure(unit.models.get("m").id, suite.id, 1, None)  # may be made anew


def test_the_latest_runs_are_those_of_one_version(store: Store) -> None:
    with store.write() as unit:
        fill(unit)
        model, suite = unit.models.get("m"), unit.test_suites.get("suite")
        unit.test_suites.replace_test_cases(suite.id, 1, [])
        for evaluator in ("first", "second"):
            unit.test_runs.start(unit.test_runs.ensure(model.id, suite.id, 2, evaluator).id)
        unit.test_runs.ensure(model.id, suite.id, 2, "never started")

        def latest(*arguments: object) -> list[tuple[int, str | None]]:
            runs = unit.test_runs.latest("m", "suite", *arguments)  # type: ignore[arg-type]
            return [(run.test_suite_version, run.evaluator) for run in runs]

        assert latest() == [(2, "first"), (2, "second")]
        assert latest(None, "second") == [(2, "second")]
        assert latest(1) == [(1, None)]
        for arguments in ((3,), (1, "first"), (None, "third"), (2, "never started")):
            with pytest.raises(NotFoundError, match="never tested"):
                latest(*arguments)
