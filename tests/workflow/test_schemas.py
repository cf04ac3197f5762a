"""The store knows what a workflow's values look like, by the latest definition that stored some."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from kolena_local.repository import open_store
from kolena_local.workflow import GroundTruth, Image, Inference, define_workflow


@dataclass(frozen=True)
class Animal(GroundTruth):
    label: str


@dataclass(frozen=True)
class Guess(Inference):
    label: str
    length: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "length", len(self.label))


@dataclass(frozen=True)
class Scored(Inference):
    label: str
    score: float = 0.0


def inference_properties() -> list[str] | None:
    with open_store().read() as unit:
        schemas = unit.workflows.schemas("Animals")
        assert unit.workflows.schemas("Plants") is None
    if schemas is None:
        return None
    assert list(json.loads(schemas.test_sample)["properties"]) == ["locator", "data_type"]
    assert json.loads(schemas.ground_truth)["required"] == ["label"]
    return list(json.loads(schemas.inference)["properties"])


@pytest.mark.parametrize("first", ["case", "suite", "model", "created model"])
def test_whatever_is_stored_first_brings_the_schemas_along(first: str) -> None:
    _, test_case, test_suite, model = define_workflow("Animals", Image, Animal, Guess)
    make: dict[str, Any] = {
        "case": lambda: test_case("a"),
        "suite": lambda: test_suite("a"),
        "model": lambda: model("a"),
        "created model": lambda: model.create("a"),
    }
    assert inference_properties() is None
    make[first]()
    assert inference_properties() == ["label", "length"]


def test_a_changed_definition_replaces_the_schemas() -> None:
    for inference_type, expected in ((Guess, ["label", "length"]), (Scored, ["label", "score"])):
        _, test_case, _, _ = define_workflow("Animals", Image, Animal, inference_type)
        test_case(f"all for {inference_type.__name__}")
        assert inference_properties() == expected


def test_whoever_knows_no_types_leaves_the_schemas_alone() -> None:
    _, test_case, _, _ = define_workflow("Animals", Image, Animal, Guess)
    test_case("all")
    with open_store().write() as unit:
        unit.workflows.ensure("Animals")
    assert inference_properties() == ["label", "length"]
