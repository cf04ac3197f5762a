"""What other pages in the same browser can do, when the page is open and they are too."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Iterator

import pytest

from tests.view.browser.browser import Page, in_browser

pytestmark = in_browser
ATTACK = """<!doctype html><title>running</title>
<iframe id="frame" src="BASE/models"></iframe>
<link rel="stylesheet" href="BASE/style.css">
<p id="styled" class="skip">mine</p>
<script>
const seen = {};
const attempts = [
  fetch("BASE/models", {credentials: "include"}).then(r => r.text()).then(t => seen.fetched = t),
  fetch("BASE/models", {mode: "no-cors", credentials: "include"}).then(r => seen.opaque = r.status),
  fetch("BASE/models", {method: "POST", mode: "no-cors", credentials: "include"}),
  new Promise((done, failed) => {
    const image = new Image();
    image.onload = () => { seen.image = true; done(); };
    image.onerror = done;
    image.src = "BASE/style.css";
  }),
  new Promise(done => {
    const script = document.createElement("script");
    script.onload = () => { seen.script = true; done(); };
    script.onerror = done;
    script.src = "BASE/models";
    document.head.append(script);
  }),
];
Promise.allSettled(attempts).then(() => addEventListener("load", finish) || finish());
function finish() {
  if (document.readyState != "complete") return;
  try { seen.frame = document.getElementById("frame").contentDocument?.body.innerText; }
  catch (error) {}
  seen.style = getComputedStyle(document.getElementById("styled")).position;
  document.title = JSON.stringify(seen);
}
</script>
<form method="post" action="BASE/models"><button>win</button></form>
"""


@pytest.fixture
def attacker(page: Page) -> Iterator[str]:
    """Return the address of a page on another port of this machine."""

    class Attack(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(ATTACK.replace("BASE", page.base).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Attack)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("host", ["127.0.0.1", "attacker.example"])
def test_another_page_sees_and_changes_nothing(
    page: Page, driver: Any, attacker: str, demo_store: Path, host: str
) -> None:
    before = demo_store.read_bytes()
    page.open(attacker.replace("127.0.0.1", host))
    page.wait_until(lambda: driver.title.startswith("{"))
    assert driver.title in ('{"opaque":0,"style":"static"}', '{"style":"static"}')
    page.press("win")
    assert page.heading == "Not shown"
    assert demo_store.read_bytes() == before
    # It is still open for the one who was invited.
    assert page.open("/models").heading == "Models"


@pytest.mark.parametrize("host", ["attacker.example", "localhost"])
def test_another_name_of_this_machine_shows_nothing(page: Page, host: str) -> None:
    for path in ("/models", "/"):
        page.open(page.base.replace("127.0.0.1", host) + path)
        assert page.heading == "Not shown"
