"""Writing CSV with pandas, which stops in the middle of a file at text that it cannot encode."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from itertools import chain
from typing import TYPE_CHECKING, Any

from kolena_local.errors import InputValidationError

if TYPE_CHECKING:
    import pandas as pd


def write(df: pd.DataFrame, *args: Any, **kwargs: Any) -> str | None:
    """Call ``DataFrame.to_csv``.

    Raises:
        InputValidationError: a cell, a value of the index or a name cannot be written; no file is.
    """
    import numpy as np

    # Their text says little about them, and would be read back as text.
    unreadable = complex, np.complexfloating, bytes, bytearray, memoryview, set, frozenset
    # Pandas deprecates these options as positional arguments.
    encoding, errors = kwargs.get("encoding") or "utf-8", kwargs.get("errors", "strict")
    has_return = False
    for where, cell in _cells(df, kwargs.get("columns"), kwargs.get("index", True)):
        try:
            if isinstance(cell, unreadable):
                raise TypeError(f"CSV has no form for values of type {type(cell).__name__}")
            text = str(cell)
            text.encode(encoding, errors)
            if "\0" in text:
                csv.writer(io.StringIO()).writerow([text])  # an error before Python 3.11
        except (TypeError, ValueError, csv.Error) as error:
            raise InputValidationError(
                f"{where}: {error}; remove it, or use numbers, text, lists, dicts, None or data"
                " objects."
            ) from error
        has_return = has_return or "\r" in text
    if has_return and "quoting" not in kwargs:
        # Before Python 3.13, a carriage return was written without quotes, and began a row.
        kwargs["quoting"] = csv.QUOTE_NONNUMERIC
    written: str | None = df.to_csv(*args, **kwargs)
    return written


def _cells(df: pd.DataFrame, columns: Any, index: bool) -> Iterable[tuple[object, Any]]:
    """Yield what will be written except for numbers and times, each with its place."""
    chosen = df if columns is None else df[list(columns)]
    levels = [df.index.get_level_values(place) for place in range(df.index.nlevels if index else 0)]
    for name in chain(chosen.columns, df.index.names if index else ()):
        for part in name if isinstance(name, tuple) else (name,):
            yield f"The name {name!r:.80}", part
    parts = [(f"Column {name!r}", chosen.iloc[:, i]) for i, name in enumerate(chosen.columns)]
    for name, values in [*parts, *(("The index", level) for level in levels)]:
        if values.dtype.kind not in "biufmM":
            for row, cell in enumerate(values.tolist()):
                yield f"{name}, row {row}", cell
