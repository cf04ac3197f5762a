"""Serve the page on this machine until it is interrupted."""

from __future__ import annotations

import logging
import socket
import threading
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from ipaddress import ip_address

from kolena_local.errors import InputValidationError
from kolena_local.view.extra import from_extra
from kolena_local.view.page.app import LARGEST_FORM, create_app
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
    settings = replace(wanted, port=listening.getsockname()[1])
    try:
        say(settings)  # who connects already waits until the server takes the socket
    except BaseException:
        listening.close()
        raise
    # A browser's many requests at once are not worth a warning on the terminal.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    server = create_server(
        create_app(settings),
        sockets=[listening],
        ident=None,
        # Above the limit of forms, whose answer is a page; here the connection just ends.
        max_request_body_size=16 * LARGEST_FORM,
        max_request_header_size=2**16,
        # Programs that connect and say nothing are cut off, and need many connections to
        # disturb anyone.
        channel_timeout=20,
        connection_limit=500,
        threads=8,
        asyncore_use_poll=True,
    )
    if open_browser:
        # Some browsers run in the terminal and return when they are closed.
        threading.Thread(target=_open, args=[settings.address], daemon=True).start()
    # Not in this thread, where signals raise: waitress would swallow what they raise. It has the
    # socket until the process ends.
    serving = threading.Thread(target=server.run, daemon=True)
    serving.start()
    serving.join()


def is_this_machine_only(host: str) -> bool:
    """Return whether an address can be reached from this machine only.

    Raises:
        InputValidationError: there is no such address.
    """
    return ip_address(_resolved(host, 0)[1][0]).is_loopback


def _open(address: str) -> None:
    with suppress(Exception):  # the address is printed too
        webbrowser.open(address)


def _listening(host: str, port: int) -> socket.socket:
    family, address = _resolved(host, port)
    if ip_address(address[0]).is_unspecified:
        raise InputValidationError(
            f"The page cannot be served on {host}, which means every address; give the one that"
            " browsers will use, since requests to any other are refused."
        )
    listening = socket.socket(family)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen()
    except OSError as error:
        listening.close()
        raise InputValidationError(
            f"The page cannot be served on {host}:{port} ({error.strerror or error}); choose"
            " another port with --port, or leave it out."
        ) from error
    return listening


def _resolved(host: str, port: int) -> tuple[socket.AddressFamily, tuple[str, int]]:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        raise InputValidationError(
            f"The page cannot be served on {host!r}, which is not an address of this machine;"
            " leave --host out to serve it on 127.0.0.1."
        ) from error
    return family, (str(address[0]), int(address[1]))
