"""Data frames with objects, to a format and back."""

import io
from typing import Any

import pandas as pd

from kolena_local.io import (
    dataframe_from_csv,
    dataframe_from_json,
    dataframe_from_parquet,
    dataframe_to_csv,
    dataframe_to_parquet,
)


def column(*cells: Any) -> pd.Series:
    return pd.Series(list(cells), dtype=object)


def frame(*cells: Any) -> pd.DataFrame:
    return pd.DataFrame({"cell": column(*cells), "row": range(len(cells))})


def through_csv(df: pd.DataFrame) -> pd.DataFrame:
    return dataframe_from_csv(io.StringIO(dataframe_to_csv(df, index=False)))


def through_parquet(df: pd.DataFrame) -> pd.DataFrame:
    return dataframe_from_parquet(io.BytesIO(dataframe_to_parquet(df)))


def through_json(df: pd.DataFrame) -> pd.DataFrame:
    return dataframe_from_json(io.StringIO(df.to_json()))
