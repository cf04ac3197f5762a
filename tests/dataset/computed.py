"""Values of a quality standard's metrics, and the parts of data that they are of."""

from __future__ import annotations

from typing import Any, Dict, List

import pandas as pd
from hypothesis import strategies as st

from kolena_local.dataset.quality_standard import (
    MetricGroup,
    QualityStandard,
    Stratification,
    StratifyField,
    quality_standard_result,
)

SEEDS = st.integers(0, 2**32 - 1)


def values(
    metrics: List[Any], results: pd.DataFrame, datapoints: pd.DataFrame
) -> Dict[str, List[float]]:
    """Compute metrics of the whole, and of each value of the column ``part``."""
    standard = QualityStandard(
        "s",
        [Stratification("part", [StratifyField("part", values=["a", "b", "none"])])],
        [MetricGroup("g", metrics)],
    )
    table = quality_standard_result(standard, datapoints, {("m", "null"): results})
    return {label: list(table["m", "null", "g", label]) for label in table.columns.levels[3]}


def parts(frame: pd.DataFrame) -> List[pd.DataFrame]:
    return [frame, *(frame[frame["part"] == part] for part in ("a", "b", "none"))]


def labels_of(enum: Any, field: str = "aggregator") -> List[str]:
    return list(enum.__pydantic_fields__[field].annotation.__args__)
