"""Classes without a decorator: their annotations are their fields."""

import copy
import dataclasses
import inspect
import pickle
from typing import Any, ClassVar, List, Optional

import pytest

from kolena_local import payload
from kolena_local.errors import InputValidationError
from kolena_local.serialization.data_object import DataObject
from kolena_local.serialization.write import write as encode
from kolena_local.workflow import Image


class Finding(DataObject):
    label: str
    score: float = 0.5
    tags: List[str] = dataclasses.field(default_factory=list)
    limit: ClassVar[int] = 3


class SureFinding(Finding):
    sure: bool = True


@dataclasses.dataclass(frozen=True)
class Decorated(DataObject):
    label: str


class Bare(Decorated):
    score: float


class BareAgain(Bare):
    note: Optional[str] = None


class NothingNew(Decorated):
    pass


def test_annotations_become_fields() -> None:
    finding = Finding("cat", 1)
    assert [field.name for field in dataclasses.fields(finding)] == ["label", "score", "tags"]
    assert encode(finding) == {"label": "cat", "score": 1.0, "tags": []}
    assert type(finding.score) is float
    assert Finding._from_dict(finding._to_dict()) == finding


def test_fields_of_a_base_come_first() -> None:
    assert encode(SureFinding("cat", 0.1, ["a"], False)) == {
        "label": "cat",
        "score": 0.1,
        "tags": ["a"],
        "sure": False,
    }


def test_a_decorated_base_hides_no_annotation() -> None:
    class Fresh(Decorated):
        score: float

    # Loaded before one was ever made.
    assert Fresh._from_dict({"label": "a", "score": 1, "more": 2}).more == 2  # type: ignore[attr-defined]
    assert encode(Fresh("a", 1, more=2)) == {"label": "a", "score": 1.0, "more": 2}  # type: ignore[call-arg]
    assert BareAgain(1, 2, None) == BareAgain(label="1", score="2")  # type: ignore[arg-type]
    assert BareAgain("1", 2) != BareAgain("1", 3)


def test_a_subclass_that_adds_nothing_stays_as_its_base() -> None:
    assert encode(NothingNew("a")) == {"label": "a"}
    assert NothingNew._from_dict({"label": "a"}) == NothingNew("a")
    with pytest.raises(TypeError):
        NothingNew("a", more=1)  # type: ignore[call-arg]


def test_objects_that_differ_in_a_field_are_never_equal() -> None:
    assert Finding("a") == Finding("a")
    assert Finding("a") != Finding("b")
    assert Finding("a") != SureFinding("a")
    assert Finding("a", more=1) == Finding("a", more=2)  # type: ignore[call-arg]


def test_fields_by_position_and_by_name() -> None:
    with pytest.raises(TypeError, match="Finding lacks 'label'"):
        Finding()
    with pytest.raises(TypeError, match="takes 3 fields by position, not 4"):
        Finding("a", 0.1, [], 1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="Finding was given 'label' twice"):
        Finding("a", label="b")  # type: ignore[misc]
    assert str(inspect.signature(SureFinding)).startswith("(label: str, score: float = 0.5")


def test_values_are_converted_or_refused() -> None:
    finding = Finding(5, "0.25", ("a", 1))  # type: ignore[arg-type]
    assert (finding.label, finding.score, finding.tags) == ("5", 0.25, ["a", "1"])
    with pytest.raises(InputValidationError, match=r"Finding.tags\[1\]: None"):
        Finding("a", tags=["b", None])


def test_frozen() -> None:
    finding = Finding("a")
    with pytest.raises(dataclasses.FrozenInstanceError, match="label"):
        finding.label = "b"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        del finding.label
    object.__setattr__(finding, "label", "b")
    assert encode(finding)["label"] == "b"


def test_repr_shows_fields_and_str_extras_too() -> None:
    finding = Finding("a", more=1)  # type: ignore[call-arg]
    assert repr(finding) == "Finding(label='a', score=0.5, tags=[])"
    assert str(finding) == "Finding(label='a', score=0.5, tags=[], more=1)"


@pytest.mark.parametrize("cls", [Finding, SureFinding, BareAgain, NothingNew])
def test_copies_and_pickles_are_equal(cls: Any) -> None:
    values = {"label": "a", "score": 0.25} if cls is not NothingNew else {"label": "a"}
    made = cls(**values)
    for again in (copy.copy(made), copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert again == made
        assert encode(again) == encode(made)


def test_a_class_is_ready_for_its_first_pickle() -> None:
    class Unused(Decorated):
        score: float

    left, right = Unused.__new__(Unused), Unused.__new__(Unused)
    left.__dict__.update(label="a", score=1.0)
    right.__dict__.update(label="a", score=2.0)
    assert left != right


class Scan(Image):
    slice_count: int = dataclasses.field(init=False)


def test_an_extra_beside_a_derived_field_that_was_never_set_is_kept() -> None:
    first, second = Scan(locator="a", page=1), Scan(locator="a", page=2)
    assert encode(first) == {"locator": "a", "page": 1, "data_type": "TEST_SAMPLE/IMAGE"}
    assert payload.digest(encode(first)) != payload.digest(encode(second))


def test_an_object_that_holds_itself_cannot_be_shown_as_a_dict() -> None:
    pages: List[Any] = []
    pages.append(pages)
    with pytest.raises(InputValidationError, match="nested too deeply"):
        Finding("cat", pages=pages)._to_dict()
