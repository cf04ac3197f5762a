"""Files that belong to a test sample, a ground truth or an inference.

A locator is any string, such as a path or a URL. It is neither checked nor opened here.
"""

from typing import Protocol

from kolena_local.errors import InputValidationError
from kolena_local.serialization.classes import ABSTRACT
from kolena_local.serialization.data_object import DataObject


class Asset(DataObject):
    """The base of all assets; use one of its subclasses."""

    _data_type = ABSTRACT


class ImageAsset(Asset):
    """An image.

    Args:
        locator: the path or URL of the image.
    """

    locator: str

    _type_name = "ASSET/IMAGE"


class PlainTextAsset(Asset):
    """A text file.

    Args:
        locator: the path or URL of the text.
    """

    locator: str

    _type_name = "ASSET/PLAIN_TEXT"


class BinaryAsset(Asset):
    """A file in any format.

    Args:
        locator: the path or URL of the file.
    """

    locator: str

    _type_name = "ASSET/BINARY"


class PointCloudAsset(Asset):
    """A three-dimensional point cloud.

    Args:
        locator: the path or URL of the point cloud.
    """

    locator: str

    _type_name = "ASSET/POINT_CLOUD"


class BaseVideoAsset(Asset):
    """A video without further fields; a subclass may add fields without default.

    Args:
        locator: the path or URL of the video.
    """

    locator: str

    _type_name = "ASSET/VIDEO"


class VideoAsset(BaseVideoAsset):
    """A video or a span of it.

    Args:
        locator: the path or URL of the video.
        thumbnail: a preview image.
        start: the start of the span, in seconds.
        end: the end of the span, in seconds.
        frame_rate: frames per second.

    Raises:
        InputValidationError: start and end are given, and one is negative or they are in the wrong
            order; or the frame rate is not positive.
    """

    thumbnail: ImageAsset | None = None
    start: float | None = None
    end: float | None = None
    frame_rate: float | None = None

    def __post_init__(self) -> None:
        check_span(self)
        if self.frame_rate is not None and self.frame_rate <= 0:
            raise InputValidationError(
                f"{type(self).__name__}.frame_rate is {self.frame_rate}; give a positive number."
            )

    _check = __post_init__


class AudioAsset(Asset):
    """A sound recording.

    Args:
        locator: the path or URL of the recording.
    """

    locator: str

    _type_name = "ASSET/AUDIO"


class MeshAsset(Asset):
    """A three-dimensional mesh.

    Args:
        locator: the path or URL of the mesh.
    """

    locator: str

    _type_name = "ASSET/MESH"


class DocumentAsset(Asset):
    """A document.

    Args:
        locator: the path or URL of the document.
    """

    locator: str

    _type_name = "ASSET/DOCUMENT"


class _Spanned(Protocol):
    @property
    def start(self) -> float | None: ...

    @property
    def end(self) -> float | None: ...


def check_span(video: _Spanned) -> None:
    """Check the span of a video, if both ends are given.

    Args:
        video: a video asset or a video test sample.

    Raises:
        InputValidationError: start or end is negative, or the end is before the start.
    """
    start, end = video.start, video.end
    if start is None or end is None:
        return
    if start < 0 or end < 0 or start > end:
        raise InputValidationError(
            f"{type(video).__name__} runs from start={start} to end={end}; give two times that are"
            " not negative, the earlier one first."
        )
