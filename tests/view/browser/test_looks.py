"""Everybody can read every page: axe finds nothing, and nothing is wider than the window."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kolena_local import demo
from kolena_local.cli import main
from tests.cli.conftest import separating_runner
from tests.cli.test_ui import served
from tests.view.browser.browser import Page, in_browser

LOOKS = ((1280, "light"), (390, "dark"))
pytestmark = in_browser


def check_all(page: Page) -> list[str]:
    """Look at one page of each path that links lead to; return their addresses."""
    paths: set[str] = set()
    waiting, seen = ["/models"], []
    while waiting:
        address = waiting.pop(0)
        if path_of(address) in paths:
            continue
        paths.add(path_of(address))
        if not page.shows(address):
            continue
        seen.append(address)
        for width, scheme in LOOKS:
            page.look(width, scheme)
            page.check_accessible()
        page.check_quiet()
        waiting += page.links()
    return seen


def path_of(address: str) -> str:
    return urlsplit(address).path


def test_everybody_can_read_every_page_of_the_demo(page: Page) -> None:
    assert len(check_all(page)) >= 2


def test_everybody_can_read_every_page_of_a_store_with_hostile_texts(
    driver: Any, hostile_store: Path, tmp_path: Path
) -> None:
    errors = tmp_path / "errors"
    with served(hostile_store, "--no-browser", errors=errors) as (_, address):
        assert len(check_all(Page(driver, address).open(address))) >= 2


def test_everybody_can_read_a_refusal(driver: Any, page: Page) -> None:
    address = f"{page.base}/?token=wrong"
    page.open("/nothing")
    assert page.heading == "Not Found"
    page.check_accessible()
    driver.delete_all_cookies()
    page.open(address)
    assert page.heading == "Not shown"
    page.check_accessible()


def test_everybody_can_read_a_report(driver: Any, tmp_path: Path) -> None:
    store, file = tmp_path / "demo.db", tmp_path / "report.html"
    demo.run(str(store), echo=lambda line: None)
    arguments = ["report", demo.TEST_SUITE, "--output", str(file), "--db", str(store)]
    made = separating_runner().invoke(main, arguments)
    assert made.exit_code == 0, made.stderr
    assert file.stat().st_size < 300_000
    page = Page(driver, "").open(file.as_uri())
    for width, scheme in LOOKS:
        page.look(width, scheme)
        page.check_accessible()
    page.check_quiet()
