"""Which member of a union comes back, where several could take the value."""

from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import pytest

from kolena_local import annotation, payload
from kolena_local.annotation import Annotation, BoundingBox, Label, LabeledBoundingBox, ScoredLabel
from kolena_local.serialization.data_object import DataObject
from kolena_local.serialization.write import write as encode
from tests.conftest import sampled

POINT, CORNER, POINT_3D = (0.0, 0.5), (3.0, 4.5), (1.0, 2.0, 3.0)
VALUES = {
    "top_left": POINT,
    "bottom_right": CORNER,
    "points": [POINT, CORNER, (9.0, 9.0)],
    "center": POINT_3D,
    "dimensions": POINT_3D,
    "rotations": POINT_3D,
    "locator": "s3://a",
    "labels": {1: "a"},
    "start": 1,
    "end": 2,
    "text_field": "text",
    "kind": "own",
    "label": "a",
    "score": 0.5,
}


def example(cls: Any) -> Any:
    values = {name: VALUES[name] for name in cls.__dataclass_fields__ if name in VALUES}
    if "points" in values and cls.__name__.endswith("3D"):
        values["points"] = [POINT_3D]
    return cls(**values)


CONCRETE = sorted(
    {
        cls
        for cls in vars(annotation).values()
        if isinstance(cls, type) and issubclass(cls, Annotation) and cls is not Annotation
    },
    key=lambda cls: cls.__name__,
)


@pytest.mark.parametrize("first", sampled(CONCRETE, 7))
def test_every_pair_of_annotations_comes_back_as_it_was(first: Any) -> None:
    for second in CONCRETE:
        annotations = {"value": Union[first, second]}
        holder = type(DataObject)("Holder", (DataObject,), {"__annotations__": annotations})
        for cls in (first, second):
            stored = payload.loads(payload.dumps(encode(holder(example(cls)))))
            loaded = holder._from_dict(stored).value
            assert (type(loaded), loaded) == (cls, example(cls))


def test_all_annotations_in_one_union() -> None:
    union: Any = Union[tuple(CONCRETE)]
    holder = type(DataObject)("H", (DataObject,), {"__annotations__": {"values": List[union]}})
    values = [example(cls) for cls in CONCRETE]
    loaded = holder._from_dict(payload.loads(payload.dumps(encode(holder(values)))))
    assert [type(value) for value in loaded.values] == CONCRETE
    assert loaded.values == values


class IntFirst(DataObject):
    value: Union[int, float]


class FloatFirst(DataObject):
    value: Union[float, int]


def test_between_equals_the_first_declared_wins() -> None:
    # The two unions are equal to Python, whichever was seen first.
    assert [type(cls(value="5").value) for cls in (IntFirst, FloatFirst)] == [int, float]  # type: ignore[arg-type]
    assert type(IntFirst(5).value) is type(FloatFirst(5).value) is int
    assert type(IntFirst(5.5).value) is type(FloatFirst(5.5).value) is float


class Holder(DataObject):
    value: Union[BoundingBox, LabeledBoundingBox, List[Union[Label, str]], None]


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        ["a", Label("a"), ScoredLabel("a", 0.5)],
        BoundingBox(POINT, CORNER, note="extra"),  # type: ignore[call-arg]
        LabeledBoundingBox(POINT, CORNER, "a", note="extra"),  # type: ignore[call-arg]
    ],
    ids=repr,
)
def test_lists_and_extras_inside_a_union(value: Any) -> None:
    loaded = Holder._from_dict(payload.loads(payload.dumps(encode(Holder(value))))).value
    assert encode(Holder(loaded)) == encode(Holder(value))
    assert type(loaded) is type(value)


class Narrow(DataObject):
    size: int


class Wide(DataObject):
    size: int
    note: Optional[str] = None


class Either(DataObject):
    value: Union[Wide, Narrow]


@pytest.mark.parametrize("value", [Wide(1), Narrow(1), Wide(1, "a"), Narrow(1, more=2)])  # type: ignore[call-arg]
def test_a_default_that_was_stored_tells_classes_apart(value: Any) -> None:
    loaded = Either._from_dict(payload.loads(payload.dumps(encode(Either(value))))).value
    assert type(loaded) is type(value)
    assert loaded == value


class Loose(DataObject):
    value: Union[List, Dict, Tuple, Label, Sequence, int]  # type: ignore[type-arg]


@pytest.mark.parametrize("value", [[1, "a", None], {"a": [1]}, Label("a"), 5, []])
def test_bare_lists_and_dicts_in_a_union(value: Any) -> None:
    loaded = Loose._from_dict(payload.loads(payload.dumps(encode(Loose(value))))).value
    assert (type(loaded), loaded) == (type(value), value)


def test_a_strange_data_type_is_no_choice() -> None:
    with pytest.raises(ValueError, match=r"is not one of Wide, Narrow at \$\.value"):
        Either._from_dict({"value": {"data_type": ["a"]}})


class Point(DataObject):
    x: int


class PointWithHeight(DataObject):
    x: int
    height: int


class Walk(DataObject):
    start: PointWithHeight
    steps: int = 0


class Stand(DataObject):
    start: Point


class Report(DataObject):
    what: Union[Walk, Stand]


def test_what_an_inner_object_would_lose_counts_more_than_a_default() -> None:
    report = Report._from_dict({"what": {"start": {"x": 1, "height": 2}}})
    assert report.what == Walk(PointWithHeight(1, 2))
