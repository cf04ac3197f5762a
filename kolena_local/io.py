"""Data frames with annotations and assets in their cells, to files and back.

CSV has no types: when it is read, cells are guessed from their text, as Kolena's scripts expect.
Parquet gives back what was written. In both, an object comes back as the base class of its
``data_type`` (a ``LabeledBoundingBox`` as a ``BoundingBox`` with the extra ``label``), and one of
an unknown ``data_type`` as a dict that still has it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

# Not for their names: reading knows the data types of classes that exist.
import kolena_local.annotation
import kolena_local.asset  # noqa: F401
from kolena_local.errors import InputValidationError
from kolena_local.serialization.data_object import DataObject
from kolena_local.serialization.restore import revive
from kolena_local.serialization.write import write_value

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

#: Under this name a Parquet file lists the columns whose cells are JSON texts.
_JSON_COLUMNS = "kolena_local_json_columns"

# Ids such as 3e2abc look like numbers for a while; anything that does is left alone.
_BEGINS_AS_POWER = re.compile(r"[+-]?\d+(\.\d+)?[eE][+-]?\d+", re.ASCII)
_WHOLE = re.compile(r"\s*[+-]?\d+\s*", re.ASCII)
_NUMBER = re.compile(
    r"\s*[+-]?((\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|inf(inity)?)\s*", re.ASCII | re.IGNORECASE
)


class DataObjectJSONEncoder(json.JSONEncoder):
    """Lets :func:`json.dumps` write data objects, and numpy's numbers and arrays."""

    def default(self, o: Any) -> Any:
        """Return what JSON knows in place of an object.

        Raises:
            TypeError: there is no such thing.
        """
        if isinstance(o, DataObject):
            return o._to_dict()
        try:
            return write_value(o, type(o).__name__)
        except InputValidationError:
            return super().default(o)


def dataframe_to_csv(df: pd.DataFrame, *args: Any, **kwargs: Any) -> str | None:
    """Write a data frame as CSV, with lists, dicts and data objects as JSON texts.

    Args:
        df: the data frame, which stays as it is.
        *args: for ``DataFrame.to_csv``.
        **kwargs: for ``DataFrame.to_csv``.

    Returns:
        The text when no file is named, as ``DataFrame.to_csv`` does.

    Raises:
        InputValidationError: something in a list, dict or data object cannot be written as JSON.
    """
    written: str | None = _with_cells(df, _positions(df, object), _structure_to_text).to_csv(
        *args, **kwargs
    )
    return written


def dataframe_from_csv(*args: Any, **kwargs: Any) -> pd.DataFrame:
    """Read a data frame from CSV, guessing what each text in it was.

    Nothing at all, ``NaN`` and ``null`` become None; ``true`` and ``false`` truth values; numbers
    numbers, except in scientific notation, which ids may look like; JSON lists and objects what
    they hold. Quotes around a text go.

    Args:
        *args: for ``pandas.read_csv``.
        **kwargs: for ``pandas.read_csv``.
    """
    import pandas as pd

    df: pd.DataFrame = pd.read_csv(*args, **kwargs)
    return _with_cells(df, _positions(df, object, "str"), _guess)


def dataframe_to_parquet(df: pd.DataFrame, *args: Any, **kwargs: Any) -> bytes | None:
    """Write a data frame as Parquet, with every cell of columns of objects as a JSON text.

    Args:
        df: the data frame, which stays as it is.
        *args: for ``DataFrame.to_parquet``.
        **kwargs: for ``DataFrame.to_parquet``.

    Returns:
        The bytes when no file is named, as ``DataFrame.to_parquet`` does.

    Raises:
        InputValidationError: a cell of a column of objects cannot be written as JSON.
        ImportError: no library that writes Parquet is installed.
    """
    positions = _positions(df, object)
    encoded = _with_cells(df, positions, _to_text)
    encoded.attrs = {**df.attrs, _JSON_COLUMNS: [str(df.columns[place]) for place in positions]}
    written: bytes | None = _with_parquet(encoded.to_parquet, *args, **kwargs)
    return written


def dataframe_from_parquet(*args: Any, **kwargs: Any) -> pd.DataFrame:
    """Read a data frame from Parquet, with the objects that its JSON texts describe.

    In a file that :func:`dataframe_to_parquet` of this package did not write, texts that are not
    JSON are guessed as in CSV.

    Args:
        *args: for ``pandas.read_parquet``.
        **kwargs: for ``pandas.read_parquet``.

    Raises:
        ImportError: no library that reads Parquet is installed.
    """
    import pandas as pd

    df: pd.DataFrame = _with_parquet(pd.read_parquet, *args, **kwargs)
    names = df.attrs.pop(_JSON_COLUMNS, None)
    if names is None:
        return _with_cells(df, _positions(df, object, "str"), _from_text_or_guess)
    places = [place for place, name in enumerate(df.columns) if str(name) in names]
    return _with_cells(df, places, _from_text)


def dataframe_from_json(*args: Any, **kwargs: Any) -> pd.DataFrame:
    """Read a data frame from JSON, with the objects it describes.

    Args:
        *args: for ``pandas.read_json``.
        **kwargs: for ``pandas.read_json``.
    """
    import pandas as pd

    df: pd.DataFrame = pd.read_json(*args, **kwargs)
    return _with_cells(df, _positions(df, object), revive)


def _positions(df: pd.DataFrame, *dtypes: object) -> list[int]:
    # By position, because names may occur twice. pandas 3 reads text as a type of its own, "str".
    return [place for place, dtype in enumerate(df.dtypes) if dtype in dtypes]


def _with_cells(
    df: pd.DataFrame, positions: list[int], change: Callable[[Any], Any]
) -> pd.DataFrame:
    import pandas as pd

    result: pd.DataFrame = df.copy()
    for place in positions:
        cells = []
        for row, cell in enumerate(df.iloc[:, place].tolist()):
            try:
                cells.append(change(cell))
            except TypeError as error:
                raise InputValidationError(
                    f"Column {df.columns[place]!r}, row {row}: {error}; use numbers, text, lists,"
                    " dicts, None or data objects."
                ) from error
        result.isetitem(place, pd.Series(cells, index=df.index, dtype=object))
    return result


def _with_parquet(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    try:
        return call(*args, **kwargs)
    except ImportError as error:
        raise ImportError(
            "Parquet files are read and written with PyArrow, which is not installed; "
            "run: pip install 'kolena-local[parquet]'"
        ) from error


def _to_text(cell: Any) -> str:
    import pandas as pd

    return json.dumps(None if cell is pd.NA else cell, cls=DataObjectJSONEncoder)


def _structure_to_text(cell: Any) -> Any:
    is_structure = isinstance(cell, (list, tuple, dict, DataObject)) or _is_array(cell)
    return _to_text(cell) if is_structure else cell


def _from_text(cell: Any) -> Any:
    return revive(json.loads(cell)) if isinstance(cell, str) else None


def _from_text_or_guess(cell: Any) -> Any:
    try:
        return revive(json.loads(cell))
    except (TypeError, ValueError):
        return _guess(cell)


def _guess(cell: Any) -> Any:
    if isinstance(cell, str):
        return _guess_text(cell)
    if _is_array(cell):
        return revive(cell.tolist())
    is_nan = isinstance(cell, float) and cell != cell
    return None if is_nan else revive(cell)


def _guess_text(text: str) -> Any:
    if text in ("", "NaN", "null"):
        return None
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if _BEGINS_AS_POWER.match(text):
        return text
    if _WHOLE.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text):
        return float(text)
    if text[0] in "[{":
        try:
            return revive(json.loads(text))
        except ValueError:
            return text
    if len(text) > 1 and text[0] in "'\"" and text[-1] in "'\"":
        return text[1:-1]
    return text


def _is_array(cell: Any) -> bool:
    return hasattr(cell, "tolist") and getattr(cell, "shape", ()) != ()
