"""Test suites, test cases and results on the page: the same facts as the commands print."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from kolena_local import demo
from kolena_local.demo import digits
from kolena_local.repository import open_store
from kolena_local.repository.records import MemberChange
from tests.view.page.conftest import Open

SUITE = demo.TEST_SUITE
CASE = "digits: narrow"
BASE, CANDIDATE = demo.MODELS


def read(client: FlaskClient, path: str, status: int = 200, **asked: object) -> str:
    answer = client.get(path, query_string=asked)
    assert answer.status_code == status, answer.text
    return answer.text


def words(html: str) -> str:
    """Return the text of a page in one line."""
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def rows(html: str, caption: str) -> list[str]:
    """Return the text of each row of the table whose caption contains a text."""
    (table,) = (one for one in html.split("<table>")[1:] if f"{caption}" in one.split("<thead")[0])
    body = table.split("<tbody>")[1].split("</tbody>")[0]
    return [words(row) for row in re.split("<tr[^>]*>", body)[1:]]


def fields(html: str, action: str) -> dict[str, str]:
    """Return the hidden fields of a form."""
    (form,) = (one for one in html.split("<form")[1:] if f'action="{action}"' in one)
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form.split("</form>")[0]))


def test_the_list_has_each_suite_with_its_samples_counted_once_and_its_models(
    client: FlaskClient,
) -> None:
    (row,) = rows(read(client, "/test-suites"), "1 test suite")
    assert row.startswith(f"{SUITE} @1") and " demo 8 1,079 " in row
    assert CANDIDATE in row and BASE in row
    for asked in ({"tag": "demo"}, {"workflow": "Handwritten digits"}, {"search": "SLICES hand"}):
        assert SUITE in read(client, "/test-suites", **asked)
    assert "No test suite matches" in read(client, "/test-suites", search="nothing like it")


def test_a_long_list_is_shown_in_parts(client: FlaskClient, demo_store: Path) -> None:
    with open_store(str(demo_store)).write() as unit:
        workflow = unit.workflows.get(digits.WORKFLOW)
        for number in range(100):
            unit.test_cases.add(workflow.id, f"more {number}", "")
    html = read(client, "/test-cases", workflow=digits.WORKFLOW)
    assert "1\N{EN DASH}100 of 108" in html and "Previous" not in html and "more 99" not in html
    (href,) = re.findall(r'<a href="([^"]*)" rel="next"', html)
    html = client.get(href.replace("&amp;", "&")).text
    assert len(rows(html, "108 test cases")) == 8 and "more 99" in html and "Next" not in html
    for number, shown in (
        ("0", "1\N{EN DASH}100"),
        ("x", "1\N{EN DASH}100"),
        ("99", "101\N{EN DASH}108"),
    ):
        assert f"{shown} of 108" in read(client, "/test-cases", page=number)


def test_a_suite_shows_each_metric_by_test_case_and_model_and_what_is_stale(
    client: FlaskClient, demo_store: Path
) -> None:
    with open_store(str(demo_store)).write() as unit:
        suite = unit.test_suites.get(SUITE)
        unit.inferences.mark_stale(unit.models.get(BASE).id, suite.id, suite.version)
    html = read(client, "/test-suite", name=SUITE)
    found = rows(html, "accuracy by test case and model")
    assert len(found) == 8
    assert f"{CASE} 120 0.9833 0.9167" in found
    models = rows(html, "2 tested models")
    assert "completed 1,079 of 1,079" in models[0]
    assert "stale since" in models[1] and "asked to infer its samples again 0 of 1,079" in models[1]
    one = read(client, "/test-suite", name=SUITE, model=BASE, metric="n_images")
    assert f"{CASE} 120 120" in rows(one, "n_images by test case and model")


def test_versions_say_what_changed_between_them(client: FlaskClient, demo_store: Path) -> None:
    with open_store(str(demo_store)).write() as unit:
        suite, case = unit.test_suites.get(SUITE), unit.test_cases.get(CASE)
        (first, *_) = unit.test_cases.sample_ids(case.id, case.version)
        changes = [MemberChange(first, None, False)]
        new = unit.test_cases.edit(case.id, 1, description=None, reset=False, changes=changes)
        pins = [(one.id, one.version) for one in suite.test_cases if one.name != "digits: all"]
        pins = [(id_, new.version if id_ == new.id else version) for id_, version in pins]
        unit.test_suites.replace_test_cases(suite.id, 1, pins)
    html = read(client, "/test-suite", name=SUITE, before=1, after=2)
    assert rows(html, "2 changes") == ["removed digits: all 1 \N{EN DASH}", f"changed {CASE} 1 2"]
    assert "No model was tested on this version" in html
    assert "This is version 1." in words(read(client, "/test-suite", name=SUITE, version=1))
    html = read(client, "/test-case", name=CASE, before=1, after=2)
    (change,) = rows(html, "1 change")
    assert change.startswith("removed digits/")
    assert rows(html, "1 test suite with this test case") == [f"{SUITE} 2 and 1 earlier 2"]
    html = read(client, "/test-case", name="digits: all", before=0, after=1)
    assert len(rows(html, "1079 changes")) == 100 and "The first 100 of 1,079" in html
    for path in ("/test-suite", "/test-case"):
        assert read(client, path, 404, name="nothing")
        assert read(client, path, 404, name={"/test-suite": SUITE}.get(path, CASE), version=9)


def test_results_have_all_metrics_and_plots_that_can_be_seen_and_saved(client: FlaskClient) -> None:
    html = read(client, "/results", model=CANDIDATE, suite=f"{SUITE}@1")
    assert f"{CASE} 120 120 0.9833" in rows(html, "Metrics by test case")
    sources = [one.replace("&amp;", "&") for one in re.findall(r'<img src="([^"]*)"', html)]
    assert len(sources) == 2
    answer = client.get(sources[0])
    assert answer.mimetype == "image/svg+xml" and b"<svg" in answer.data
    answer = client.get(f"{sources[1]}&format=png&download=1")
    assert answer.data.startswith(b"\x89PNG")
    assert re.fullmatch(
        r"attachment; filename\*=UTF-8''plot-\d\.png", answer.headers["Content-Disposition"]
    )
    for change in ("&position=9", "&format=pdf", "&test_case=other"):
        name = change[1:].partition("=")[0]
        assert client.get(re.sub(f"&{name}=[^&]*", "", sources[0]) + change).status_code == 404
    assert read(client, "/run", id=1, test_case=CASE).count("<img") == 2
    assert read(client, "/run", 404, id=99)
    assert "never tested" in read(client, "/results", 404, model=CANDIDATE, suite=f"{SUITE}@0")


def test_a_suite_is_described_renamed_and_deleted(client: FlaskClient, demo_store: Path) -> None:
    html = read(client, "/test-suite/edit", name=SUITE)
    assert "This also deletes 2 versions, 2 runs and" in html
    given = fields(html, "/test-suite/edit")
    wanted = {**given, "description": "two\r\nlines", "tags": "a, b,a"}
    assert client.post("/test-suite/edit", data=wanted).status_code == 303
    with open_store(str(demo_store)).read() as unit:
        suite = unit.test_suites.get(SUITE)
    assert (suite.description, suite.tags) == ("two\nlines", {"a", "b"})
    # The same form again: what it was made for has changed.
    answer = client.post("/test-suite/edit", data={**wanted, "description": "other"})
    assert answer.status_code == 409 and "Someone else has changed" in answer.text
    assert "other</textarea>" in answer.text and "<pre>two\nlines</pre>" in answer.text
    answer = client.post("/test-suite/rename", data={**given, "new_name": "new"})
    assert answer.headers["Location"] == "/test-suite?name=new"
    given["name"] = "new"
    answer = client.post("/test-suite/delete", data={**given, "typed": SUITE})
    assert answer.status_code == 400 and "type the name" in answer.text
    answer = client.post("/test-suite/delete", data={**given, "uid": "1", "typed": "new"})
    assert answer.status_code == 409 and "nothing was changed" in answer.text
    assert client.post("/test-suite/delete", data={**given, "typed": "new"}).status_code == 303
    assert "No test suites yet" in read(client, "/test-suites")


def test_a_test_case_in_a_suite_is_renamed_and_not_deleted(client: FlaskClient) -> None:
    html = read(client, "/test-case/edit", name=CASE)
    assert "is used by the test suite" in html
    with pytest.raises(ValueError):
        fields(html, "/test-case/delete")
    given = fields(html, "/test-case/rename")
    answer = client.post("/test-case/rename", data={**given, "new_name": "digits: all"})
    assert answer.status_code == 409 and "There is a test case" in answer.text
    assert 'value="digits: all"' in answer.text
    assert client.post("/test-case/rename", data={**given, "new_name": "n"}).status_code == 303
    answer = client.post("/test-case/delete", data={**given, "name": "n", "typed": "n"})
    assert answer.status_code == 400
    assert "n 120" in rows(read(client, "/test-suite", name=SUITE), "accuracy")[4]


def test_what_is_opened_read_only_has_no_forms_that_change(
    demo_store: Path, open_page: Open
) -> None:
    client = open_page(demo_store, read_only=True)
    for path, name in (("/test-suite", SUITE), ("/test-case", CASE)):
        assert ">Edit<" not in read(client, path, name=name)
        assert 'method="post"' not in read(client, f"{path}/edit", name=name)
