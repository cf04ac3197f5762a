"""What decorators leave on a class, by the private names that the package relies on.

Checked with Python 3.10 to 3.13 and pydantic 2.11 to 2.14, which brings ``pydantic.v1`` along.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import pydantic
import pydantic.dataclasses
import pydantic.v1.dataclasses
import pytest

from kolena_local.serialization import decorators
from kolena_local.serialization.data_object import DataObject


class Undecorated(DataObject):
    label: str


@dataclasses.dataclass(frozen=True)
class Standard(DataObject):
    label: str


@dataclasses.dataclass(frozen=True, init=False)
class StandardWithOwnConstructor(DataObject):
    label: str

    def __init__(self) -> None:
        object.__setattr__(self, "label", "x")


class BelowStandard(Standard):
    score: float = 0.5


class SameAsStandard(Standard):
    pass


@pydantic.dataclasses.dataclass(frozen=True)
class Pydantic2(DataObject):
    label: str


@pydantic.dataclasses.dataclass(frozen=True, config=pydantic.ConfigDict(extra="allow"))
class Pydantic2WithExtras(DataObject):
    label: str


@pydantic.dataclasses.dataclass(frozen=True)
class Pydantic2AboveStandard(Standard):
    score: float = 0.5


@pydantic.v1.dataclasses.dataclass(frozen=True)
class Pydantic1(DataObject):
    label: str


@pydantic.v1.dataclasses.dataclass(frozen=True, config={"extra": "allow"})
class Pydantic1WithExtras(DataObject):
    label: str


@pytest.mark.parametrize(
    ("cls", "decorated", "of_pydantic", "extras"),
    [
        (Undecorated, False, False, True),
        (Standard, True, False, False),
        (StandardWithOwnConstructor, True, False, True),
        (BelowStandard, False, False, True),
        (SameAsStandard, False, False, False),
        (Pydantic2, True, True, False),
        (Pydantic2WithExtras, True, True, True),
        (Pydantic2AboveStandard, True, True, False),
        (Pydantic1, True, False, False),
        (Pydantic1WithExtras, True, False, True),
    ],
)
def test_decorators_are_told_by_what_they_leave(
    cls: Any, decorated: bool, of_pydantic: bool, extras: bool
) -> None:
    assert decorators.is_decorated(cls) is decorated
    assert decorators.is_pydantic(cls) is of_pydantic
    assert decorators.has_own_pydantic_schema(cls) is of_pydantic
    assert decorators.allows_extras(cls) is extras
    is_standard = cls in (Standard, StandardWithOwnConstructor)
    assert decorators.is_standard(cls) is is_standard


@pytest.mark.parametrize("cls", [Pydantic1, Pydantic1WithExtras])
def test_pydantic_1_leaves_its_mark_in_each_object(cls: Any) -> None:
    assert vars(cls("x")) == {"label": "x", **decorators.marks(cls)}
    assert decorators.marks(cls) == {decorators.PYDANTIC_1_MARK: True}
    assert decorators.marks(Pydantic2) == decorators.marks(Undecorated) == {}


@pytest.mark.parametrize("cls", [BelowStandard, Pydantic2AboveStandard])
def test_fields_of_a_class_and_its_bases_are_found(cls: Any) -> None:
    assert list(decorators.declared_fields(cls)) == ["label", "score"]
    assert [field.name for field in dataclasses.fields(cls)] == ["label", "score"]
    assert [field.name for field in dataclasses.fields(cls("x"))] == ["label", "score"]
    assert dataclasses.replace(cls("x"), score=1.0) == cls("x", 1.0)
