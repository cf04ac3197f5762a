"""Files that belong to a test sample, a ground truth or an inference, told by their locator.

A locator is any text: a path, an address in a bucket. It is neither checked nor opened here.
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
        locator: where the image is.
    """

    locator: str

    _type_name = "ASSET/IMAGE"


class PlainTextAsset(Asset):
    """A file of plain text.

    Args:
        locator: where the text is.
    """

    locator: str

    _type_name = "ASSET/PLAIN_TEXT"


class BinaryAsset(Asset):
    """A file of bytes that nothing more is known of.

    Args:
        locator: where the file is.
    """

    locator: str

    _type_name = "ASSET/BINARY"


class PointCloudAsset(Asset):
    """A cloud of points in space.

    Args:
        locator: where the point cloud is.
    """

    locator: str

    _type_name = "ASSET/POINT_CLOUD"


class BaseVideoAsset(Asset):
    """A video, and nothing else about it; a subclass may add fields without default.

    Args:
        locator: where the video is.
    """

    locator: str

    _type_name = "ASSET/VIDEO"


class VideoAsset(BaseVideoAsset):
    """A video or a span of it.

    Args:
        locator: where the video is.
        thumbnail: an image that stands for it.
        start: where the span begins, in seconds.
        end: where the span ends, in seconds.
        frame_rate: frames per second.

    Raises:
        InputValidationError: start and end are given and one is negative or they are in the wrong
            order, or the frame rate is not above zero.
    """

    thumbnail: ImageAsset | None = None
    start: float | None = None
    end: float | None = None
    frame_rate: float | None = None

    def __post_init__(self) -> None:
        check_span(self)
        if self.frame_rate is not None and self.frame_rate <= 0:
            raise InputValidationError(
                f"{type(self).__name__}.frame_rate is {self.frame_rate}; give a number above zero."
            )

    _check = __post_init__


class AudioAsset(Asset):
    """A sound recording.

    Args:
        locator: where the recording is.
    """

    locator: str

    _type_name = "ASSET/AUDIO"


class MeshAsset(Asset):
    """A mesh of a body in space.

    Args:
        locator: where the mesh is.
    """

    locator: str

    _type_name = "ASSET/MESH"


class DocumentAsset(Asset):
    """A document.

    Args:
        locator: where the document is.
    """

    locator: str

    _type_name = "ASSET/DOCUMENT"


class _Spanned(Protocol):
    @property
    def start(self) -> float | None: ...

    @property
    def end(self) -> float | None: ...


def check_span(video: _Spanned) -> None:
    """Check the span of a video whose start and end are both known.

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
