"""Confusion matrices as tables: small, and readable by a screen reader, unlike a picture of one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from kolena_local.payload import Json
from kolena_local.view.plots import StoredPlot
from kolena_local.view.shortened import label

_MOST_CLASSES: Final = 20
_SHADES: Final = 6


class Matrix(NamedTuple):
    """A confusion matrix of a model.

    Attributes:
        model: its name.
        classes: the names of the classes.
        rows: the values, each with its shade from 0 to 6.
    """

    model: str
    classes: list[str]
    rows: list[list[tuple[Json, int]]]


def matrices(plots: Mapping[str, StoredPlot]) -> list[Matrix]:
    """Return confusion matrices that fit into tables, with one scale of shades; else none.

    Args:
        plots: the plots by the names of the models.
    """
    if not all(_is_small_matrix(plot) for plot in plots.values()):
        return []
    values = [_size(value) for plot in plots.values() for row in plot["matrix"] for value in row]
    most = max(values, default=0)
    return [
        Matrix(
            label(model),
            [label(str(name)) for name in plot["labels"]],
            [
                [(value, math.ceil(_SHADES * _size(value) / most) if most else 0) for value in row]
                for row in plot["matrix"]
            ],
        )
        for model, plot in plots.items()
    ]


def _is_small_matrix(plot: StoredPlot) -> bool:
    names, rows = plot.get("labels"), plot.get("matrix")
    if plot.get("data_type") != "PLOT/CONFUSION_MATRIX" or not isinstance(rows, list):
        return False
    return (
        isinstance(names, list)
        and len(names) == len(rows) <= _MOST_CLASSES
        and all(isinstance(row, list) and len(row) == len(names) for row in rows)
    )


def _size(value: Any) -> float:
    """Return the part of a value that is shaded: what is finite and above zero, else 0."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and 0 < value < 1e300 else 0.0
