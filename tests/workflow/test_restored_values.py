"""Values of unusual types come back as they were, or are refused before anything is stored."""

import copy
import dataclasses
import enum
import pickle
import sys
from dataclasses import KW_ONLY, InitVar
from typing import Any, Dict, Generic, List, Literal, NamedTuple, TypeVar, Union

import numpy as np
import pydantic
import pydantic.dataclasses
import pydantic.v1
import pydantic.v1.dataclasses
import pytest

from kolena_local.annotation import (
    Annotation,
    BoundingBox,
    LabeledBoundingBox,
    ScoredClassificationLabel,
    ScoredLabeledBoundingBox,
)
from kolena_local.errors import InputValidationError
from kolena_local.serialization.data_object import DataObject
from kolena_local.workflow import (
    GroundTruth,
    Image,
    Inference,
    Metadata,
    TestRun,
    define_workflow,
    test,
)
from tests.workflow.restored import store
from tests.workflow.test_restoring import name_of, state

T = TypeVar("T")


class Coded(str, enum.Enum):
    """The base of enumerations whose members have another value than what they are equal to."""

    def __new__(cls, text: str, number: int) -> "Coded":
        made = str.__new__(cls, text)
        made._value_ = number  # type: ignore[assignment]
        return made

    def __repr__(self) -> str:
        return self.name


class Code(Coded):
    A = ("a", 1)
    B = ("b", 2)


class Twin(Coded):
    A = ("a", 1)
    B = ("a", 2)


class Rights(enum.IntFlag):
    READ = 1
    WRITE = 2


class Level(enum.IntEnum):
    LOW = 1


@dataclasses.dataclass(frozen=True)
class Own(DataObject):
    name: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", f"own {self.name}")


class Noted(DataObject):
    note: Union[str, None] = None


@dataclasses.dataclass(frozen=True)
class Tagged(BoundingBox, Generic[T]):
    tag: str


class Enumerated(Inference):
    code: Code
    rights: Rights
    codes: List[Code]


class Open(Inference):
    """Only the fields of the type itself have to be of certain types, not those of its base."""

    value: Any


class Opened(Open):
    pass


@dataclasses.dataclass(frozen=True)
class Keyed(Inference):
    by_level: Dict[Level, str]
    by_code: Dict[Code, int]
    one_of: Literal[Code.B, Level.LOW, "other"]
    some_of: List[Literal[1, True, None]]
    box: Tagged[int]
    tags: List[Tagged[str]]
    open: Union[Annotation, Dict[str, int]]
    level: Union[float, bool, Level]


class Nested(Keyed):
    pass


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


class OwnSlots(Inference):
    __slots__ = ("score",)
    score: float

    def __init__(self, percentage: float) -> None:
        object.__setattr__(self, "score", percentage / 100)


class Delegating(Inference):
    score: float
    real: float = dataclasses.field(init=False)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.score, name)  # it has "real"


@pydantic.dataclasses.dataclass(frozen=True, config={"extra": "allow"})
class Hiding(Inference):
    score: float
    scale = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "scale", 2.0)

    def area(self) -> int:
        return 3


@dataclasses.dataclass(frozen=True)
class HidingStandard(Inference):
    score: float
    scale = 1.0
    __post_init__ = Hiding.__post_init__


OBJECTS = [
    LabeledBoundingBox((0, 1), (2, 3), "a"),
    {"best": ScoredLabeledBoundingBox((0, 1), (2, 3), "a", 0.5), "own": [Own("b")]},
    ScoredClassificationLabel("a", 0.5, inner=Own("c")),  # type: ignore[call-arg]
    BoundingBox((0, 1), (2, 3), label="an extra"),  # type: ignore[call-arg]
]


MADE: List[Any] = [
    Enumerated(Code.A, Rights.READ | Rights.WRITE, [Code.B]),
    Opened(OBJECTS),
    Opened("x", seen=OBJECTS, at=OBJECTS[0]),  # type: ignore[call-arg]
    Nested(
        {Level.LOW: "a"},
        {Code.B: 1},
        Code.B,
        [True, None, 1],
        Tagged((0, 1), (2, 3), "t"),
        [Tagged((0, 1), (2, 3), "u")],
        {"a": 1},
        Level.LOW,
    ),
    Scaled(3.0, 4.0, note="some"),
    ScaledPostponed(3.0, 4.0, note="some"),
    BelowSlotted(85.0, note="some", unit="share"),  # type: ignore[call-arg]
    Hiding(85.0, area=5),  # type: ignore[call-arg]
    OwnSlots(85.0),
    Delegating(85.0),
]


@pytest.mark.parametrize("made", MADE, ids=name_of)
def test_a_value_of_an_unusual_type_comes_back_as_it_was(made: Any, tmp_path: Any) -> None:
    _, case_type, suite_type, model_type = define_workflow("Any", Image, GroundTruth, type(made))
    image = Image("a", seen=OBJECTS, metadata={"b": 1}, **{"$": 2})  # type: ignore[arg-type]
    case = case_type("c", test_samples=[(image, GroundTruth())])
    model = model_type("m", infer=lambda sample: made)
    test(model, suite_type("s", test_cases=[case]))
    file = str(tmp_path / "inferences.jsonl")
    model.export_inferences(file)
    model_type("n").import_inferences(file)
    model_type("o").import_inferences(file, on="locator")
    for name in ("m", "n", "o"):
        ((sample, _, loaded),) = model_type(name).load_inferences(case)
        assert loaded == made and state(loaded) == state(made)
        assert sample.seen == OBJECTS and list(map(type, sample.seen)) == list(map(type, OBJECTS))
        assert sample.metadata == {"b": 1} and vars(sample)["$"] == 2
    case_type("again", test_samples=[(sample, GroundTruth())])
    assert len(model.load_inferences(case_type("again"))) == 1


@pytest.mark.parametrize("made", MADE[-3:], ids=name_of)
def test_a_copy_is_as_the_original_was(made: Any) -> None:
    for copied in (pickle.loads(pickle.dumps(made)), copy.copy(made), copy.deepcopy(made)):
        assert copied == made and state(copied) == state(made)


@dataclasses.dataclass(frozen=True)
class Sourced(Image):
    metadata: Metadata = dataclasses.field(default_factory=lambda: {"source": "camera"})


class Required(Image):
    metadata: Metadata


@dataclasses.dataclass(frozen=True)
class Undefined(Image):
    metadata: Metadata = None  # type: ignore[assignment]


@pytest.mark.parametrize(
    "sample", [Sourced("a", {}), Required("a", {}), Undefined("a")], ids=name_of
)
def test_a_sample_without_metadata_gets_none_when_it_is_loaded(sample: Any) -> None:
    _, case_type, suite_type, model_type = define_workflow(
        "Any", type(sample), GroundTruth, Inference
    )
    case = case_type("c", test_samples=[(sample, GroundTruth())])
    asked: List[Any] = []
    model = model_type("m", infer=lambda sample: (asked.append(sample), Inference())[1])
    test(model, suite_type("s", test_cases=[case]))
    ((loaded, _),) = case.load_test_samples()
    assert loaded.metadata == asked[0].metadata == sample.metadata


class Point(NamedTuple):
    x: float
    y: float


def held(hint: Any, value: Any) -> Inference:
    """Return an inference whose base class has a field of a type."""
    base = dataclasses.make_dataclass("Base", [("value", hint)], bases=(Inference,), frozen=True)
    return type("Held", (base,), {})(value)  # type: ignore[no-any-return]


@pydantic.dataclasses.dataclass(frozen=True, config={"extra": "allow"})
class Extended(BoundingBox):
    pass


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        (
            held(Dict[int, str], {"1": "a"}),
            r"value: '1' \(str\) cannot be a key of Dict\[int, str\]",
        ),
        (held(Dict[int, str], {"x": "a"}), r"'x' \(str\) cannot be a key .* of the declared type"),
        (held(Dict[Literal["a"], int], {"b": 1}), r"'b' \(str\) cannot be a key"),
        (held(Dict[Code, int], {"c": 1}), r"'c' \(str\) cannot be a key"),
        (held(Any, {1: "a"}), r"value: 1 \(int\) cannot be a key of dict; use a string"),
        (held(Dict[str, Any], {"a": [{None: 1}]}), r"value\.a\[0\]: None .* cannot be a key"),
        (held(Any, {"$class": ["a", "B"]}), r"value: '\$class' is a reserved key"),
        (held(Point, Point(1, 2)), r"Point\(x=1, y=2\) \(Point\) would be loaded as a list"),
        (held(np.ndarray, np.array([1])), r"\(ndarray\) would be loaded as a list"),
        (HidingStandard(85.0), "'scale' is not a field of HidingStandard and would be lost"),
        pytest.param(
            held(Rights, -1),
            r"value: -1 \(int\) is not equal to .*READ.*; use a member",
            marks=pytest.mark.skipif(sys.version_info < (3, 11), reason="-1 stays -1"),
        ),
        (
            held(Union[str, Code], Code.A),
            r"value: A \(Code\) would be loaded as 'a' \(str\), which .* declares too",
        ),
        (
            held(Union[Noted, Dict[str, int]], {"a": 1}),
            r"value: {'a': 1} \(dict\) would be loaded as Noted\(note=None\) \(Noted\)",
        ),
        (held(Literal[1, Level.LOW], Level.LOW), r"LOW: 1> \(Level\) would be loaded as 1 \(int\)"),
        (held(Twin, Twin.A), r"A \(Twin\) is stored as 'a', as another member is"),
        (
            held(Union[Extended, str], Extended((0, 1), (2, 3), **{"$class": ["a", "B"]})),  # type: ignore[arg-type]
            r"'\$class' is a reserved name",
        ),
        (
            held(Extended, Extended((0, 1), (2, 3), data_type="mine")),  # type: ignore[call-arg]
            r"value: 'data_type' is a reserved name",
        ),
    ],
    ids=str,
)
def test_what_would_come_back_as_something_else_is_refused(made: Any, problem: str) -> None:
    _, case_type, suite_type, model_type = define_workflow("Any", Image, GroundTruth, type(made))
    case = case_type("c", test_samples=[(Image("a"), GroundTruth())])
    suite = suite_type("s", test_cases=[case])
    with pytest.raises(InputValidationError, match=problem):
        TestRun(model_type("m"), suite).upload_inferences([(Image("a"), made)])
    assert model_type("m").load_inferences(case) == []


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


@pydantic.dataclasses.dataclass(frozen=True)
class Grown(Inference):
    score: float = pydantic.Field(alias="s")
    count: int = pydantic.Field(3, alias="c")
    names: List[str] = pydantic.Field(default_factory=lambda: ["a"])


@pydantic.v1.dataclasses.dataclass(frozen=True)
class Grown1(Inference):
    score: float = pydantic.v1.Field(..., ge=0)
    count: int = pydantic.v1.Field(3)
    names: List[str] = pydantic.v1.Field(default_factory=lambda: ["a"])


class GrownBelow(Grown):
    note: str = "none"


@pytest.mark.parametrize("cls", [Grown, Grown1, GrownBelow])
def test_what_was_stored_without_a_field_of_pydantic_gets_its_default(cls: Any) -> None:
    _, case_type, suite_type, model_type = define_workflow("Any", Image, GroundTruth, cls)
    case = case_type("c", test_samples=[(Image("a"), GroundTruth())])
    suite_type("s", test_cases=[case])
    store(model_type("m"), '{"score":0.5}')
    ((_, _, loaded),) = model_type("m").load_inferences(case)
    assert (loaded.score, loaded.count, loaded.names) == (0.5, 3, ["a"])
    store(model_type("n"), "{}")
    with pytest.raises(InputValidationError, match="score is missing"):
        model_type("n").load_inferences(case)
