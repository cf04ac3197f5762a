"""Remarks on comparisons that are not decided for another reason than a small difference."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from kolena_local.comparison.report import WHOLE_SUITE, listed
from kolena_local.comparison.verdicts import NOT_DECIDED, Row
from kolena_local.plurals import counted, enumerated

_NAMED: Final = 4


def withheld(rows: Sequence[Row], confidence: float, tests: int) -> Iterator[str]:
    """Yield a sentence on rows that too few samples cannot decide, and one on withheld verdicts.

    Args:
        rows: the rows of the comparison.
        confidence: the confidence level.
        tests: the number of comparisons that p-values are adjusted for.
    """
    risk = 1 - confidence
    open_rows = [row for row in listed(rows) if row.verdict == NOT_DECIDED and row.units > 1]
    metrics = {row.metric for row in rows}
    # If all of n units are better, the sign test's p-value is 2 / 2**n.
    needed = 1 + math.ceil(math.log2(max(tests, 1) / risk) - 1e-9)
    few = [row for row in open_rows if row.units < needed]
    if few:
        kind = "cluster" if any(row.units < row.n for row in few) else "sample"
        adjusted = f" and {counted(tests, 'comparison')}" if tests > 1 else ""
        yield (
            f"Too few to decide, whatever the difference: {_names(few, metrics, kind)}. At a"
            f" confidence of {100 * confidence:.12g} %{adjusted}, it takes at least"
            f" {counted(needed, kind)}."
        )
    skewed = [row for row in open_rows if row.units >= needed and row.plain_p_value * tests <= risk]
    if skewed:
        yield (
            f"Not decided, although a t test would decide: {_names(skewed, metrics)}. A few samples"
            " that by chance are not among these could outweigh the difference, because differences"
            " are skewed or samples are few."
        )


def _names(rows: Sequence[Row], metrics: Iterable[str], kind: str = "") -> str:
    names = [_name(row, len(list(metrics)) > 1, kind) for row in rows[:_NAMED]]
    more = len(rows) - _NAMED
    return enumerated([*names, counted(more, "other")] if more > 0 else names)


def _name(row: Row, several: bool, kind: str) -> str:
    name = WHOLE_SUITE if row.test_case is None else f"'{row.test_case}'"
    of = f" in '{row.metric}'" if several else ""
    return f"{name}{of} with {counted(row.units, kind)}" if kind else f"{name}{of}"
