"""Arguments and return values as JSON values, whatever they are."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, Final

from kolena_local.serialization.data_object import DataObject

_MOST_VALUES: Final = 1_000_000


def as_json(value: Any, counter: Iterator[int] | None = None) -> Any:
    """Return a value that JSON can hold: what is not known becomes a dict, a list or text.

    Args:
        value: anything.
        counter: counts the values of several, which have the limit together.

    Raises:
        RecursionError: it holds itself.
        OverflowError: it holds so much that converting it would hold up the traced function.
    """
    return _as_json(value, itertools.count() if counter is None else counter)


def _as_json(value: Any, counter: Iterator[int]) -> Any:
    size = getattr(value, "size", 0)  # of an array
    if next(counter) > _MOST_VALUES or (isinstance(size, int) and size > _MOST_VALUES):
        raise OverflowError(f"it has more than {_MOST_VALUES:,} values.")
    if isinstance(value, Enum):
        return _as_json(value.value, counter)
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, DataObject):
        return value._to_dict()
    if isinstance(value, Mapping):
        return {str(key): _as_json(item, counter) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_as_json(item, counter) for item in value]
    if hasattr(value, "tolist"):  # arrays, Series, and the numbers of numpy
        return _as_json(value.tolist(), counter)
    if hasattr(value, "to_dict") and hasattr(value, "columns"):  # a DataFrame
        return _as_json(value.to_dict("list"), counter)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {field.name: _as_json(getattr(value, field.name), counter) for field in fields}
    if hasattr(value, "__dict__") and not callable(value):
        return _as_json(vars(value), counter)
    return str(value)
