"""Checks of determinism, on the page and in the report."""

from __future__ import annotations

from pathlib import Path

import pytest

from kolena_local.determinism import check_determinism
from kolena_local.repository import open_store
from kolena_local.repository.determinism_checks import (
    AnswerDifference,
    CheckSettings,
    DeterminismCheck,
)
from kolena_local.workflow import test as run_test
from tests.comparison.conftest import Closeness, Guess, LengthModel, World, make_world
from tests.view.page.conftest import Open, open_page

__all__ = ["open_page"]  # the fixture

HOSTILE = "<script>\u202e"


@pytest.fixture
def world(store_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("KOLENA_LOCAL_DB", str(store_path))
    return make_world()


def make_tested(world: World, name: str) -> LengthModel:
    model = LengthModel(name, infer=lambda photo: Guess(0.0))
    run_test(model, world.suite, Closeness())
    return model


def test_the_page_of_a_model_shows_its_latest_check(
    world: World, store_path: Path, open_page: Open
) -> None:
    model = make_tested(world, "model")
    client = open_page(store_path)
    assert "Not checked yet" in client.get("/model?name=model").text
    check_determinism(model, world.suite, n=40)
    changed = LengthModel.load("model", infer=lambda photo: Guess(1.0))
    check_determinism(changed, world.suite, n=30)
    shown = client.get("/model?name=model").text
    for part in (
        "30 answers on",
        "lengths@",
        "<dt>identical</dt>\n<dd>0</dd>",
        "<dt>different</dt>\n<dd>30</dd>",
        "more than 90.5 % differ (95 % confidence)",
        "10 of 30 answers that differ",
    ):
        assert part in shown, part
    assert "Not checked yet" not in shown


def test_what_a_check_found_is_only_text_on_the_page(
    world: World, store_path: Path, open_page: Open
) -> None:
    model = make_tested(world, "model")
    odd = AnswerDifference(1, HOSTILE, f"field['{HOSTILE}']", HOSTILE, {HOSTILE: HOSTILE}, None)
    provenance = {"git": {"commit": HOSTILE}}
    check = DeterminismCheck(
        *("model", "lengths", world.suite.version, "", 1, 0, 1, (0.0, 1.0)),
        CheckSettings(0, 0.0, 0.0, False),
        (odd,),
        provenance=provenance,
    )
    with open_store(str(store_path)).write() as unit:
        unit.determinism_checks.add(model._id, world.suite._id, check)
    shown = open_page(store_path).get("/model?name=model").text
    assert shown.count("&lt;script&gt;\\u202e") >= 5, "sample, field, stored, again and code"
    assert "<script>" not in shown
    assert "\u202e" not in shown
