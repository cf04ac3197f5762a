"""Stretches of a recording and of a text."""

from kolena_local.annotation.base import Annotation
from kolena_local.errors import InputValidationError


class TimeSegment(Annotation):
    """A stretch of a recording; ``group`` is a usual extra.

    Args:
        start: where it begins, in seconds.
        end: where it ends.
    """

    start: float
    end: float

    _type_name = "ANNOTATION/TIME_SEGMENT"


class LabeledTimeSegment(TimeSegment):
    """A stretch of a recording with ``label``."""

    label: str


class ScoredTimeSegment(TimeSegment):
    """A stretch of a recording with ``score``."""

    score: float


class ScoredLabeledTimeSegment(TimeSegment):
    """A stretch of a recording with ``label`` and ``score``, in this order."""

    label: str
    score: float


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

    _type_name = "ANNOTATION/TEXT_SEGMENT"

    def __post_init__(self) -> None:
        if self.start < 0 or self.end < 0 or self.start >= self.end:
            raise InputValidationError(
                f"{type(self).__name__} runs from start={self.start} to end={self.end}; give two"
                " positions that are not negative, the first below the second."
            )

    _check = __post_init__


class LabeledTextSegment(TextSegment):
    """A stretch of a text with ``label``."""

    label: str


class ScoredTextSegment(TextSegment):
    """A stretch of a text with ``score``."""

    score: float


class ScoredLabeledTextSegment(TextSegment):
    """A stretch of a text with ``label`` and ``score``, in this order."""

    label: str
    score: float
