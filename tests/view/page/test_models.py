"""The list of models, and the page of one."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import List
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from flask.testing import FlaskClient

from kolena_local.repository import close_store, open_store
from kolena_local.repository.conditions import parse
from tests.conftest import long_only
from tests.view.page.conftest import Open
from tests.view.page.forms import rows_of

ACCURACY = '["digits by handwriting", 1, "DigitEvaluator", null, "digits: all", "accuracy"]'


@pytest.fixture(scope="session")
def registry_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("registry") / "template.db"
    with open_store(str(path)).write() as unit:
        workflow, other = (unit.workflows.ensure(name).id for name in ("one", "two"))
        for number in range(250):
            metadata = {"seed": number % 7, "optimizer": {"name": "Ädam" if number % 2 else "sgd"}}
            tags = ["even"] * (number % 2 == 0) + ["third"] * (number % 3 == 0)
            workflow_id = other if number == 249 else workflow
            unit.models.add(workflow_id, f"m{number:03d}", metadata, tags)  # type: ignore[arg-type]
    close_store(str(path))
    return path


@pytest.fixture
def registry(registry_template: Path, store_path: Path) -> Path:
    """Return a store of 250 models."""
    return Path(shutil.copy(registry_template, store_path))


def names(client: FlaskClient, query: str) -> List[str]:
    """Return the names of the models on a page of the list."""
    answer = client.get(f"/models?{query}")
    assert answer.status_code == 200, answer.text
    head, *rows = rows_of(answer.text) or [["model"]]
    return [row[head.index("model")] for row in rows]


@long_only
def test_the_list_finds_what_the_command_finds(registry: Path, open_page: Open) -> None:
    client = open_page(registry)
    with open_store(str(registry)).read() as unit:
        for where in (
            ["metadata.seed >= 3"],
            ['metadata.optimizer.name = "sgd"', "metadata.seed != 1"],
            ['workflow = "two"'],
            ["metadata.missing = null", 'name < "m050"'],
        ):
            for sort in ("name", "-metadata.seed", "metadata.optimizer.name", "-updated_at"):
                query = "&".join([f"sort={sort}", *(f"where={quote(text)}" for text in where)])
                wanted = unit.models.list(where=[parse(text) for text in where], sort=sort)
                assert names(client, query) == [model.name for model in wanted[:100]]
    assert names(client, "q=%C3%A4DAM&tag=third&workflow=one") == [
        f"m{number:03d}" for number in range(250) if number % 6 == 3 and number != 249
    ]
    assert names(client, "q=M007") == ["m007"]
    assert names(client, "sort=-tags&tag=third&tag=even")[0] == "m000"
    assert names(client, "q=nobody") == []


def test_a_long_list_has_pages_and_says_how_many_models_there_are(
    registry: Path, open_page: Open
) -> None:
    client = open_page(registry)
    third = client.get("/models?sort=-name&page=3")
    assert "Models 201 to 250 of 250" in third.text
    assert "page 3 of 3" in third.text
    assert names(client, "sort=-name&page=3")[0] == "m049"
    assert names(client, "sort=-name&page=99")[-1] == "m000"
    assert names(client, "page=-1") == names(client, "page=%C2%B2") == names(client, "")


def test_a_wrong_condition_is_shown_with_what_is_wrong_with_it(client: FlaskClient) -> None:
    answer = client.get("/models?where=seed+%3E&where=name+%3D+%22a%22")
    assert answer.status_code == 400
    assert 'value="seed &gt;" aria-invalid="true" aria-describedby="error-where0"' in answer.text
    assert 'id="error-where0">&#39;seed &gt;&#39; is not a condition' in answer.text
    for query in ("sort=nothing", "sort=metric:x", "columns=chosen&key=a..b"):
        assert client.get(f"/models?{query}").status_code == 400
    # No column is better than a page that cannot be shown.
    odd = quote('["\\ud800", 1e999, null, null, null, "x"]')
    assert client.get(f"/models?columns=chosen&metric={odd}&metric=1").status_code == 200


def test_the_form_leads_to_an_address_without_what_was_left_empty(client: FlaskClient) -> None:
    source = ACCURACY.replace(', "digits: all", "accuracy"', "")
    answer = client.get(
        "/models",
        query_string={
            "form": 1,
            "columns": "chosen",
            "q": "",
            "where": ["", "metadata.seed = 7"],
            "key": ["kind", ""],
            "add_source": source,
            "offered": source,
            "add_case": '"digits: narrow"',
            "add_metric": "accuracy",
        },
    )
    assert answer.status_code == 303
    assert parse_qs(urlsplit(answer.location).query) == {
        "where": ["metadata.seed = 7"],
        "columns": ["chosen"],
        "key": ["kind"],
        "metric": [ACCURACY.replace("digits: all", "digits: narrow")],
    }
    head, first, _ = rows_of(client.get(answer.location).text)
    assert head[:3] == ["model", "accuracy · digits: narrow", "kind"]
    assert first == ["logistic-regression", "0.9167", "linear", *first[3:]]


def test_sorted_by_a_metric_the_list_is_a_leaderboard(
    client: FlaskClient, demo_store: Path
) -> None:
    address = "/models?sort=-metric:" + quote(ACCURACY)
    answer = client.get(address)
    _, first, second = rows_of(answer.text)
    assert (first[:3], second[:3]) == (
        ["1", "svm-rbf", "0.9889"],
        ["2", "logistic-regression", "0.9286"],
    )
    assert "McNemar&#39;s exact test of is_correct" in answer.text
    with open_store(str(demo_store)).write() as unit:
        suite = unit.test_suites.get("digits by handwriting")
        unit.inferences.mark_stale(unit.models.get("svm-rbf").id, suite.id, suite.version)
    _, first, second = rows_of(client.get(address).text)
    assert (first[0], first[2]) == ("\N{EN DASH}", "stale 0.9889")
    assert second[0] == "1"
    page = client.get("/model?name=svm-rbf").text
    assert "the model was asked to infer its samples again" in page
    assert ["digits by handwriting@1", "1,079", "0", "1,079"] in rows_of(page)


def test_the_page_of_a_model_shows_metadata_results_coverage_and_runs(
    client: FlaskClient,
) -> None:
    page = client.get("/model?name=svm-rbf").text
    rows = rows_of(page)
    assert ["digits: narrow", "120", "120", "0.9833"] in rows
    assert ["digits by handwriting@1", "1,079", "1,079", "0"] in rows
    assert any(
        row[1:4] == ["digits by handwriting@1", "DigitEvaluator", "completed"] for row in rows
    )
    assert "<dt>kind</dt>" in page
    assert client.get("/model?name=svm-rb").status_code == 404


@pytest.mark.parametrize("metadata", ["null", "[1]", "7"])
def test_metadata_that_is_no_object_makes_a_damaged_store_not_a_bug(
    client: FlaskClient, demo_store: Path, metadata: str
) -> None:
    with closing(sqlite3.connect(demo_store)) as connection, connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("UPDATE model SET metadata = ?", [metadata])
    answer = client.get("/models")
    assert answer.status_code == 503
    assert "The store is damaged" in answer.text
