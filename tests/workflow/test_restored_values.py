"""Values of unusual types come back as they were, or are refused before anything is stored."""

import dataclasses
from dataclasses import KW_ONLY, InitVar
from typing import Any, List

import pytest

from kolena_local.errors import InputValidationError
from kolena_local.workflow import GroundTruth, Image, Inference, define_workflow, test
from tests.workflow.test_restoring import name_of, state


@dataclasses.dataclass(frozen=True)
class Scaled(Inference):
    score: float
    scale: InitVar[float]
    _: KW_ONLY
    note: str = "none"

    def __post_init__(self, scale: float) -> None:
        object.__setattr__(self, "score", self.score * scale)


@dataclasses.dataclass(frozen=True)
class ScaledPostponed(Inference):
    score: "float"
    scale: "InitVar[float]"
    _: "KW_ONLY"
    note: "str" = "none"
    __post_init__ = Scaled.__post_init__


@dataclasses.dataclass(frozen=True, slots=True)
class Slotted(Inference):
    score: float


class BelowSlotted(Slotted):
    note: str = "none"

    def __post_init__(self) -> None:
        object.__setattr__(self, "score", self.score / 100)


MADE: List[Any] = [
    Scaled(3.0, 4.0, note="some"),
    ScaledPostponed(3.0, 4.0, note="some"),
    BelowSlotted(85.0, note="some"),
]


@pytest.mark.parametrize("made", MADE, ids=name_of)
def test_a_value_of_an_unusual_type_comes_back_as_it_was(made: Any, tmp_path: Any) -> None:
    _, case_type, suite_type, model_type = define_workflow("Any", Image, GroundTruth, type(made))
    case = case_type("c", test_samples=[(Image("a"), GroundTruth())])
    model = model_type("m", infer=lambda sample: made)
    test(model, suite_type("s", test_cases=[case]))
    file = str(tmp_path / "inferences.jsonl")
    model.export_inferences(file)
    model_type("n").import_inferences(file)
    for name in ("m", "n"):
        ((_, _, loaded),) = model_type(name).load_inferences(case)
        assert loaded == made and state(loaded) == state(made)


class Doubling:
    def __set__(self, instance: Any, value: int) -> None:
        instance.__dict__["_x"] = 2 * value

    def __get__(self, instance: Any, owner: Any = None) -> int:
        return 0 if instance is None else instance.__dict__["_x"]  # type: ignore[no-any-return]


@dataclasses.dataclass(frozen=True)
class Described(Inference):
    x: int = Doubling()  # type: ignore[assignment]


@dataclasses.dataclass(frozen=True)
class Mixed(Inference, dict):  # type: ignore[type-arg]
    x: int


@pytest.mark.parametrize(
    ("cls", "problem"),
    [
        (Described, "Described.x cannot be stored, because its values are kept by a Doubling"),
        (Mixed, "Mixed cannot be stored, because it extends a built-in type"),
    ],
)
def test_a_class_that_cannot_be_restored_is_refused(cls: Any, problem: str) -> None:
    with pytest.raises(InputValidationError, match=problem):
        define_workflow("Any", Image, GroundTruth, cls)[3]("m")
