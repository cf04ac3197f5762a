"""Data types with a meaning beyond their fields: timestamps."""

from __future__ import annotations

from datetime import datetime, timezone

from kolena_local.errors import InputValidationError
from kolena_local.serialization.classes import ABSTRACT
from kolena_local.serialization.data_object import DataObject


class SpecialDataType(DataObject):
    """The base of special data types."""

    _data_type = ABSTRACT


class Timestamp(SpecialDataType):
    """A moment, in seconds since 1970 in UTC or as text.

    Args:
        epoch_time: the seconds since 1970; computed from ``value`` if that is given.
        value: the moment as text, in UTC unless it has an offset.
        format: how to read the text, as for ``datetime.strptime``; None for ISO 8601.

    Raises:
        InputValidationError: the text cannot be read.
    """

    epoch_time: float | None = None
    value: str | None = None
    format: str | None = None

    _type_name = "SPECIAL/TIMESTAMP"

    def __post_init__(self) -> None:
        if not self.value:
            return
        try:
            if self.format:
                moment = datetime.strptime(self.value, self.format)
            else:
                # Python 3.10 does not know that Z is UTC.
                moment = datetime.fromisoformat(self.value.replace("Z", "+00:00"))
        except ValueError as error:
            raise InputValidationError(
                f"The timestamp {self.value!r:.80} cannot be read ({error}); give its format."
            ) from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        object.__setattr__(self, "epoch_time", moment.timestamp())
