"""Format a table as lines of text with aligned columns, cut to a width if one is given.

Only text is cut, never a number: the first digits of a number are a different number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kolena_local.cli.output.terminal_text import cell, display_width, is_numeric, shorten

_GAP = 2
_NARROWEST = 8
"""The least width of a column of text; below it, the columns on the right are left out."""


def table(
    header: Sequence[str], rows: Sequence[Sequence[object]], width: int | None
) -> Iterator[str]:
    """Yield the lines of a table: the header, a rule, the rows.

    Args:
        header: the names of the columns.
        rows: the values of each row.
        width: the width of the terminal; None cuts nothing.
    """
    numeric = [is_numeric([row[column] for row in rows]) for column in range(len(header))]
    texts = [[cell(name) for name in header], *([cell(value) for value in row] for row in rows)]
    widths = [max(display_width(line[column]) for line in texts) for column in range(len(header))]
    if width is not None:
        shown = _fit(widths, numeric, width)
        if shown < len(widths):
            texts = [[*line[:shown], "…"] for line in texts]
            widths[shown:], numeric[shown:] = [1], [False]
    texts.insert(1, ["-" * column for column in widths])
    for line in texts:
        aligned = map(_align, line, widths, numeric)
        yield (" " * _GAP).join(aligned).rstrip()


def _fit(widths: list[int], numeric: list[bool], width: int) -> int:
    """Narrow columns of text in place, the widest first; return how many columns fit."""
    flexible = [column for column, fixed in enumerate(numeric) if not fixed]
    for column in flexible:
        widths[column] = min(widths[column], max(width, _NARROWEST))
    while flexible and _total(widths) > width:
        widest = max(flexible, key=widths.__getitem__)
        if widths[widest] <= _NARROWEST:
            break
        widths[widest] -= 1
    shown = len(widths)
    while shown > 1 and _total(widths[:shown]) + (_GAP + 1) * (shown < len(widths)) > width:
        shown -= 1
    return shown


def _total(widths: list[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1)


def _align(text: str, width: int, right: bool) -> str:
    text = text if right else shorten(text, width)
    padding = " " * (width - display_width(text))
    return padding + text if right else text + padding
