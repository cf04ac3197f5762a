"""Every way to write a class: standard, pydantic 2, pydantic 1, undecorated, and mixtures."""

import copy
import dataclasses
import pickle
import sys
from typing import Any, Dict, List, Optional, Union

import numpy as np
import pydantic
import pydantic.dataclasses
import pydantic.v1
import pytest

from kolena_local import payload
from kolena_local.annotation import BoundingBox, Label, LabeledBoundingBox, ScoredLabel
from kolena_local.errors import InputValidationError
from kolena_local.serialization.data_object import DataObject
from kolena_local.serialization.write import write as encode
from kolena_local.workflow.ground_truth import GroundTruth


def undecorated(cls: Any) -> Any:
    return cls


FORMS: Dict[str, Any] = {
    "standard": dataclasses.dataclass(frozen=True),
    "pydantic 2": pydantic.dataclasses.dataclass(frozen=True),
    "pydantic 1": pydantic.v1.dataclasses.dataclass(frozen=True),
    "undecorated": undecorated,
}
PYDANTIC = {"pydantic 2", "pydantic 1"}


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def decorate(form: str) -> Any:
    return FORMS[form]


def stored(value: Any) -> Any:
    """Return an object as it comes back from the store."""
    return type(value)._from_dict(payload.loads(payload.dumps(encode(value))))


def test_all_forms_store_the_same(decorate: Any) -> None:
    @decorate
    class Truth(GroundTruth):
        name: str
        count: int
        boxes: List[Union[BoundingBox, LabeledBoundingBox]]
        label: Optional[Label] = None
        ratio: float = 0.5

    boxes = [BoundingBox((0.0, 1.0), (2.0, 3.0)), LabeledBoundingBox((0.0, 1.0), (2.0, 3.0), "a")]
    truth = Truth("a", 2**70, boxes, ScoredLabel("a", 0.5, note="extra"))
    assert encode(truth) == {
        "name": "a",
        "count": 2**70,
        "boxes": [
            {
                "top_left": (0.0, 1.0),
                "bottom_right": (2.0, 3.0),
                "data_type": "ANNOTATION/BOUNDING_BOX",
            },
            {
                "top_left": (0.0, 1.0),
                "bottom_right": (2.0, 3.0),
                "label": "a",
                "data_type": "ANNOTATION/BOUNDING_BOX",
            },
        ],
        "label": {
            "label": "a",
            "score": 0.5,
            "note": "extra",
            "data_type": "ANNOTATION/LABEL",
            "$class": ["kolena_local.annotation.label", "ScoredLabel"],
        },
        "ratio": 0.5,
    }
    loaded = stored(truth)
    assert loaded == truth
    assert loaded.label.note == "extra"
    assert list(truth._to_dict()["boxes"][0]) == [
        *("top_left", "bottom_right", "width", "height", "area", "aspect_ratio", "data_type")
    ]


def test_none_by_default_means_that_none_is_allowed(decorate: Any) -> None:
    @decorate
    class Own(DataObject):
        label: str
        score: float = None
        boxes: List[BoundingBox] = None

    for own in (Own("a"), Own("a", 0.5), Own("a", boxes=[])):
        assert stored(own) == own
    assert encode(Own("a")) == {"label": "a", "score": None, "boxes": None}


def test_extending_a_box_keeps_what_it_computes(decorate: Any) -> None:
    @decorate
    class OwnBox(BoundingBox):
        occluded: bool = False

    box = OwnBox((1.0, 2.0), (3.0, 5.0), True)
    assert (box.area, stored(box).area) == (6.0, 6.0)
    assert stored(box) == box
    assert encode(box)["occluded"] is True
    assert box._to_dict()["aspect_ratio"] == pytest.approx(2 / 3)


def test_a_class_that_adds_no_field_is_a_class(decorate: Any) -> None:
    @decorate
    class SameBox(BoundingBox):
        pass

    assert isinstance(SameBox, type)
    box = SameBox((1.0, 2.0), (3.0, 5.0))
    assert stored(box) == box
    assert type(stored(box)) is SameBox


def test_undecorated_classes_extend_decorated_ones(decorate: Any) -> None:
    @decorate
    class Base(DataObject):
        label: str

    class Bare(Base):  # type: ignore[misc,valid-type]
        score: float

    class SameAgain(Base):  # type: ignore[misc,valid-type]
        pass

    bare = Bare("a", "0.5", note="extra")
    assert encode(bare) == {"label": "a", "score": 0.5, "note": "extra"}
    assert (stored(bare), stored(bare).note) == (bare, "extra")
    assert stored(SameAgain("a")) == SameAgain("a")


def test_decorated_classes_extend_undecorated_ones(decorate: Any) -> None:
    class Bare(DataObject):
        label: str

    @decorate
    class Decorated(Bare):
        score: float = 0.5

    @decorate
    class Again(Decorated):  # type: ignore[misc,valid-type]
        ratio: float = 0.25

    assert encode(Again("a", 0.75)) == {"label": "a", "score": 0.75, "ratio": 0.25}
    assert stored(Again("a", 0.75)) == Again("a", 0.75)


def test_objects_are_frozen(decorate: Any) -> None:
    @decorate
    class Own(DataObject):
        label: str

    own = Own("a")
    with pytest.raises(dataclasses.FrozenInstanceError):
        own.label = "b"
    object.__setattr__(own, "label", "b")
    assert encode(own) == {"label": "b"}


def test_classes_must_be_frozen(form: str) -> None:
    loose: Any = {
        "standard": dataclasses.dataclass,
        "pydantic 2": pydantic.dataclasses.dataclass,
        "pydantic 1": pydantic.v1.dataclasses.dataclass,
    }.get(form)
    if loose is not None:
        with pytest.raises(TypeError, match="frozen"):
            loose(type(DataObject)("Own", (DataObject,), {"__annotations__": {"label": str}}))


def test_extras_are_kept_where_the_class_allows_them(form: str) -> None:
    allowing: Any = {
        "pydantic 2": pydantic.dataclasses.dataclass(
            frozen=True, config=pydantic.ConfigDict(extra="allow")
        ),
        "pydantic 1": pydantic.v1.dataclasses.dataclass(
            frozen=True, config=type("Config", (), {"extra": "allow"})
        ),
        "undecorated": undecorated,
    }.get(form)
    if allowing is None:
        return

    @allowing
    class Own(DataObject):
        label: str

    own = Own("a", zebra=[1, None], ape={"b": 2.0, "a": Label("x")})
    assert list(stored(own)._to_dict()) == ["label", "zebra", "ape"]
    assert stored(own).ape == {"b": 2.0, "a": Label("x")}
    assert "zebra=[1, None]" in str(stored(own))


def test_extras_have_any_name() -> None:
    class Own(DataObject):
        label: str

    extras = {"__dunder": 1, "": 2, "a b": 3, "self": 4, "cls": 5, "\ud800": 6, "$": 7}
    assert vars(stored(Own("a", **extras))) == {"label": "a", **extras}  # type: ignore[arg-type]


def test_the_data_type_is_no_extra() -> None:
    assert Label("a", data_type="ANNOTATION/LABEL").__dict__ == {"label": "a"}  # type: ignore[call-arg]
    with pytest.raises(InputValidationError, match="Label has the data type 'ANNOTATION/LABEL'"):
        Label("a", data_type="OTHER")  # type: ignore[call-arg]


def test_what_a_class_computes_may_not_be_given() -> None:
    with pytest.raises(TypeError, match="BoundingBox computes 'area' itself"):
        BoundingBox((0, 0), (1, 1), area=5)  # type: ignore[call-arg]


@pytest.mark.parametrize("decorator", [FORMS["standard"], undecorated])
def test_derived_fields_may_have_defaults(decorator: Any) -> None:
    @decorator
    class Own(DataObject):
        label: str
        seen: int = dataclasses.field(default=3, init=False)
        notes: List[str] = dataclasses.field(default_factory=list, init=False)

    for own in (Own("a"), stored(Own("a"))):
        assert (own.seen, own.notes) == (3, [])
    assert encode(Own("a")) == {"label": "a", "seen": 3, "notes": []}


def test_made_dataclasses_with_order_and_own_equality() -> None:
    def same(self: Any, other: object) -> bool:
        return isinstance(other, made) and self.label.lower() == other.label.lower()

    made: Any = dataclasses.make_dataclass(
        "Made",
        ["anything", ("label", str, "a"), ("box", "Optional[BoundingBox]", None)],
        bases=(DataObject,),
        namespace={"__eq__": same, "__module__": __name__},
        frozen=True,
        order=True,
        eq=True,
    )
    assert made(1, "A") == made(2, "a")
    assert made(1) < made(2)
    value = made([1, {"a": None}], "b", BoundingBox((0.0, 0.0), (1.0, 2.0)))
    assert stored(value).box == value.box
    assert encode(stored(value)) == encode(value)


def test_slots() -> None:
    @dataclasses.dataclass(frozen=True, slots=True)
    class Own(DataObject):
        label: str

    assert stored(Own("a")) == Own("a")
    assert copy.deepcopy(Own("a")) == Own("a")

    @dataclasses.dataclass(frozen=True, slots=True)
    class Box(BoundingBox):
        label: str

    box = Box((0.0, 1.0), (2.0, 3.5), "a")
    assert (box.width, box.height, stored(box).area) == (2.0, 2.5, 5.0)


def test_what_only_the_constructor_needs_is_not_needed_to_load() -> None:
    @dataclasses.dataclass(frozen=True)
    class Own(DataObject):
        label: str
        scale: dataclasses.InitVar[int]
        size: int = dataclasses.field(init=False)

        def __post_init__(self, scale: int) -> None:
            object.__setattr__(self, "size", 10 * scale)

    assert stored(Own("a", 1)) == Own("a", 1)
    assert stored(Own("a", 1)) != Own("a", 2)


@dataclasses.dataclass(frozen=True)
class Standard(DataObject):
    label: str
    boxes: List[BoundingBox] = dataclasses.field(default_factory=list)


@pydantic.dataclasses.dataclass(frozen=True)
class Pydantic2(DataObject):
    label: str
    boxes: List[BoundingBox] = dataclasses.field(default_factory=list)


@pydantic.v1.dataclasses.dataclass(frozen=True)
class Pydantic1(DataObject):
    label: str
    boxes: List[BoundingBox] = dataclasses.field(default_factory=list)


@pytest.mark.parametrize("cls", [Standard, Pydantic2, Pydantic1])
def test_copies_and_pickles(cls: Any) -> None:
    made = cls("a", [BoundingBox((0.0, 1.0), (2.0, 3.0), note="extra")])  # type: ignore[call-arg]
    for again in (copy.copy(made), copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert again == made
        assert encode(again) == encode(made)


def test_numpy_values_are_stored_as_pythons(form: str, decorate: Any) -> None:
    if form in PYDANTIC:
        return  # they refuse arrays themselves

    @decorate
    class Own(DataObject):
        count: int
        ratio: float
        sure: bool
        label: str
        values: List[float]
        anything: Any

    own = Own(
        np.int64(3),
        np.float32(0.5),
        np.bool_(True),
        np.str_("a"),
        [np.float64(1), np.int8(2)],
        np.arange(3),
    )
    content = encode(own)
    assert content == {
        "count": 3,
        "ratio": 0.5,
        "sure": True,
        "label": "a",
        "values": [1.0, 2.0],
        "anything": [0, 1, 2],
    }
    kinds = [type(value) for value in (*content.values(), *content["values"])]  # type: ignore[misc]
    assert kinds == [int, float, bool, str, list, list, float, float]
    assert payload.digest(content) == payload.digest(
        encode(Own(3, 0.5, True, "a", [1, 2], [0.0, 1, 2]))
    )


def test_pydantic_takes_data_objects_as_dicts_too(form: str, decorate: Any) -> None:
    if form == "standard":
        return  # it converts nothing

    @decorate
    class Own(DataObject):
        label: Label
        boxes: List[BoundingBox]

    own = Own({"label": "a"}, [{"top_left": [0, 1], "bottom_right": [2, 3]}])
    assert own == Own(Label("a"), [BoundingBox((0, 1), (2, 3))])
    with pytest.raises(ValueError, match="label"):
        Own({"name": "a"}, [])


def test_importing_the_room_needs_neither_numpy_nor_pydantic() -> None:
    import subprocess

    program = (
        "import sys, kolena_local.serialization.data_object;"
        "print([name for name in ('numpy', 'pydantic', 'pandas') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ran.stdout.strip() == "[]", ran.stderr
