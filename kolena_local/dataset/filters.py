"""Conditions on the fields of datapoints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any, List, Literal, Optional, Union  # noqa: UP035  # as in the original

from kolena_local.errors import InputValidationError
from kolena_local.flags import is_bool


@dataclass(frozen=True)
class GeneralFieldFilter:
    """A condition on a field.

    Args:
        value_in: the values that the field may have.
        null_value: True if the field may also be null or missing.

    Raises:
        InputValidationError: neither is given, or one is not of its type.
    """

    value_in: Optional[List[Union[str, bool]]] = None  # noqa: UP006, UP007, UP045
    null_value: Optional[Literal[True]] = None  # noqa: UP045

    def __post_init__(self) -> None:
        values = self.value_in
        if values is not None and not isinstance(values, (list, tuple, set)):
            raise InputValidationError(f"value_in must be a list of values, not {values!r:.80}.")
        for value in values or ():
            if not isinstance(value, (str, Real)) and not is_bool(value):
                raise InputValidationError(
                    f"value_in must have strings, bools and numbers, not {value!r:.80}; null and"
                    " missing values are found by null_value=True."
                )
        if self.null_value is not None and self.null_value is not True:
            raise InputValidationError("null_value must be True, or left out.")
        if values is None and self.null_value is None:
            raise InputValidationError("A filter needs value_in, null_value, or both.")

    def holds(self, value: Any) -> bool:
        """Return whether a value, None if it is missing, satisfies the condition."""
        if value is None:
            return self.null_value is True
        # True is equal to 1 in Python, and is not the same here.
        return any(
            is_bool(wanted) is is_bool(value)
            and (wanted == value or (wanted != wanted and value != value))  # both are NaN
            for wanted in self.value_in or ()
        )


@dataclass(frozen=True)
class Filters:
    """Conditions on datapoints, all of which must hold.

    Args:
        datapoint: conditions by field; dots lead into objects, as in ``ground_truth.label``.

    Raises:
        InputValidationError: it is not a dict of conditions.
    """

    datapoint: Mapping[str, GeneralFieldFilter]

    def __post_init__(self) -> None:
        if not isinstance(self.datapoint, Mapping) or not all(
            isinstance(field, str) and isinstance(one, GeneralFieldFilter)
            for field, one in self.datapoint.items()
        ):
            raise InputValidationError(
                "datapoint must map fields to GeneralFieldFilter(...) objects, not"
                f" {self.datapoint!r:.80}."
            )

    def hold(self, row: Mapping[str, Any]) -> bool:
        """Return whether a row, as JSON values, satisfies all conditions."""
        return all(one.holds(_value(row, path)) for path, one in self.datapoint.items())


def _value(row: Any, path: str) -> Any:
    """Return the value of a field; a column may have dots in its name."""
    if path in row:
        return row[path]
    first, *rest = path.split(".")
    for place in range(len(rest), 0, -1):
        key = ".".join([first, *rest[: place - 1]])
        if isinstance(row.get(key), dict):
            return _value(row[key], ".".join(rest[place - 1 :]))
    return None
