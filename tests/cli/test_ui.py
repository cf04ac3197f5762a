"""``kolena-local ui`` as a process: its address, its end, and what reaches its socket."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Iterator
from unittest.mock import patch
from urllib.parse import urlsplit

import pytest

from kolena_local.repository import open_store
from tests.cli.conftest import Invoke, register
from tests.conftest import sampled
from tests.python_process import COMMAND, Python

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM")


@contextmanager
def served(store: Path, *options: object, errors: Path) -> Iterator[tuple[Python, str]]:
    """Run the command in the block; yield its process and the address it printed."""
    with errors.open("w") as file:
        process = Python(COMMAND, "ui", "--db", store, *options, stderr=file)
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


def port_of(address: str) -> int:
    port = urlsplit(address).port
    assert port is not None
    return port


def get(address: str, path: str, cookie: str = "") -> tuple[int, str, dict[str, str]]:
    with closing(http.client.HTTPConnection("127.0.0.1", port_of(address), timeout=60)) as server:
        server.request("GET", path, headers={"Cookie": cookie})
        answer = server.getresponse()
        return answer.status, answer.read().decode(), dict(answer.getheaders())


def invited(address: str) -> str:
    """Open the printed address; return the cookie."""
    status, _, headers = get(address, f"/?{urlsplit(address).query}")
    assert (status, headers["Location"]) == (303, "/")
    return headers["Set-Cookie"].partition(";")[0]


def say(address: str, request: str) -> str:
    """Send bytes as they are; return the answer."""
    with socket.create_connection(("127.0.0.1", port_of(address)), timeout=60) as server:
        server.sendall(request.encode("latin-1"))
        answer = b""
        while part := server.recv(2**16):
            answer += part
        return answer.decode("latin-1")


def test_the_printed_address_shows_a_store_that_others_write(store: Path, tmp_path: Path) -> None:
    errors = tmp_path / "errors"
    with served(store, "--no-browser", errors=errors) as (_, address):
        assert address.startswith("http://127.0.0.1:") and "/?token=" in address
        cookie = invited(address)
        assert "resnet-50" in get(address, "/models", cookie)[1]
        with open_store(str(store)).write() as unit:
            register(unit, "registered meanwhile")
            assert "registered meanwhile" not in get(address, "/models", cookie)[1]
        assert "registered meanwhile" in get(address, "/models", cookie)[1]
        assert get(address, "/models")[0] == 403

        port = port_of(address)
        plain = f"Connection: close\r\nCookie: {cookie}\r\n\r\n"
        here = f"Host: 127.0.0.1:{port}\r\n"
        for request, status in (
            (f"GET /models HTTP/1.1\r\n{here}{plain}", 200),
            (f"GET /models HTTP/1.1\r\nHost: 127.0.0.1:{port} \r\n{plain}", 200),
            (f"GET /models HTTP/1.1\r\n{plain}", 400),
            (f"GET /models HTTP/1.0\r\n{plain}", 400),
            (f"GET /models HTTP/1.1\r\n{here}Host: attacker.example\r\n{plain}", 400),
            (f"GET /models HTTP/1.1\r\nHost: attacker.example\r\n{here}{plain}", 400),
            (f"GET /models HTTP/1.1\r\n{here}{here}{plain}", 400),
            (f"GET /models HTTP/1.1\r\nHost: localhost:{port}\r\n{plain}", 400),
            (f"GET http://{here[6:-2]}/models HTTP/1.1\r\nHost: attacker.example\r\n{plain}", 400),
            (f"GET /models HTTP/1.1\r\n{here}Cookie: a=b\r\n{plain}", 403),
            (f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n{here}{plain}", 405),
            (f"GET /../../etc/passwd HTTP/1.1\r\n{here}{plain}", 404),
            (f"GET //attacker.example/models HTTP/1.1\r\n{here}{plain}", 404),
            (f"POST /models HTTP/1.1\r\n{here}Content-Length: 99999999999\r\n{plain}", 413),
            (
                f"POST /models HTTP/1.1\r\n{here}Content-Length: 9\r\n"
                f"Transfer-Encoding: chunked\r\n{plain}0\r\n\r\n",
                403,
            ),
            ("\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n", 400),
        ):
            answer = say(address, request)
            assert answer[9:].startswith(f"{status} "), (request[:80], answer[:200])
            assert "Traceback" not in answer and "waitress" not in answer.partition("\r\n\r\n")[0]

        # Others that connect and say nothing keep nobody out.
        idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(150)]
        assert get(address, "/models", cookie)[0] == 200
        for connection in idle:
            connection.close()
    said = errors.read_text()
    assert said.splitlines()[0] == "Press Ctrl-C to stop."
    assert urlsplit(address).query[6:] not in said and cookie.partition("=")[2] not in said


@pytest.mark.parametrize(
    ("number", "code", "word"),
    sampled([(signal.SIGINT, 130, "Interrupted."), (signal.SIGTERM, 143, "Terminated.")], 2),
)
def test_a_signal_ends_it_quietly_and_frees_its_port(
    store: Path, tmp_path: Path, number: int, code: int, word: str
) -> None:
    errors = tmp_path / "errors"
    with served(store, "--no-browser", errors=errors) as (process, address):
        port = port_of(address)
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as kept_open:
            kept_open.request("GET", "/")
            assert kept_open.getresponse().read()
            process.send_signal(number)
            assert process.wait() == code
        assert errors.read_text().split("\n") == ["Press Ctrl-C to stop.", "", word, ""]
        with served(store, "--no-browser", "--port", port, errors=errors) as (_, again):
            assert port_of(again) == port
            invited(again)


def test_a_port_that_is_taken_is_a_sentence(store: Path, invoke: Invoke) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        answer = invoke("ui", "--no-browser", "--db", store, "--port", port)
    assert answer.exit_code == 1
    assert answer.stderr == (
        f"Error: The page cannot be served on 127.0.0.1:{port} (Address already in use); choose"
        " another port with --port, or leave it out.\n"
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--db", "missing.db"), "There is no store"),
        (("--db", ":memory:"), "The store ':memory:' belongs to one process"),
        (("--host", "0.0.0.0"), "which means every address"),
        (("--host", "::"), "which means every address"),
        (("--host", "no such host"), "is not an address of this machine"),
        (("--host", "192.0.2.1"), "cannot be served on 192.0.2.1:0"),
        (("--host", ""), "is not an address of this machine"),
    ],
)
def test_what_cannot_be_served_is_a_sentence(
    store: Path, invoke: Invoke, options: tuple[str, ...], words: str
) -> None:
    answer = invoke("ui", "--no-browser", "--db", store, *options)
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert words in answer.stderr.splitlines()[-1]
    assert not Path("missing.db").exists()


@pytest.mark.parametrize("opens", sampled([False, True], 2))
def test_the_browser_gets_the_address_and_may_fail(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opens: bool
) -> None:
    seen = tmp_path / "seen"
    os.mkfifo(seen)
    browser = tmp_path / "browser"
    browser.write_text(f"#!/bin/sh\necho \"$1\" > '{seen}'\nexit {0 if opens else 1}\n")
    browser.chmod(0o700)
    monkeypatch.setenv("BROWSER", str(browser))
    errors = tmp_path / "errors"
    with served(store, errors=errors) as (_, address):
        assert seen.read_text().strip() == address
        invited(address)
    assert errors.read_text() == "Press Ctrl-C to stop.\n"


def test_an_address_that_others_reach_comes_with_a_warning(store: Path, invoke: Invoke) -> None:
    for host, others in (("127.0.0.1", False), ("::1", False), ("192.0.2.1", True)):
        with patch("kolena_local.view.page.serve.serve", lambda wanted, say, **_: say(wanted)):
            answer = invoke("ui", "--db", store, "--host", host, "--port", "8000")
        assert answer.stdout.startswith("http://")
        assert ("without encryption" in answer.stderr) == others
