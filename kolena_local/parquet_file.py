"""Reading and writing Parquet with pandas, whose errors do not name the cell."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kolena_local.errors import InputValidationError

if TYPE_CHECKING:
    import pandas as pd

# What pandas and PyArrow raise for a value, type or name; not ImportError and OSError.
_REFUSALS = (ValueError, TypeError, NotImplementedError, ArithmeticError, AttributeError)


def write(df: pd.DataFrame, *args: Any, **kwargs: Any) -> bytes | None:
    """Call ``DataFrame.to_parquet``.

    Raises:
        InputValidationError: Parquet has no form for a value, a type or a name; no file is written.
        ImportError: PyArrow is not installed.
    """
    if kwargs.get("index") is False:
        df = df.reset_index(drop=True)  # what is not written may be anything
    # Some types and names are refused after the file was opened, or not before it is read.
    if _refusal(df.head(1)) is not None:
        _say_where(df)
    try:
        written: bytes | None = run(df.to_parquet, *args, **kwargs)
    except _REFUSALS:
        _say_where(df)
        raise
    return written


def run(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a function of pandas that reads or writes Parquet.

    Raises:
        ImportError: PyArrow is not installed.
    """
    try:
        return call(*args, **kwargs)
    except ImportError as error:
        raise ImportError(
            "Parquet files need PyArrow, which is not installed; "
            "run: pip install 'kolena-local[parquet]'"
        ) from error


def _refusal(df: pd.DataFrame) -> Exception | None:
    import pandas as pd

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they are shown when the file is written
            pd.read_parquet(io.BytesIO(run(df.to_parquet)))
    # In memory, an OSError is also about a type.
    except (*_REFUSALS, OSError) as error:
        return error
    return None


def _say_where(df: pd.DataFrame) -> None:
    """Raise an error that names the first cell that cannot be written, if there is one."""
    attributes, plain = df.iloc[:0, :0], df.copy(deep=False)
    plain.attrs = {}
    columns = plain.reset_index(drop=True)
    parts = [
        *((f"Column {name!r}", columns.iloc[:, [i]]) for i, name in enumerate(df.columns)),
        ("The index", plain.iloc[:, :0]),
        ("DataFrame.attrs", attributes),
    ]
    for where, part in parts:
        error = _refusal(part)
        if error is None:
            continue
        # The fewest rows that are refused; if none are needed, it is the type or the name.
        rows, accepted = len(part), -1
        while rows - accepted > 1:
            middle = (rows + accepted) // 2
            refused = _refusal(part.head(middle))
            if refused is None:
                accepted = middle
            else:
                rows, error = middle, refused
        # The other arguments of PyArrow's errors repeat the column.
        reason = str(error if isinstance(error, UnicodeError) else (*error.args, error)[0])
        raise InputValidationError(
            f"{where}{f', row {rows - 1}' if rows else ''}: Parquet cannot hold this"
            f" ({reason.splitlines()[0]}); use numbers, text, lists, dicts, None or data objects."
        ) from error
