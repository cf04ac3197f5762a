"""Test samples, the inputs of models: images, texts, videos, documents, and composites of them.

The ``metadata`` of a test sample is stored beside it: two samples that differ only in metadata are
the same sample.
"""

from dataclasses import MISSING
from typing import Any, ClassVar

from kolena_local.asset import ImageAsset, check_span
from kolena_local.errors import InputValidationError
from kolena_local.serialization.conversion import ConversionError
from kolena_local.serialization.data_object import DataObject
from kolena_local.serialization.fields import attribute, fields_of, per_class
from kolena_local.serialization.type_shapes import Anything, Shape
from kolena_local.serialization.write import write_shape
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


class TestSample(DataObject):
    """The base of all test samples; extend it if none of the types below fits.

    A field ``metadata: Metadata`` is stored beside the sample and is not part of :meth:`_to_dict`.
    """

    __test__ = False  # the name would make pytest collect it

    _stored_beside: ClassVar[frozenset[str]] = frozenset({_METADATA})

    _type_name = "TEST_SAMPLE/CUSTOM"

    def _to_metadata_dict(self) -> dict[str, Any]:
        """Return the metadata as a JSON object, which is empty if there is none.

        Raises:
            InputValidationError: the metadata is not a dict, or something in it cannot be stored.
        """
        metadata = attribute(self, _METADATA)
        if metadata is None or metadata is MISSING:
            return {}
        try:
            encoded = write_shape(metadata, _metadata_shape(type(self)))
        except ConversionError as error:
            raise InputValidationError(
                f"{_metadata_name(self)}{error.path}: {error.problem}."
            ) from None
        if not isinstance(encoded, dict):
            raise InputValidationError(
                f"{_metadata_name(self)} is of type {type(metadata).__name__}; give a dict."
            )
        return encoded


@per_class
def _metadata_shape(cls: type[Any]) -> Shape:
    # Without such a field, metadata is an extra attribute and may have any type.
    shapes = (field.shape for field in fields_of(cls).stored if field.name == _METADATA)
    return next(shapes, Anything(Any))


def _metadata_name(sample: TestSample) -> str:
    return f"{type(sample).__name__}.{_METADATA}"


class Image(TestSample):
    """An image.

    Args:
        locator: the path or URL of the image.
    """

    locator: str

    _type_name = "TEST_SAMPLE/IMAGE"


class Text(TestSample):
    """A text.

    Args:
        text: the text itself.
    """

    text: str

    _type_name = "TEST_SAMPLE/TEXT"


class BaseVideo(TestSample):
    """A video without further fields; a subclass may add fields without default.

    Args:
        locator: the path or URL of the video.
    """

    locator: str

    _type_name = "TEST_SAMPLE/VIDEO"


class Video(BaseVideo):
    """A video or a span of it.

    Args:
        locator: the path or URL of the video.
        thumbnail: a preview image.
        start: the start of the span, in seconds.
        end: the end of the span, in seconds.

    Raises:
        InputValidationError: start and end are given, and one is negative or they are in the wrong
            order.
    """

    thumbnail: ImageAsset | None = None
    start: float | None = None
    end: float | None = None

    def __post_init__(self) -> None:
        check_span(self)

    _check = __post_init__


class Document(TestSample):
    """A document.

    Args:
        locator: the path or URL of the document.
    """

    locator: str

    _type_name = "TEST_SAMPLE/DOCUMENT"


class PointCloud(TestSample):
    """A cloud of points in space.

    Args:
        locator: the path or URL of the point cloud.
    """

    locator: str

    _type_name = "TEST_SAMPLE/POINT_CLOUD"


class Audio(TestSample):
    """A sound recording.

    Args:
        locator: the path or URL of the recording.
    """

    locator: str

    _type_name = "TEST_SAMPLE/AUDIO"


class Composite(TestSample):
    """The base of test samples with other test samples as fields, one level deep.

    Only its own metadata is stored, not that of the test samples in it.
    """

    _type_name = "TEST_SAMPLE/COMPOSITE"

    def _fields_with_metadata(self) -> list[str]:
        """Return the names of the test samples in it whose metadata will not be stored."""
        parts = {field.name: attribute(self, field.name) for field in fields_of(type(self)).payload}
        return [
            f"{type(self).__name__}.{name}"
            for name, part in parts.items()
            if isinstance(part, TestSample) and part._to_metadata_dict()
        ]


class ImagePair(Composite):
    """Two images.

    Args:
        a: the first image.
        b: the second image.
    """

    a: Image
    b: Image


class ImageText(Composite):
    """An image and a text.

    Args:
        image: the image.
        text: the text.
    """

    image: Image
    text: Text
