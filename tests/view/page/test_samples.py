"""The samples page: the rows that were asked for, what got worse, saved filters, and images."""

from __future__ import annotations

import html
import itertools
import math
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Union
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pixels

from kolena_local import session
from kolena_local.comparison import compare
from kolena_local.demo import TEST_SUITE
from kolena_local.plurals import counted
from kolena_local.repository import open_store
from kolena_local.repository.conditions import Condition, rank
from kolena_local.repository.metadata_paths import value_at
from kolena_local.repository.sample_table import TableRow, TableScope
from kolena_local.workflow import GroundTruth, Image, Inference, define_workflow
from kolena_local.workflow.annotation import Keypoints, LabeledBoundingBox
from tests.comparison.test_extremes import evaluate
from tests.view.page.conftest import Open
from tests.view.page.forms import form_of


@dataclass(frozen=True)
class Truth(GroundTruth):
    shapes: List[Union[LabeledBoundingBox, Keypoints]]


_, Case, _, Model = define_workflow("Table", Image, Truth, Inference)
BASE, MODEL = "svm-rbf", "logistic-regression"
BOTH = {"suite": TEST_SUITE, "model": MODEL, "base": BASE}
# SQLite's JSON functions confuse some of each of these lines.
CONFUSED: List[Any] = [
    *(2**64, 2**64 - 1, 2.0**64, 2**63, -(2**63), -(2**63) - 1, 2**53 + 1, 2.0**53),
    *("a", "a\0b", "a\0c", "\ud800", {"$": "a"}, math.nan, math.inf),
]
VALUES = st.sampled_from([0, 1, -3, 2.5, 1e300, True, False, None, "a", "B", "", "é", [1]])


def rows_in(text: str) -> List[int]:
    return [int(id_) for id_ in re.findall(r">#(\d+)</a>", text)]


@given(values=st.lists(VALUES, min_size=1, max_size=12), data=st.data())
def test_pages_of_the_table_are_what_python_filters_and_sorts(
    values: List[Any], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    db = str(tmp_path_factory.mktemp("table") / "store.db")
    fill(db, values)
    condition: Optional[Condition] = data.draw(st.none() | conditions())
    descending = data.draw(st.booleans())
    path = ("metadata", "x")
    with open_store(db).read() as unit:
        case = unit.test_cases.get("all")
        scope = TableScope(None, case.version, case.id)
        some = [condition] if condition else []
        got: List[TableRow] = []
        while page := unit.sample_table.rows(
            scope,
            some,
            path,
            descending=descending,
            after=(got[-1].key, got[-1].place) if got else None,
            limit=2,
        ):
            got += page
        assert unit.sample_table.count(scope, some, 100) == len(got)
        unsorted = unit.sample_table.rows(scope, some)
        sample_ids, _ = unit.sample_table.pairs(scope, some)
    wanted = [
        place
        for place, value in enumerate(values)
        if condition is None or condition.admits(value_at({"x": value}, condition.path[1:]))
    ]
    assert [row.place for row in unsorted] == wanted
    assert list(sample_ids) == [row.test_sample_id for row in unsorted]
    assert sorted(row.place for row in got) == wanted
    scalars = [row.place for row in got if type(values[row.place]) in (int, float, str)]
    ranked = sorted(scalars, key=lambda place: rank(values[place]), reverse=descending)
    assert [rank(values[it]) for it in scalars] == [rank(values[it]) for it in ranked]


def test_values_that_sqlite_confuses_are_filtered_as_python_does(tmp_path: Path) -> None:
    db = str(tmp_path / "store.db")
    fill(db, CONFUSED)
    with open_store(db).read() as unit:
        case = unit.test_cases.get("all")
        scope = TableScope(None, case.version, case.id)
        for sign, value in itertools.product(["=", "!=", "<", ">="], [*CONFUSED[:12], None, 1.0]):
            condition = Condition(("metadata", "x"), sign, value)
            found = [row.place for row in unit.sample_table.rows(scope, [condition])]
            wanted = [place for place, one in enumerate(CONFUSED) if condition.admits(one)]
            assert found == wanted, str(condition)


def conditions() -> st.SearchStrategy[Condition]:
    equal = st.builds(
        Condition,
        st.just(("metadata", "x")),
        st.sampled_from(["=", "!="]),
        st.sampled_from([0, 1, 2.5, 10**400, True, None, "a", ""]),
    )
    ordered = st.builds(
        Condition,
        st.just(("metadata", "x")),
        st.sampled_from(["<", "<=", ">", ">="]),
        st.sampled_from([0, 2.5, -(2**70), "a"]),
    )
    return equal | ordered


def fill(db: str, values: List[Any]) -> None:
    with session(db=db):
        Case(
            "all",
            test_samples=[
                (Image(f"{place}.png", metadata={"x": value}), Truth([]))
                for place, value in enumerate(values)
            ],
        )


def test_only_what_got_worse_is_what_the_comparison_lists(
    client: FlaskClient, demo_store: Path
) -> None:
    text = client.get("/samples", query_string=BOTH).text
    (address,) = re.findall(r'href="([^"]*)">only what got worse', text)
    assert rows_in(text) == list(range(1, 101))
    worse = client.get(html.unescape(address)).text
    with session(db=str(demo_store)):
        listed = compare(BASE, MODEL, TEST_SUITE).worst(1000)
    assert sorted(rows_in(worse)) == sorted(it.test_sample_id for it in listed)
    assert f"{len(listed)} samples" in worse


def test_a_metric_that_is_not_a_number_did_not_change(store_path: Path, open_page: Open) -> None:
    with session(db=str(store_path)):
        evaluate([0.5, 0.5, 0.5, None], [math.nan, 0.25, 0.75, 0.25])
    asked = {"suite": "s", "model": "c", "base": "b"}
    client = open_page(store_path)
    for where, found in (("< 0", [2]), ("= 0", []), ("= null", [1, 4])):
        page = client.get("/samples", query_string={**asked, "where": f"change.m {where}"})
        assert rows_in(page.text) == found, where


def test_a_page_leads_to_the_next_one_and_to_each_sample(client: FlaskClient) -> None:
    seen: List[int] = []
    address: Optional[str] = f"/samples?suite={TEST_SUITE}&sort=-metadata.ink"
    while address:
        text = client.get(html.unescape(address)).text
        seen += rows_in(text)
        address = next(iter(re.findall(r'href="([^"]*)">Next', text)), None)
    assert sorted(seen) == list(range(1, 1080))
    (sample,) = re.findall(r'href="([^"]*)">#7<', client.get("/samples", query_string=BOTH).text)
    shown = client.get(html.unescape(sample)).text
    assert "digits/0009.png" in shown and BASE in shown and MODEL in shown


def test_only_columns_that_a_path_can_name_are_sorted_by(store_path: Path, open_page: Open) -> None:
    with session(db=str(store_path)):
        keys = ["a b", "\ud800", "tab\t", 'quote"', '" quoted"', '"."', "back\\slash"]
        image = Image("a.png", metadata=dict.fromkeys(keys, 1))
        Case("all", test_samples=[(image, Truth([]))])
        Model("m", metadata=dict.fromkeys(keys, 1))
    client = open_page(store_path)
    page = client.get("/samples", query_string={"test_case": "all"})
    assert page.status_code == 200, page.text
    headers = map(html.unescape, re.findall(r'href="([^"]*sort=[^"]*)"', page.text))
    fields = [parse_qs(urlsplit(header).query)["sort"] for header in headers]
    assert fields == [["sample.locator"], ["ground_truth.shapes"], ['metadata."a b"']]
    assert client.get("/models").status_code == 200


def test_the_samples_of_a_suite_with_an_odd_name_are_filtered_and_saved(
    demo_store: Path, open_page: Open
) -> None:
    odd = "right\u202eto left,\ttab\nand line"
    with open_store(str(demo_store)).write() as unit:
        unit.test_suites.rename(TEST_SUITE, odd)
        unit.models.rename(MODEL, f"model {odd}")
    client = open_page(demo_store)
    asked = {
        "suite": odd,
        "model": f"model {odd}",
        "base": BASE,
        "where": 'ground_truth.label != "\u202e"',
    }
    page = client.get("/samples", query_string=asked)
    form = form_of(page.text, {"name": "saved"})
    assert form == {**{name: [text] for name, text in asked.items()}, "name": ["saved"]}
    assert "\u202e" not in page.text
    saved = client.post("/samples/save", data=form)
    assert saved.status_code == 303, saved.text


@pytest.mark.parametrize(
    "where",
    ['metadata.stroke = "bold" and inference.prediction.score < 0.5', "change.is_correct < 0"],
)
def test_a_filter_is_saved_as_a_test_case(
    client: FlaskClient, demo_store: Path, where: str
) -> None:
    found = rows_in(client.get("/samples", query_string={**BOTH, "where": where}).text)
    answer = client.post("/samples/save", data={**BOTH, "where": where, "name": "hard"})
    assert answer.status_code == 303
    said = f"The test case &#39;hard&#39; has {counted(len(found), 'sample')}"
    assert said in client.get(answer.location).text
    with open_store(str(demo_store)).read() as unit:
        case = unit.test_cases.get("hard")
        assert list(unit.test_cases.sample_ids(case.id, case.version)) == found
        assert case.description.endswith(where) or where in case.description
    again = client.post(
        "/samples/save", data={**BOTH, "where": "metadata.width = 6", "name": "hard"}
    )
    assert again.status_code == 409
    assert "There is a test case &#39;hard&#39; already" in again.text


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"where": "metadata.inc > 1"}, "did you mean &#39;metadata.ink&#39;"),
        ({"where": "ink > 1"}, "not a field of this table"),
        ({"where": "metadata.ink >"}, "is not a condition"),
        ({"sort": "colour"}, "not a field of this table"),
        ({"after": "[[], 1]"}, "not a page of the table"),
        ({"model": "svm"}, "There is no model &#39;svm&#39;; did you mean &#39;svm-rbf&#39;?"),
        ({"suite": "digits"}, "There is no test suite"),
        ({"test_case": "digits"}, "There is no test case"),
    ],
)
def test_what_the_table_cannot_show_is_said(
    client: FlaskClient, arguments: Dict[str, str], sentence: str
) -> None:
    answer = client.get("/samples", query_string={"suite": TEST_SUITE, **arguments})
    assert answer.status_code in (400, 404)
    assert sentence in answer.text


@pytest.mark.parametrize("said", ['{"sample": {"is_correct": "%s"}}', "[]", '{"sample": 5}'])
def test_samples_are_shown_whatever_results_declare_to_be_better(
    client: FlaskClient, demo_store: Path, said: str
) -> None:
    with closing(sqlite3.connect(demo_store)) as connection, connection:
        for better, odd in (("higher", 0), ("lower", 1)):
            connection.execute(
                "UPDATE evaluator_configuration SET directions = ? WHERE id % 2 = ?",
                [said.replace("%s", better), odd],
            )
    answer = client.get("/samples", query_string=BOTH)
    assert answer.status_code == 200
    assert "digits/" in answer.text
    assert "%s" not in said or "only what got worse" not in answer.text


@pytest.fixture
def pictures(store_path: Path, tmp_path: Path) -> Path:
    """Return a folder of images below which some locators lead."""
    folder = tmp_path / "images"
    (folder / "bucket").mkdir(parents=True)
    for path in ("cat.png", "bucket/dog.png", "../secret.png"):
        Pixels.new("RGB", (40, 30)).save(folder / path)
    (folder / "drawing.png").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    boxes = [LabeledBoundingBox((30, 20), (10, 5), '"><script>'), Keypoints([(1, 2)])]
    samples = [
        (Image(it), Truth(boxes))
        for it in (
            "cat.png",
            "s3://bucket/dog.png",
            str(folder / "cat.png"),
            "../secret.png",
            "link.png",
            "drawing.png",
            str(tmp_path / "secret.png"),
            "file:///etc/passwd",
            "cat.png\0",
            "http://[cat.png",
        )
    ]
    with session(db=str(store_path)):
        Case("all", test_samples=samples)
    return folder


def test_images_are_shown_only_from_below_the_folder(
    pictures: Path, store_path: Path, open_page: Open
) -> None:
    client = open_page(store_path, images=pictures)
    shown = [client.get(f"/image?sample={id_}") for id_ in range(1, 12)]
    assert [it.status_code for it in shown] == [200, 200, 200] + [404] * 8
    assert {it.mimetype for it in shown[:3]} == {"image/png"}
    text = client.get("/sample?test_case=all&place=0").text
    assert '<rect x="10" y="5" width="20" height="15"/>' in text
    assert "<script" not in text
    assert "/image?" not in client.get("/sample?test_case=all&place=3").text
    assert open_page(store_path).get("/image?sample=1").status_code == 404
