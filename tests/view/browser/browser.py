"""A real browser, and what a person does in it."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from typing import Any, Callable, List, Sequence, Type

import pytest

from tests.conftest import IS_LONG

#: .ci/run says so where it could install a browser: then a test that cannot run is a failure.
IS_REQUIRED = os.environ.get("KOLENA_LOCAL_TESTS_BROWSER") == "required"
_PROGRAMS = ("chromium", "chromedriver")


def why_not() -> str:
    """Return why there are no tests in a browser here; an empty string if there are."""
    if IS_REQUIRED:
        return ""
    if not IS_LONG:
        return "takes longer; the long profile has it"
    missing = [program for program in _PROGRAMS if shutil.which(program) is None]
    if missing:
        return f"needs {' and '.join(missing)}"
    if find_spec("selenium") is None or find_spec("axe_core_python") is None:
        return "needs the extra browser"
    return ""


in_browser = pytest.mark.skipif(bool(why_not()), reason=why_not())


def start() -> Any:
    """Start a browser without a window; the caller quits it."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for argument in (
        "--headless=new",
        "--no-sandbox",  # root has none, and these pages are ours
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--no-first-run",
        "--host-resolver-rules=MAP attacker.example 127.0.0.1",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    driver.set_script_timeout(300)  # a busy machine takes long over axe
    return driver


class Page:
    """What a person sees of the page, and does with it."""

    def __init__(self, driver: Any, address: str) -> None:
        self.driver = driver
        self.base = address.partition("/?")[0]

    def open(self, address: str) -> Page:
        """Open an address; one that begins with a slash is on this page."""
        self.driver.get(self.base + address if address.startswith("/") else address)
        return self

    def shows(self, address: str) -> bool:
        """Open an address; return whether it is a page, and not a file to save or an image."""
        before = self.driver.current_url
        self.open(address)
        if self.driver.current_url == before:  # saved
            return self.path == address
        return bool(self._all("//h1"))

    @property
    def path(self) -> str:
        """The address without the host."""
        return str(self.driver.current_url).removeprefix(self.base)

    @property
    def heading(self) -> str:
        return str(self._one("//h1").text)

    @property
    def text(self) -> str:
        return str(self._one("//body").text)

    def rows(self) -> List[str]:
        """Return the header of each row of the first table."""
        cells = self._all("(//main//table)[1]/tbody/tr/th[1]")
        return [str(cell.text) for cell in cells]

    def offers(self, text: str) -> bool:
        """Return whether there is a link or a button with this text."""
        return bool(self._all(f"//*[self::a or self::button][normalize-space()={_quoted(text)}]"))

    def follow(self, text: str) -> Page:
        """Click on a link with this text."""
        return self._click(f"//a[normalize-space()={_quoted(text)}]")

    def press(self, text: str) -> Page:
        """Press a button with this text."""
        return self._click(f"//button[normalize-space()={_quoted(text)}]")

    def fill(self, label: str, value: str) -> Page:
        """Type into the field of a label."""
        field = self._field(label)
        field.clear()
        field.send_keys(value)
        return self

    def choose(self, label: str, option: str) -> Page:
        """Choose an option of the list of a label."""
        from selenium.webdriver.support.ui import Select

        Select(self._field(label)).select_by_visible_text(option)
        return self

    def unfold(self, summary: str) -> Page:
        """Show what is folded below a summary."""
        self._one(f"//summary[normalize-space()={_quoted(summary)}]").click()
        return self

    def _field(self, label: str) -> Any:
        is_label = f"//label[starts-with(normalize-space(), {_quoted(label)})]"
        kinds = "self::input or self::select or self::textarea"
        inside = f"{is_label}//*[{kinds}]"
        beside = f"//*[{kinds}][@id={is_label}/@for]"
        named = f"//*[{kinds}][@aria-label={_quoted(label)}]"
        return self._one(f"({inside} | {beside} | {named})")

    def _click(self, place: str) -> Page:
        from selenium.common.exceptions import WebDriverException

        element = self._one(place)
        self.driver.execute_script(
            "window.isLeft = true; arguments[0].scrollIntoView({block: 'center'})", element
        )
        element.click()
        # Between two pages the driver has errors of several kinds for an answer.
        self.wait_until(
            lambda: self.driver.execute_script(
                "return window.isLeft === undefined && document.readyState == 'complete'"
            ),
            ignored=[WebDriverException],
        )
        return self

    def wait_until(
        self, is_so: Callable[[], object], ignored: Sequence[Type[Exception]] = ()
    ) -> None:
        """Wait until something is so, as long as it takes on a busy machine."""
        from selenium.webdriver.support.ui import WebDriverWait

        WebDriverWait(self.driver, 120, ignored_exceptions=ignored).until(lambda _: is_so())

    def _one(self, place: str) -> Any:
        found = self._all(place)
        assert found, f"nothing on {self.path} is {place}:\n{self.driver.page_source[:5000]}"
        return found[0]

    def _all(self, place: str) -> List[Any]:
        return list(self.driver.find_elements("xpath", place))

    def look(self, width: int, scheme: str) -> None:
        """Set the width of the window, and whether its owner likes it light or dark."""
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False},
        )
        media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)

    def check_accessible(self) -> None:
        """Fail if axe finds anything, or if the page is wider than the window."""
        from axe_core_python.selenium import Axe

        found = [
            (one["id"], [node["html"][:300] for node in one["nodes"]][:3])
            for one in Axe().run(self.driver)["violations"]
        ]
        assert not found, (self.path, found)
        width, room = self.driver.execute_script(
            "return [document.documentElement.scrollWidth, innerWidth]"
        )
        assert width <= room, f"{self.path} is {width} pixels wide in a window of {room}"

    def check_quiet(self) -> None:
        """Fail if the browser complained since it was last asked, as about the policy."""
        complaints = [
            entry["message"]
            for entry in self.driver.get_log("browser")
            # A form that is refused is an answer of its own.
            if "status of 4" not in entry["message"]
        ]
        assert not complaints, complaints

    def links(self) -> List[str]:
        """Return the addresses that the links on this page lead to, within the page."""
        found = [link.get_attribute("href") for link in self._all("//a[@href]")]
        paths = [link.removeprefix(self.base) for link in found if link.startswith(self.base)]
        return [path.partition("#")[0] for path in paths]


def _quoted(text: str) -> str:
    return f"'{text}'" if '"' in text else f'"{text}"'
