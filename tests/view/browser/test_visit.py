"""What a person does on the page, in the browser that most people have."""

from __future__ import annotations

from pathlib import Path

from tests.view.browser.browser import Page, in_browser

pytestmark = in_browser


def test_the_printed_address_leads_to_the_models(page: Page, demo_store: Path) -> None:
    assert (page.path, page.heading) == ("/models", "Models")
    assert sorted(page.rows()) == ["logistic-regression", "svm-rbf"]
    assert str(demo_store) in page.text
    page.follow("svm-rbf")
    assert page.heading == "svm-rbf"
    page.follow("Models")
    assert page.heading == "Models"
    page.check_quiet()
