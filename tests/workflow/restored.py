"""Types whose objects are stored and read again; `store` stores one as an import would."""

from __future__ import annotations

import dataclasses
from functools import cached_property
from typing import Any, Optional

from kolena_local import repository
from kolena_local.workflow import GroundTruth, Image, Inference, Metadata


@dataclasses.dataclass(frozen=True)
class Truth(GroundTruth):
    label: str = "x"


class Sized(Image):
    width: int
    height: int = 3

    @cached_property
    def area(self) -> int:
        return self.width * self.height

    @property
    def half(self) -> float:
        if "_half" not in vars(self):
            object.__setattr__(self, "_half", self.width / 2)
        return self.__dict__["_half"]  # type: ignore[no-any-return]


@dataclasses.dataclass(frozen=True)
class SizedStandard(Image):
    width: int
    metadata: Metadata = dataclasses.field(default_factory=dict)
    area = Sized.area
    half = Sized.half

    def __post_init__(self) -> None:
        object.__setattr__(self, "locator", f"/data/{self.locator}")

    @property
    def height(self) -> int:
        return 3


@dataclasses.dataclass(frozen=True)
class Loose(Inference):
    text: str = "a"
    number: Optional[float] = None
    whole: int = 0


def store(model: Any, payload: str) -> None:
    """Store an inference of the one sample of the test case c, as an import would."""
    with repository.open_store().write() as unit:
        (sample_id,) = unit.test_cases.sample_ids(unit.test_cases.get("c").id, 1)
        model_id = unit.models.get(model.name).id
        unit.inferences.put(model_id, [sample_id], [payload], replace=False)
