"""Arguments and return values as JSON values, whatever they are."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import Enum
from typing import Any

from kolena_local.serialization.data_object import DataObject


def as_json(value: Any) -> Any:
    """Return a value that JSON can hold: what is not known becomes a dict, a list or text.

    Raises:
        RecursionError: it holds itself.
    """
    if isinstance(value, Enum):
        return as_json(value.value)
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, DataObject):
        return value._to_dict()
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [as_json(item) for item in value]
    if hasattr(value, "tolist"):  # arrays, Series, and the numbers of numpy
        return as_json(value.tolist())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {field.name: as_json(getattr(value, field.name)) for field in fields}
    if hasattr(value, "__dict__") and not callable(value):
        return as_json(vars(value))
    return str(value)
