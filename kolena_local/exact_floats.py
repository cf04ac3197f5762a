"""Reading CSV and JSON with pandas, without the last digit of floats being wrong.

By default, pandas reads JSON, and before version 3 also CSV, with a fast algorithm whose floats may
differ from the text in the last digit.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_INEXACT = "1e-30"  # as pandas 2 reads it


def read_csv(*args: Any, **kwargs: Any) -> pd.DataFrame:
    """Call ``pandas.read_csv``; only its Python engine, before pandas 3, is not exact."""
    import pandas as pd

    # Newer versions deprecate the option, as they need none.
    options = {} if _is_exact() else {"float_precision": "round_trip"}
    return _read(pd.read_csv, options, *args, **kwargs)


def read_json(*args: Any, **kwargs: Any) -> pd.DataFrame:
    """Call ``pandas.read_json``; not exact if a float of the file is closer to 0 than 2.3e-308."""
    import pandas as pd

    return _read(pd.read_json, {"precise_float": True}, *args, **kwargs)


@cache
def _is_exact() -> bool:
    import pandas as pd

    return bool(pd.read_csv(io.StringIO(_INEXACT), header=None).iloc[0, 0] == float(_INEXACT))


def _read(
    read: Callable[..., Any], options: dict[str, Any], *args: Any, **kwargs: Any
) -> pd.DataFrame:
    source: Any = args[0] if args else kwargs.get("path_or_buf")
    # A named temporary file is not an `io.IOBase`.
    stream = source if hasattr(source, "seekable") and source.seekable() else None
    start = stream.tell() if stream else 0
    df: pd.DataFrame
    try:
        df = read(*args, **{**options, **kwargs})
    except ValueError as error:
        # Another engine of CSV does not have the option, and that of JSON lacks tiny floats.
        if not any(words in str(error) for words in ("float_precision", "Range error")):
            raise
        if stream:
            stream.seek(start)
        df = read(*args, **kwargs)
    return df
