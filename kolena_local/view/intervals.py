"""Confidence intervals as small drawings: where they lie beside zero, on one scale per metric."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from kolena_local.comparison import Row

#: The width of a drawing, in its own coordinates, and the margin on both sides.
WIDTH: Final = 120.0
_MARGIN: Final = 6.0


class Interval(NamedTuple):
    """Where the parts of a drawing are, from the left, as texts for SVG."""

    zero: str
    low: str
    high: str
    difference: str


def intervals(rows: Sequence[Row]) -> list[Interval | None]:
    """Return a drawing for each row; None if its interval is not known or not finite."""
    scales: dict[str, tuple[float, float]] = {}
    for row in rows:
        if _is_finite(row):
            low, high = scales.get(row.metric, (0.0, 0.0))
            scales[row.metric] = min(low, row.ci_low), max(high, row.ci_high)
    return [_interval(row, *scales[row.metric]) if _is_finite(row) else None for row in rows]


def _interval(row: Row, low: float, high: float) -> Interval:
    def place(value: float) -> str:
        # Halved, because the difference of the largest floats is not finite.
        share = (value / 2 - low / 2) / (high / 2 - low / 2) if high > low else 0.5
        return f"{_MARGIN + share * (WIDTH - 2 * _MARGIN):.1f}"

    return Interval(place(0.0), place(row.ci_low), place(row.ci_high), place(row.difference))


def _is_finite(row: Row) -> bool:
    return all(map(math.isfinite, (row.ci_low, row.ci_high, row.difference)))
