"""Thresholded fields: lists of counts, one for each threshold of a score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kolena_local.errors import InputValidationError


def check_thresholded(cells: list[Any], name: str) -> None:
    """Refuse cells that are not lists of dicts with a number ``threshold``; None is no list.

    Raises:
        InputValidationError: one is something else.
    """
    for cell in cells:
        if cell is None or (isinstance(cell, float) and cell != cell):
            continue
        rows = cell if isinstance(cell, (list, tuple)) else [cell]
        for row in rows:
            threshold = row.get("threshold") if isinstance(row, Mapping) else None
            if isinstance(threshold, (bool, str)) or not hasattr(threshold, "__float__"):
                raise InputValidationError(
                    f"The thresholded field {name!r} must be a list of dicts, each with a number"
                    f" 'threshold', not {cell!r:.80}."
                )
