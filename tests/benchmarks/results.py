"""What was found, and the one table that shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Union

_HEADINGS = ("work", "rows", "ours", "reference", "", "ratio", "target", "verdict")
_LEFT = (True, False, False, False, True, False, False, True)


class Ratio(NamedTuple):
    """How long our work took, and how long the reference."""

    work: str
    rows: int
    reference: str
    ours: float
    theirs: float
    at_most: float

    @property
    def found(self) -> float:
        """How many times as long as the reference the work took."""
        return self.ours / self.theirs

    def cells(self) -> tuple[str, ...]:
        """Return what the table shows between the number of rows and the target."""
        ratio = f"{self.found:.2f}x"
        return _duration(self.ours), _duration(self.theirs), self.reference, ratio


class Growth(Ratio):
    """How the cost of a row with many rows compares with its cost with few."""


class Amount(NamedTuple):
    """Memory or disk: so much more than something else, in megabytes or bytes."""

    work: str
    rows: int
    reference: str
    ours: float
    theirs: float
    at_most: float
    unit: str

    @property
    def found(self) -> float:
        """How much more it is."""
        return self.ours - self.theirs

    def cells(self) -> tuple[str, ...]:
        """Return what the table shows between the number of rows and the target."""
        more = f"+{self.found:.0f} {self.unit}"
        return (
            f"{self.ours:.0f} {self.unit}",
            f"{self.theirs:.0f} {self.unit}",
            self.reference,
            more,
        )


Result = Union[Ratio, Growth, Amount]


def is_met(result: Result) -> bool:
    """Tell whether a target is reached."""
    return result.found <= result.at_most


def as_table(results: Sequence[Result]) -> str:
    """Return results as aligned text."""
    lines = [_HEADINGS, *map(_line, results)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEADINGS))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if left else cell.rjust(width)
            for cell, width, left in zip(line, widths, _LEFT, strict=True)
        ).rstrip()
        for line in lines
    )


def as_json(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Return results as JSON objects; seconds, megabytes or bytes."""
    return [
        {
            "kind": type(result).__name__.lower(),
            **result._asdict(),
            "found": result.found,
            "is_met": is_met(result),
        }
        for result in results
    ]


def _line(result: Result) -> tuple[str, ...]:
    unit = f" {result.unit}" if isinstance(result, Amount) else "x"
    verdict = "met" if is_met(result) else "MISSED"
    rows = f"{result.rows:,}" if result.rows else ""
    return result.work, rows, *result.cells(), f"{result.at_most:g}{unit}", verdict


def _duration(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.2f} s"
    if seconds >= 0.001:
        return f"{seconds * 1e3:.1f} ms"
    return f"{seconds * 1e6:.1f} us"
