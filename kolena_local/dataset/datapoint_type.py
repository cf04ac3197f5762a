"""What kind of data a datapoint refers to.

It is not stored: it follows from the columns ``locator``, ``file_extension`` and ``text``.
"""

from __future__ import annotations

import mimetypes
from enum import Enum
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import pandas as pd


class DatapointType(str, Enum):
    """The kinds of data."""

    AUDIO = "DATAPOINT/AUDIO"
    DOCUMENT = "DATAPOINT/DOCUMENT"
    IMAGE = "DATAPOINT/IMAGE"
    POINT_CLOUD = "DATAPOINT/POINT_CLOUD"
    TABULAR = "DATAPOINT/TABULAR"
    TEXT = "DATAPOINT/TEXT"
    VIDEO = "DATAPOINT/VIDEO"


_OF_MEDIA = {
    "image": DatapointType.IMAGE,
    "text": DatapointType.DOCUMENT,
    "video": DatapointType.VIDEO,
    "audio": DatapointType.AUDIO,
}
_OF_SUFFIX = {
    ".pcd": DatapointType.POINT_CLOUD,
    **dict.fromkeys((".flac", ".ogg", ".opus", ".aac", ".m4a"), DatapointType.AUDIO),
}


def datapoint_type(locator: Any, file_extension: Any = None) -> DatapointType:
    """Return the kind of data of a locator.

    Args:
        locator: a path or URL.
        file_extension: the file name extension, if the locator does not tell.
    """
    path = urlsplit(str(locator)).path if file_extension is None else f"x.{file_extension}"
    suffix = f".{path.rpartition('.')[2]}"
    if suffix in _OF_SUFFIX:
        return _OF_SUFFIX[suffix]
    media, _ = mimetypes.guess_type(path.lower())
    if media == "application/pdf":
        return DatapointType.DOCUMENT
    return _OF_MEDIA.get((media or "").partition("/")[0], DatapointType.TABULAR)


def _infer_datatype(df: pd.DataFrame) -> list[str]:
    """Return the kind of data of each row."""
    if "locator" in df:
        extensions = df["file_extension"] if "file_extension" in df else [None] * len(df)
        pairs = zip(df["locator"], extensions, strict=True)
        return [datapoint_type(*pair).value for pair in pairs]
    kind = DatapointType.TEXT if "text" in df else DatapointType.TABULAR
    return [kind.value] * len(df)
