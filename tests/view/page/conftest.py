"""A client of the page that was admitted, and a store of the demo."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Callable

import pytest
from flask.testing import FlaskClient

from kolena_local import demo
from kolena_local.repository import close_store
from kolena_local.view.page.app import create_app
from kolena_local.view.page.settings import Settings

Open = Callable[..., FlaskClient]
PORT = 8_000


class BrowserClient(FlaskClient):
    """Asks as a browser does that shows the page."""

    def open(self, *args: Any, **extra: Any) -> Any:
        extra.setdefault("base_url", f"http://127.0.0.1:{PORT}")
        extra.setdefault("headers", {"Sec-Fetch-Site": "same-origin"})
        return super().open(*args, **extra)


@pytest.fixture(scope="session")
def demo_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store that the demo made, which nobody changes."""
    db = tmp_path_factory.mktemp("demo") / "store.db"
    demo.run(str(db), echo=lambda line: None)
    close_store(str(db))  # with its log folded into the file, which tests copy
    return db


@pytest.fixture
def demo_store(demo_file: Path, tmp_path: Path) -> Path:
    """Return a store of the demo that this test may change."""
    return Path(shutil.copyfile(demo_file, tmp_path / "demo.db"))


@pytest.fixture
def open_page() -> Open:
    """Return a function that opens the page of a store in a client that was admitted."""

    def open_(location: Path, **settings: object) -> FlaskClient:
        wanted = Settings(str(location), "127.0.0.1", PORT, **settings)  # type: ignore[arg-type]
        app = create_app(wanted)
        app.test_client_class = BrowserClient
        client = app.test_client()
        assert client.get(f"/?token={wanted.token}").status_code == 303
        return client

    return open_


@pytest.fixture
def client(demo_store: Path, open_page: Open) -> FlaskClient:
    """Return a client of the demo's page."""
    return open_page(demo_store)
