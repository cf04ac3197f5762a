"""Classes and objects made up by hypothesis, in every form in which users write them."""

import dataclasses
import enum
import math
from collections.abc import Callable
from typing import Any, Dict, List, Literal, NamedTuple, Optional, Tuple, Union

import numpy as np
import pydantic.dataclasses
import pydantic.v1.dataclasses
from hypothesis import assume
from hypothesis import strategies as st

from kolena_local.annotation import (
    BoundingBox,
    Label,
    LabeledBoundingBox,
    Polygon,
    ScoredLabel,
    ScoredLabeledBoundingBox,
)
from kolena_local.serialization.data_object import DataObject
from kolena_local.serialization.decorators import PYDANTIC_1_MARK


class Nested(DataObject):
    """A data object of a user's own, with a derived field and no data type."""

    name: str
    sizes: List[float]
    total: float = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "total", sum(filter(math.isfinite, self.sizes[:2]), 0.0))


@dataclasses.dataclass(frozen=True)
class OwnBox(LabeledBoundingBox):
    """A user's box, two levels below the box of the package."""

    occluded: bool


class Level(float, enum.Enum):
    """Numbers, two of which have no form in JSON."""

    LOW = 0.5
    HIGH = math.inf
    UNKNOWN = math.nan


@dataclasses.dataclass(frozen=True)
class Remark(DataObject):
    """An object that may hold nothing but None."""

    text: Optional[str]


# pydantic 2 takes no lone surrogates; every other form does.
clean_texts = st.sampled_from(["", "a", "NaN", "$", "\x00", "é\U0001f600"]) | st.text(max_size=5)
texts = clean_texts | st.sampled_from(["\ud800", "a\udfffb", "\ud83d\ude00"])
floats = st.floats() | st.sampled_from([math.nan, math.inf, -math.inf, -0.0, 1.0, 2.0**60])
integers = st.integers() | st.sampled_from([0, 1, 2**70, -(2**70), 2**53, 2**53 + 1])
points = st.tuples(floats, floats)
json_values = st.recursive(
    st.none() | st.booleans() | integers | floats | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
taken = {
    field.name
    for cls in (Nested, OwnBox, ScoredLabel, Polygon)
    for field in dataclasses.fields(cls)
}
extras = st.dictionaries(
    texts.filter(lambda name: not name.startswith("field") and name not in {*taken, "data_type"}),
    json_values | st.builds(Label, texts) | st.lists(st.builds(Label, texts), max_size=2),
    max_size=3,
)


class Kind(NamedTuple):
    """A field's type and the values that fit it."""

    hint: Any
    values: st.SearchStrategy[Any]


def objects(cls: Any, *fields: st.SearchStrategy[Any]) -> Kind:
    """Return the kind of a data object whose class takes extras."""
    return Kind(
        cls, st.builds(lambda values, more: cls(*values, **more), st.tuples(*fields), extras)
    )


SCALARS = [Kind(bool, st.booleans()), Kind(int, integers), Kind(float, floats), Kind(str, texts)]
# Beside others in a union, True could come back as a float, and a Level is refused.
CHOICES = [
    Kind(int, st.booleans()),
    Kind(Level, st.sampled_from(Level)),
    Kind(Literal["auto", 1, None], st.sampled_from(["auto", 1, None])),
]
OBJECTS = [
    objects(Nested, texts, st.lists(floats, max_size=3)),
    objects(Label, texts),
    objects(ScoredLabel, texts, floats),
    objects(BoundingBox, points, points),
    objects(LabeledBoundingBox, points, points, texts),
    objects(ScoredLabeledBoundingBox, points, points, texts, floats),
    objects(Polygon, st.lists(points, min_size=3, max_size=4)),
    Kind(OwnBox, st.builds(OwnBox, points, points, texts, st.booleans())),
    Kind(Remark, st.builds(Remark, st.none() | texts)),
]
# In one union, extras could make a Label look like a ScoredLabel.
UNITED = [
    *SCALARS,
    Kind(Label, st.builds(Label, texts)),
    Kind(ScoredLabel, st.builds(ScoredLabel, texts, floats)),
    Kind(BoundingBox, st.builds(BoundingBox, points, points)),
    Kind(LabeledBoundingBox, st.builds(LabeledBoundingBox, points, points, texts)),
    Kind(OwnBox, st.builds(OwnBox, points, points, texts, st.booleans())),
    Kind(type(None), st.none()),
    Kind(Literal["auto", None], st.sampled_from(["auto", None])),
    # Empty ones look alike.
    Kind(List[float], st.lists(floats, min_size=1, max_size=3)),
    Kind(List[int], st.lists(integers, min_size=1, max_size=3)),
    Kind(Tuple[bool, ...], st.lists(st.booleans(), min_size=1, max_size=3).map(tuple)),
]


def optional(kind: Kind) -> Kind:
    """Return the kind, or None."""
    return Kind(Optional[kind.hint], st.none() | kind.values)


def listed(kind: Kind) -> Kind:
    """Return lists of the kind."""
    return Kind(List[kind.hint], st.lists(kind.values, max_size=3))


def united(kinds: List[Kind]) -> Kind:
    """Return any of several kinds."""
    return Kind(Union[tuple(kind.hint for kind in kinds)], st.one_of([one.values for one in kinds]))


def in_dict(kind: Kind) -> Kind:
    """Return dicts of the kind."""
    return Kind(Dict[str, kind.hint], st.dictionaries(texts, kind.values, max_size=2))


def paired(kinds: List[Kind]) -> Kind:
    """Return tuples of several kinds."""
    return Kind(
        Tuple[tuple(kind.hint for kind in kinds)], st.tuples(*(one.values for one in kinds))
    )


one_kind = st.sampled_from([*SCALARS, *CHOICES, *OBJECTS])
unions = st.lists(st.sampled_from(UNITED), min_size=2, max_size=4, unique_by=id).map(united)
kinds = (
    one_kind
    | unions
    | st.builds(optional, one_kind)
    | st.builds(listed, one_kind | unions | st.builds(optional, one_kind))
    | st.builds(optional, st.builds(listed, one_kind))
    | st.builds(in_dict, st.sampled_from(SCALARS))
    | st.lists(st.sampled_from(SCALARS), min_size=1, max_size=3).map(paired)
)


def undecorated(cls: Any) -> Any:
    """Leave a class as it is."""
    return cls


FORMS: Dict[str, Callable[[Any], Any]] = {
    "standard": dataclasses.dataclass(frozen=True),
    "ordered": dataclasses.dataclass(frozen=True, order=True),
    "pydantic 2": pydantic.dataclasses.dataclass(frozen=True),
    "pydantic 1": pydantic.v1.dataclasses.dataclass(frozen=True),
    "undecorated": undecorated,
}


def own_equality(self: Any, other: object) -> bool:
    """Find everything equal: what is stored may not depend on it."""
    return True


def may_be_any(kind: Kind) -> bool:
    """Return whether the type allows values beyond those that are listed."""
    return "Literal" not in str(kind.hint)


def changing(names: List[str]) -> Callable[[Any], None]:
    """Return a ``__post_init__`` that changes scalars: run twice, it would change them twice."""

    def __post_init__(self: Any) -> None:
        for name in names:
            value = getattr(self, name)
            more = {bool: not value, str: f"x{value}"}.get(type(value), value)
            if type(value) in (int, float):
                more = value / 4 if type(value) is float else value + 1
            object.__setattr__(self, name, more)

    return __post_init__


@st.composite
def classes(
    draw: st.DrawFn, forms: Tuple[str, ...] = tuple(FORMS), *, may_change: bool = True
) -> Tuple[Any, List[Kind]]:
    """Return a class, one to three levels below ``DataObject``, and the kinds of its fields."""
    cls: Any = DataObject
    fields: List[Kind] = []
    form = draw(st.sampled_from(forms))
    for level in range(draw(st.integers(1, 3))):
        own = draw(st.lists(kinds, min_size=0 if level else 1, max_size=2))
        # pydantic 1 does not take a None that only a Literal lists.
        assume(form != "pydantic 1" or not any("None]" in str(it.hint) for it in [*fields, *own]))
        names = [f"field{len(fields) + index}" for index in range(len(own))]
        body: Dict[str, Any] = {"__module__": __name__}
        if draw(st.booleans()):
            body |= {"__eq__": own_equality, "__hash__": object.__hash__}
        if may_change and draw(st.booleans()):
            free = [name for name, kind in zip(names, own, strict=True) if may_be_any(kind)]
            body["__post_init__"] = changing(free)
        if form == "standard" and draw(st.booleans()):
            hints = [(name, kind.hint) for name, kind in zip(names, own, strict=True)]
            cls = dataclasses.make_dataclass(
                "Made", hints, bases=(cls,), namespace=body, frozen=True
            )
        else:
            body["__annotations__"] = dict(zip(names, [kind.hint for kind in own], strict=True))
            cls = FORMS[form](type(DataObject)("Own", (cls,), body))
        fields += own
        # A user may also extend a decorated class without a decorator, and the other way round.
        form = draw(st.sampled_from([form, form, "undecorated", "standard"]))
    return cls, fields


@st.composite
def instances(draw: st.DrawFn, forms: Tuple[str, ...] = tuple(FORMS)) -> Any:
    """Return an object of a generated class."""
    cls, fields = draw(classes(forms))
    values = [draw(kind.values) for kind in fields]
    more = draw(extras) if cls.__init__ is DataObject.__init__ else {}
    return make(cls, values, more)


def make(cls: Any, values: List[Any], more: Dict[str, Any]) -> Any:
    """Make an object; hypothesis tries again where pydantic 2 refuses a lone surrogate."""
    from hypothesis import reject

    try:
        return cls(**{f"field{index}": value for index, value in enumerate(values)}, **more)
    except pydantic.ValidationError:
        return reject()


def same(left: Any, right: Any) -> bool:
    """Equal in classes, values and order, extras included; NaN is NaN, and -0.0 is not 0.0."""
    if type(left) is not type(right):
        return False
    if isinstance(left, DataObject):
        return same(attributes(left), attributes(right))
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(same, left, right))
    return repr(left) == repr(right)


def attributes(data_object: DataObject) -> Dict[str, Any]:
    """Return what an object holds, but not the mark that pydantic 1 leaves in some."""
    return {name: it for name, it in vars(data_object).items() if name != PYDANTIC_1_MARK}


def disguised(value: Any) -> Any:
    """Return the same content made otherwise: numpy's scalars, tuples, dicts in another order."""
    if isinstance(value, enum.Enum):
        return value
    if isinstance(value, bool):
        return np.bool_(value)
    if isinstance(value, int):
        return np.int64(value) if abs(value) < 2**63 else value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else np.float64(value)
    if isinstance(value, str):
        return np.str_(value) if value and not value.endswith("\x00") else value
    if isinstance(value, (list, tuple)):
        other = tuple if isinstance(value, list) else list
        return other(map(disguised, value))
    if isinstance(value, dict):
        return {key: disguised(item) for key, item in reversed(value.items())}
    return value
