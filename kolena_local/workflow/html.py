"""HTML tables that notebooks show for an entity.

All text comes from users or files, and is escaped. Nothing here reads the store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

_LONGEST = 500


def properties(title: str, named: Mapping[str, Any]) -> str:
    """Return a table with a row for each name; values that are None or empty are omitted.

    Args:
        title: the title, such as the class and name of the object.
        named: values by name; the items of lists and dicts are separated by commas.
    """
    shown = {name: _shown(value) for name, value in named.items()}
    rows = "".join(
        f"<tr><th>{_text(name)}</th><td>{_text(text)}</td></tr>"
        for name, text in shown.items()
        if text
    )
    return f"<table><caption>{_text(title)}</caption><tbody>{rows}</tbody></table>"


def table(header: Sequence[str], rows: Sequence[Sequence[Any]], most: int = 20) -> str:
    """Return a table with a header and at most ``most`` rows; an empty string without rows."""
    if not rows:
        return ""
    head = "".join(f"<th>{_text(name)}</th>" for name in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{_text(_shown(cell))}</td>" for cell in row) + "</tr>"
        for row in rows[:most]
    )
    left = len(rows) - most
    more = f"<tr><td colspan={len(header)}>and {left} more</td></tr>" if left > 0 else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}{more}</tbody></table>"


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_shown(item)}" for name, item in value.items())
    if isinstance(value, (set, frozenset)):
        return ", ".join(sorted(map(str, value)))
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_shown, value))
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else str(value)


def _text(text: str) -> str:
    # No encoding can represent unpaired surrogates.
    whole = text.encode("utf-8", "backslashreplace").decode()
    return escape(whole if len(whole) <= _LONGEST else f"{whole[:_LONGEST]}…")
