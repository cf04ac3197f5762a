"""Read and write DataFrames whose cells have annotations and assets.

Columns are converted by their cells, not by their type: boxes may be in a column of objects, a
categorical column or an Arrow column, and in the index. CSV has no types, so the type of each cell
is guessed from its text, as Kolena's scripts expect. Parquet restores what was written. In both, an
object is restored as the base class of its ``data_type`` (a ``LabeledBoundingBox`` as a
``BoundingBox`` with the extra ``label``), and one with an unknown ``data_type`` as a dict.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

# Imported to register their data types, which reading needs.
import kolena_local.annotation
import kolena_local.asset  # noqa: F401
from kolena_local import csv_file, exact_floats, parquet_file
from kolena_local.errors import InputValidationError
from kolena_local.payload import DIGITS_READ
from kolena_local.serialization.data_object import DataObject
from kolena_local.serialization.restore import revive
from kolena_local.serialization.write import is_array, write_value

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "DataObjectJSONEncoder",
    "dataframe_from_csv",
    "dataframe_from_json",
    "dataframe_from_parquet",
    "dataframe_to_csv",
    "dataframe_to_parquet",
]

#: The attributes of a Parquet file that list the columns and index levels with values in JSON.
_JSON_COLUMNS = "kolena_local_json_columns"
_JSON_LEVELS = "kolena_local_json_levels"

#: Types of objects that Parquet has, and whether with a time zone.
_KINDS_OF_PARQUET = {(kind, False) for kind in (Decimal, date, datetime, time)} | {(datetime, True)}

# Text that begins like a number with an exponent may be an id, such as 3e2abc, and stays text.
_BEGINS_AS_POWER = re.compile(r"[+-]?\d+(\.\d+)?[eE][+-]?\d+", re.ASCII)
_WHOLE = re.compile(r"\s*[+-]?\d+\s*", re.ASCII)
_NUMBER = re.compile(
    r"\s*[+-]?((\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|inf(inity)?)\s*", re.ASCII | re.IGNORECASE
)


class DataObjectJSONEncoder(json.JSONEncoder):
    """Lets :func:`json.dumps` write data objects, numpy numbers and arrays."""

    def default(self, o: Any) -> Any:
        """Return the JSON form of an object.

        Raises:
            TypeError: it has none.
        """
        if isinstance(o, DataObject):
            return o._to_dict()
        try:
            return write_value(o, type(o).__name__)
        except InputValidationError:
            return super().default(o)


def dataframe_to_csv(df: pd.DataFrame, *args: Any, **kwargs: Any) -> str | None:
    """Write a DataFrame as CSV, with lists, dicts and data objects as JSON.

    Args:
        df: the DataFrame, which is not modified.
        *args: passed to ``DataFrame.to_csv``.
        **kwargs: passed to ``DataFrame.to_csv``.

    Returns:
        The CSV text if no file is given, else None.

    Raises:
        InputValidationError: a list, dict or data object cannot be written as JSON, or CSV has no
            form for another value, such as a complex number, bytes, or text that the encoding
            lacks.
    """
    places = [place for place, column in _columns(df) if _holds_structure(column)]
    levels = [place for place, level in _levels(df) if _holds_structure(level)]
    encoded = _with_index(_with_cells(df, places, _structure_to_text), levels, _structure_to_text)
    return csv_file.write(encoded, *args, **kwargs)


def dataframe_from_csv(*args: Any, **kwargs: Any) -> pd.DataFrame:
    """Read a DataFrame from CSV, guessing the type of each cell.

    Empty cells, ``NaN`` and ``null`` become None; ``true`` and ``false`` become bools. Numbers are
    converted, unless they are in scientific notation, which ids may look like, or too large. JSON
    lists and objects become their content. Quotes around text are removed. In the index, only JSON
    lists and objects are converted, and lists become tuples. A column whose ``dtype`` was given
    keeps it if no cell changes. With pandas before version 3, ``engine="python"`` may change the
    last digit of a float.

    Args:
        *args: passed to ``pandas.read_csv``.
        **kwargs: passed to ``pandas.read_csv``.

    Returns:
        The DataFrame.
    """
    df = exact_floats.read_csv(*args, **kwargs)
    df = _with_cells(df, [place for place, _ in _columns(df)], _guess)
    return _with_index(df, [place for place, _ in _levels(df)], _guess_structure)


def dataframe_to_parquet(df: pd.DataFrame, *args: Any, **kwargs: Any) -> bytes | None:
    """Write a DataFrame as Parquet, with the cells of object columns as JSON.

    Decimals, dates and times stay what they are if nothing else is in their column.

    Args:
        df: the DataFrame, which is not modified.
        *args: passed to ``DataFrame.to_parquet``.
        **kwargs: passed to ``DataFrame.to_parquet``.

    Returns:
        The bytes if no file is given, else None.

    Raises:
        InputValidationError: a cell of an object column cannot be written as JSON, Parquet has no
            form for another value, or two columns have the same name.
        ImportError: PyArrow is not installed.
    """
    names = list(map(str, df.columns))
    for name in names:
        if names.count(name) > 1:
            raise InputValidationError(
                f"Several columns are called {name!r}, which Parquet does not allow; rename them."
            )
    places = [
        place
        for place, column in _columns(df)
        if (column.dtype == object and not _is_of_parquet(column)) or _needs_text(column)
    ]
    levels = [place for place, level in _levels(df) if _needs_text(level)]
    encoded = _with_index(_with_cells(df, places, _to_text), levels, _to_text)
    encoded.attrs = {
        **df.attrs,
        _JSON_COLUMNS: [names[place] for place in places],
        _JSON_LEVELS: levels,
    }
    return parquet_file.write(encoded, *args, **kwargs)


def dataframe_from_parquet(*args: Any, **kwargs: Any) -> pd.DataFrame:
    """Read a DataFrame from Parquet, with the objects that its JSON cells describe.

    In files that :func:`dataframe_to_parquet` did not write, cells that are not JSON are guessed as
    in CSV.

    Args:
        *args: passed to ``pandas.read_parquet``.
        **kwargs: passed to ``pandas.read_parquet``.

    Returns:
        The DataFrame.

    Raises:
        ImportError: PyArrow is not installed.
    """
    import pandas as pd

    df: pd.DataFrame = parquet_file.run(pd.read_parquet, *args, **kwargs)
    names, levels = df.attrs.pop(_JSON_COLUMNS, None), df.attrs.pop(_JSON_LEVELS, ())
    if names is None:
        return _with_cells(df, [place for place, _ in _columns(df)], _from_text_or_guess)
    places = [place for place, name in enumerate(df.columns) if str(name) in names]
    return _with_index(_with_cells(df, places, _from_text), levels, _from_text)


def dataframe_from_json(*args: Any, **kwargs: Any) -> pd.DataFrame:
    """Read a DataFrame from JSON, with the objects that it describes.

    Strings stay strings, even if they look like numbers, unless ``dtype`` is given.

    Args:
        *args: passed to ``pandas.read_json``.
        **kwargs: passed to ``pandas.read_json``.

    Returns:
        The DataFrame.
    """
    df = exact_floats.read_json(*args, **{"dtype": False, **kwargs})
    places = [place for place, column in _columns(df) if column.dtype != "str"]
    return _with_cells(df, places, _revive)


def _columns(df: pd.DataFrame) -> Iterable[tuple[int, pd.Series]]:
    """Yield columns that may have objects, by position, because names need not be unique."""
    for place, dtype in enumerate(df.dtypes):
        if _holds_anything(dtype):
            yield place, df.iloc[:, place]


def _levels(df: pd.DataFrame) -> Iterable[tuple[int, pd.Index]]:
    """Yield index levels that may have objects."""
    for place in range(df.index.nlevels):
        level = df.index.get_level_values(place)
        if _holds_anything(level.dtype):
            yield place, level


def _holds_anything(dtype: Any) -> bool:
    import pandas as pd

    # All other types of numpy are for numbers and times.
    return pd.api.types.is_object_dtype(dtype) or pd.api.types.is_extension_array_dtype(dtype)


def _holds_structure(values: pd.Series | pd.Index) -> bool:
    return any(map(_is_structure, _distinct(values)))


def _needs_text(values: pd.Series | pd.Index) -> bool:
    """Return whether Parquet has no type for values: several types, lists, or large integers."""
    distinct = [value for value in _distinct(values) if not _is_missing(value)]
    is_large = getattr(values.dtype, "categories", values).dtype == object and any(
        isinstance(value, int) and value.bit_length() > 63 for value in distinct
    )
    kinds = set(map(_kind, distinct))
    return is_large or any(map(_is_structure, distinct)) or len(kinds) > 1 or (time, True) in kinds


def _is_of_parquet(column: pd.Series) -> bool:
    """Return whether Parquet has a type for the objects in a column."""
    kinds = {_kind(value) for value in column.tolist() if not _is_missing(value)}
    return len(kinds) == 1 and kinds <= _KINDS_OF_PARQUET


def _kind(value: Any) -> tuple[type, bool]:
    """Return the type of a value, and whether it has a time zone."""
    return type(value), getattr(value, "tzinfo", None) is not None


def _distinct(values: pd.Series | pd.Index) -> list[Any]:
    return list(getattr(values.dtype, "categories", values).tolist())


def _with_cells(
    df: pd.DataFrame, places: Iterable[int], change: Callable[[Any], Any]
) -> pd.DataFrame:
    """Return a copy of a DataFrame with changed cells in some columns."""
    import pandas as pd

    result: pd.DataFrame = df.copy()
    for place in places:
        column = df.iloc[:, place]
        cells = _cells(column)
        changed = _changed(cells, change, f"Column {df.columns[place]!r}")
        # In the dtype "str" of pandas 3, None would be NaN.
        if column.dtype in (object, "str") or not _is_same(cells, changed):
            result.isetitem(place, pd.Series(changed, index=df.index, dtype=object))
    return result


def _with_index(
    df: pd.DataFrame, places: Iterable[int], change: Callable[[Any], Any]
) -> pd.DataFrame:
    """Return a DataFrame with changed values in some index levels."""
    import pandas as pd

    names = df.index.names
    levels = [df.index.get_level_values(place) for place in range(len(names))]
    other = False
    for place in places:
        values = _cells(levels[place])
        changed = list(map(_hashable, _changed(values, change, "The index")))
        if not _is_same(values, changed):
            other = True
            levels[place] = pd.Index(changed, dtype=object, name=names[place], tupleize_cols=False)
    if not other:
        return df
    result: pd.DataFrame = df.copy(deep=False)
    result.index = levels[0] if len(levels) == 1 else pd.MultiIndex.from_arrays(levels)
    return result


def _cells(values: pd.Series | pd.Index) -> list[Any]:
    """Return the values, with None for missing values of types other than object."""
    cells: list[Any] = values.tolist()
    if values.dtype == object:
        return cells
    return [None if _is_missing(cell) else cell for cell in cells]


def _changed(cells: list[Any], change: Callable[[Any], Any], name: str) -> list[Any]:
    changed = []
    for row, cell in enumerate(cells):
        try:
            changed.append(change(cell))
        except InputValidationError:
            raise
        except (TypeError, ValueError, RecursionError) as error:
            raise InputValidationError(
                f"{name}, row {row}: {error}; use numbers, text, lists, dicts, None or data"
                " objects."
            ) from error
    return changed


def _is_same(cells: list[Any], changed: list[Any]) -> bool:
    return all(new is old for old, new in zip(cells, changed, strict=True))


def _hashable(value: Any) -> Any:
    return tuple(map(_hashable, value)) if isinstance(value, list) else value


def _is_missing(cell: Any) -> bool:
    import pandas as pd

    is_nan = isinstance(cell, float) and cell != cell
    return cell is None or cell is pd.NA or cell is pd.NaT or is_nan


def _to_text(cell: Any) -> str:
    import pandas as pd

    return json.dumps(None if cell is pd.NA or cell is pd.NaT else cell, cls=DataObjectJSONEncoder)


def _structure_to_text(cell: Any) -> Any:
    return _to_text(cell) if _is_structure(cell) else cell


def _revive(cell: Any) -> Any:
    return None if _is_missing(cell) else revive(cell)


def _from_text(cell: Any) -> Any:
    return revive(json.loads(cell)) if isinstance(cell, str) else None


def _from_text_or_guess(cell: Any) -> Any:
    try:
        return revive(json.loads(cell))
    except (TypeError, ValueError, RecursionError):
        return _guess(cell)


def _guess(cell: Any) -> Any:
    if isinstance(cell, str):
        return _guess_text(cell)
    if is_array(cell):
        return revive(cell.tolist())
    return _revive(cell)


def _guess_text(text: str) -> Any:
    if text in ("", "NaN", "null"):
        return None
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if _BEGINS_AS_POWER.match(text):
        return text
    if _WHOLE.fullmatch(text):
        return _whole_number(text)
    if _NUMBER.fullmatch(text):
        number = float(text)
        return text if math.isinf(number) and "i" not in text.lower() else number
    if text[0] in "[{":
        return _guess_structure(text)
    if len(text) > 1 and text[0] in "'\"" and text[-1] in "'\"":
        return text[1:-1]
    return text


def _whole_number(text: str) -> int | str:
    try:
        return int(text) if len(text) <= DIGITS_READ else text
    except ValueError:  # the interpreter is configured to allow fewer digits
        return text


def _guess_structure(cell: Any) -> Any:
    if not isinstance(cell, str) or not cell.startswith(("[", "{")):
        return cell
    try:
        return revive(json.loads(cell))
    except (ValueError, RecursionError):
        return cell


def _is_structure(cell: Any) -> bool:
    return isinstance(cell, (list, tuple, dict, DataObject)) or is_array(cell)
