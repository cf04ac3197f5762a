"""A comparison in words: the table's cells and the remarks below it. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence

from kolena_local.comparison.direction import Direction
from kolena_local.comparison.verdicts import Row
from kolena_local.plurals import agreeing, counted

WHOLE_SUITE = "(whole suite)"

Cell = str | int | float | None


def table(rows: Sequence[Row], *, narrow: bool) -> tuple[list[str], list[list[Cell]]]:
    """Return a table's header and cells; columns that say nothing are left out.

    Args:
        rows: the comparison's.
        narrow: leave out the two means.
    """
    columns: dict[str, Callable[[Row], Cell]] = {
        "test case": lambda row: WHOLE_SUITE if row.test_case is None else row.test_case,
        "metric": lambda row: row.metric,
        "verdict": lambda row: row.verdict,
        "n": lambda row: row.n,
        "base": lambda row: _digits(row.base, 4),
        "candidate": lambda row: _digits(row.candidate, 4),
        "difference": lambda row: _digits(row.difference, 3),
        "low": lambda row: _digits(row.ci_low, 3),
        "high": lambda row: _digits(row.ci_high, 3),
        "p adjusted": lambda row: _digits(row.p_adjusted, 2),
        "more needed": lambda row: row.more_samples,
        "only base": lambda row: row.only_base,
        "only candidate": lambda row: row.only_candidate,
        "untested": lambda row: row.untested,
        "no number": lambda row: row.without_number,
    }
    if len({row.metric for row in rows}) == 1:
        del columns["metric"]
    if narrow:
        del columns["base"], columns["candidate"]
    for name in ("more needed", "only base", "only candidate", "untested", "no number"):
        if not any(map(columns[name], rows)):
            del columns[name]
    return list(columns), [[get(row) for get in columns.values()] for row in rows]


def text(header: Sequence[str], cells: Sequence[Sequence[Cell]]) -> str:
    """Write a table as lines of text."""
    lines = [
        list(header),
        *(["-" if cell is None else str(cell) for cell in line] for line in cells),
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def remarks(
    rows: Sequence[Row],
    directions: Iterable[Direction],
    confidence: float,
    correction: str,
    tests: int,
) -> Iterator[str]:
    """Yield the sentences that a reader of the table needs.

    Args:
        rows: the comparison's.
        directions: which way each metric is better.
        confidence: of the intervals.
        correction: how p-values were adjusted.
        tests: for how many comparisons.
    """
    yield from _directions(list(directions))
    yield f"low and high: the difference's {100 * confidence:.12g} % interval, each line by itself."
    if tests > 1:
        name = correction.title()
        yield f"p adjusted allows for {tests} different comparisons ({name}); verdicts go by it."
    whole = [row for row in rows if row.test_case is None]
    for metric in {row.metric: None for row in whole}:
        yield from _left_out(next(row for row in whole if row.metric == metric), len(whole) > 1)
    for row in rows:
        if row.units == 1:
            what = "one sample" if row.n == 1 else "one cluster"
            name = WHOLE_SUITE if row.test_case is None else f"'{row.test_case}'"
            yield f"{name} has {what} to compare '{row.metric}' by: that decides nothing."
    if any(row.more_samples for row in rows):
        yield (
            "More needed: about so many more samples would decide, with a probability of 80 %, if"
            " they are like those that there are."
        )


def _directions(directions: Sequence[Direction]) -> Iterator[str]:
    reasons = {"given": "as you said", "name": "by its name", "default": "assumed"}
    for higher, word in ((True, "Higher"), (False, "Lower")):
        named = [
            f"{one.metric} ({reasons[one.source]})"
            for one in directions
            if one.higher_is_better is higher
        ]
        if named:
            yield f"{word} is better: {', '.join(named)}."


def _left_out(row: Row, several: bool) -> Iterator[str]:
    of = f" of '{row.metric}'" if several else ""
    for count, what in (
        (row.only_base, "only the base has a result"),
        (row.only_candidate, "only the candidate has a result"),
        (row.untested, "neither model has a result"),
        (row.without_number, "a value is NaN, infinite or missing"),
    ):
        if count:
            samples = f"{counted(count, 'sample')} {agreeing(count, 'is', 'are')}"
            yield f"{samples} left out{of}: {what}."


def _digits(value: float, digits: int) -> float | None:
    if math.isnan(value):
        return None
    shown = float(f"{value:.{digits}g}")
    return value if math.isinf(shown) else shown  # the largest floats are not rounded up
