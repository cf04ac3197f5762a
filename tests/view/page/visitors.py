"""Clients of the page, and what every answer to them must say."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kolena_local.view.page.settings import Settings

HERE = "127.0.0.1:8123"
ORIGIN = f"http://{HERE}"
SAME = {"Sec-Fetch-Site": "same-origin"}
POLICY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Client(FlaskClient):
    """A client of the address that is printed; it sends its cookie to whatever host is given."""

    def open(self, *args: Any, **options: Any) -> TestResponse:
        return super().open(*args, **{"base_url": ORIGIN, **options})


def client_of(app: Flask) -> FlaskClient:
    """Return a client that knows the port, and no more."""
    return Client(app, app.response_class, use_cookies=False)


def invited(app: Flask, settings: Settings) -> FlaskClient:
    """Return a client that opened the printed address."""
    client = client_of(app)
    answer = client.get("/", query_string={"token": settings.token})
    client.environ_base["HTTP_COOKIE"] = answer.headers["Set-Cookie"].partition(";")[0]
    return client


def check_headers(answer: TestResponse) -> None:
    assert {name: answer.headers.get(name) for name in POLICY} == POLICY
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]
