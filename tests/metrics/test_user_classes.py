"""Users extend the scored annotations in every form that Python offers; matching copies all."""

import dataclasses
from typing import Any

import pydantic.dataclasses
import pydantic.v1.dataclasses
import pytest

from kolena_local.annotation import (
    LabeledBoundingBox,
    Polygon,
    ScoredBoundingBox,
    ScoredLabeledBoundingBox,
    ScoredPolygon,
)
from kolena_local.metrics import match_inferences, match_inferences_multiclass


@dataclasses.dataclass(frozen=True)
class Standard(ScoredLabeledBoundingBox):
    track: int = 0


@dataclasses.dataclass(frozen=True, order=True)
class Ordered(Standard):
    note: str = ""


@pydantic.dataclasses.dataclass(frozen=True)
class Pydantic2(ScoredLabeledBoundingBox):
    track: int = 0


@pydantic.v1.dataclasses.dataclass(frozen=True)
class Pydantic1(ScoredLabeledBoundingBox):
    track: int = 0


class Undecorated(ScoredLabeledBoundingBox):
    track: int = 0


Made = dataclasses.make_dataclass(
    "Made", [("track", int, 0)], bases=(ScoredLabeledBoundingBox,), frozen=True
)

FORMS = [Standard, Ordered, Pydantic2, Pydantic1, Undecorated, Made]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_every_form_of_class_is_matched(form: Any) -> None:
    target = LabeledBoundingBox((0, 0), (10, 1), "a")
    hit = form(top_left=(0, 0), bottom_right=(8, 1), label="a", score=0.9, track=3)
    stray = form(top_left=(20, 0), bottom_right=(28, 1), label="a", score=0.8, track=4)

    for matcher in (match_inferences, match_inferences_multiclass):
        result = matcher([target], [stray, hit])

        copy = result.matched[0][1]
        assert copy == hit
        assert type(copy) is form
        assert (copy.track, copy.iou, copy.width) == (3, 0.8, 8.0)
        assert result.unmatched_inf == [stray]
        assert result.unmatched_inf[0].iou == 0.0
        assert not hasattr(hit, "iou")


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_copies_can_be_matched_again(form: Any) -> None:
    target = LabeledBoundingBox((0, 0), (10, 1), "a")
    hit = form(top_left=(0, 0), bottom_right=(8, 1), label="a", score=0.9)

    copies = match_inferences([], [hit]).unmatched_inf

    assert match_inferences([target], copies).matched == [(target, hit)]


def test_a_standard_extension_of_a_polygon() -> None:
    @dataclasses.dataclass(frozen=True)
    class Field(ScoredPolygon):
        crop: str = "rye"

    square = [(0, 0), (2, 0), (2, 2), (0, 2)]
    result = match_inferences([Polygon(square)], [Field(square, 0.5)])

    assert result.matched[0][1].crop == "rye"
    assert result.matched[0][1].iou == 1.0


def test_a_class_that_computes_something_at_construction_is_not_constructed_again() -> None:
    made = []

    @dataclasses.dataclass(frozen=True)
    class Counted(ScoredBoundingBox):
        def __post_init__(self) -> None:
            super().__post_init__()
            made.append(self)

    inference = Counted((0, 0), (2, 2), 0.5)
    match_inferences([], [inference])

    assert made == [inference]
