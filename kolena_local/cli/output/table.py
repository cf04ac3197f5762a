"""Format a table as lines of text with aligned columns; on a narrow terminal, as what fits.

Nothing is ever cut: half a name may be that of another model, and half a number is another number.
A table that is too wide loses columns that it can do without, then its texts are wrapped between
words and then within long ones, and if that is not enough, its rows are printed one below the
other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from kolena_local.cli.output.terminal_text import cell, display_width, is_numeric

_GAP = 2
_NARROWEST = 12
"""The least width to which a column is narrowed by breaking words."""
# Within a word, a line may end after a hyphen or the like, and after a character of East Asia.
_BREAKS = re.compile("(?<=[-_/\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff01-\uff60])")


class _Column(NamedTuple):
    name: str
    texts: list[str]
    is_number: bool = False
    is_empty: bool = False

    def widest(self, width_of: Callable[[str], int]) -> int:
        return max(map(width_of, [self.name, *self.texts]))

    def least(self) -> int:
        """Return the width to which the column can be narrowed by breaking words."""
        least = self.widest(_longest_word)
        if self.is_number:
            return least
        return min(least, max(_NARROWEST, self.widest(_longest_part)))


def table(
    header: Sequence[str],
    rows: Sequence[Sequence[object]],
    width: int | None,
    optional: Sequence[str] = (),
) -> Iterator[str]:
    """Return the lines of a table: the header, a rule, the rows.

    Args:
        header: the names of the columns.
        rows: the values of each row.
        width: the width of the terminal; None leaves out and wraps nothing.
        optional: the columns to leave out of a table that is too wide, the first one first; columns
            without values go before them. A mark in the header shows that some were left out.
    """
    columns = [_column(name, [row[place] for row in rows]) for place, name in enumerate(header)]
    widths = [column.widest(display_width) for column in columns]
    if width is not None and _total(widths) > width:
        columns = _without_optional(columns, optional, width)
        widths = [column.widest(display_width) for column in columns]
        least = [column.widest(_longest_word) for column in columns]
        if _total(least) > width:
            least = [column.least() for column in columns]
        if _total(least) > width:
            return _records(header, rows, width)
        _narrow(widths, least, width)
    return _lines(columns, widths)


def _column(name: str, values: Sequence[object]) -> _Column:
    is_empty = all(value in (None, "") for value in values)
    return _Column(cell(name), list(map(cell, values)), is_numeric(values), is_empty)


def _without_optional(columns: list[_Column], optional: Sequence[str], width: int) -> list[_Column]:
    """Return as many columns as fit, with a mark in place of others."""
    named = [column for name in optional for column in columns if column.name == name]
    kept, mark = list(columns), _Column("…", [""] * len(columns[0].texts))
    for column in [*(column for column in columns if column.is_empty), *named]:
        shown = kept if len(kept) == len(columns) else [*kept, mark]
        if column in kept and _total([one.widest(display_width) for one in shown]) > width:
            kept.remove(column)
    return kept if len(kept) == len(columns) else [*kept, mark]


def _narrow(widths: list[int], least: list[int], width: int) -> None:
    """Narrow columns in place until the table fits, the widest first."""
    widths[:] = [min(now, max(width, low)) for now, low in zip(widths, least, strict=True)]
    while _total(widths) > width:
        flexible = [column for column, now in enumerate(widths) if now > least[column]]
        widths[max(flexible, key=widths.__getitem__)] -= 1


def _lines(columns: list[_Column], widths: list[int]) -> Iterator[str]:
    rule = ["-" * width for width in widths]
    rows = zip(*(column.texts for column in columns), strict=True)
    numbers = [column.is_number for column in columns]
    for row in ([column.name for column in columns], rule, *rows):
        cells = [_wrapped(text, width, _BREAKS) for text, width in zip(row, widths, strict=True)]
        for number in range(max(map(len, cells))):
            parts = (parts[number] if number < len(parts) else "" for parts in cells)
            yield (" " * _GAP).join(map(_align, parts, widths, numbers)).rstrip()


def _records(header: Sequence[str], rows: Sequence[Sequence[object]], width: int) -> Iterator[str]:
    for number, row in enumerate(rows):
        if number:
            yield ""
        yield from fields(list(zip(header, row, strict=True)), width)


def fields(pairs: Sequence[tuple[str, object]], width: int | None) -> Iterator[str]:
    """Return lines with a name and its value each, wrapped between words to a width."""
    names = [cell(name) for name, _ in pairs]
    indent = max(map(display_width, names), default=0)
    for name, (_, value) in zip(names, pairs, strict=True):
        # A long word is left to the terminal, which knows how to copy it whole.
        text = cell(value)
        lines = [text] if width is None else _wrapped(text, width - indent - _GAP, None)
        for number, line in enumerate(lines):
            yield f"{_align(name * (number == 0), indent, False)}{' ' * _GAP}{line}".rstrip()


def _wrapped(text: str, width: int, breaks: re.Pattern[str] | None) -> list[str]:
    """Return a text as lines of at most a width, or of one word, or part of one, that is wider."""
    if display_width(text) <= width:
        return [text]
    lines: list[str] = []
    for word in text.split(" "):
        glue = " "
        for part in breaks.split(word) if breaks and display_width(word) > width else [word]:
            if lines and display_width(f"{lines[-1]}{glue}{part}") <= width:
                lines[-1] += f"{glue}{part}"
            else:
                lines.append(part)
            glue = ""
    return lines


def _longest_word(text: str) -> int:
    return max(map(display_width, text.split(" ")))


def _longest_part(text: str) -> int:
    return max(_longest_word(part) for part in _BREAKS.split(text))


def _total(widths: list[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1)


def _align(text: str, width: int, right: bool) -> str:
    padding = " " * (width - display_width(text))
    return padding + text if right else text + padding
