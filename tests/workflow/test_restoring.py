"""What was stored comes back as it was, however its class makes its objects."""

from __future__ import annotations

import dataclasses
import itertools
import sqlite3
from contextlib import closing
from typing import Any, List, Optional, Union

import numpy as np
import pydantic
import pydantic.dataclasses
import pydantic.v1
import pydantic.v1.dataclasses
import pytest

from kolena_local import location
from kolena_local.annotation import (
    BoundingBox,
    ClassificationLabel,
    LabeledBoundingBox,
    ScoredClassificationLabel,
    ScoredLabeledBoundingBox,
)
from kolena_local.errors import InputValidationError
from kolena_local.workflow import Image, Inference, TestRun, define_workflow, test
from tests.conftest import sampled
from tests.workflow.restored import Loose, Sized, SizedStandard, Truth

NUMBERS = itertools.count()


def percent(self: Any) -> None:
    object.__setattr__(self, "score", self.score / 100)


@dataclasses.dataclass(frozen=True)
class Standard(Inference):
    score: float
    __post_init__ = percent


@dataclasses.dataclass(frozen=True, kw_only=True)
class KeywordOnly(Inference):
    score: float
    __post_init__ = percent


@dataclasses.dataclass(frozen=True, slots=True)
class Slotted(Inference):
    score: float
    __post_init__ = percent


@dataclasses.dataclass(frozen=True)
class Computing(Inference):
    score: float
    number: int = dataclasses.field(init=False, default_factory=lambda: next(NUMBERS))
    doubled: float = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "doubled", 2 * self.score)


@dataclasses.dataclass(frozen=True, init=False)
class OwnConstructor(Inference):
    score: float

    def __init__(self, percentage: float) -> None:
        object.__setattr__(self, "score", percentage / 100)


class OwnConstructorUndecorated(Inference):
    score: float

    def __init__(self, percentage: float) -> None:
        super().__init__(score=percentage / 100, unit="share")


class Undecorated(Inference):
    score: float
    __post_init__ = percent


class UndecoratedBelowDecorated(Standard):
    note: str = "none"


@pydantic.dataclasses.dataclass(frozen=True)
class Pydantic2(Inference):
    score: float
    note: str = pydantic.Field("n", alias="remark")
    __post_init__ = percent

    @pydantic.field_validator("note", mode="after")
    @classmethod
    def _prefixed(cls, note: str) -> str:
        return f"note: {note}"


@pydantic.dataclasses.dataclass(frozen=True, kw_only=True, config={"extra": "allow"})
class Pydantic2WithExtras(Inference):
    score: float
    __post_init__ = percent


@pydantic.v1.dataclasses.dataclass(frozen=True)
class Pydantic1(Inference):
    score: float
    note: str = "n"

    @pydantic.v1.validator("score")
    def _share(cls, score: float) -> float:
        return score / 100

    @pydantic.v1.validator("note", always=True)
    def _prefixed(cls, note: str) -> str:
        return f"note: {note}"


@dataclasses.dataclass(frozen=True)
class ShiftedBox(BoundingBox):
    label: str

    def __post_init__(self) -> None:
        super().__post_init__()
        left, top = self.top_left
        object.__setattr__(self, "top_left", (left + 1, top))  # its width is what it was before


@dataclasses.dataclass(frozen=True)
class Boxes(Inference):
    boxes: List[BoundingBox]
    best: Union[BoundingBox, ClassificationLabel, None] = None


BOXES = [
    BoundingBox((0, 1), (2, 3)),
    LabeledBoundingBox((0, 1), (2, 3), "a"),
    ScoredLabeledBoundingBox((0, 1), (2, 3), "a", 0.5, color="red"),  # type: ignore[call-arg]
    ShiftedBox((0.0, 1.0), (2.0, 3.0), "a"),
]


MADE: List[Any] = [
    Standard(85.0),
    KeywordOnly(score=85.0),
    Slotted(85.0),
    Computing(85.0),
    OwnConstructor(85.0),
    OwnConstructorUndecorated(85.0),
    Undecorated(85.0, unit="share", _id="a1"),  # type: ignore[call-arg]
    UndecoratedBelowDecorated(85.0, "some"),
    Pydantic2(85.0, remark="r"),  # type: ignore[call-arg]
    Pydantic2WithExtras(score=85.0, zebra=1, ape=[2]),  # type: ignore[call-arg]
    Pydantic1(85.0, "r"),
    Boxes(BOXES, BOXES[1]),
    Boxes(BOXES[::-1], ScoredClassificationLabel("a", 0.5)),
]


def name_of(made: Any) -> str:
    return type(made).__name__


def state(value: Any) -> Any:
    """Return everything that an object holds, with the classes of all objects in it."""
    if isinstance(value, (Inference, BoundingBox, ClassificationLabel, Image)):
        names = [field.name for field in dataclasses.fields(value)]
        values = {**vars(value), **{name: getattr(value, name) for name in names}}
        return type(value), {name: state(item) for name, item in values.items()}
    return [state(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("made", sampled(MADE), ids=name_of)
def test_an_inference_comes_back_as_it_was_everywhere(made: Any) -> None:
    _, case_type, suite_type, model_type = define_workflow("Any", Image, Truth, type(made))
    case = case_type("c", test_samples=[(Image(f"{at}.png"), Truth()) for at in range(3)])
    suite = suite_type("s", test_cases=[case])
    model = model_type("m", infer=lambda sample: made)
    test(model, suite)
    loaded = [inference for _, _, inference in model.load_inferences(case)]
    loaded += model.to_dataframe(case, objects=True)["inference"].tolist()
    TestRun(model_type("n"), suite).upload_inferences([(Image("0.png"), made)])
    loaded += [inference for _, _, inference in model_type("n").load_inferences(case)]
    assert len(loaded) == 7
    assert all(one == made and state(one) == state(made) for one in loaded)
    frame = model.to_dataframe(case)
    if hasattr(made, "score"):
        assert frame["inference.score"].tolist() == [made.score] * 3


@pytest.mark.parametrize("cls", [Sized, SizedStandard])
def test_looking_at_what_a_sample_computes_changes_nothing(cls: Any) -> None:
    sample = cls("a.png", width=2)
    _, case_type, suite_type, model_type = define_workflow("Any", cls, Truth, Standard)
    case = case_type("c", test_samples=[(sample, Truth())])
    asked: List[Any] = []
    model = model_type("m", infer=lambda sample: (asked.append(sample), Standard(1.0))[1])
    test(model, suite_type("s", test_cases=[case]))
    assert (sample.area, sample.half) == (6, 1.0)
    again = case_type("d", test_samples=[(sample, Truth())])
    suite = suite_type("t", test_cases=[again])
    test(model, suite)
    TestRun(model_type("n"), suite).upload_inferences([(sample, Standard(1.0))])
    ((loaded, _),) = again.load_test_samples()
    assert loaded == sample == asked[0]
    assert len(asked) == 1
    assert "area" not in vars(loaded) and "_half" not in vars(loaded)
    with closing(sqlite3.connect(location.resolve())) as connection:
        assert connection.execute("SELECT count(*) FROM test_sample").fetchone() == (1,)


def test_extras_come_back_in_order_also_those_that_look_private() -> None:
    _, case_type, _, _ = define_workflow("Any", Image, Truth, Standard)
    sample = Image("a.png", zebra=1, _id="x", ape={"b": 1, "a": 2})  # type: ignore[call-arg]
    ((loaded, _),) = case_type("c", test_samples=[(sample, Truth())]).load_test_samples()
    assert list(vars(loaded)) == ["locator", "zebra", "_id", "ape"]
    assert (loaded._id, list(loaded.ape)) == ("x", ["b", "a"])


@dataclasses.dataclass(frozen=True)
class Undeclared(Inference):
    boxes: List[BoundingBox]

    def __post_init__(self) -> None:
        object.__setattr__(self, "count", len(self.boxes))


def test_an_attribute_that_would_be_gone_is_refused_before_anything_is_stored() -> None:
    _, case_type, suite_type, model_type = define_workflow("Any", Image, Truth, Undeclared)
    case = case_type("c", test_samples=[(Image("a.png"), Truth())])
    model = model_type("m", infer=lambda sample: Undeclared([]))
    with pytest.raises(InputValidationError, match=r"'count' is not a field of Undeclared"):
        test(model, suite_type("s", test_cases=[case]))
    assert model.load_inferences(case) == []


@dataclasses.dataclass(frozen=True, slots=True)
class Rating(Inference):
    score: float
    note: Optional[str] = dataclasses.field(init=False, default=None)


@dataclasses.dataclass(frozen=True)
class Reviewed(Rating):
    reviewer: str = ""


def test_a_default_that_python_never_sets_is_not_made_up_when_loading() -> None:
    assert not hasattr(Reviewed(0.5), "note")  # with slots, its class has no attribute of this name
    _, case_type, suite_type, model_type = define_workflow("Any", Image, Truth, Reviewed)
    suite = suite_type("s", test_cases=[case_type("c", test_samples=[(Image("a"), Truth())])])
    with pytest.raises(InputValidationError, match=r"Reviewed: 'note' is missing; set it when"):
        TestRun(model_type("m"), suite).upload_inferences([(Image("a"), Reviewed(0.5))])


@pytest.mark.parametrize(
    ("given", "path"),
    [
        (Loose(text=5), r"Loose\.text: 5 \(int\) is not text"),  # type: ignore[arg-type]
        (Loose(number="5"), r"Loose\.number: '5' \(str\) is not a number"),  # type: ignore[arg-type]
        (Loose(number=2**53 + 1), r"number: 9007199254740993 \(int\) is not equal to any float,"),
        (Loose(number=10**400), r"Loose\.number: 1000.* \(int\) is not equal to any float, but"),
        (Loose(whole=1.5), r"Loose\.whole: 1\.5 \(float\) is not a whole number"),  # type: ignore[arg-type]
    ],
    ids=str,
)
def test_a_value_that_would_come_back_as_another_is_refused(given: Any, path: str) -> None:
    _, case_type, suite_type, model_type = define_workflow("Any", Image, Truth, Loose)
    suite = suite_type("s", test_cases=[case_type("c", test_samples=[(Image("a"), Truth())])])
    with pytest.raises(InputValidationError, match=path):
        TestRun(model_type("m"), suite).upload_inferences([(Image("a"), given)])


@pytest.mark.parametrize(
    "given",
    [Loose(number=np.float32(0.1)), Loose(number=5), Loose(whole=np.int8(5)), Loose(whole=2.0)],  # type: ignore[arg-type]
    ids=str,
)
def test_numbers_that_are_equal_are_kept(given: Any) -> None:
    _, case_type, suite_type, model_type = define_workflow("Any", Image, Truth, Loose)
    case = case_type("c", test_samples=[(Image("a"), Truth())])
    TestRun(model_type("m"), suite_type("s", test_cases=[case])).upload_inferences(
        [(Image("a"), given)]
    )
    ((_, _, loaded),) = model_type("m").load_inferences(case)
    assert loaded == given
    assert (type(loaded.whole), type(loaded.number)) in [(int, float), (int, type(None))]


def test_nothing_is_set_on_a_users_class() -> None:
    class Own(Inference):
        score: float

    class Below(Standard):
        note: str = "none"

    @dataclasses.dataclass(frozen=True)
    class Decorated(Own):
        label: str = "x"

    before = {cls: dict(vars(cls)) for cls in (Own, Below, Decorated)}
    for made in (Own(0.5), Below(0.5), Decorated(0.5)):
        _, case_type, suite_type, model_type = define_workflow("Any", Image, Truth, type(made))
        case = case_type("c", test_samples=[(Image("a"), Truth())])
        test(
            model_type(name_of(made), infer=lambda s, m=made: m), suite_type("s", test_cases=[case])
        )
        model_type(name_of(made)).load_inferences(case)
    for cls, names in before.items():
        assert {key: it for key, it in vars(cls).items() if "abc" not in key} == {
            key: it for key, it in names.items() if "abc" not in key
        }
