"""What a browser reads from a page: tables, and forms as it would send them."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Dict, List, Optional, Tuple

Field = Tuple[str, str]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.fields: List[Field] = []
        self.rows: List[List[str]] = []
        self._inside = False
        self._area: Optional[List[str]] = None
        self._select: Optional[Tuple[str, List[str], Optional[str]]] = None
        self._option: Optional[Tuple[Optional[str], bool]] = None
        self._cell: Optional[List[str]] = None
        self._name = ""

    def handle_starttag(self, tag: str, attrs: List[Tuple[str, Optional[str]]]) -> None:
        given = {key: value or "" for key, value in attrs}
        if tag == "form":
            self._inside = given.get("method") == "post"
        elif tag == "input" and self._inside and "name" in given:
            if given.get("type") != "checkbox" or "checked" in given:
                default = "on" if given.get("type") == "checkbox" else ""
                value = given.get("value", default)
                if given.get("type") != "hidden":
                    # A field of one line leaves line breaks out.
                    value = value.replace("\n", "").replace("\r", "")
                self.fields.append((given["name"], value))
        elif tag == "textarea":
            self._name, self._area = given["name"], []
        elif tag == "select":
            self._select = (given["name"], [], None)
        elif tag == "option" and self._select:
            self._option = (given.get("value"), "selected" in given)
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self._cell = []

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area.append(data)
        if self._option is not None and self._select is not None:
            name, options, chosen = self._select
            value = data if self._option[0] is None else self._option[0]
            self._select = (name, [*options, value], value if self._option[1] else chosen)
            self._option = None
        if self._cell is not None:
            self._cell.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area is not None:
            text = "".join(self._area)
            # Its first line break does not count, and all are sent as two characters.
            text = text[1:] if text.startswith("\n") else text
            if self._inside:
                self.fields.append((self._name, text.replace("\n", "\r\n")))
            self._area = None
        elif tag == "select" and self._select is not None:
            name, options, chosen = self._select
            if self._inside:
                self.fields.append((name, options[0] if chosen is None else chosen))
            self._select = None
        elif tag in ("td", "th") and self._cell is not None:
            self.rows[-1].append(" ".join("".join(self._cell).split()))
            self._cell = None
        elif tag == "form":
            self._inside = False


def form_of(text: str, changes: Optional[Dict[str, Optional[str]]] = None) -> Dict[str, List[str]]:
    """Return the fields of a page's form as a browser sends them.

    Args:
        text: the page.
        changes: what the user types, or None for a box that is not checked any more.
    """
    reader = _Reader()
    reader.feed(text)
    found: Dict[str, List[str]] = {}
    for name, value in reader.fields:
        found.setdefault(name, []).append(value)
    for name, typed in (changes or {}).items():
        if typed is None:
            del found[name]
        else:
            found[name] = [typed]
    return found


def rows_of(text: str) -> List[List[str]]:
    """Return the cells of all tables of a page, row by row."""
    reader = _Reader()
    reader.feed(text)
    return reader.rows
