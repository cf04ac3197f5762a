"""Segments of recordings and texts."""

from kolena_local.annotation.base import Annotation
from kolena_local.errors import InputValidationError


class TimeSegment(Annotation):
    """A segment of a recording; ``group`` is a usual extra.

    Args:
        start: its start, in seconds.
        end: its end, in seconds.
    """

    start: float
    end: float

    _type_name = "ANNOTATION/TIME_SEGMENT"


class LabeledTimeSegment(TimeSegment):
    """A segment of a recording with ``label``."""

    label: str


class ScoredTimeSegment(TimeSegment):
    """A segment of a recording with ``score``."""

    score: float


class ScoredLabeledTimeSegment(TimeSegment):
    """A segment of a recording with ``label`` and ``score``, in this order."""

    label: str
    score: float


class TextSegment(Annotation):
    """A segment of a text; positions are integers, fractions are truncated.

    Args:
        text_field: the name of the field with the text.
        start: the index of its first character.
        end: the index after its last character.
    """

    text_field: str
    start: int
    end: int

    _type_name = "ANNOTATION/TEXT_SEGMENT"

    def __post_init__(self) -> None:
        if self.start < 0 or self.end < 0 or self.start >= self.end:
            raise InputValidationError(
                f"{type(self).__name__} runs from start={self.start} to end={self.end}; give two"
                " positions that are not negative, the smaller one first."
            )

    _check = __post_init__


class LabeledTextSegment(TextSegment):
    """A segment of a text with ``label``."""

    label: str


class ScoredTextSegment(TextSegment):
    """A segment of a text with ``score``."""

    score: float


class ScoredLabeledTextSegment(TextSegment):
    """A segment of a text with ``label`` and ``score``, in this order."""

    label: str
    score: float
