"""Stretches of a recording and of a text."""

from kolena_local.annotation.base import Annotation
from kolena_local.errors import InputValidationError
from kolena_local.serialization.data_object import data_object


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
