"""Render a template as an answer of the page."""

from __future__ import annotations

from typing import Any, Final

from flask import Response, current_app, request, url_for

from kolena_local.view.html import render
from kolena_local.view.page.settings import settings

#: The sections in the top line, with their first pages.
SECTIONS: Final = [
    ("Models", "models.index"),
    ("Test suites", "test_suites.index"),
    ("Compare", "compare.index"),
    ("Samples", "samples.index"),
]
#: Blueprints without a section of their own, with the section that they are in.
_IN_SECTION: Final = dict.fromkeys(("test_cases", "results", "runs"), "test_suites")


def page(template: str, status: int = 200, **values: Any) -> Response:
    """Return a page.

    Args:
        template: the file below ``templates/page``.
        status: the HTTP status.
        **values: what the template shows.
    """
    current = settings()
    notices = [current.notices.popleft() for _ in range(len(current.notices))]
    text = render(
        f"page/{template}",
        url_for=url_for,
        link_to=link_to,
        sections=SECTIONS,
        section=f"{_IN_SECTION.get(str(request.blueprint), request.blueprint)}.index",
        notices=notices,
        location=current.location,
        read_only=current.read_only,
        **values,
    )
    return Response(text, status, mimetype="text/html")


def link_to(endpoint: str, **values: Any) -> str | None:
    """Return the address of a page; None if the application does not have that page."""
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else None


def note(text: str, kind: str = "good") -> None:
    """Show a sentence on the page that is shown next."""
    settings().notices.append((kind, text))
