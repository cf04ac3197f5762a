"""Another user of this machine who saw the address does not get in with it."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from unittest.mock import patch

import pytest

from kolena_local.view.page.app import create_app
from kolena_local.view.page.peers import is_another_user
from kolena_local.view.page.settings import Settings
from tests.view.page.visitors import client_of

NOBODY = 65_534
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells whose it is")


def test_a_connection_of_this_user_is_recognized(store_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            mine = client.getsockname()
            assert not is_another_user(*mine, port)
            # The same connection, as somebody else who serves the page sees it.
            with patch("os.getuid", return_value=NOBODY):
                assert is_another_user(*mine, port) == (os.geteuid() != 0)
                assert not is_another_user("127.0.0.1", 1, port)
                assert not is_another_user("::1", mine[1], port)


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs root")
def test_a_token_that_another_user_saw_stays_with_the_one_it_is_for(store_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        ours, theirs = socket.socket(), socket.socket()
        os.seteuid(NOBODY)
        try:
            theirs.close()
            theirs = socket.socket()
            theirs.connect(("127.0.0.1", port))
        finally:
            os.seteuid(0)
        ours.connect(("127.0.0.1", port))
        settings = Settings(str(store_path), "127.0.0.1", port)
        client, address = client_of(create_app(settings)), settings.address
        with patch("os.getuid", return_value=1_000):
            for connection, status in ((theirs, 403), (ours, 303)):
                host, number = connection.getsockname()
                environ = {"REMOTE_ADDR": host, "REMOTE_PORT": str(number)}
                base = address.partition("/?")[0]
                answer = client.get(
                    f"/?token={settings.token}", base_url=base, environ_base=environ
                )
                assert answer.status_code == status
        ours.close()
        theirs.close()
