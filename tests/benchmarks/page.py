"""The page in the browser: its first answer, and every page of a large store."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Callable, List
from urllib.parse import urlencode

from kolena_local.repository import open_store
from tests.benchmarks.large_store import BASE, CASE, MODEL, MODELS, SUITE, make_large_store
from tests.benchmarks.measure import Row, Turn, seconds_of
from tests.benchmarks.plain import connect
from tests.benchmarks.stores import settle, use

_BARE = """
import socket
from flask import Flask
from waitress.server import create_server
app = Flask(__name__)
app.get("/")(lambda: "<p>Models</p>")
listening = socket.socket()
listening.bind(("127.0.0.1", 0))
listening.listen()
server = create_server(app, sockets=[listening])
print(f"http://127.0.0.1:{listening.getsockname()[1]}/", flush=True)
server.run()
"""
_UI = "import sys; from kolena_local.cli import main; sys.exit(main())"
_BOTH = {"model": MODEL, "base": BASE}
#: What each page is called here, and its address.
PAGES = {
    "models": ("/models", {}),
    "models, found by metadata": ("/models", {"where": "metadata.seed >= 3"}),
    "a model": ("/model", {"name": MODEL}),
    "test suites": ("/test-suites", {}),
    "a test suite": ("/test-suite", {"name": SUITE}),
    "a test case": ("/test-case", {"name": CASE}),
    "results": ("/results", {"model": MODEL, "suite": SUITE}),
    "two models to compare": ("/compare", {"suite": SUITE}),
    "samples of a test suite": ("/samples", {"suite": SUITE, **_BOTH}),
    "samples, only what got worse": (
        "/samples",
        {"suite": SUITE, **_BOTH, "where": "change.is_correct < 0"},
    ),
    "samples of a test case, sorted": (
        "/samples",
        {"test_case": CASE, **_BOTH, "sort": "-change.loss"},
    ),
    "samples of a test suite, sorted": ("/samples", {"suite": SUITE, "sort": "metadata.ink"}),
}


def answer_first(folder: Path, rows: int) -> tuple[Turn, Turn]:
    """Start, and answer the first page."""
    path = folder / "first.db"
    use(path)
    with open_store(str(path)).write() as unit:
        workflow = unit.workflows.ensure("workflow").id
        for number in range(100):
            unit.models.add(workflow, f"model {number}", {"seed": number}, ["tag"])
    settle(path)
    ui = ["--db", str(path), "ui", "--no-browser"]
    return partial(_seconds_to_page, _UI, *ui), partial(_seconds_to_page, _BARE)


def _seconds_to_page(code: str, *arguments: str) -> float:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    # Installed packages are compiled, as Flask is here.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    server: List[subprocess.Popen[str]] = []

    def run() -> None:
        server.append(
            subprocess.Popen(
                [sys.executable, "-c", code, *arguments],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env=environment,
            )
        )
        assert server[0].stdout is not None
        _visit(server[0].stdout.readline().strip())

    try:
        return seconds_of(run)
    finally:
        server[0].kill()
        server[0].communicate()


def _visit(address: str) -> None:
    """Follow redirects to the first page, with the cookie that is set on the way."""
    _, _, authority, path = address.split("/", 3)
    headers = {}
    with closing(http.client.HTTPConnection(authority)) as connection:
        while True:
            connection.request("GET", f"/{path.lstrip('/')}", headers=headers)
            answer = connection.getresponse()
            answer.read()
            if cookie := answer.getheader("Set-Cookie"):
                headers["Cookie"] = cookie.partition(";")[0]
            if answer.status != 303:
                assert answer.status == 200, answer.status
                return
            path = answer.getheader("Location") or "/"


def show(name: str, folder: Path, rows: int) -> tuple[Turn, Turn]:
    """Show a page of a store with many models, test cases and samples."""
    from kolena_local.view.page.app import create_app  # late: other rows must not import it
    from kolena_local.view.page.settings import Settings

    path = folder / "large.db"
    use(path)
    make_large_store(path, rows)
    settle(path)
    settings = Settings(str(path), "127.0.0.1", 8000)
    client = create_app(settings).test_client()
    base = f"http://{settings.authority}"
    client.get(f"/?token={settings.token}", base_url=base)
    at, arguments = PAGES[name]
    address = f"{at}?{urlencode(arguments)}"

    def ask() -> None:
        answer = client.get(address, base_url=base)
        assert answer.status_code == 200, answer.text

    statements = _traced(path, ask)

    def query() -> None:
        with closing(connect(path)) as connection:
            for statement in statements:
                connection.execute(statement).fetchall()

    return lambda: seconds_of(ask), lambda: seconds_of(query)


def _traced(path: Path, ask: Callable[[], Any]) -> List[str]:
    """Return the statements that an answer runs, with their parameters."""
    statements: List[str] = []
    with open_store(str(path)).read() as unit:
        driver = unit._sql.driver  # the only connection, which the answer gets again
    driver.set_trace_callback(statements.append)
    ask()
    driver.set_trace_callback(None)
    found = [it for it in statements if it.lstrip().upper().startswith(("SELECT", "WITH"))]
    assert found
    return found


ROWS = [
    Row(
        "kolena-local ui, first page", "a bare Flask application's", 2.5, answer_first, grows=False
    ),
    *(
        Row(f"page: {name} ({MODELS:,} models)", "its own SQL", 10, partial(show, name))
        for name in PAGES
    ),
]
