"""Serve the page on this machine until it is interrupted."""

from __future__ import annotations

import socket
import webbrowser
from collections.abc import Callable
from dataclasses import replace

from kolena_local.errors import InputValidationError
from kolena_local.view.extra import from_extra
from kolena_local.view.page.app import create_app
from kolena_local.view.page.settings import Settings

with from_extra("Pages in the browser"):
    from waitress.server import create_server


def serve(wanted: Settings, *, open_browser: bool, say: Callable[[Settings], None]) -> None:
    """Serve the page until the process is interrupted.

    Args:
        wanted: the store, and where to serve it; port 0 takes one that is free.
        open_browser: whether to open the page in the browser.
        say: is told where it is served, before it is.

    Raises:
        InputValidationError: the host or port cannot be used.
    """
    listening = _listening(wanted.host, wanted.port)
    with listening:
        settings = replace(wanted, port=listening.getsockname()[1])
        app = create_app(settings)
        server = create_server(app, sockets=[listening], ident=None, max_request_body_size=2**20)
        say(settings)
        if open_browser:
            webbrowser.open(settings.address)
        try:
            server.run()
        finally:
            server.close()


def _listening(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.socket(family)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen()
    except (OSError, OverflowError, UnicodeError) as error:
        raise InputValidationError(
            f"The page cannot be served on {host}:{port} ({error}); choose another port with"
            " --port."
        ) from error
    return listening
