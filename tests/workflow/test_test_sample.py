"""Test samples: what they are made of, and how their metadata stays beside them."""

import dataclasses
import json
import math
from typing import Any, Dict

import numpy as np
import pydantic
import pydantic.v1
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolena_local.asset import ImageAsset
from kolena_local.errors import InputValidationError
from kolena_local.workflow.ground_truth import GroundTruth
from kolena_local.workflow.inference import Inference
from kolena_local.workflow.test_sample import (
    Audio,
    BaseVideo,
    Composite,
    Document,
    Image,
    ImagePair,
    ImageText,
    Metadata,
    PointCloud,
    TestSample,
    Text,
    Video,
)

DECORATORS = {
    "dataclass": dataclasses.dataclass(frozen=True),
    "pydantic 2": pydantic.dataclasses.dataclass(frozen=True),
    "pydantic 1": pydantic.v1.dataclasses.dataclass(frozen=True),
    "none": lambda cls: cls,
}
CONVERTING = {name: DECORATORS[name] for name in DECORATORS if name != "dataclass"}

every_way = pytest.mark.parametrize("decorator", DECORATORS.values(), ids=DECORATORS)
every_converting_way = pytest.mark.parametrize("decorator", CONVERTING.values(), ids=CONVERTING)


def own_image(decorator: Any) -> Any:
    @decorator
    class OwnImage(Image):
        width: int = 0
        metadata: Metadata = dataclasses.field(default_factory=dict)

    return OwnImage


@pytest.mark.parametrize(
    ("sample", "data_type"),
    [
        (TestSample(), "CUSTOM"),
        (Image("a"), "IMAGE"),
        (Text("a"), "TEXT"),
        (BaseVideo("a"), "VIDEO"),
        (Video("a", ImageAsset("t"), 0, 1.5), "VIDEO"),
        (Document("a"), "DOCUMENT"),
        (PointCloud("a"), "POINT_CLOUD"),
        (Audio("a"), "AUDIO"),
        (Composite(), "COMPOSITE"),
        (ImagePair(Image("a"), Image("b")), "COMPOSITE"),
        (ImageText(Image("a"), Text("b")), "COMPOSITE"),
    ],
)
def test_built_in_samples_come_back(sample: TestSample, data_type: str) -> None:
    shown = sample._to_dict()
    assert shown["data_type"] == f"TEST_SAMPLE/{data_type}"
    assert type(sample)._from_dict(json.loads(json.dumps(shown))) == sample
    assert sample._to_metadata_dict() == {}


def test_locators_are_not_checked() -> None:
    assert Image("").locator == ""
    assert Image(5).locator == "5"


def test_parts_of_a_composite_may_be_given_as_dicts() -> None:
    pair = ImagePair({"locator": "a"}, b={"locator": "b", "side": "left"})
    assert pair == ImagePair(Image("a"), Image("b"))
    assert pair.b.side == "left"


def test_a_wrong_part_is_refused_by_name() -> None:
    with pytest.raises(InputValidationError, match=r"ImageText\.text"):
        ImageText(Image("a"), Image("b"))


@pytest.mark.parametrize("span", [{"start": -1}, {"end": -1}, {"start": 1, "end": 1}])
def test_video_spans_that_are_allowed(span: Dict[str, Any]) -> None:
    assert Video._from_dict(Video("v", **span)._to_dict()) == Video("v", **span)


@pytest.mark.parametrize("span", [{"start": 2, "end": 1}, {"start": -1, "end": 1}])
def test_video_spans_that_are_refused(span: Dict[str, Any]) -> None:
    with pytest.raises(InputValidationError, match="Video runs from"):
        Video("v", **span)


MIXED: Dict[str, Any] = {
    "truth": True,
    "whole": 1,
    "float": 1.0,
    "text": "1",
    "none": None,
    "list": [False, 0, 0.0, "0", None],
}


def kinds(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: kinds(item) for key, item in value.items()}
    return [kinds(item) for item in value] if isinstance(value, list) else (type(value), value)


@every_way
class TestMetadata:
    def test_keeps_each_value_as_it_is(self, decorator: Any) -> None:
        sample = own_image(decorator)("a", metadata=MIXED)
        assert kinds(sample.metadata) == kinds(MIXED)
        assert kinds(sample._to_metadata_dict()) == kinds(MIXED)

    def test_is_no_part_of_the_sample(self, decorator: Any) -> None:
        sample = own_image(decorator)("a", metadata=MIXED)
        assert list(sample._to_dict()) == ["locator", "width", "data_type"]

    def test_is_empty_when_not_given(self, decorator: Any) -> None:
        assert own_image(decorator)("a")._to_metadata_dict() == {}

    def test_comes_back(self, decorator: Any) -> None:
        sample = own_image(decorator)("a", metadata=MIXED)
        stored = {**sample._to_dict(), "metadata": sample._to_metadata_dict()}
        assert type(sample)._from_dict(stored) == sample

    def test_is_stored_as_python_numbers(self, decorator: Any) -> None:
        given = {"a": np.int64(3), "b": np.float32(0.5), "c": np.bool_(True), "d": np.str_("x")}
        stored = own_image(decorator)("a", metadata=given)._to_metadata_dict()
        assert kinds(stored) == kinds({"a": 3, "b": 0.5, "c": True, "d": "x"})

    @pytest.mark.parametrize("value", [{"deep": 1}, [[1]], {1}, b"x", 1j])
    def test_holds_scalars_and_lists_of_them(self, decorator: Any, value: Any) -> None:
        with pytest.raises(ValueError, match="metadata"):
            own_image(decorator)("a", metadata={"key": value})._to_metadata_dict()

    def test_of_the_parts_of_a_composite_is_left_out(self, decorator: Any) -> None:
        own = own_image(decorator)

        @decorator
        class Own(Composite):
            first: own  # type: ignore[valid-type]
            second: Text
            metadata: Metadata = dataclasses.field(default_factory=dict)

        sample = Own(own("a", metadata=MIXED), Text("b"), metadata={"place": "here"})
        shown = sample._to_dict()
        assert list(shown["first"]) == ["locator", "width", "data_type"]
        assert "metadata" not in shown
        assert sample._to_metadata_dict() == {"place": "here"}
        assert Own._from_dict(shown).first == own("a")


@every_converting_way
def test_metadata_given_as_numpy_is_read_as_python(decorator: Any) -> None:
    sample = own_image(decorator)("a", metadata={"a": np.int64(3), "b": (np.float64(0.5),)})
    assert kinds(sample.metadata) == kinds({"a": 3, "b": [0.5]})


metadata_scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None, exclude_categories=()))
)


@every_way
@given(st.dictionaries(st.text(), metadata_scalars | st.lists(metadata_scalars)))
def test_any_metadata_comes_back(decorator: Any, metadata: Dict[str, Any]) -> None:
    cls = own_image(decorator)
    text = json.dumps(cls("a", metadata=metadata)._to_metadata_dict())
    back = cls._from_dict({"locator": "a", "metadata": json.loads(text)}).metadata
    assert repr(back) == repr(metadata)


def test_a_sample_without_the_field_keeps_metadata_as_an_extra() -> None:
    image = Image("a", metadata={"place": "here"}, camera=2)
    assert dict(image._to_dict()) == {
        "locator": "a",
        "camera": 2,
        "data_type": "TEST_SAMPLE/IMAGE",
    }
    assert image._to_metadata_dict() == {"place": "here"}
    loaded = Image._from_dict({**image._to_dict(), "metadata": image._to_metadata_dict()})
    assert loaded.metadata == {"place": "here"}
    assert loaded == Image("a")


def test_a_dataclass_without_the_field_drops_metadata() -> None:
    @dataclasses.dataclass(frozen=True)
    class Bare(Image):
        pass

    assert not hasattr(Bare._from_dict({"locator": "a", "metadata": {"b": 1}}), "metadata")


def test_metadata_is_a_dict() -> None:
    with pytest.raises(InputValidationError, match=r"Image\.metadata is of type list; give a dict"):
        Image("a", metadata=[1])._to_metadata_dict()


def test_nan_in_metadata_is_kept() -> None:
    sample = own_image(DECORATORS["pydantic 1"])("a", metadata={"x": math.nan, "y": -0.0})
    assert str(sample._to_metadata_dict()) == "{'x': nan, 'y': -0.0}"


@pytest.mark.parametrize("cls", [GroundTruth, Inference])
def test_bases_of_ground_truths_and_inferences_take_extras(cls: Any) -> None:
    assert cls()._to_dict() == {}
    assert cls(found=3).found == 3
