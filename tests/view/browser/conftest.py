"""A browser, and a page of the demo's store that was opened by its printed address."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Iterator

import pytest

from kolena_local import demo
from kolena_local.repository import close_store
from tests.cli.test_ui import served
from tests.view.browser.browser import Page, start


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    driver = start()
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def demo_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "demo.db"
    demo.run(str(path), echo=lambda line: None)
    close_store(str(path))
    return path


@pytest.fixture
def demo_store(demo_template: Path, tmp_path: Path) -> Path:
    """Return a store of the demo, which this test may change."""
    return Path(shutil.copy(demo_template, tmp_path))


@pytest.fixture
def page(driver: Any, demo_store: Path, tmp_path: Path) -> Iterator[Page]:
    """Return the page as it is after the printed address was opened."""
    with served(demo_store, "--no-browser", errors=tmp_path / "errors") as (_, address):
        page = Page(driver, address).open(address)
        page.look(1280, "light")
        yield page


@pytest.fixture
def page_read_only(driver: Any, demo_store: Path, tmp_path: Path) -> Iterator[Page]:
    """Return the page as it is when nothing may be changed."""
    options = ("--no-browser", "--read-only")
    with served(demo_store, *options, errors=tmp_path / "errors") as (_, address):
        yield Page(driver, address).open(address)
