"""The Jinja2 environment of the report and the page, which makes text from a store harmless.

Everything is escaped, and characters that cannot be seen or that turn the writing direction around
are written as escape sequences. Nothing in the templates can switch this off.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from kolena_local.payload import Json, dumps
from kolena_local.plurals import INVISIBLE, UNSAFE, counted, printable
from kolena_local.repository.metadata_text import as_visible_text
from kolena_local.view.extra import from_extra
from kolena_local.view.shortened import label, short_value, shortened

with from_extra("Reports and the page"):
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup, escape

_NOT_SEEN: Final = re.compile(f"([\\t\\r{INVISIBLE}])|[\\x00-\\x08\\x0b-\\x1f{UNSAFE}]")
# The characters < > and " of values are escaped.
_LABEL: Final = re.compile(r'(<(?:div|nav)\b[^<>]* aria-label=")([^"]*)"')
TEMPLATES: Final = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        title: its header.
        number: whether it has numbers, which are aligned to the right.
        href: where the header leads, to sort by it.
        sorted: ``ascending`` or ``descending`` if the table is sorted by it.
    """

    title: str
    number: bool = False
    href: str | None = None
    sorted: str | None = None


@cache
def environment() -> Environment:
    """Return the environment that renders all templates."""
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=_visible,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    templates.filters.update(
        number=number,
        moment=moment,
        safe_link=safe_link,
        counted=counted,
        json=dumps,
        visible_json=as_visible_text,
        as_typed=as_typed,
        lines=lines,
        exact=exact,
        label=label,
        shortened=shortened,
        short_value=short_value,
    )
    templates.globals["column"] = Column
    # There is nothing that may go out as it is.
    del templates.filters["safe"]
    return templates


def render(template: str, **values: Any) -> str:
    """Return a template as HTML, in which no two regions have the same label.

    Args:
        template: the file below ``templates``.
        **values: what it shows.
    """
    seen: set[str] = set()

    def unique(region: re.Match[str]) -> str:
        before, first = region.groups()
        label, place = first, 1
        while label.casefold() in seen:
            place += 1
            label = f"{first} ({place})"
        seen.add(label.casefold())
        return f'{before}{label}"'

    # Here, because names are cut to fit, and only a page as a whole knows which are then the same.
    return _LABEL.sub(unique, environment().get_template(template).render(**values))


def _visible(value: Any) -> Any:
    if isinstance(value, Markup):
        return value
    if isinstance(value, float):
        return number(value)
    return printable(str(value))


def number(value: float, digits: int = 4) -> str:
    """Return a number for people: integers whole, other numbers with significant digits."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value:,}"
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "∞" if value > 0 else "\N{MINUS SIGN}∞"
    is_long = 10**digits <= abs(value) < 1e15  # with an exponent, it would be hard to read
    text = f"{value:,.0f}" if is_long else f"{value:.{digits}g}"
    return text.replace("-", "\N{MINUS SIGN}", 1)


def as_typed(text: str) -> Markup:
    """Return the value of a field of a form, so that it is sent back as it is.

    Only characters that HTML cannot express, such as NUL, are sent back as escape sequences.
    """
    return Markup(_NOT_SEEN.sub(_reference, escape(text)))


def _reference(character: re.Match[str]) -> str:
    return f"&#{ord(character[0])};" if character[1] else printable(character[0])


def exact(value: Json) -> str:
    """Return a scalar as JSON: text in quotes only if it could be taken for something else."""
    if not isinstance(value, str):
        return as_visible_text(value)
    is_blank = value != value.strip() or not value
    try:
        json.loads(value)
    except (ValueError, RecursionError):
        return as_visible_text(value) if is_blank else value
    return as_visible_text(value)


def lines(text: str) -> Markup:
    """Return text on several lines, each of them harmless."""
    return Markup("\n").join(printable(line) for line in text.split("\n"))


def moment(text: str) -> Markup:
    """Return a stored time as an HTML element, in UTC and to the minute."""
    text = printable(text)
    return Markup('<time datetime="{}">{} {} UTC</time>').format(text, text[:10], text[11:16])


def safe_link(text: str) -> str | None:
    """Return an address that may be linked; None if it is not one of a web page."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    is_web = parts.scheme in ("http", "https") and bool(parts.netloc)
    return text if is_web and printable(text) == text and " " not in text else None
