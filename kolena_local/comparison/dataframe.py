"""Rows as a DataFrame; the only place of comparisons that imports pandas."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def dataframe_of(
    rows: Sequence[dict[str, Any]], columns: Iterable[str] | None = None
) -> pd.DataFrame:
    """Return rows as a DataFrame.

    Args:
        rows: a dictionary for each row.
        columns: the names of the columns; None takes them from the rows.
    """
    # Imported here, because it takes a quarter of a second that nothing else here needs.
    import pandas as pd

    frame: pd.DataFrame = pd.DataFrame(rows, columns=None if columns is None else list(columns))
    return frame
