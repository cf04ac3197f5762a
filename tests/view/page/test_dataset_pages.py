"""Datasets on the page: their results are uploaded, so nobody is told to run ``test()``."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Iterator

import pandas as pd
import pytest
from flask.testing import FlaskClient

import kolena_local
from kolena_local.dataset import delete_dataset, upload_dataset, upload_results
from tests.view.page.conftest import Open
from tests.view.page.test_suite_pages import read, words

MARKUP = "<b>images</b>"


@pytest.fixture
def client(open_page: Open, store_path: Path) -> Iterator[FlaskClient]:
    """Return a client of a page that shows three datasets, and results of one without numbers."""
    frame = pd.DataFrame(
        {"id": range(40), "text": ["<script>alert(1)</script>", "", None, "x"] * 10}
    )
    with kolena_local.session(db=store_path):
        for name in (MARKUP, "texts", "new"):
            upload_dataset(name, frame)
        upload_results("texts", "a", frame[["id"]].assign(answer="yes"))
        for model, share in (("a", 2), ("b", 4)):
            right = frame[["id"]].assign(is_correct=[place % share == 0 for place in range(40)])
            upload_results(
                MARKUP, model, [(None, right), ({"t": 1}, right.assign(is_correct=True))]
            )
        yield open_page(store_path)


def test_pages_of_datasets_name_the_command_that_stores_results(client: FlaskClient) -> None:
    command = "kolena-local datasets results new MODEL FILE"
    for path, asked in (("/test-suite", {"name": "new"}), ("/compare", {"suite": "new"})):
        text = words(read(client, path, **asked))
        assert f"Store its results first: {command}" in text
        assert "test(" not in text
    text = words(read(client, "/results", model="a", suite="texts"))
    assert "no column of numbers or bools" in text
    assert "test()" not in text
    assert "runs verify" not in read(client, "/model", name="a")


def test_results_without_a_configuration_can_be_chosen_on_the_page(client: FlaskClient) -> None:
    asked = {"suite": MARKUP, "base": "a", "candidate": "b"}
    html = read(client, "/compare/result", 400, **asked)
    for choice in ("(without a name)", "{&#34;t&#34;:1}"):
        assert f">{choice}</option>" in html
    html = read(client, "/compare/result", configuration="(without a name)", **asked)
    assert MARKUP not in html
    assert "b against a" in words(html) and " worse " in words(html)
    (href, *_) = re.findall(r'href="(/samples\?[^"]*)"', html)
    samples = words(client.get(unescape(href)).text)
    assert "{&#34;t&#34;:1}" not in samples  # the newer results, which are all right
    assert " false " in samples
    html = read(client, "/compare/result", configuration='{"t":1}', **asked)
    assert "on all 40 samples compared" in html


@pytest.mark.filterwarnings("ignore:.* computed before the change")
def test_the_samples_say_of_which_configuration_they_are_and_cut_long_texts(
    client: FlaskClient,
) -> None:
    long = pd.DataFrame({"id": [0], "text": ["x" * 5_000]})
    upload_dataset(MARKUP, long)
    html = read(client, "/samples", suite=MARKUP, model="a")
    assert "a: metrics, {&#34;t&#34;:1}" in html
    assert "(5,000 characters)" in html and "x" * 301 not in html
    assert "x" * 5_000 in read(client, "/sample", suite=MARKUP, place=0)


def test_a_dataset_that_is_deleted_meanwhile_is_not_found(client: FlaskClient) -> None:
    pages = [
        ("/test-suite", {"name": MARKUP}),
        ("/samples", {"suite": MARKUP, "model": "a"}),
        ("/results", {"model": "a", "suite": MARKUP}),
        ("/compare/result", {"suite": MARKUP, "base": "a", "candidate": "b", "configuration": "x"}),
    ]
    for path, asked in pages[:3]:
        assert "<script>alert" not in read(client, path, **asked)
    delete_dataset(MARKUP)
    for path, asked in pages:
        html = read(client, path, 404, **asked)
        assert "There is no test suite" in html
        assert MARKUP not in html
