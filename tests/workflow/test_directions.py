"""Directions are declared in the types of metrics, and stored with the results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, List, Union

import pytest

from kolena_local.errors import InputValidationError
from kolena_local.repository import open_store
from kolena_local.workflow import (
    GroundTruth,
    HigherIsBetter,
    Image,
    LowerIsBetter,
    MetricsTestCase,
    MetricsTestSample,
    MetricsTestSuite,
    define_workflow,
)
from tests.comparison.directed import (
    Declared,
    Guess,
    OfCase,
    OfLabel,
    OfPydantic,
    Opposite,
    Undeclared,
    Undecorated,
    evaluate,
)


def test_directions_of_all_levels_are_stored_and_survive_an_export(tmp_path: Path) -> None:
    evaluate("base", lambda _: Undecorated(hallucinated=False), OfCase(1.0, [OfLabel(0.0)]))
    expected = {
        "sample": {"hallucinated": "lower"},
        "case": {"share": "higher", "by_label[].missed": "lower"},
        "suite": {"spread": "lower"},
    }
    exported = tmp_path / "store.jsonl"
    with open_store().read() as unit:
        exported.write_text("\n".join(unit.dump.lines()))
    for store in (None, tmp_path / "other.db"):
        if store is not None:
            with open_store(str(store)).write() as unit, exported.open("rb") as stream:
                unit.dump.read(stream)
        with open_store(store and str(store)).read() as unit:
            (run,) = unit.test_runs.list()
            (configuration,) = unit.test_runs.configurations(run.id)
        assert json.loads(configuration.directions) == expected


def test_results_that_a_file_of_before_declares_no_direction_of_are_imported(
    tmp_path: Path,
) -> None:
    evaluate("base", lambda _: Undeclared(hallucinated=False))
    with open_store().read() as unit:
        lines = [json.loads(line) for line in unit.dump.lines()]
    (line,) = [line for line in lines if line["kind"] == "configuration"]
    assert line.pop("directions") is not None
    exported = tmp_path / "store.jsonl"
    exported.write_text("\n".join(map(json.dumps, lines)))
    with open_store(str(tmp_path / "other.db")).write() as unit, exported.open("rb") as stream:
        unit.dump.read(stream)
    with open_store(str(tmp_path / "other.db")).read() as unit:
        assert unit.test_runs.configurations(1)[0].directions is None


@pytest.mark.parametrize(
    "wrong",
    [{"sample": 5}, {"sample": {"hallucinated": "sideways"}}, {"case": {"a": ["higher"]}}, [1], ""],
)
def test_directions_that_say_nothing_are_not_imported(tmp_path: Path, wrong: Any) -> None:
    evaluate("base", lambda _: Declared(True, None))
    with open_store().read() as unit:
        lines = [json.loads(line) for line in unit.dump.lines()]
    (line,) = [line for line in lines if line["kind"] == "configuration"]
    line["directions"] = wrong
    exported = [json.dumps(line).encode() for line in lines]
    with (
        pytest.raises(InputValidationError, match="'directions' cannot be"),
        open_store(str(tmp_path / "other.db")).write() as unit,
    ):
        unit.dump.read(exported)


def test_classes_of_one_evaluator_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(InputValidationError, match="is better for 'hallucinated', and another"):
        evaluate(
            "base", lambda number: (Opposite if number % 2 else Undecorated)(hallucinated=True)
        )


@pytest.mark.parametrize(
    "hint",
    [
        LowerIsBetter[str],  # type: ignore[type-var]
        LowerIsBetter,
        HigherIsBetter[LowerIsBetter[float]],
        Union[HigherIsBetter[int], LowerIsBetter[float]],
        List[LowerIsBetter[float]],
        LowerIsBetter[List[float]],  # type: ignore[type-var]
    ],
)
def test_declaration_that_says_nothing_is_refused_with_the_class(hint: Any) -> None:
    content = {"__annotations__": {"value": hint}, "__module__": __name__}
    for base in (MetricsTestSample, MetricsTestCase, MetricsTestSuite):
        with pytest.raises(InputValidationError, match=r"Mine\.value must be either Higher"):
            type("Mine", (base,), dict(content))


@pytest.mark.parametrize(
    "hint", [LowerIsBetter[float], Union[LowerIsBetter[float], str], List[LowerIsBetter[float]]]
)
def test_ground_truth_is_not_better_or_worse(hint: Any) -> None:
    content = {"__annotations__": {"value": hint}, "__module__": __name__}
    with pytest.raises(InputValidationError, match="cannot be stored"):
        define_workflow("Other", Image, type("Mine", (GroundTruth,), content), Guess)


def test_declared_metrics_are_restored_and_typed_as_before() -> None:
    made = OfPydantic(hallucinated="yes")  # type: ignore[arg-type]
    assert made.hallucinated is True
    assert Declared._from_dict(Declared(True, None)._to_dict()) == Declared(True, None)
