"""Checks of determinism, on the page and in the report."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from kolena_local.determinism import check_determinism
from kolena_local.repository import open_store
from kolena_local.repository.determinism_checks import (
    AnswerDifference,
    CheckSettings,
    DeterminismCheck,
)
from kolena_local.repository.dump.importing import import_lines
from kolena_local.view.report import report
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
        unit.determinism_checks.add(model._id, world.suite._id, check, {})
    shown = open_page(store_path).get("/model?name=model").text
    assert shown.count("&lt;script&gt;\\u202e") >= 5, "sample, field, stored, again and code"
    assert "<script>" not in shown
    assert "\u202e" not in shown


def test_a_report_shows_checks_without_their_time_unless_it_is_dated(
    world: World, store_path: Path, tmp_path: Path
) -> None:
    checked = make_tested(world, "checked")
    make_tested(world, "unchecked")
    store = open_store(str(store_path))
    before = report(store, "lengths").html
    assert before.count("not checked<") == 2
    check_determinism(checked, world.suite, n=40)
    once = report(store, "lengths").html
    said = "40: 40 identical, 0 within tolerance, 0 different; of all inferences, less than 7.22 %"
    assert f"{said} differ (95 % confidence)<" in once
    assert once.count("not checked<") == 1
    time.sleep(0.002)  # another time is stored with the next check
    again = check_determinism(checked, world.suite, n=40)
    assert report(store, "lengths").html == once
    assert f"confidence); {again.checked_at[:10]}" in report(store, "lengths", dated=True).html
    with store.read() as unit:
        lines = [line.encode() for line in unit.dump.lines()]
    import_lines(str(tmp_path / "imported.db"), lambda: lines)
    imported = report(open_store(str(tmp_path / "imported.db")), "lengths")
    assert imported.html == before, "checks are about one machine, and not exported"
