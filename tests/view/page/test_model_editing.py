"""Change models in forms, also while somebody else does."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Dict
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from kolena_local.payload import Json, dumps
from kolena_local.plurals import printable
from kolena_local.repository import open_store
from kolena_local.repository.records import ModelRecord
from tests.conftest import sampled
from tests.view.page.conftest import Open
from tests.view.page.forms import form_of, rows_of

VALUES: Dict[str, Any] = {
    "int": 1,
    "float": 1.0,
    "text": "1",
    "truth": True,
    "null": None,
    "beyond": 2**53 + 1,
    "long": 10**400,
    "tenth": 0.1,
    "nan": math.nan,
    "infinite": -math.inf,
    "zero": -0.0,
    "<b>": "<script>",
    "link": "javascript:alert(1)",
    "lines": "a\nb\r\nc",
    "control": "\x00\x1b\x7f\x85",
    "half": "\ud800",
    "left": "\u202eabc",
    "": "empty",
    " ": " blank ",
    "a.b": "dot",
    'q"\\': "v",
    "\n": "break",
    "list": [1, 1.0, "1", None, math.nan],
    "object": {"x": {"y": {"z": {"deep": math.inf}}}, "e": {}},
    "large": "y" * 10_000,
}
NAMES = ("a/b%2F?#&=;", "<script>", "\u202eevil", "x" * 10_000, " 日本 é\u0301 😀 ", "..", "a\nb")


def model(store: Path, name: str = "svm-rbf") -> ModelRecord:
    with open_store(str(store)).read() as unit:
        return unit.models.get(name)


def change(store: Path, name: str = "svm-rbf", **metadata: Json) -> None:
    """Change metadata as somebody else does."""
    with open_store(str(store)).write() as unit:
        unit.models.edit(name, assign=[((key,), value) for key, value in metadata.items()])


@pytest.mark.parametrize("whole", ["", "&whole=1"])
def test_a_form_that_is_saved_as_it_is_changes_nothing(
    whole: str, store_path: Path, open_page: Open
) -> None:
    with open_store(str(store_path)).write() as unit:
        workflow = unit.workflows.ensure("workflow").id
        for name in NAMES:
            unit.models.add(workflow, name, VALUES, ["<b>", "\u202etag", "a,b", "a\nb"])
    client = open_page(store_path)
    for name in NAMES:
        before = model(store_path, name)
        form = client.get(f"/model/edit?name={quote(name, safe='')}{whole}").text
        page = client.get(f"/model?name={quote(name, safe='')}").text
        for text in (form, page, client.get("/models").text):
            for harm in ("<script", "\u202e", "\x00", 'href="javascript'):
                assert harm not in text
        answer = client.post("/model/edit", data=form_of(form))
        assert answer.status_code == 303, answer.text
        after = model(store_path, name)
        assert dumps(after.metadata) == dumps(before.metadata)
        assert (after.tags, after.updated_at) == (before.tags, before.updated_at)


def test_values_keep_the_type_that_was_chosen(client: FlaskClient, demo_store: Path) -> None:
    # library, kind, C, training_images, seed, and rows for more
    form = client.get("/model/edit?name=svm-rbf").text
    changes: Dict[str, Any] = {"kind2": "number", "text2": "10.0"}
    changes |= {"kind3": "text", "text3": "718", "kind4": "true/false", "text4": "True"}
    changes |= {"key1": "sort of", "text1": " rbf "}
    changes |= {"key5": "exact", "kind5": "number", "text5": str(2**53 + 1)}
    changes |= {"key6": "rate", "kind6": "number", "text6": ".5e-3"}
    changes |= {"key7": "loss", "kind7": "number", "text7": "NaN"}
    changes |= {"delete0": "on", "text": '{"sizes": [1, 2.0]}', "keep1": None, "tag": "new"}
    answer = client.post("/model/edit", data=form_of(form, changes))
    assert answer.location == "/model?name=svm-rbf"
    stored = model(demo_store)
    assert dumps(stored.metadata) == dumps(
        {
            "sort of": " rbf ",
            "C": 10.0,
            "training_images": "718",
            "seed": True,
            "exact": 2**53 + 1,
            "rate": 0.0005,
            "loss": math.nan,
            "sizes": [1, 2.0],
        }
    )
    assert stored.tags == {"candidate", "new"}
    assert "Saved." in client.get(answer.location).text


@pytest.mark.parametrize(
    ("changes", "field", "error"),
    sampled(
        [
            ({"kind2": "number", "text2": "1,5"}, "row2", "is not a number"),
            ({"kind2": "number", "text2": "1e999"}, "row2", "is too large"),
            ({"kind2": "number", "text2": "9" * 4_301}, "row2", "more than 4300 digits"),
            ({"kind2": "true/false", "text2": "yes"}, "row2", "neither true nor false"),
            ({"key2": " "}, "row2", "Give the value a key"),
            ({"key2": "kind"}, "row2", "There is a key &#39;kind&#39; already"),
            ({"text5": "value without a key"}, "row5", "Give the value a key"),
            ({"text": '{"kind": [1]}'}, "row1", "There is a key &#39;kind&#39; already"),
            ({"text": '{"a": 1, "a": 2}'}, "text", "the key &#39;a&#39; twice"),
            ({"text": "[1]"}, "text", "is not a JSON object"),
            ({"text": "{\r\n1}"}, "text", "in line 2"),
            ({"text": '{"a": 1e999}'}, "text", "is too large"),
            ({"text": "[" * 100_000}, "text", "nested too deeply"),
        ],
        2,
    ),
)
def test_what_is_wrong_is_shown_beside_what_was_typed(
    changes: Dict[str, Any], field: str, error: str, client: FlaskClient, demo_store: Path
) -> None:
    before = model(demo_store)
    form = client.get("/model/edit?name=svm-rbf").text
    wanted = form_of(form, {**changes, "text0": 'typed "before"', "tag": "more"})
    answer = client.post("/model/edit", data=wanted)
    assert answer.status_code == 400
    shown = answer.text[answer.text.index(f'id="error-{field}"') :].partition("</p>")[0]
    assert error in shown
    assert f'aria-invalid="true" aria-describedby="error-{field}"' in answer.text
    again = form_of(answer.text)
    assert {name: again[name] for name in wanted if name != "text"} == {
        name: value for name, value in wanted.items() if name != "text"
    }
    assert again["text"][0].split() == wanted["text"][0].split()
    assert model(demo_store) == before


def test_a_change_that_somebody_else_made_meanwhile_is_never_lost(
    client: FlaskClient, demo_store: Path
) -> None:
    form = form_of(client.get("/model/edit?name=svm-rbf").text, {"text2": "20", "delete1": "on"})
    change(demo_store, seed=8, C=15)
    with open_store(str(demo_store)).write() as unit:
        unit.models.edit("svm-rbf", tags=["theirs"])
    before = model(demo_store)
    conflict = client.post("/model/edit", data={**form, "tag": ["mine"]})
    assert conflict.status_code == 409
    assert model(demo_store) == before
    _, *rows = rows_of(conflict.text)
    assert ["C", "10", "15", "20", "20"] in rows
    assert ["seed", "7", "8", "7", "8"] in rows
    assert ["kind", '"kernel"', '"kernel"', "not there", "not there"] in rows
    # Somebody is faster once more.
    change(demo_store, library="sklearn")
    conflict = client.post("/model/edit", data=form_of(conflict.text))
    assert conflict.status_code == 409
    answer = client.post("/model/edit", data=form_of(conflict.text))
    assert answer.status_code == 303
    stored = model(demo_store)
    assert stored.metadata == {"library": "sklearn", "C": 20, "training_images": 718, "seed": 8}
    assert stored.tags == {"candidate", "demo", "theirs", "mine"}


def test_a_model_that_is_not_there_any_more_is_not_changed(
    client: FlaskClient, demo_store: Path
) -> None:
    forms = {
        path: form_of(client.get(f"{path}?name=svm-rbf").text)
        for path in ("/model/edit", "/model/rename", "/model/delete")
    }
    with open_store(str(demo_store)).write() as unit:
        unit.models.delete(["svm-rbf"])
    for path, form in forms.items():
        answer = client.post(path, data=form)
        assert (answer.status_code, "was deleted after you" in answer.text) == (409, True)
    assert "scikit-learn" in client.post("/model/edit", data=forms["/model/edit"]).text
    with open_store(str(demo_store)).write() as unit:
        unit.models.add(unit.workflows.ensure("other").id, "svm-rbf", {"new": 1}, ())
    for path, form in forms.items():
        answer = client.post(path, data={**form, "typed": "svm-rbf"})
        assert (answer.status_code, "another model has that name" in answer.text) == (409, True)
    assert model(demo_store).metadata == {"new": 1}
    for seen in ("[1, 2]", '[1, 1, "\\ud800", "{}", []]', f'[{2**64}, 1, "a", "{{}}", []]', "["):
        for path in forms:
            assert client.post(path, data={"seen": seen}).status_code == 400


def test_rename(client: FlaskClient, demo_store: Path) -> None:
    edit = form_of(client.get("/model/edit?name=svm-rbf").text, {"text1": "rbf"})
    form = form_of(client.get("/model/rename?name=svm-rbf").text)
    for taken in ("logistic-regression", " "):
        answer = client.post("/model/rename", data={**form, "new_name": taken})
        assert (answer.status_code, 'id="error-name"' in answer.text) == (400, True)
        assert form_of(answer.text)["new_name"] == [taken]
    answer = client.post("/model/rename", data={**form, "new_name": "svm/2 ?"})
    assert answer.status_code == 303
    assert "<h1>svm/2 ?</h1>" in client.get(answer.location).text
    # The form for metadata was about the same model.
    assert client.post("/model/edit", data=edit).location == answer.location
    assert model(demo_store, "svm/2 ?").metadata["kind"] == "rbf"
    # So was the other one for the name, which has been changed since.
    conflict = client.post("/model/rename", data={**form, "new_name": "mine"})
    assert (conflict.status_code, "to &#39;svm/2 ?&#39; in the" in conflict.text) == (409, True)
    assert client.post("/model/rename", data=form_of(conflict.text)).status_code == 303
    assert model(demo_store, "mine").metadata["kind"] == "rbf"


def test_delete_asks_for_the_name_and_says_what_goes_with_it(
    client: FlaskClient, demo_store: Path
) -> None:
    page = client.get("/model/delete?name=svm-rbf").text
    assert "1,079 inferences and 1 test run" in page
    answer = client.post("/model/delete", data=form_of(page, {"typed": "svm"}))
    assert (answer.status_code, "nothing was deleted" in answer.text) == (400, True)
    with open_store(str(demo_store)).write() as unit:
        unit.test_runs.delete(run.id for run in unit.test_runs.list(model="svm-rbf"))
    answer = client.post("/model/delete", data=form_of(page, {"typed": "svm-rbf"}))
    assert (answer.status_code, "and 0 test runs" in answer.text) == (409, True)
    answer = client.post("/model/delete", data=form_of(answer.text))
    assert answer.location == "/models"
    assert client.get("/model?name=svm-rbf").status_code == 404
    assert model(demo_store, "logistic-regression")


def test_what_was_typed_is_shown_again_exactly(client: FlaskClient) -> None:
    form = {"new_name": " ", "workflow": 'a\u202e\u200b\x07\x9f"<b>'}
    text = client.post("/models/new", data=form).text
    # Control characters cannot be written in HTML: these are shown as escape sequences.
    assert form_of(text)["workflow"] == ['a\u202e\u200b\\x07\\x9f"<b>']
    assert printable(text.replace("\n", "")) == text.replace("\n", "")


def test_create(client: FlaskClient, demo_store: Path) -> None:
    form = {"new_name": "svm-rbf", "workflow": "new one"}
    answer = client.post("/models/new", data=form)
    assert answer.status_code == 400
    assert form_of(answer.text) == {name: [value] for name, value in form.items()}
    answer = client.post("/models/new", data={**form, "new_name": "third"})
    assert "Edit third" in client.get(answer.location).text
    assert model(demo_store, "third").workflow == "new one"


def test_a_page_that_was_opened_read_only_offers_no_changes(
    demo_store: Path, open_page: Open
) -> None:
    client = open_page(demo_store, read_only=True)
    for path in ("/models", "/model?name=svm-rbf"):
        page = client.get(path)
        assert page.status_code == 200
        assert "/model/edit" not in page.text
        assert "/models/new" not in page.text
        assert 'method="post"' not in page.text
    for path in ("/model/edit", "/model/rename", "/model/delete", "/models/new"):
        assert client.get(f"{path}?name=svm-rbf").status_code == 403
        assert client.post(path, data={}).status_code == 403
