"""Classes as users write them whose annotations are all text."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, List, Optional, Union

import pydantic
import pydantic.dataclasses
import pydantic.v1.dataclasses

from kolena_local.annotation import BoundingBox, Label, LabeledBoundingBox
from kolena_local.serialization.data_object import DataObject
from kolena_local.workflow import GroundTruth


class Undecorated(DataObject):
    label: str
    limit: ClassVar[int] = 3
    score: float | None = None
    boxes: list[BoundingBox | LabeledBoundingBox] = dataclasses.field(default_factory=list)
    later: Optional[Later] = None


@dataclasses.dataclass(frozen=True)
class Standard(DataObject):
    label: str
    score: float | None = None
    boxes: List[Union[BoundingBox, LabeledBoundingBox]] = dataclasses.field(default_factory=list)
    later: Optional[Later] = None


class Later(DataObject):
    label: Label
    inner: list[Later] = dataclasses.field(default_factory=list)


@pydantic.dataclasses.dataclass(frozen=True)
class Pydantic2(DataObject):
    label: str
    score: float | None = None
    boxes: List[Union[BoundingBox, LabeledBoundingBox]] = dataclasses.field(default_factory=list)
    later: Optional[Later] = None


@pydantic.dataclasses.dataclass(frozen=True)
class WithFields(GroundTruth):
    counts: dict[str, int] = pydantic.Field(default_factory=dict)


@pydantic.v1.dataclasses.dataclass(frozen=True)
class Pydantic1(DataObject):
    label: str
    score: Optional[float] = None
    boxes: List[Union[BoundingBox, LabeledBoundingBox]] = dataclasses.field(default_factory=list)
    later: Optional[Later] = None


def local_class() -> type[DataObject]:
    """Return a class whose annotation names another that only this function knows."""

    class Inner(DataObject):
        label: str

    class Outer(DataObject):
        inner: Inner

    return Outer
