"""Columns of a DataFrame to JSON texts, and back.

A column of numbers, bools or strings becomes texts at once, and rows are put together from the
texts, which takes a fraction of the time of serializing row by row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time, timedelta
from itertools import chain
from json.encoder import encode_basestring_ascii
from operator import itemgetter
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

import kolena_local.annotation  # what cells become again is known once imported
import kolena_local.asset  # noqa: F401
from kolena_local.errors import InputValidationError
from kolena_local.payload import (
    CLASS_KEY,
    LARGEST_EXACT,
    Json,
    canonical,
    canonical_all,
    dumps,
    dumps_all,
    loads,
    loads_all,
    needs_escape,
)
from kolena_local.serialization.classes import Structured
from kolena_local.serialization.restore import revive
from kolena_local.serialization.write import is_array, write_value

if TYPE_CHECKING:
    import pandas as pd

_SCALARS: Final = frozenset({bool, int, float, str, type(None)})
_TOO_DEEP: Final = "the value is nested too deeply, or contains itself; flatten it"


class Column(NamedTuple):
    """The cells of a column: as they are stored, and in the canonical form that is hashed."""

    stored: list[str]
    canonical: list[str]


def column_texts(cells: pd.Series[Any], name: str, *, hashed: bool = True) -> Column:
    """Return the cells of a column as JSON.

    Args:
        cells: the column.
        name: its name.
        hashed: whether the canonical form is needed; if not, it may be missing.

    Raises:
        InputValidationError: a cell has no JSON form.
    """
    kind = cells.dtype.kind if isinstance(cells.dtype, _numpy_dtype()) else "O"
    if kind == "f":
        return _floats(cells)
    values = cells.tolist()
    if kind == "b":
        texts = ["true" if value else "false" for value in values]
    elif kind in "iu":
        texts = list(map(repr, values))
    else:
        try:
            return _objects(_json_values(cells, values, name), hashed)
        except InputValidationError as error:
            raise InputValidationError(f"The column {name!r} cannot be stored: {error}") from None
        except RecursionError:  # while the converted values are written
            raise InputValidationError(
                f"The column {name!r} cannot be stored: {_TOO_DEEP}"
            ) from None
    return Column(texts, texts)


def _numpy_dtype() -> type[Any]:
    import numpy as np

    return np.dtype


def _floats(cells: pd.Series[Any]) -> Column:
    import numpy as np

    array = cells.to_numpy(np.float64)
    values = array.tolist()
    texts = list(map(float.__repr__, values))
    stored = texts.copy()
    for place in np.flatnonzero(~np.isfinite(array)).tolist():
        stored[place] = dumps(values[place])
        texts[place] = canonical(values[place])
    with np.errstate(invalid="ignore"):
        is_whole = (array == np.floor(array)) & (np.abs(array) < LARGEST_EXACT)
    for place in np.flatnonzero(is_whole).tolist():
        texts[place] = str(int(values[place]))
    return Column(stored, texts)


def _json_values(cells: pd.Series[Any], values: list[Any], name: str) -> list[Any]:
    import pandas as pd

    if isinstance(cells.dtype, pd.StringDtype):
        # A column of strings has one kind of missing value, which may show as NaN.
        return [value if isinstance(value, str) else None for value in values]
    if isinstance(cells.dtype, pd.CategoricalDtype) and cells.dtype.categories.dtype.kind != "f":
        codes = cells.cat.codes
        values = [value if code >= 0 else None for value, code in zip(values, codes, strict=True)]
    if _SCALARS.issuperset(map(type, values)):
        return values
    return [value if type(value) in _SCALARS else to_json(value, name) for value in values]


def _objects(values: list[Any], hashed: bool) -> Column:
    if {str}.issuperset(map(type, values)):
        texts = list(map(encode_basestring_ascii, values))
        return Column(texts if "".join(values).isascii() else dumps_all(values), texts)
    return Column(dumps_all(values), canonical_all(values) if hashed else [])


def to_json(value: Any, name: str) -> Json:
    """Convert a cell to JSON, more leniently than a field of a data object.

    Times become text in ISO 8601, paths and UUIDs become text, and tuples, sets and arrays become
    lists.

    Args:
        value: the cell.
        name: the name of the column.

    Raises:
        InputValidationError: it contains something else that has no JSON form, or is nested too
            deeply.
    """
    try:
        return _converted(value, name)
    except RecursionError:
        raise InputValidationError(f"{name}: {_TOO_DEEP}") from None


def _converted(value: Any, name: str) -> Json:
    if type(value) in _SCALARS:
        return value  # type: ignore[no-any-return]  # a JSON scalar
    # These first: cells hold thousands of them, and the rest is only looked at for others.
    if type(value) is dict:
        return _object(value, name)
    if type(value) is list:
        return [_converted(item, name) for item in value]
    import numpy as np
    import pandas as pd

    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
    if isinstance(value, np.timedelta64):
        value = pd.Timedelta(value)
    if value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(pd.Timedelta(value).isoformat())
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, PathLike):
        return write_value(fspath(value), name)
    if isinstance(value, Structured):
        return write_value(value, name)
    if isinstance(value, Mapping):
        return _object(value, name)
    if isinstance(value, (set, frozenset)):
        return sorted((_converted(item, name) for item in value), key=canonical)
    if isinstance(value, (list, tuple)) or is_array(value):
        items = value if isinstance(value, (list, tuple)) else _items(value)
        return [_converted(item, name) for item in items]
    return write_value(value, name)


def _items(array: Any) -> Iterable[Any]:
    return (
        list(array)
        if getattr(getattr(array, "dtype", None), "kind", "") in "mM"
        else array.tolist()
    )


def _object(value: Mapping[Any, Any], name: str) -> Json:
    keys = value if {str}.issuperset(map(type, value)) else _keys(value, name)
    if _SCALARS.issuperset(map(type, value.values())):
        return dict(zip(keys, value.values(), strict=True))
    return dict(zip(keys, (_converted(item, name) for item in value.values()), strict=True))


def _keys(value: Mapping[Any, Any], name: str) -> Iterable[str]:
    written = write_value(dict.fromkeys(value), name)
    assert isinstance(written, dict), "a dict is written as one"
    return written


class RowWriter:
    """Puts rows together from the texts of their cells.

    Args:
        names: the names of the columns, in order.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = list(names)
        self._stored = _template(self._names)
        self._order = sorted(range(len(names)), key=self._names.__getitem__)
        ordered = [self._names[place] for place in self._order]
        self._canonical = _template(ordered)
        # Other keys are written as escape objects, or stand for a class.
        self._is_plain = CLASS_KEY not in names and not needs_escape(dict.fromkeys(names))

    def stored(self, columns: Sequence[Column]) -> list[str]:
        """Return the rows as they are stored, with the columns in their order."""
        rows = zip(*(column.stored for column in columns), strict=True)
        if self._is_plain:
            return list(map(self._stored.__mod__, rows))
        return dumps_all([dict(zip(self._names, map(loads, row), strict=True)) for row in rows])

    def canonical(self, columns: Sequence[Column]) -> list[str]:
        """Return the rows in the canonical form that is hashed."""
        if self._is_plain:
            ordered = (columns[place].canonical for place in self._order)
            return list(map(self._canonical.__mod__, zip(*ordered, strict=True)))
        return canonical_all(loads_all(self.stored(columns)))


def _template(names: Sequence[str]) -> str:
    members = (encode_basestring_ascii(name).replace("%", "%%") + ":%s" for name in names)
    return f"{{{','.join(members)}}}"


def columns_of(
    payloads: Sequence[str | None], names: Sequence[str] | None = None
) -> dict[str, list[Any]]:
    """Return the columns of rows that are JSON objects, with typed objects restored.

    Args:
        payloads: the rows; None is a row without values.
        names: the columns, in order; None means all keys in order of appearance.
    """
    from kolena_local.repository.rows import as_objects

    parsed: list[Any] = as_objects([text for text in payloads if text is not None])
    rows = parsed
    if len(parsed) < len(payloads):
        left = iter(parsed)
        rows = [{} if text is None else next(left) for text in payloads]
    if names is None:
        names = list(dict.fromkeys(chain.from_iterable(rows)))
    return {name: _restored(_cells(rows, name)) for name in names}


def _cells(rows: list[dict[str, Any]], name: str) -> list[Any]:
    try:
        return list(map(itemgetter(name), rows))
    except KeyError:
        return [row.get(name) for row in rows]


def _restored(cells: list[Any]) -> list[Any]:
    if {dict, list}.isdisjoint(map(type, cells)):
        return cells
    return [revive(cell) if type(cell) in (dict, list) else cell for cell in cells]
