"""Values that cannot be stored, stored values that do not fit: each is an error with its path."""

import datetime
import enum
from typing import Any, Dict, List, Optional, Tuple, Union

import numpy as np
import pytest

from kolena_local import payload
from kolena_local.annotation import BoundingBox, Label, ScoredLabeledBoundingBox
from kolena_local.errors import InputValidationError
from kolena_local.serialization.data_object import DataObject
from kolena_local.serialization.write import write as encode
from kolena_local.serialization.write import write_value as encode_value


class Shade(enum.Enum):
    DARK = 1


class Word(str, enum.Enum):
    DARK = "dark"


class Number(enum.IntEnum):
    ONE = 1


class Inference(DataObject):
    boxes: List[ScoredLabeledBoundingBox]
    count: int = 7
    pair: Optional[Tuple[str, int]] = None
    sizes: Dict[str, List[float]] = None  # type: ignore[assignment]
    either: Union[int, Label, None] = None
    anything: Any = None


CONTENT: Dict[str, Any] = {
    "boxes": [
        {"top_left": [0, 1], "bottom_right": [2, 3], "label": "a", "score": 0.5} for _ in range(3)
    ],
}


def changed(**values: Any) -> Dict[str, Any]:
    return {**CONTENT, **values}


def box(**values: Any) -> Dict[str, Any]:
    return {**CONTENT["boxes"][0], **values}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, r"cannot be read as Inference: boxes is missing at \$"),
        (changed(boxes=None), r"None \(NoneType\) is not a list at \$\.boxes"),
        (changed(boxes={}), r"is not a list at \$\.boxes"),
        (changed(boxes=[box(), box(), box(score="high")]), r"'high'.* at \$\.boxes\[2\]\.score$"),
        (
            changed(boxes=[box(label=None)]),
            r"None .*not text, but str is declared at \$\.boxes\[0\]\.label$",
        ),
        (changed(boxes=[{"top_left": [0, 1]}]), r"bottom_right is missing at \$\.boxes\[0\]$"),
        (changed(boxes=[box(top_left=[0])]), r"has length 1, not 2 at \$\.boxes\[0\]\.top"),
        (changed(boxes=[box(top_left=[0, "x"])]), r"at \$\.boxes\[0\]\.top_left\[1\]$"),
        (
            changed(boxes=[box(data_type="ANNOTATION/LABEL")]),
            r"'ANNOTATION/LABEL'.*\$\.boxes\[0\]$",
        ),
        (
            changed(boxes=[5]),
            r"5 \(int\) is not an instance of ScoredLabeledBoundingBox at \$\.boxes\[0\]$",
        ),
        (changed(count=None), r"None .* at \$\.count$"),
        (changed(count="many"), r"'many' .* at \$\.count$"),
        (changed(count=1.5), r"1\.5 .* at \$\.count$"),
        (changed(count=float("nan")), r"nan .* at \$\.count$"),
        (changed(pair=["a"]), r"at \$\.pair$"),
        (changed(pair=["a", []]), r"at \$\.pair\[1\]$"),
        (changed(sizes={"a": [1, None]}), r"None .* at \$\.sizes\.a\[1\]$"),
        (changed(either="x"), r"'x' .*is not one of int, Label, NoneType at \$\.either$"),
        ([], r"\[\] \(list\) is not an instance of Inference at \$"),
    ],
)
def test_a_wrong_stored_value_is_an_error_with_its_path(content: Any, message: str) -> None:
    with pytest.raises(InputValidationError, match=message):
        Inference._from_dict(content)


def test_only_an_absent_value_takes_the_default() -> None:
    loaded = Inference._from_dict(CONTENT)
    assert (loaded.count, loaded.pair, loaded.sizes) == (7, None, None)
    assert loaded.boxes[2] == ScoredLabeledBoundingBox((0, 1), (2, 3), "a", 0.5)


@pytest.mark.parametrize(
    ("stored", "loaded"), [("5", 5), (3.0, 3), (2**70, 2**70), ("-1", -1), (True, True)]
)
def test_what_fits_without_loss_is_converted(stored: Any, loaded: Any) -> None:
    count = Inference._from_dict(changed(count=stored)).count
    assert (count, type(count)) == (loaded, type(loaded))


def test_what_was_given_is_not_changed() -> None:
    content = changed(more={"data_type": "ANNOTATION/LABEL", "label": "a"})
    before = repr(content)
    Inference._from_dict(content)
    assert repr(content) == before


BAD = [
    {1},
    b"a",
    datetime.datetime(2020, 1, 1),
    datetime.date(2020, 1, 1),
    np.datetime64("2020-01-01"),
    Shade.DARK,
    1j,
    np.complex64(1),
    object(),
    Label,
    iter([]),
    {(1, 2): 3},
    {1: "a", "1": "b"},
    {"a": {2}},
]


def _kind(value: object) -> str:
    # Not its repr, which may have an address in it: every process must give a test the same name.
    return type(value).__name__


@pytest.mark.parametrize("value", BAD, ids=_kind)
def test_a_bad_value_is_refused_before_it_is_stored(value: Any) -> None:
    for held, path in (
        (Inference([], anything=value), r"Inference\.anything"),
        (Inference([], anything=[0, {"key": value}]), r"Inference\.anything\[1\]\.key"),
        (Inference([], anything=Label("a", more=value)), r"Inference\.anything\.more"),  # type: ignore[call-arg]
        (Inference([], extra=(value,)), r"Inference\.extra\[0\]"),  # type: ignore[call-arg]
    ):
        with pytest.raises(InputValidationError, match=path):
            encode(held)
    with pytest.raises(InputValidationError, match=r"configuration\[0\]"):
        encode_value([value], "configuration")


@pytest.mark.parametrize("value", [{1}, b"a", Shade.DARK, 1j, object(), {"a": {2}}], ids=_kind)
def test_a_bad_value_is_shown_by_no_dict_either(value: Any) -> None:
    with pytest.raises(InputValidationError, match=r"Inference\.anything\[1\]\.key"):
        Inference([], anything=[0, {"key": value}])._to_dict()
    with pytest.raises(InputValidationError, match=r"Inference\.boxes\[0\]\.more"):
        box_with = ScoredLabeledBoundingBox((0, 1), (2, 3), "a", 0.5, more=value)  # type: ignore[call-arg]
        Inference([box_with])._to_dict()


def test_a_value_its_field_could_not_give_back_is_refused() -> None:
    held = Inference([ScoredLabeledBoundingBox((0, 1), (2, 3), "a", 0.5)])
    object.__setattr__(held.boxes[0], "score", "high")
    with pytest.raises(InputValidationError, match=r"^Inference\.boxes\[0\]\.score: 'high'"):
        encode(held)
    object.__delattr__(held.boxes[0], "score")
    with pytest.raises(InputValidationError, match=r"boxes\[0\].*score.*missing"):
        encode(held)


@pytest.mark.parametrize("value", [Word.DARK, Number.ONE, np.float64(0.5), np.str_("a"), True])
def test_enumerations_and_numpys_scalars_are_what_they_inherit_from(value: Any) -> None:
    encoded = encode(Inference([], anything=value))["anything"]
    assert encoded == value
    assert type(encoded) in (bool, int, float, str)


def test_objects_that_hold_themselves() -> None:
    endless: List[Any] = []
    endless.append(endless)
    with pytest.raises(InputValidationError, match=r"Inference is nested .*holds itself"):
        encode(Inference([], anything=endless))


class Node(DataObject):
    inner: List["Node"]


@pytest.mark.parametrize("depth", [1, 20, 80])
def test_deep_nesting_comes_back(depth: int) -> None:
    node, values = Node([]), []  # type: ignore[var-annotated]
    for _ in range(depth):
        node, values = Node([node]), [values]
    held = Inference([], anything=[node._to_dict(), values])
    again = Inference._from_dict(payload.loads(payload.dumps(encode(held))))  # type: ignore[arg-type]
    assert again == held
    assert Node._from_dict(payload.loads(payload.dumps(encode(node)))) == node  # type: ignore[arg-type]


def test_nesting_too_deep_to_read_says_so() -> None:
    content: Any = {"inner": []}
    for _ in range(2_000):
        content = {"inner": [content]}
    with pytest.raises(InputValidationError, match="Node: the value is nested too deeply"):
        Node._from_dict(content)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (BoundingBox((0, 1), (2, 3)), BoundingBox((0.0, True), [2, "3"])),  # type: ignore[arg-type]
        (BoundingBox((0, 1), (2, 3), a=1, b=2.0), BoundingBox((0, 1), (2, 3), b=2, a=1.0)),  # type: ignore[call-arg]
        (Inference([], sizes={"a": [1], "b": []}), Inference([], sizes={"b": (), "a": ["1.0"]})),  # type: ignore[arg-type,list-item]
        (Inference([], anything=(1, -0.0)), Inference([], anything=np.array([1.0, 0.0]))),
        (Inference([], pair=("1", 2)), Inference([], pair=[1, "2"])),  # type: ignore[arg-type]
    ],
)
def test_content_has_one_digest_however_it_was_made(left: DataObject, right: DataObject) -> None:
    assert payload.digest(encode(left)) == payload.digest(encode(right))
