"""The guard before every route: who may ask, and what every answer says.

Other users and programs of this machine reach the port, and so do other web pages in the same
browser. Whatever is not allowed here is refused.
"""

from __future__ import annotations

from hmac import compare_digest

from flask import Flask, Response, abort, redirect, request

from kolena_local.view.page.settings import settings

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def install(app: Flask) -> None:
    """Put the guard before every route of an application, those of later blueprints too."""
    app.before_request(_admit)
    app.after_request(_with_headers)


def _admit() -> Response | None:
    current = settings()
    if request.headers.get("Host") != current.authority:
        abort(400)
    if request.method in ("GET", "HEAD"):
        given = request.args.get("token")
        if given is not None and request.path == "/":
            return _exchanged(given)
    elif request.method != "POST" or current.read_only:
        abort(405)
    elif not _is_same_origin():
        abort(403)
    cookie = request.cookies.get(_cookie_name(), "")
    if not compare_digest(cookie.encode(), current.secret.encode()):
        abort(403)
    return None


def _exchanged(given: str) -> Response:
    """Exchange the token for the cookie; it works once."""
    current = settings()
    if current.token is None or not compare_digest(given.encode(), current.token.encode()):
        abort(403)
    current.token = None
    response = redirect("/", 303)
    assert isinstance(response, Response)
    response.set_cookie(_cookie_name(), current.secret, httponly=True, samesite="Strict", path="/")
    return response


def _is_same_origin() -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return request.headers.get("Origin") == f"http://{settings().authority}"


def _cookie_name() -> str:
    # Cookies do not belong to a port: two pages on one machine would share one.
    return f"kolena_local_{settings().port}"


def _with_headers(response: Response) -> Response:
    response.headers.update(_HEADERS)
    return response
