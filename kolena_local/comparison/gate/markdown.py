"""A judgment as Markdown, for the summary of a job or a comment on a merge request."""

from __future__ import annotations

import re

from kolena_local.comparison.gate.judgment import Judgment
from kolena_local.plurals import printable

# A name is text, whatever is in it: no link, image, HTML or end of a cell.
_MARKUP = re.compile(r"[\\`*_\[\]<>&|~#$@!]|:(?=/)|(?<=[wW])\.")


def markdown(judgment: Judgment) -> str:
    """Return the outcome, the table, and the sentences below it."""
    header, rows = judgment.table()
    marks = [
        "---:" if any(isinstance(row[place], (int, float)) for row in rows) else "---"
        for place in range(len(header))
    ]
    cells = [[_text("-" if cell is None else str(cell)) for cell in row] for row in rows]
    lines = [header, marks, *cells]
    return "\n".join(
        [
            f"## Gate: {judgment.outcome}",
            "",
            # Not at the start of a line, where Markdown looks for blocks.
            f"Judged: {_text(judgment.comparison.title)}",
            "",
            *(f"| {' | '.join(line)} |" for line in lines),
            "",
            *(f"- {_text(sentence)}" for sentence in (*judgment.reasons, *judgment.remarks)),
            "",
        ]
    )


def _text(text: str) -> str:
    return _MARKUP.sub(r"\\\g<0>", printable(text))
