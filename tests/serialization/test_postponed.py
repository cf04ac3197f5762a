"""Annotations that are text, and unions written with a bar."""

from typing import Any

import pydantic.dataclasses
import pytest

from kolena_local import payload
from kolena_local.annotation import BoundingBox, Label, LabeledBoundingBox
from kolena_local.errors import InputValidationError
from kolena_local.serialization.write import write as encode
from kolena_local.workflow import Image, Inference, define_workflow
from tests.serialization import postponed
from tests.serialization.postponed import Later, Pydantic1, Pydantic2, Standard, Undecorated

BOXES = [
    BoundingBox((0.0, 1.0), (2.0, 3.0)),
    LabeledBoundingBox((0.0, 1.0), (2.0, 3.0), "a"),
]


@pytest.mark.parametrize("cls", [Undecorated, Standard, Pydantic2, Pydantic1])
@pytest.mark.parametrize("score", [None, 0.5])
def test_text_annotations_are_resolved(cls: Any, score: Any) -> None:
    made = cls("a", score, BOXES, Later(Label("b"), [Later(Label("c"))]))
    loaded = cls._from_dict(payload.loads(payload.dumps(encode(made))))
    assert loaded == made
    assert [type(box) for box in loaded.boxes] == [BoundingBox, LabeledBoundingBox]
    assert type(loaded.later.inner[0].label) is Label


def test_values_are_converted_as_the_text_says() -> None:
    made = Undecorated(5, "0.5", [], {"label": {"label": "a"}})  # type: ignore[arg-type]
    assert (made.label, made.score, made.later) == ("5", 0.5, Later(Label("a")))
    assert "limit" not in encode(made)


def test_a_name_that_only_a_function_knows() -> None:
    with pytest.raises(InputValidationError, match=r"Outer\.inner .*'Inner'.*move its definition"):
        postponed.local_class()(inner=None)


@pydantic.dataclasses.dataclass(frozen=True)
class Below(postponed.WithFields):
    note: str = ""


def test_only_a_base_class_of_pydantic_declares_a_field() -> None:
    define_workflow("Any", Image, Below, Inference)  # those of a base may have any type
    made = Below({"b": 1}, "c")
    assert Below._from_dict(payload.loads(payload.dumps(encode(made)))) == made  # type: ignore[arg-type]
