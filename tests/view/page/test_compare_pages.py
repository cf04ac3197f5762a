"""Compare on the page: the rows of the command, its remarks and its refusals."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from kolena_local import comparison, demo, session
from kolena_local.comparison.report import listed
from kolena_local.repository import open_store
from kolena_local.view.html import number
from tests.conftest import long_only
from tests.view.page.test_suite_pages import read, rows, words

BASE, CANDIDATE = demo.MODELS
ASKED = {"suite": demo.TEST_SUITE, "base": BASE, "candidate": CANDIDATE}


@long_only
def test_the_page_shows_the_rows_and_remarks_of_the_command(
    client: FlaskClient, demo_store: Path
) -> None:
    with session(db=demo_store):
        found = comparison.compare(CANDIDATE, BASE, demo.TEST_SUITE, confidence=0.9)
    asked = {"suite": demo.TEST_SUITE, "base": CANDIDATE, "candidate": BASE, "confidence": "0.9"}
    html = read(client, "/compare/result", **asked)
    header, cells = found.table()
    expected = [" ".join(str(_shown(cell)) for cell in line) for line in cells]
    assert rows(html, "Candidate minus base") == expected and "verdict" in header
    for sentence in found.remarks:
        assert sentence in words(html).replace("&#39;", "'")
    assert html.count('<svg class="interval bad"') == len(listed(found.rows)) == 8
    worst = rows(html, "that got worse the most")
    assert [row.split()[0] for row in worst] == [one.locator for one in found.worst(5)]
    (href, *_) = re.findall(r'<th scope="row"><a href="([^"]*)"', html)
    shown = client.get(href.replace("&amp;", "&")).text
    assert re.findall(r"digits/\d+\.png", shown)[0] == worst[0].split()[0]
    assert "No sample got worse." in read(client, "/compare/result", **ASKED)


def test_what_cannot_be_compared_is_refused_in_a_sentence_with_the_form(
    client: FlaskClient, demo_store: Path
) -> None:
    html = read(client, "/compare/result", 404, **{**ASKED, "base": "nobody"})
    assert "There is no model &#39;nobody&#39;" in html and '<select name="base">' in html
    html = read(client, "/compare/result", 400, **ASKED, metric="nothing")
    assert "No sample has a metric &#39;nothing&#39;" in html
    before = read(client, "/compare/result", **ASKED)
    with open_store(str(demo_store)).write() as unit:
        suite = unit.test_suites.get(demo.TEST_SUITE)
        unit.inferences.mark_stale(unit.models.get(BASE).id, suite.id, suite.version)
    # Not what was compared before, though it was asked for in the same words.
    html = read(client, "/compare/result", 400, **ASKED)
    assert f"The results of &#39;{BASE}&#39;" in html and "are stale since" in html
    assert 'name="stale_ok"' in html
    html = read(client, "/compare/result", **ASKED, stale_ok=1)
    assert "stale results of" in html
    assert rows(html, "Candidate minus") == rows(before, "Candidate minus")


def test_two_models_are_chosen_from_those_that_were_tested(client: FlaskClient) -> None:
    html = read(client, "/compare")
    for key, name in (("base", BASE), ("candidate", CANDIDATE)):
        choice = html.split(f'<select name="{key}">')[1].split("</select>")[0]
        assert f'<option value="{name}" selected>' in choice
        assert choice.count("<option") == 2
    assert read(client, "/compare/result", suite=demo.TEST_SUITE) == html


def _shown(cell: object) -> object:
    return number(cell) if isinstance(cell, (int, float)) else cell


@pytest.mark.parametrize(
    "damage",
    ["UPDATE metrics_test_sample SET payload = '[]'", "UPDATE test_sample SET metadata = '[]'"],
)
def test_a_damaged_store_is_not_called_a_bug(
    client: FlaskClient, demo_store: Path, damage: str
) -> None:
    with closing(sqlite3.connect(demo_store)) as connection, connection:
        connection.execute(damage)
    for path in ("/compare", "/compare/result"):
        answer = client.get(path, query_string=ASKED)
        assert answer.status_code == 503
        assert "The store is damaged" in answer.text
