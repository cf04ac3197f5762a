"""The values of a field: a column, or what lies below it, of the datapoints or of their results."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kolena_local.dataset.quality_standard.strict import unknown
from kolena_local.errors import InputValidationError

Prepared = TypeVar("Prepared")


class Fields:
    """The fields of datapoints and of the results that one model has for them.

    Args:
        datapoints: one row each.
        results: their results, with the same index; a row of null values where there is none.

    Attributes:
        index: of the datapoints.
    """

    def __init__(self, datapoints: pd.DataFrame, results: pd.DataFrame) -> None:
        self.index = datapoints.index
        self._frames = {"datapoint": datapoints, "result": results}
        self._found: dict[str, pd.Series[Any] | None] = {}
        self._prepared: dict[Hashable, Any] = {}

    def find(self, name: str) -> pd.Series[Any] | None:
        """Return the values of a field, or None if there is no such column.

        Args:
            name: a column or a path into it, of the results or else of the datapoints; ``result.``
                or ``datapoint.`` in front says which of the two.
        """
        if name not in self._found:
            source, _, rest = name.partition(".")
            candidates = [(frame, name) for frame in reversed(self._frames.values())]
            if rest and source in self._frames:
                candidates.insert(0, (self._frames[source], rest))
            values = (_values(frame, path) for frame, path in candidates)
            self._found[name] = next((found for found in values if found is not None), None)
        return self._found[name]

    def get(self, name: str) -> pd.Series[Any]:
        """Return the values of a field; null values if there is no such column."""
        found = self.find(name)
        if found is None:
            return pd.Series([None] * len(self.index), index=self.index, dtype=object)
        return found

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Return the values of a field as floats; see :func:`numbers`."""
        return self.prepared(("numbers", name), lambda: numbers(self.get(name)))

    def prepared(self, key: Hashable, prepare: Callable[[], Prepared]) -> Prepared:
        """Return what several metrics are computed from; it is prepared only once."""
        if key not in self._prepared:
            self._prepared[key] = prepare()
        return cast("Prepared", self._prepared[key])

    def columns(self) -> list[str]:
        """Return the names of all columns."""
        return [str(column) for frame in self._frames.values() for column in frame.columns]


def require(names: Iterable[str], all_fields: Iterable[Fields]) -> None:
    """Refuse a field that neither the datapoints have nor the results of any model.

    Raises:
        InputValidationError: there is none; the message names the nearest.
    """
    all_fields = list(all_fields)
    for name in names:
        if all(fields.find(name) is None for fields in all_fields):
            known = list(dict.fromkeys(c for fields in all_fields for c in fields.columns()))
            problem = unknown(
                name.removeprefix("result.").removeprefix("datapoint."), known, "field"
            )
            raise InputValidationError(f"The quality standard names an {problem}")


def numbers(values: pd.Series[Any]) -> NDArray[np.float64]:
    """Return values as floats; NaN for null values and for what is not a number."""
    if has_objects(values):
        # Pandas refuses lists and dicts even when it is asked to coerce.
        values = values.where(values.map(np.isscalar), None)
    try:
        found = pd.to_numeric(values, errors="coerce")
    except OverflowError:
        found = pd.to_numeric(values.map(_in_range), errors="coerce")
    return np.asarray(found.to_numpy(dtype=float, na_value=np.nan))


def _in_range(value: Any) -> Any:
    """Return infinity for an integer that is larger than any float."""
    if isinstance(value, int) and abs(value) > sys.float_info.max:
        return math.inf if value > 0 else -math.inf
    return value


def has_objects(values: pd.Series[Any]) -> bool:
    """Return whether there is anything but numbers, bools, text, and null values."""
    if values.dtype != object:
        return False
    kinds = set(map(type, values)) - {type(None)}
    return not all(issubclass(kind, (bool, int, float, str, np.generic)) for kind in kinds)


def equals(values: pd.Series[Any], wanted: Hashable) -> NDArray[np.bool_]:
    """Return where a value occurs; None stands for null values, and True is not 1."""
    if wanted is None:
        return cast("NDArray[np.bool_]", values.isna().to_numpy())
    is_bool = isinstance(wanted, bool)
    if values.dtype == object:
        same = [isinstance(v, (bool, np.bool_)) is is_bool and _equal(v, wanted) for v in values]
        return np.array(same, dtype=bool)
    if pd.api.types.is_bool_dtype(values.dtype) is not is_bool:
        return np.zeros(len(values), dtype=bool)
    return np.asarray((values == wanted).fillna(False).to_numpy(dtype=bool))


def below(value: Any, key: str) -> Any:
    """Return what a dict has under a key, or an object as an attribute; None if it has not."""
    content = value if isinstance(value, dict) else getattr(value, "__dict__", {})
    return content.get(key)


def _equal(value: Any, wanted: Hashable) -> bool:
    return np.isscalar(value) and bool(value == wanted)


def _values(frame: pd.DataFrame, name: str) -> pd.Series[Any] | None:
    """Return the values of a column, or of the path below the longest column in front of it."""
    if name in frame.columns:
        return frame[name]
    parts = name.split(".")
    for length in range(len(parts) - 1, 0, -1):
        column = ".".join(parts[:length])
        if column in frame.columns:
            found = frame[column].astype(object)
            for key in parts[length:]:
                found = pd.Series([below(v, key) for v in found], index=found.index, dtype=object)
            return found.infer_objects()
    return None
