"""The guard before every route: who may ask, and what every answer says.

Other users and programs of this machine reach the port, and so do other web pages in the same
browser. Whatever is not allowed here is refused, and the refusal shows nothing of the store.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import Final

from flask import Flask, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from kolena_local.view.html import environment
from kolena_local.view.page.peers import is_another_user
from kolena_local.view.page.settings import settings

_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_NOT_HERE: Final = "Open exactly the address that kolena-local ui printed."
_NOT_INVITED: Final = (
    "The address that kolena-local ui prints works once, in one browser. If this is that browser,"
    " go to the first page; else stop kolena-local ui with Ctrl-C, start it again, and open the"
    " new address."
)
_NOT_ASKED_HERE: Final = "Another page asked for this in your name; nothing was shown or changed."
_NOT_A_METHOD: Final = "Pages are read with GET and changed with POST."
_READ_ONLY: Final = "Nothing can be changed, because kolena-local ui was started with --read-only."


def install(app: Flask) -> None:
    """Put the guard before every route of an application, those of later blueprints too."""
    app.before_request(_admit)
    app.after_request(_with_headers)


def _admit() -> AnyResponse | None:
    current = settings()
    # Exact, against names that an attacker makes lead to this machine.
    if request.headers.get("Host") != current.authority:
        return _refused(400, _NOT_HERE)
    invited = _has_cookie()
    given = request.args.get("token")
    if given is not None and request.path == "/" and request.method == "GET":
        if invited:
            return redirect("/", 303)
        # The browser was started with the address, and other users see how programs were started.
        if _is_another_user() or not current.use_token(given):
            return _refused(403, _NOT_INVITED)
        return _exchanged()
    if not invited:
        return _refused(403, _NOT_INVITED)
    if request.method not in ("GET", "HEAD", "POST"):
        return _refused(405, _NOT_A_METHOD)
    if not (_is_from_here() if request.method == "POST" else _is_from_here_or_opened()):
        return _refused(403, _NOT_ASKED_HERE)
    if request.method == "POST" and current.read_only:
        return _refused(403, _READ_ONLY)
    return None


def _has_cookie() -> bool:
    # Any of them: a program on another port can set a cookie of the same name, which comes first.
    return any(
        compare_digest(cookie.encode("utf-8", "replace"), settings().secret.encode())
        for cookie in request.cookies.getlist(_cookie_name())
    )


def _is_another_user() -> bool:
    address, port = request.environ.get("REMOTE_ADDR", ""), request.environ.get("REMOTE_PORT", 0)
    return is_another_user(address, int(port), settings().port)


def _exchanged() -> AnyResponse:
    """Give the cookie for the token, and an address without it."""
    response = redirect("/", 303)
    response.set_cookie(
        _cookie_name(), settings().secret, httponly=True, samesite="Strict", path="/"
    )
    return response


def _is_from_here() -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return request.headers.get("Origin") == f"http://{settings().authority}"


def _is_from_here_or_opened() -> bool:
    """Say whether no other page embeds or fetches this; a link or a bookmark may open it.

    The cookie does not tell: browsers send it along for pages on other ports of this machine.
    """
    if request.headers.get("Sec-Fetch-Site", "same-origin") in ("same-origin", "none"):
        return True
    headers = request.headers
    return (headers.get("Sec-Fetch-Mode"), headers.get("Sec-Fetch-Dest")) == (
        "navigate",
        "document",
    )


def _cookie_name() -> str:
    # Cookies do not belong to a port: two pages on one machine would share one.
    return f"kolena_local_{settings().port}"


def _refused(status: int, sentence: str) -> AnyResponse:
    text = environment().get_template("page/refusal.html").render(sentence=sentence)
    return Response(text, status, mimetype="text/html")


def _with_headers(response: Response) -> Response:
    response.headers.update(_HEADERS)
    return response
