"""Assets under the import path of workflow scripts; see :mod:`kolena_local.asset`."""

from kolena_local.asset import (
    Asset,
    BaseVideoAsset,
    BinaryAsset,
    ImageAsset,
    PlainTextAsset,
    PointCloudAsset,
    VideoAsset,
)

__all__ = [
    "Asset",
    "BaseVideoAsset",
    "BinaryAsset",
    "ImageAsset",
    "PlainTextAsset",
    "PointCloudAsset",
    "VideoAsset",
]
