"""What a model is given: images, texts, videos, documents, and composites of them.

A test sample's ``metadata`` describes it without being part of it: it is stored beside the sample,
and two samples that differ in nothing else are one sample to the store.
"""

from typing import Any, ClassVar

from kolena_local.asset import ImageAsset, check_span
from kolena_local.errors import InputValidationError
from kolena_local.serialization.data_object import DataObject, data_object
from kolena_local.serialization.encode import Encoder, encoder_for
from kolena_local.serialization.layout import layout_of, per_class
from kolena_local.serialization.scalar import Mismatch
from kolena_local.workflow.metadata import Metadata

__all__ = [
    "Audio",
    "BaseVideo",
    "Composite",
    "Document",
    "Image",
    "ImagePair",
    "ImageText",
    "Metadata",
    "PointCloud",
    "TestSample",
    "Text",
    "Video",
]

_METADATA = "metadata"


@data_object
class TestSample(DataObject):
    """The base of all test samples, for what fits none of the types below.

    A field ``metadata: Metadata`` is kept beside the sample: it is no part of :meth:`_to_dict`.
    """

    __test__ = False  # the name would make pytest collect it

    _apart: ClassVar[frozenset[str]] = frozenset({_METADATA})

    @classmethod
    def _data_type(cls) -> str:
        return "TEST_SAMPLE/CUSTOM"

    def _to_metadata_dict(self) -> dict[str, Any]:
        """Return the metadata as a JSON object, empty when there is none.

        Raises:
            InputValidationError: the metadata is no dict, or something in it cannot be stored.
        """
        metadata = getattr(self, _METADATA, None)
        if metadata is None:
            return {}
        try:
            encoded = _metadata_encoder(type(self))(metadata)
        except Mismatch as mismatch:
            raise InputValidationError(
                f"{_metadata_name(self)}{mismatch.path}: {mismatch.problem}."
            ) from None
        if not isinstance(encoded, dict):
            raise InputValidationError(
                f"{_metadata_name(self)} is a {type(metadata).__name__}; give a dict."
            )
        return encoded


def _metadata_name(sample: TestSample) -> str:
    return f"{type(sample).__name__}.{_METADATA}"


@per_class
def _metadata_encoder(cls: type[Any]) -> Encoder:
    # Without a field of that name it is an extra attribute, which may be anything.
    hints = (field.hint for field in layout_of(cls).fields if field.name == _METADATA)
    return encoder_for(next(hints, Any))


@data_object
class Image(TestSample):
    """An image.

    Args:
        locator: where the image is.
    """

    locator: str

    @classmethod
    def _data_type(cls) -> str:
        return "TEST_SAMPLE/IMAGE"


@data_object
class Text(TestSample):
    """A text.

    Args:
        text: the text itself.
    """

    text: str

    @classmethod
    def _data_type(cls) -> str:
        return "TEST_SAMPLE/TEXT"


@data_object
class BaseVideo(TestSample):
    """A video, and nothing else about it; a subclass may add fields without default.

    Args:
        locator: where the video is.
    """

    locator: str

    @classmethod
    def _data_type(cls) -> str:
        return "TEST_SAMPLE/VIDEO"


@data_object
class Video(BaseVideo):
    """A video or a span of it.

    Args:
        locator: where the video is.
        thumbnail: an image that stands for it.
        start: where the span begins, in seconds.
        end: where the span ends, in seconds.

    Raises:
        InputValidationError: start and end are given and one is negative or they are in
            the wrong order.
    """

    thumbnail: ImageAsset | None = None
    start: float | None = None
    end: float | None = None

    def __post_init__(self) -> None:
        check_span(self)


@data_object
class Document(TestSample):
    """A document.

    Args:
        locator: where the document is.
    """

    locator: str

    @classmethod
    def _data_type(cls) -> str:
        return "TEST_SAMPLE/DOCUMENT"


@data_object
class PointCloud(TestSample):
    """A cloud of points in space.

    Args:
        locator: where the point cloud is.
    """

    locator: str

    @classmethod
    def _data_type(cls) -> str:
        return "TEST_SAMPLE/POINT_CLOUD"


@data_object
class Audio(TestSample):
    """A sound recording.

    Args:
        locator: where the recording is.
    """

    locator: str

    @classmethod
    def _data_type(cls) -> str:
        return "TEST_SAMPLE/AUDIO"


@data_object
class Composite(TestSample):
    """The base of test samples made of others: its fields may be test samples, one level deep."""

    @classmethod
    def _data_type(cls) -> str:
        return "TEST_SAMPLE/COMPOSITE"


@data_object
class ImagePair(Composite):
    """Two images.

    Args:
        a: the first image.
        b: the second image.
    """

    a: Image
    b: Image


@data_object
class ImageText(Composite):
    """An image and a text.

    Args:
        image: the image.
        text: the text.
    """

    image: Image
    text: Text
