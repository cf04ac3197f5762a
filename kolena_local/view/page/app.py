"""Make the Flask application."""

from __future__ import annotations

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from kolena_local.errors import KolenaError, NotFoundError
from kolena_local.view.page import guard
from kolena_local.view.page.compare import compare
from kolena_local.view.page.images import images
from kolena_local.view.page.model_editing import models
from kolena_local.view.page.rendering import page
from kolena_local.view.page.results import plots, results, runs
from kolena_local.view.page.samples import samples
from kolena_local.view.page.settings import Settings, keep_settings
from kolena_local.view.page.start import start
from kolena_local.view.page.test_cases import test_cases
from kolena_local.view.page.test_suites import test_suites

BLUEPRINTS = (
    start,
    models,
    test_suites,
    test_cases,
    results,
    runs,
    plots,
    compare,
    samples,
    images,
)


def create_app(settings: Settings) -> Flask:
    """Return an application that shows a store.

    Args:
        settings: the store, and where the page is served.
    """
    app = Flask(__name__, static_folder=None, template_folder=None)
    app.secret_key = settings.secret
    app.config.update(
        SESSION_COOKIE_NAME=f"kolena_local_{settings.port}_notices",
        SESSION_COOKIE_SAMESITE="Strict",
        MAX_CONTENT_LENGTH=2**20,
        MAX_FORM_MEMORY_SIZE=2**20,
        MAX_FORM_PARTS=1_000,
    )
    keep_settings(app, settings)
    guard.install(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.register_error_handler(HTTPException, _show_http_error)
    app.register_error_handler(KolenaError, _show_error)
    return app


def _show_http_error(error: HTTPException) -> Response:
    return page("error.html", error.code or 500, heading=error.name, message=error.description)


def _show_error(error: KolenaError) -> Response:
    status = 404 if isinstance(error, NotFoundError) else 400
    return page("error.html", status, heading="That did not work", message=str(error))
