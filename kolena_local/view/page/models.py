"""The Models page: the registry."""

from __future__ import annotations

from flask import Blueprint, Response, request

from kolena_local.view.html import Column
from kolena_local.view.page.rendering import page
from kolena_local.view.page.store import reading

models = Blueprint("models", __name__)

_COLUMNS = [Column(title) for title in ("model", "workflow", "tags", "updated")]


@models.get("/models")
def index() -> Response:
    """Show all models."""
    with reading() as unit:
        records = unit.models.list()
    return page("models.html", models=records, columns=_COLUMNS)


@models.get("/model")
def show() -> Response:
    """Show a model."""
    with reading() as unit:
        record = unit.models.get(request.args.get("name", ""))
    return page("model.html", model=record)
