"""What is marked in a test sample, by a person or by a model: boxes, polygons, labels, segments.

Every annotation takes further keyword arguments and keeps them as extra attributes. Coordinates are
taken as they are: swapped corners, negative numbers and NaN are the caller's business.
"""

import dataclasses
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, TypeVar

from kolena_local.errors import InputValidationError
from kolena_local.serialization.data_object import DataObject, data_object
from kolena_local.serialization.layout import keep_derived
from kolena_local.wording import counted

_PolygonType = TypeVar("_PolygonType", bound="Polygon")


@data_object
class Annotation(DataObject):
    """The base of all annotations; use one of its subclasses."""

    # Abstract, so that Python itself refuses a bare Annotation, at no cost to its subclasses.
    @classmethod
    @abstractmethod
    def _data_type(cls) -> str: ...


@data_object
class BoundingBox(Annotation):
    """A rectangle with upright sides, given by two opposite corners in any order.

    Args:
        top_left: x and y of one corner, in pixels.
        bottom_right: x and y of the opposite corner.
    """

    top_left: tuple[float, float]
    bottom_right: tuple[float, float]
    width: float = dataclasses.field(init=False)
    height: float = dataclasses.field(init=False)
    area: float = dataclasses.field(init=False)
    aspect_ratio: float = dataclasses.field(init=False)

    @classmethod
    def _data_type(cls) -> str:
        return "ANNOTATION/BOUNDING_BOX"

    def __post_init__(self) -> None:
        (left, top), (right, bottom) = self.top_left, self.bottom_right
        width, height = abs(left - right), abs(top - bottom)
        # Boxes are most of what is loaded, and this takes half the time of setting attributes.
        values = self.__dict__ if "top_left" in self.__dict__ else {}
        values["width"] = width
        values["height"] = height
        values["area"] = width * height
        values["aspect_ratio"] = width / height if height != 0 else 0.0
        if values is not self.__dict__:  # a subclass has slots
            keep_derived(self, values)


@data_object
class LabeledBoundingBox(BoundingBox):
    """A bounding box with ``label``."""

    label: str


@data_object
class ScoredBoundingBox(BoundingBox):
    """A bounding box with ``score``."""

    score: float


@data_object
class ScoredLabeledBoundingBox(BoundingBox):
    """A bounding box with ``label`` and ``score``, in this order."""

    label: str
    score: float


@data_object
class Polygon(Annotation):
    """An area with straight edges.

    Args:
        points: x and y of each corner, at least three.
    """

    points: list[tuple[float, float]]

    @classmethod
    def _data_type(cls) -> str:
        return "ANNOTATION/POLYGON"

    def __new__(cls: type[_PolygonType], /, *args: Any, **kwargs: Any) -> _PolygonType:
        """Refuse an iterator: its corners cannot be counted without being used up."""
        points = args[0] if args else kwargs.get("points")
        if isinstance(points, Iterator):
            raise TypeError(
                f"{cls.__name__}.points is a {type(points).__name__}, whose length nobody knows;"
                " give a list of points."
            )
        return super().__new__(cls)

    def __post_init__(self) -> None:
        if len(self.points) < 3:
            raise InputValidationError(
                f"{type(self).__name__} has {counted(len(self.points), 'point')}; give at least"
                " three."
            )


@data_object
class LabeledPolygon(Polygon):
    """A polygon with ``label``."""

    label: str


@data_object
class ScoredPolygon(Polygon):
    """A polygon with ``score``."""

    score: float


@data_object
class ScoredLabeledPolygon(Polygon):
    """A polygon with ``label`` and ``score``, in this order."""

    label: str
    score: float


@data_object
class Keypoints(Annotation):
    """Points that are looked for one by one; ``skeleton`` is a usual extra.

    Args:
        points: x and y of each point.
    """

    points: list[tuple[float, float]]

    @classmethod
    def _data_type(cls) -> str:
        return "ANNOTATION/KEYPOINTS"


@data_object
class Polyline(Annotation):
    """A line of straight pieces.

    Args:
        points: x and y of each corner, from end to end.
    """

    points: list[tuple[float, float]]

    @classmethod
    def _data_type(cls) -> str:
        return "ANNOTATION/POLYLINE"


@data_object
class Keypoints3D(Annotation):
    """Points in space that are looked for one by one.

    Args:
        points: x, y and z of each point.
    """

    points: list[tuple[float, float, float]]

    @classmethod
    def _data_type(cls) -> str:
        return "ANNOTATION/KEYPOINTS_3D"


@data_object
class Polyline3D(Annotation):
    """A line of straight pieces in space.

    Args:
        points: x, y and z of each corner, from end to end.
    """

    points: list[tuple[float, float, float]]

    @classmethod
    def _data_type(cls) -> str:
        return "ANNOTATION/POLYLINE_3D"


@data_object
class BoundingBox3D(Annotation):
    """A box in space, turned about its middle.

    Args:
        center: x, y and z of its middle.
        dimensions: its extent along x, y and z.
        rotations: its rotation about x, y and z.
    """

    center: tuple[float, float, float]
    dimensions: tuple[float, float, float]
    rotations: tuple[float, float, float]
    volume: float = dataclasses.field(init=False)

    @classmethod
    def _data_type(cls) -> str:
        return "ANNOTATION/BOUNDING_BOX_3D"

    def __post_init__(self) -> None:
        x, y, z = self.dimensions
        object.__setattr__(self, "volume", x * y * z)


@data_object
class LabeledBoundingBox3D(BoundingBox3D):
    """A box in space with ``label``."""

    label: str


@data_object
class ScoredBoundingBox3D(BoundingBox3D):
    """A box in space with ``score``."""

    score: float


@data_object
class ScoredLabeledBoundingBox3D(BoundingBox3D):
    """A box in space with ``label`` and ``score``, in this order."""

    label: str
    score: float


@data_object
class SegmentationMask(Annotation):
    """A picture whose pixel values say what each pixel shows.

    Args:
        labels: what each pixel value means.
        locator: where the picture is.
    """

    labels: dict[int, str]
    locator: str

    @classmethod
    def _data_type(cls) -> str:
        return "ANNOTATION/SEGMENTATION_MASK"


@data_object
class BitmapMask(Annotation):
    """A picture that covers the marked area.

    Args:
        locator: where the picture is.
    """

    locator: str

    @classmethod
    def _data_type(cls) -> str:
        return "ANNOTATION/BITMAP_MASK"


@data_object
class Label(Annotation):
    """A class that the whole sample, or a part of it, belongs to.

    Args:
        label: name of the class.
    """

    label: str

    @classmethod
    def _data_type(cls) -> str:
        return "ANNOTATION/LABEL"


@data_object
class ScoredLabel(Label):
    """A label with a score.

    Args:
        label: name of the class.
        score: how sure the model is; any number.
    """

    score: float


ClassificationLabel = Label
ScoredClassificationLabel = ScoredLabel


@data_object
class TimeSegment(Annotation):
    """A stretch of a recording; ``group`` is a usual extra.

    Args:
        start: where it begins, in seconds.
        end: where it ends.
    """

    start: float
    end: float

    @classmethod
    def _data_type(cls) -> str:
        return "ANNOTATION/TIME_SEGMENT"


@data_object
class LabeledTimeSegment(TimeSegment):
    """A stretch of a recording with ``label``."""

    label: str


@data_object
class ScoredTimeSegment(TimeSegment):
    """A stretch of a recording with ``score``."""

    score: float


@data_object
class ScoredLabeledTimeSegment(TimeSegment):
    """A stretch of a recording with ``label`` and ``score``, in this order."""

    label: str
    score: float


@data_object
class TextSegment(Annotation):
    """A stretch of a text; positions are whole numbers, a fraction is cut off.

    Args:
        text_field: name of the field that holds the text.
        start: position of its first character.
        end: position behind its last character.
    """

    text_field: str
    start: int
    end: int

    @classmethod
    def _data_type(cls) -> str:
        return "ANNOTATION/TEXT_SEGMENT"

    def __post_init__(self) -> None:
        if self.start < 0 or self.end < 0 or self.start >= self.end:
            raise InputValidationError(
                f"{type(self).__name__} runs from start={self.start} to end={self.end}; give two"
                " positions that are not negative, the first below the second."
            )


@data_object
class LabeledTextSegment(TextSegment):
    """A stretch of a text with ``label``."""

    label: str


@data_object
class ScoredTextSegment(TextSegment):
    """A stretch of a text with ``score``."""

    score: float


@data_object
class ScoredLabeledTextSegment(TextSegment):
    """A stretch of a text with ``label`` and ``score``, in this order."""

    label: str
    score: float


@data_object
class CustomAnnotation(Annotation):
    """Something of the user's own; what belongs to it is given as extras.

    Args:
        kind: what it is.
    """

    kind: str

    @classmethod
    def _data_type(cls) -> str:
        return "ANNOTATION/CUSTOM"
