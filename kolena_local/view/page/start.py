"""The first page, the stylesheet and the icon."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from kolena_local.view.html import TEMPLATES

start = Blueprint("start", __name__)


@start.get("/")
def index() -> AnyResponse:
    """Go to the models."""
    return redirect(url_for("models.index"), 303)


@start.get("/style.css")
def style() -> Response:
    """Serve the stylesheet."""
    return Response((TEMPLATES / "style.css").read_text("utf-8"), mimetype="text/css")


@start.get("/favicon.ico")
def icon() -> Response:
    """Say that there is no icon; browsers ask for one, and show an error if it is not found."""
    return Response(status=204)
