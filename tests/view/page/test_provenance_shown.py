"""What was captured of code and environments, on the page and in the report."""

from __future__ import annotations

from pathlib import Path

import pytest

from kolena_local.provenance import Provenance
from kolena_local.repository import open_store
from kolena_local.view.report import report
from kolena_local.workflow import test as run_test
from tests.comparison.conftest import Closeness, Guess, LengthModel, make_world
from tests.view.page.conftest import Open
from tests.view.page.forms import rows_of

HOSTILE = "<script>\u202e"


def captured(commit: str, numpy: str, **more: object) -> Provenance:
    return Provenance(
        {
            "python": {"version": "3.11.1"},
            "system": {"os": "Linux", "release": "6.1", "machine": "x86_64"},
            "git": {"commit": commit, "is_dirty": commit > "a" * 40},
            "packages": {"numpy": numpy, "scipy": "5"},
            **more,
        }
    )


def test_code_and_environment_are_shown_where_they_were_captured(
    store_path: Path, monkeypatch: pytest.MonkeyPatch, open_page: Open
) -> None:
    monkeypatch.setenv("KOLENA_LOCAL_DB", str(store_path))
    world = make_world()
    for name, given in (
        ("clean", captured("a" * 40, "1")),
        ("dirty", captured("b" * 40, "2", seeds={"numpy": 7})),
        ("unknown", None),
        # A file that was imported may say anything.
        ("odd", Provenance({"git": [HOSTILE], "packages": {HOSTILE: [1]}, "python": HOSTILE})),
    ):
        model = LengthModel(name, infer=lambda photo: Guess(0.0), provenance=given)
        run_test(model, world.suite, Closeness())
    client = open_page(store_path)
    shown = client.get("/model?name=dirty").text
    for part in (
        "Provenance</h2>",
        "Of 50 inferences</h3>",
        "<dd>bbbbbbbbbbbb with uncommitted changes</dd>",
        "<dd>Linux 6.1 x86_64</dd>",
        "<dt>numpy</dt>\n<dd>7</dd>",
        "<details><summary>Packages</summary>",
    ):
        assert part in shown, part
    assert "Provenance</h2>" not in client.get("/model?name=unknown").text
    assert client.get("/model?name=odd").status_code == 200

    commit = ["provenance.git.commit", "b" * 40, "a" * 40, "differs"]
    assert commit in rows_of(client.get("/model?name=dirty&against=clean").text)
    assert "Not in metadata, tags" in client.get("/model?name=clean&against=clean").text
    assert client.get("/model?name=clean&against=nobody").status_code == 404
    compared = client.get("/compare/result?suite=lengths&base=clean&candidate=dirty").text
    rows = rows_of(compared)
    assert ["provenance.packages.numpy", "1", "2", "differs"] in rows
    assert not [row for row in rows if row[:1] == ["provenance.packages.scipy"]]

    store = open_store(str(store_path))
    found = rows_of(report(store, "lengths", ["clean", "dirty"]).html)
    assert ["code", "a" * 12, "b" * 12 + " with uncommitted changes", "differs"] in found
    assert ["Python", "3.11.1", "3.11.1", "same"] in found
    (packages,) = (row for row in found if row[:1] == ["packages"])
    assert (
        packages[1].startswith("2 (hash ") and packages[3] == "differs"
    )  # as many, but not the same
    assert HOSTILE not in report(store, "lengths", ["clean", "unknown", "odd"]).html
    assert "Provenance</h3>" not in report(store, "lengths", ["unknown"]).html
