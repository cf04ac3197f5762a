"""What a person does on the page, in the browser that most people have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kolena_local.repository import open_store
from kolena_local.repository.records import ModelRecord
from tests.view.browser.browser import Page, in_browser

pytestmark = in_browser
BASE, MODEL, SUITE = "logistic-regression", "svm-rbf", "digits by handwriting"


def stored(path: Path, name: str) -> ModelRecord:
    with open_store(str(path)).read() as unit:
        return unit.models.get(name)


def test_a_model_is_found_by_its_metadata_edited_renamed_and_deleted(
    page: Page, demo_store: Path
) -> None:
    assert (page.path, page.heading) == ("/models", "Models")
    assert sorted(page.rows()) == [BASE, MODEL]
    assert str(demo_store) in page.text
    page.fill("Condition", 'metadata.kind = "kernel"').press("Filter")
    assert page.rows() == [MODEL]

    page.follow(MODEL).follow("Edit")
    page.fill("value of seed", "8").fill("Add a tag", "seen").press("Save")
    assert page.heading == MODEL
    model = stored(demo_store, MODEL)
    assert model.metadata["seed"] == 8 and type(model.metadata["seed"]) is int
    assert model.metadata["C"] == 10 and "seen" in model.tags

    page.follow("Rename").fill("New name", "renamed <b>").press("Rename")
    assert page.heading == "renamed <b>"
    assert stored(demo_store, "renamed <b>").id == model.id

    page.follow("Delete").fill("Name", "rename").press("Delete the model")
    assert stored(demo_store, "renamed <b>").id == model.id  # that was not its name
    page.fill("Name", "renamed <b>").press("Delete the model")
    assert page.open("/models").rows() == [BASE]
    page.check_quiet()


def test_a_change_that_someone_else_made_meanwhile_is_not_lost(
    page: Page, demo_store: Path
) -> None:
    page.follow(MODEL).follow("Edit")
    with open_store(str(demo_store)).write() as unit:
        unit.models.edit(MODEL, assign=[(("seed",), 9)])
    page.fill("value of seed", "8").press("Save")
    assert page.heading == f"Someone else changed {MODEL}"
    assert stored(demo_store, MODEL).metadata["seed"] == 9
    page.check_accessible()
    page.press("Apply my changes on top")
    assert page.heading == MODEL
    assert stored(demo_store, MODEL).metadata["seed"] == 8


def test_two_models_are_compared_down_to_their_plots(page: Page, driver: Any) -> None:
    page.follow("Compare")
    page.choose("Test suite", SUITE).choose("Base", BASE).choose("Candidate", MODEL)
    page.press("Compare")
    assert page.heading == f"{MODEL} against {BASE}"
    assert "better" in page.text
    page.follow(SUITE)
    assert page.heading.startswith(SUITE)
    page.open(f"/results?suite={SUITE}&model={MODEL}")
    page.wait_until(
        lambda: driver.execute_script(
            "const all = [...document.images]; all.forEach(one => one.loading = 'eager');"
            "return all.length > 0 && all.every(one => one.complete && one.naturalWidth > 99)"
        )
    )
    page.check_quiet()


def test_what_got_worse_is_saved_as_a_test_case(page: Page, demo_store: Path) -> None:
    page.follow("Samples").follow(SUITE)
    page.fill("Model", BASE).fill("Base", MODEL).press("Show")
    page.follow("only what got worse")
    assert "where change." in page.text
    page.fill("Name", "got worse").press("Save")
    assert page.heading == "got worse"
    with open_store(str(demo_store)).read() as unit:
        count = unit.test_cases.get("got worse").sample_count
    assert f"The test case 'got worse' has {count} samples." in page.text
    page.check_quiet()


def test_read_only_offers_no_change(page_read_only: Page) -> None:
    page = page_read_only
    assert "opened read-only" in page.text
    page.follow(MODEL)
    for word in ("Edit", "Rename", "Delete"):
        assert not page.offers(word)
