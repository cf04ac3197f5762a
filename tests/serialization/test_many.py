"""Many objects at once are written and restored exactly as one at a time."""

from __future__ import annotations

import dataclasses
import decimal
import enum
import fractions
import math
from typing import Annotated, Any, Dict, List, Literal, Optional, Tuple, Union

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import SchemaSerializer, SchemaValidator

from kolena_local import payload
from kolena_local.annotation import LabeledBoundingBox, Polygon, ScoredLabeledBoundingBox
from kolena_local.errors import InputValidationError
from kolena_local.serialization import restore_many, write_many
from kolena_local.serialization.conversion import ConversionError, Leniency
from kolena_local.serialization.data_object import DataObject
from kolena_local.serialization.fields import fields_of
from kolena_local.serialization.restore import restore
from kolena_local.serialization.type_shapes import shape_of
from kolena_local.serialization.write import write
from kolena_local.workflow import Image, Metadata


class Corner(DataObject):
    at: Tuple[float, float]
    name: str = "none"


@dataclasses.dataclass(frozen=True)
class Sheet(Image):
    pages: int
    scale: float
    is_blank: bool
    title: Optional[str] = None
    corner: Optional[Corner] = None
    corners: List[Corner] = dataclasses.field(default_factory=list)
    boxes: List[ScoredLabeledBoundingBox] = dataclasses.field(default_factory=list)
    words: List[str] = dataclasses.field(default_factory=list)
    mixed: Union[int, str, None] = None
    one: Union[float, Literal[1], None] = None
    anything: Any = None
    counts: Dict[str, float] = dataclasses.field(default_factory=dict)
    metadata: Metadata = dataclasses.field(default_factory=dict)


BOX = {"top_left": [0.5, 1.5], "bottom_right": [2.5, 3.0], "label": "a", "score": 0.5}
STORED: Dict[str, Any] = {
    "locator": "a.png",
    "pages": 3,
    "scale": 1.5,
    "is_blank": False,
    "title": "T",
    "corner": {"at": [1.0, 2.0], "name": "top"},
    "corners": [{"at": [1.0, 2.0], "name": "top"}, {"at": [0.0, -0.5], "name": "end"}],
    "boxes": [{**BOX, "data_type": "ANNOTATION/BOUNDING_BOX"}],
    "words": ["one", "two"],
    "mixed": "text",
    "one": 1,
    "anything": {"a": [1, 2.5]},
    "counts": {"a": 1.0},
    "metadata": {"night": True},
    "data_type": "TEST_SAMPLE/IMAGE",
}

ODD_VALUES: List[Any] = [
    *(
        None,
        True,
        False,
        0,
        1,
        2**53 + 1,
        2**60,
        2**70,
        1.0,
        2.5,
        math.nan,
        "",
        "1",
        "text",
        (1.0, 2.0),
    ),
    *([], [1.0, 2.0], [1, 2], ["a", "b"], [1.0], [None], [[1.0, 2.0]], [{}], [{"at": [1.0, 2.0]}]),
    *({}, {"at": [1, 2]}, {"at": [1.0, 2.0], "name": 5, "x": 1}, {"a": 1}, {"a": "1"}, {"a": None}),
    *({"a": [1]}, {"a": 1.0, "b": 1, "c": True, "d": "1"}),
    *([BOX], [BOX, 5], [{**BOX, "score": 1}], [{**BOX, "color": "red"}]),
]
ODD = st.sampled_from(ODD_VALUES)
NAMES = st.sampled_from([*STORED, "other", "$"])


@st.composite
def nearly_stored(draw: Any) -> Dict[str, Any]:
    value = dict(STORED)
    for name in draw(st.lists(NAMES, max_size=2, unique=True)):
        if draw(st.booleans()):
            value.pop(name, None)
        else:
            value[name] = draw(ODD)
    return value


@given(nearly_stored())
def test_values_become_the_same_objects(value: Dict[str, Any]) -> None:
    texts = [payload.dumps(STORED), payload.dumps(value), payload.dumps(STORED)]

    def read_at_once(cls: Any) -> Any:
        return restore_many.restore_many(cls, texts)

    def read_slowly(cls: Any) -> Any:
        return [restore(cls, it, Leniency.EQUAL) for it in payload.loads_all(texts)]

    assert outcome(read_at_once, Sheet) == outcome(read_slowly, Sheet)


@pytest.mark.parametrize("name", STORED)
def test_odd_values_are_read_the_same(name: str) -> None:
    def read_at_once(text: str) -> Any:
        return restore_many.restore_many(Sheet, [text])

    def read_slowly(text: str) -> Any:
        return [restore(Sheet, it, Leniency.EQUAL) for it in payload.loads_all([text])]

    for value in ODD_VALUES:
        text = payload.dumps({**STORED, name: value})
        assert outcome(read_at_once, text) == outcome(read_slowly, text), text


@given(nearly_stored())
def test_objects_become_the_same_content(value: Dict[str, Any]) -> None:
    sheet = object.__new__(Sheet)
    sheet.__dict__.update({name: item for name, item in value.items() if name != "data_type"})
    whole = Sheet._from_dict(STORED)

    def write_at_once(sheet: Any) -> Any:
        return write_many.write_many([whole, sheet, whole])

    def write_slowly(sheet: Any) -> Any:
        return [payload.dumps(write(it)) for it in (whole, sheet, whole)]

    assert outcome(write_at_once, sheet) == outcome(write_slowly, sheet)


class Size(enum.IntEnum):
    SMALL = 1


class Word(str):
    pass


class Marked(ScoredLabeledBoundingBox):
    mark: str


A_LABELED = LabeledBoundingBox((0.0, 0.0), (1.0, 1.0), "a")
A_BOX = ScoredLabeledBoundingBox((0.5, 1.5), (2.5, 3.0), "a", 0.5)
FOREIGN: List[Any] = [
    *(decimal.Decimal("0.5"), fractions.Fraction(1, 2), Size.SMALL, Word("word"), 10**400, -0.0),
    *(np.float32(0.1), np.float64(0.1), np.int64(3), np.array([0.5]), np.array(0.5), np.True_),
    *(math.inf, "NaN", "Infinity", ",null,", "$", '"$"', "\ud800", "9" * 5000, b"bytes"),
    *([None, None, None], [",null,", None], (0.5, True), (0.5, math.nan), (0.5,), (1e308, 1e308)),
    *([A_BOX, ScoredLabeledBoundingBox((0.0, 0.0), (1.0, 1.0), "a", 0.5, color="red")],),
    *(
        [Marked((0.0, 0.0), (1.0, 1.0), "a", 0.5, "m")],
        [LabeledBoundingBox((0.0, 0.0), (1.0, 1.0), "a")],
    ),
    *([None], ["a", None], [True, None]),
    *((A_BOX,), [A_BOX, None], {"a": math.nan}, {"a": A_BOX}, {1: 0.5}),
]


@pytest.mark.parametrize("name", [name for name in STORED if name != "data_type"])
def test_foreign_values_are_written_the_same(name: str) -> None:
    whole = Sheet._from_dict(STORED)

    def write_at_once(sheet: Any) -> Any:
        return write_many.write_many([whole, sheet])

    def write_slowly(sheet: Any) -> Any:
        return [payload.dumps(write(it)) for it in (whole, sheet)]

    for value in FOREIGN:
        sheet = object.__new__(Sheet)
        sheet.__dict__.update({**whole.__dict__, name: value})
        assert outcome(write_at_once, sheet) == outcome(write_slowly, sheet), repr(value)


class Sometimes(DataObject):
    label: str
    kind: str = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        if self.label == "b":
            self.__dict__["kind"] = "B"


def test_an_extra_is_kept_where_a_derived_field_is_missing() -> None:
    made = [Sometimes("a", note=1), Sometimes("b", note=2)]
    texts = [payload.dumps(write(it)) for it in made]
    assert '"note":1' in texts[0] and '"note":2' in texts[1]
    assert write_many.write_many(made) == texts
    assert write_many.write_many(made[:1]) == texts[:1]


class Measured(DataObject):
    length: Annotated[float, {"unit": "m"}]
    name: Annotated[str, ["any"]] = "none"


def test_annotations_without_a_hash_are_no_hindrance() -> None:
    made = [Measured(0.5), Measured(1.5, "x")]
    assert restore_many.restore_many(Measured, write_many.write_many(made)) == made


POLYGON = Polygon([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0)])


@dataclasses.dataclass(frozen=True)
class Area(DataObject):
    size: float
    within: Polygon = POLYGON


def test_a_default_is_the_same_object_as_ever() -> None:
    assert restore_many.restore_many(Area, ['{"size":1.0}'])[0].within is POLYGON


def test_long_texts_are_written_like_short_ones() -> None:
    boxes = [LabeledBoundingBox((0.5, 1.5), (2.5, 3.0), "a" * 5000), A_LABELED, A_LABELED]
    expected = [payload.dumps(write(box)) for box in boxes]
    assert write_many.write_many(boxes) == expected


def test_what_is_as_declared_is_left_to_the_core() -> None:
    schema = restore_many.core_schema_of(shape_of(Sheet))
    sheet = SchemaValidator(schema).validate_json(payload.dumps(STORED))
    assert sheet == Sheet._from_dict(STORED)
    assert write_many._are_as_declared([sheet], fields_of(Sheet))
    schema = write_many._object_schema(fields_of(Sheet))
    text = SchemaSerializer(schema).to_json(sheet, by_alias=True, warnings="error").decode()
    assert text == payload.dumps(write(sheet))


class Empty(DataObject):
    nothing: Tuple[()]


def test_an_empty_tuple_comes_back() -> None:
    assert restore_many.restore_many(Empty, write_many.write_many([Empty(())])) == [Empty(())]


def test_a_class_without_fields() -> None:
    class Nothing(DataObject):
        pass

    assert write_many.write_many([Nothing(), Nothing(extra=1)]) == ["{}", '{"extra":1}']
    assert restore_many.restore_many(Nothing, ["{}"]) == [Nothing()]


def outcome(function: Any, value: Any) -> str:
    """Return what a function makes of a value, or why it refuses it, with all types in it."""
    try:
        return repr(shown(function(value)))
    except (InputValidationError, ConversionError) as error:
        return f"{getattr(error, 'path', '')}: {error}"


def shown(value: Any) -> Any:
    if isinstance(value, DataObject):
        return type(value), {name: shown(item) for name, item in value.__dict__.items()}
    if isinstance(value, dict):
        return {name: shown(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value), [shown(item) for item in value]
    return value
