"""Assets: a locator that nobody checks, and what a video has besides."""

import dataclasses
import inspect
import json
from typing import Any, Dict, Optional

import pydantic
import pydantic.v1
import pytest

import kolena_local.workflow.asset
from kolena_local import asset
from kolena_local.asset import Asset, BaseVideoAsset, ImageAsset, VideoAsset
from kolena_local.errors import InputValidationError

DATA_TYPES = {
    "ImageAsset": "ASSET/IMAGE",
    "PlainTextAsset": "ASSET/PLAIN_TEXT",
    "BinaryAsset": "ASSET/BINARY",
    "PointCloudAsset": "ASSET/POINT_CLOUD",
    "BaseVideoAsset": "ASSET/VIDEO",
    "VideoAsset": "ASSET/VIDEO",
    "AudioAsset": "ASSET/AUDIO",
    "MeshAsset": "ASSET/MESH",
    "DocumentAsset": "ASSET/DOCUMENT",
}


def test_every_class_is_tested_here() -> None:
    classes = {
        name
        for name, value in vars(asset).items()
        if inspect.isclass(value) and issubclass(value, Asset)
    }
    assert classes == {"Asset", *DATA_TYPES}


@pytest.mark.parametrize("name", DATA_TYPES)
@pytest.mark.parametrize("locator", ["s3://bucket/key.png", "/no/such file", ""])
def test_any_locator_comes_back(name: str, locator: str) -> None:
    cls = getattr(asset, name)
    made = cls(locator, position="left")
    shown = made._to_dict()
    assert shown["data_type"] == DATA_TYPES[name]
    back = cls._from_dict(json.loads(json.dumps(shown)))
    assert (back, back.locator, back.position) == (made, locator, "left")


def test_an_asset_can_be_made_of_another_ones_attributes() -> None:
    made = ImageAsset("a.png", position="left")
    more = ImageAsset(**made.__dict__, side="front")
    assert list(more._to_dict()) == ["locator", "position", "side", "data_type"]


def test_base_class_cannot_be_made() -> None:
    with pytest.raises(TypeError):
        Asset()


def test_video_shows_what_it_lacks() -> None:
    assert VideoAsset("v.mp4", thumbnail={"locator": "t.png"})._to_dict() == {
        "locator": "v.mp4",
        "thumbnail": {"locator": "t.png", "data_type": "ASSET/IMAGE"},
        "start": None,
        "end": None,
        "frame_rate": None,
        "data_type": "ASSET/VIDEO",
    }


@pytest.mark.parametrize(
    "span", [{"start": -1}, {"end": -1}, {"start": 1, "end": 1}, {"start": 0, "end": 0.5}, {}]
)
def test_spans_that_are_allowed(span: Dict[str, Any]) -> None:
    made = VideoAsset("v.mp4", **span)
    assert VideoAsset._from_dict(made._to_dict()) == made


@pytest.mark.parametrize(
    "span", [{"start": 2, "end": 1}, {"start": -1, "end": 1}, {"start": -2, "end": -1}]
)
def test_spans_that_are_refused(span: Dict[str, Any]) -> None:
    with pytest.raises(InputValidationError, match="VideoAsset runs from"):
        VideoAsset("v.mp4", **span)


@pytest.mark.parametrize("frame_rate", [0, -1, "0"])
def test_frame_rate_is_above_zero(frame_rate: Any) -> None:
    with pytest.raises(InputValidationError, match="frame_rate"):
        VideoAsset("v.mp4", frame_rate=frame_rate)


@pytest.mark.parametrize(
    "decorator",
    [
        dataclasses.dataclass(frozen=True),
        pydantic.dataclasses.dataclass(frozen=True),
        pydantic.v1.dataclasses.dataclass(frozen=True),
        lambda cls: cls,
    ],
)
def test_own_assets(decorator: Any) -> None:
    @decorator
    class Clip(BaseVideoAsset):
        camera: str
        still: Optional[ImageAsset] = None

    clip = Clip("v.mp4", camera="front", still=ImageAsset("t.png"))
    assert Clip._from_dict(json.loads(json.dumps(clip._to_dict()))) == clip


def test_workflow_path_leaves_out_the_newest_kinds() -> None:
    missing = {"Asset", *DATA_TYPES} - {*kolena_local.workflow.asset.__all__}
    assert missing == {"AudioAsset", "MeshAsset", "DocumentAsset"}
