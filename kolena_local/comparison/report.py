"""The table of a comparison and the remarks below it. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from kolena_local.comparison.margins import sentences
from kolena_local.comparison.statistics.pairs import Ids, Pairs
from kolena_local.comparison.verdicts import Row
from kolena_local.directions import Direction
from kolena_local.plurals import agreeing, counted, enumerated

if TYPE_CHECKING:
    import pandas as pd

WHOLE_SUITE = "(whole suite)"

Cell = str | int | float | None


def table(rows: Sequence[Row], flips: bool = False) -> tuple[list[str], list[list[Cell]]]:
    """Return the header and the cells of the table, with a line for each row that is listed.

    Empty columns are left out.

    Args:
        rows: the rows of the comparison.
        flips: whether to show how many bools changed in each direction.
    """
    rows = listed(rows)
    columns: dict[str, Callable[[Row], Cell]] = {
        "test case": lambda row: WHOLE_SUITE if row.test_case is None else row.test_case,
        "metric": lambda row: row.metric,
        "verdict": lambda row: row.verdict,
        "n": lambda row: row.n,
        "base": lambda row: rounded(row.base, 4),
        "candidate": lambda row: rounded(row.candidate, 4),
        "difference": lambda row: rounded(row.difference, 3),
        "low": lambda row: rounded(row.ci_low, 3),
        "high": lambda row: rounded(row.ci_high, 3),
        "p adjusted": lambda row: rounded(row.p_adjusted, 2),
        "margin": lambda row: row.margin,
        "within margin": lambda row: row.within_margin,
        "right to wrong": lambda row: row.right_to_wrong,
        "wrong to right": lambda row: row.wrong_to_right,
        "more needed": lambda row: row.more_samples,
        "only base": lambda row: row.only_base,
        "only candidate": lambda row: row.only_candidate,
        "untested": lambda row: row.untested,
        "no number": lambda row: row.without_number,
    }
    if len({row.metric for row in rows}) == 1:
        del columns["metric"]
    for name in ("more needed", "only base", "only candidate", "untested", "no number"):
        if not any(map(columns[name], rows)):
            del columns[name]
    if all(row.margin is None for row in rows):
        del columns["margin"], columns["within margin"]
    if not flips:
        del columns["right to wrong"], columns["wrong to right"]
    return list(columns), [[get(row) for get in columns.values()] for row in rows]


def listed(rows: Sequence[Row]) -> list[Row]:
    """Return the rows without the test cases that are the same as the whole suite."""
    whole = _whole_suite(rows)
    return [row for row in rows if not _repeats(row, whole)]


def _whole_suite(rows: Iterable[Row]) -> dict[str, Row]:
    return {row.metric: row for row in rows if row.test_case is None}


def _repeats(row: Row, whole_suite: Mapping[str, Row]) -> bool:
    """Return whether the row of a test case is the same comparison as that of the whole suite."""
    return row.test_case is not None and replace(row, test_case=None) == whole_suite[row.metric]


def text(header: Sequence[str], cells: Sequence[Sequence[Cell]]) -> str:
    """Format a table as lines of text."""
    lines = [
        list(header),
        *(["-" if cell is None else str(cell) for cell in line] for line in cells),
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def html(title: str, frame: pd.DataFrame, remarks: Iterable[str]) -> str:
    """Format a table for notebooks."""
    below = "".join(f"<p>{escape(remark)}</p>" for remark in remarks)
    return f"<p>{escape(title)}</p>{frame.to_html(index=False, na_rep='')}{below}"


def caveats(rows: Sequence[Row], directions: Mapping[str, Direction]) -> Iterator[str]:
    """Yield the sentences without which the table would be misread.

    Args:
        rows: the rows of the comparison.
        directions: whether higher or lower is better, for each metric.
    """
    yield from directions_of(list(directions.values()))
    yield from sentences(rows, directions)
    whole = _whole_suite(rows)
    yield from not_listed(row.test_case for row in rows if _repeats(row, whole))
    for row in whole.values():
        yield from _left_out(row, len(whole) > 1)
    for row in rows:
        if row.units == 1 and not _repeats(row, whole):
            what = "one sample" if row.n == 1 else "one cluster"
            name = WHOLE_SUITE if row.test_case is None else f"'{row.test_case}'"
            yield f"{name} has only {what} to compare '{row.metric}' on, too few to decide."


def not_listed(test_cases: Iterable[str | None]) -> Iterator[str]:
    """Yield a sentence on test cases that are the same as the whole suite, if there are any."""
    same = dict.fromkeys(f"'{name}'" for name in test_cases)
    if same:
        verb = agreeing(len(same), "is", "are")
        yield f"{enumerated(same)} {verb} the same as {WHOLE_SUITE} and not listed again."


def unchanged(whole: Mapping[str, Pairs]) -> Iterator[str]:
    """Yield a sentence on metrics that are the same for both models on every sample.

    Args:
        whole: for each metric, its values on the whole suite.
    """
    same: dict[int, list[str]] = {}
    for metric, pairs in whole.items():
        if len(pairs.ids) and not pairs.differences.any():
            same.setdefault(len(pairs.ids), []).append(f"'{metric}'")
    for n, metrics in same.items():
        samples = agreeing(n, "the only sample compared", f"all {n} samples compared")
        yield f"Both models have the same value of {enumerated(metrics)} on {samples}."


def legend(rows: Sequence[Row], confidence: float, correction: str, tests: int) -> Iterator[str]:
    """Yield the sentences that explain the table's columns.

    Args:
        rows: the rows of the comparison.
        confidence: the level of the confidence intervals.
        correction: the name of the correction for multiple comparisons.
        tests: the number of comparisons that p-values are adjusted for.
    """
    percent = f"{100 * confidence:.12g} %"
    yield f"low and high: the {percent} confidence interval of the difference, not adjusted."
    tested = sum(not math.isnan(row.p_value) for row in listed(rows))
    if tests > 1:
        once = f"; of {tested} rows, those on the same samples count once" if tested > tests else ""
        yield (
            "p adjusted: the probability of a difference this large if the models were equally"
            f" good, adjusted for {tests} different comparisons ({correction.title()})"
            f"{once}. Verdicts are based on it."
        )
    if any(row.margin is not None for row in rows):
        yield (
            "within margin: what the interval says of a loss of more than the margin. That no row"
            " is worse needs no correction for the number of rows."
        )
    if any(row.more_samples for row in rows):
        yield (
            "more needed: about how many more samples like these would decide, with a probability"
            " of 80 %."
        )


def directions_of(directions: Sequence[Direction]) -> Iterator[str]:
    """Yield sentences about whether higher or lower is better."""
    reasons = {
        "given": "as specified",
        "declared": "as declared",
        "declared by base": "as declared by the results of the base only",
        "declared by candidate": "as declared by the results of the candidate only",
        "name": "by its name",
    }
    unknown = [one.metric for one in directions if one.higher_is_better is None]
    if unknown:
        yield (
            f"Whether higher or lower is better is not declared: {', '.join(unknown)}. The verdict"
            " is 'higher' or 'lower' there, neither better nor worse; declare HigherIsBetter or"
            " LowerIsBetter in the metric's type."
        )
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
        (row.without_number, f"a value of {_without_number(row)} is NaN, infinite or missing"),
    ):
        if count:
            samples = f"{counted(count, 'sample')} {agreeing(count, 'is', 'are')}"
            yield f"{samples} left out{of}: {what}."


def _without_number(row: Row) -> str:
    """Return whose values are not numbers; with counts if there are such values of both."""
    counts = {"the base": row.base_without_number, "the candidate": row.candidate_without_number}
    lacking = {side: count for side, count in counts.items() if count}
    if len(lacking) == 1:
        return next(iter(lacking))
    return " or ".join(f"{side} ({counted(count, 'sample')})" for side, count in lacking.items())


def clustered(field: str, codes: Ids, lacking: int) -> str:
    """Return a sentence about clusters of samples.

    Args:
        field: the metadata field by which samples are clustered.
        codes: the cluster number of each sample.
        lacking: the number of samples without the field.
    """
    lack = agreeing(lacking, "a single sample without", "single samples without")
    of_them = f", {lacking} of them {lack} this field." if lacking else "."
    return f"Samples are clustered by {field}: {counted(len(np.unique(codes)), 'cluster')}{of_them}"


def rounded(value: float, digits: int) -> float | None:
    """Return a number with so many digits, zero without a sign; None for NaN."""
    if math.isnan(value):
        return None
    shown = float(f"{value:.{digits}g}") + 0.0  # adding zero takes the sign off negative zero
    return value if math.isinf(shown) else shown  # do not round the largest floats up
