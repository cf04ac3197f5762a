"""Make the Flask application."""

from __future__ import annotations

from typing import Final

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from kolena_local.errors import KolenaError, NameConflictError, NotFoundError, StoreError
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
LARGEST_FORM: Final = 2**20

_STATUSES: Final = ((StoreError, 503), (NotFoundError, 404), (NameConflictError, 409))
_MESSAGES: Final = {
    400: "A part of the address or of the form is missing; go back and try again.",
    404: "There is no such page.",
    405: "This page can only be read, or only be sent a form.",
    413: "The form holds more than 1 MiB; nothing was changed. Use the command line or Python.",
    500: (
        "This is a bug, or the store is damaged: `kolena-local db check` finds out. The terminal"
        " in which kolena-local ui runs shows the error."
    ),
}


def create_app(settings: Settings) -> Flask:
    """Return an application that shows a store.

    Args:
        settings: the store, and where the page is served.
    """
    # Without a secret key there are no sessions in cookies; what pages need to remember is in the
    # settings.
    app = Flask(__name__, static_folder=None, template_folder=None)
    app.config.update(
        MAX_CONTENT_LENGTH=LARGEST_FORM,
        MAX_FORM_MEMORY_SIZE=LARGEST_FORM,
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
    status = error.code or 500
    message = _MESSAGES.get(status, error.description)
    return page("error.html", status, heading=error.name, message=message)


def _show_error(error: KolenaError) -> Response:
    status = next((status for kind, status in _STATUSES if isinstance(error, kind)), 400)
    # Nobody types a form again because another process was writing.
    typed = [*request.form.items(multi=True)] if status == 503 else []
    return page("error.html", status, heading="That did not work", message=str(error), typed=typed)
