"""The report: one HTML file, the same for equal stores, harmless whatever is in them."""

from __future__ import annotations

import base64
import html
import math
import re
import stat
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from kolena_local.errors import InputValidationError, NotFoundError, WorkflowMismatchError
from kolena_local.payload import dumps
from kolena_local.repository import open_store
from kolena_local.repository.dump.importing import import_lines
from kolena_local.view.metrics_tables import metric_tables
from kolena_local.view.report import Report, report
from kolena_local.view.report.pictures import OverlaidPlot, picture
from tests.cli.conftest import Invoke, invoke
from tests.comparison.conftest import make_world
from tests.conftest import long_only
from tests.view.tested import make_tested

__all__ = ["invoke"]  # the fixture

TEXTS = {"title": "Accuracy by class", "x_label": "class", "y_label": "accuracy"}
BARS = {**TEXTS, "labels": ["cat", "dog"], "values": [1, 0.25], "data_type": "PLOT/BAR"}
MATRIX = {
    **TEXTS,
    "labels": ["cat", "dog"],
    "matrix": [[1234567, 0], [None, 600000]],
    "data_type": "PLOT/CONFUSION_MATRIX",
}
HOSTILE = (
    "<script>alert(1)</script>",
    "javascript:alert(1)",
    "a\u202eb\u200b",
    "x" * 10_000,
    "nul\x00",
    "\"'><img src=x onerror=alert(1)>",
    "{{ 7*7 }}</style>",
)


def store_of(path: Path, **changes: Any) -> Path:
    """Make a store with a good and a better model."""
    given: dict[str, Any] = {
        "models": {
            "good": {"seed": 1, "layers": {"depth": 50}, "page": "https://example.org"},
            "better": {"seed": True, "layers": {"depth": 101, "width": 2}},
        },
        "cases": {"day": 30, "night": 20},
        "metrics": lambda model, case: {"accuracy": 0.75, "by_class": [{"name": "cat", "n": 3}]},
        "scores": lambda model, place: {
            "correct": model == "better" or place % 3 > 0,
            "error": 2.0 if place == 7 and model == "better" else 1 + place % 7 / 7,
        },
        "plots": lambda model, case: [BARS, MATRIX],
    }
    return make_tested(path, **{**given, **changes})


def made(path: Path, *arguments: Any, **options: Any) -> Report:
    return report(open_store(str(path)), "animals", *arguments, **options)


def text_of(page: Report) -> str:
    """Return what a reader sees, on one line."""
    body = page.html.partition("</style>")[2]
    return re.sub(r"\s+", " ", html.unescape(re.sub("<[^>]*>", " ", body)))


def test_a_report_has_all_that_is_known_and_is_equal_for_an_equal_store(tmp_path: Path) -> None:
    page = made(store_of(tmp_path / "one.db"), ["good", "better"])
    with open_store(str(tmp_path / "one.db")).read() as unit:
        lines = [line.encode() for line in unit.dump.lines()]
    import_lines(str(tmp_path / "other.db"), lambda: lines)
    assert made(tmp_path / "other.db", ["good", "better"]).html == page.html
    text = text_of(page)
    for part in (
        "animals @1",
        "2 models on 50 samples in 2 test cases, workflow Animals",
        "seed 1 true differs",
        "layers.depth 50 101 differs",
        "page https://example.org \N{EN DASH} differs",
        "better correct better 0.66 1 0.34",  # model, metric, verdict, means, difference
        "by_class: n test case part good (base) better day cat 3 3",
        "7.png dog cat cat correct: true → true error: 1 → 2",
        "good: accuracy (rows) by class (columns) cat dog cat 1,234,567 0 dog \N{EN DASH} 600,000",
        "without a date, so that equal stores have equal reports",
    ):
        assert part in text, part
    assert page.html.count('<img src="data:image/svg+xml;base64,') == 2
    words = (
        "Accuracy by class. Bar chart of accuracy by class on the test case night: good and better"
    )
    assert f'alt="{words}"' in page.html


class Page(HTMLParser):
    """The tags of a page with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_hostile_text_is_only_text(tmp_path: Path) -> None:
    names = [name for name in HOSTILE if "\0" not in name]  # a store refuses a name with it
    plots = [
        {**BARS, "title": HOSTILE[0], "x_label": HOSTILE[2], "labels": [*HOSTILE[:2]]},
        {**BARS, "title": HOSTILE[3], "values": ["no number"]},
        {"data_type": HOSTILE[0], "title": HOSTILE[4]},
        {**MATRIX, "title": HOSTILE[5], "labels": [*HOSTILE[:2]]},
        {**MATRIX, "matrix": [[1], ["x", {}]]},
    ]
    store_of(
        tmp_path / "store.db",
        models={
            name: {**dict(zip(HOSTILE, HOSTILE[::-1], strict=True)), "ok": "http://x/?<b>"}
            for name in names
        },
        cases=dict.fromkeys(names, 1),
        description="\n".join(names),
        workflow=HOSTILE[5],
        evaluator=HOSTILE[0],
        metrics=lambda model, case: {name: [{name: name}] for name in HOSTILE},
        scores=lambda model, place: {HOSTILE[0]: len(model) % 2 == 0, "accuracy": len(model)},
        answer=lambda model, place: {name: {name: name} for name in HOSTILE},
        plots=lambda model, case: plots if case == HOSTILE[0] else [],
    )
    page = made(tmp_path / "store.db")
    assert {tag for tag, _ in Page(page.html).tags} <= {
        "html", "head", "meta", "title", "style", "body", "a", "header", "nav", "strong", "main",
        "h1", "h2", "h3", "span", "p", "div", "table", "caption", "thead", "tbody", "tr", "th",
        "td", "svg", "rect", "code", "figure", "img", "footer", "em",
    }  # fmt: skip
    for tag, attributes in Page(page.html).tags:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], tag
        link = attributes.get("href") or "#"
        assert link.startswith("#") or link == "http://x/?<b>"
        source = attributes.get("src") or "data:image/svg+xml;base64,"
        drawing = base64.b64decode(source.partition(",")[2])
        assert not re.search(rb"<script|\x00|\xe2\x80\xae", drawing)
    assert not re.search("[\x00\u202e\u200b\ud800-\udfff]", page.html)
    assert "{{ 7*7 }}" in text_of(page)
    assert "cannot be drawn" in page.html
    assert len(page.html) < 1_000_000


@long_only
def test_regions_have_different_labels_even_if_names_differ_only_where_they_are_cut(
    tmp_path: Path,
) -> None:
    long = "x" * 400
    store_of(
        tmp_path / "store.db",
        models={f"{long} {name}": {} for name in ("a", "b", "C", "c")},
        metrics=lambda model, case: {f"{long} {number}": {"a": 1} for number in range(3)},
        configurations=("one", "One", f"{long} 1", f"{long} 2"),
    )
    labels = [
        " ".join((attributes["aria-label"] or "").casefold().split())
        for _, attributes in Page(made(tmp_path / "store.db").html).tags
        if "aria-label" in attributes
    ]
    assert len(labels) > 20
    assert sorted(labels) == sorted(set(labels))


def test_stale_results_are_shown_and_get_no_verdict(tmp_path: Path) -> None:
    path = store_of(tmp_path / "store.db")
    with open_store(str(path)).write() as unit:
        suite, model = unit.test_suites.get("animals"), unit.models.get("better")
        first = list(unit.suite_samples.ids(suite.id, suite.version))[:1]
        unit.inferences.put(model.id, first, [dumps({"label": "dog"})], replace=True)
    text = text_of(made(path, base="good"))
    reason = "other inferences were stored for its samples"
    assert f"The results of 'better' are stale: {reason}." in text
    assert "better against good: no verdict. The results of 'better' are not current" in text
    assert "good (base) better (stale) day 0.75 0.75" in text


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    models: dict[str, Any] = {f"m{n:02}": {} for n in range(12)}
    path = store_of(tmp_path / "store.db", models=models, plots=lambda *_: ())
    with open_store(str(path)).write() as unit:
        suite = unit.test_suites.get("animals")
        workflow = unit.workflows.ensure("Animals")
        unit.models.add(workflow.id, "untested", {}, ())
        unit.test_suites.replace_test_cases(suite.id, 1, [(suite.test_cases[0].id, 1)])
    text = text_of(made(path))
    assert "10 models on 50 samples" in text
    assert "Models that have results and are not shown: 'm10' and 'm11'." in text
    assert "results on version 1 of the test suite; its latest version is 2." in text
    text = text_of(made(path, ["m11", "untested"]))
    assert "'untested' has no results on this version" in text
    assert "'untested' has no current inference for 50 samples" in text
    assert "'untested' has no per-sample metrics" in text


def test_a_metric_without_a_sample_to_compare_has_dashes_for_numbers(tmp_path: Path) -> None:
    path = store_of(
        tmp_path / "store.db",
        scores=lambda model, place: {"error": 1.0 if model == "better" else None},
    )
    text = text_of(made(path, base="good"))
    assert "better error not decided \N{EN DASH} \N{EN DASH} \N{EN DASH} \N{EN DASH} " in text


@long_only
def test_only_plots_of_some_test_cases_are_drawn_of_very_many(tmp_path: Path) -> None:
    cases = {f"case {n}": 1 for n in range(3)}
    many = [{**BARS, "title": str(n)} for n in range(40)]
    path = store_of(tmp_path / "s.db", models={"one": {}}, cases=cases, plots=lambda *_: many)
    import kolena_local.view.report.render as render

    drawn: list[OverlaidPlot] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(render, "picture", lambda plot: drawn.append(plot) or picture(plot))
        patch.setattr(render, "_MOST_PLOTS", 4)
        page = made(path)
    assert [plot.title for plot in drawn] == ["0", "1", "2", "3"]
    assert "116 more plots are not shown" in text_of(page)
    assert "Verdicts" not in page.html  # there is nothing to compare


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("animals", ["god"]), NotFoundError, "did you mean 'good'"),
        (("animal", []), NotFoundError, "did you mean 'animals'"),
        (("animals@2", []), NotFoundError, "no version 2"),
        (("animals", ["good"], "better"), InputValidationError, "is not one of the models"),
        (("animals", ["other"]), WorkflowMismatchError, "of the workflow 'Texts'"),
        (("empty", []), NotFoundError, r"There are no results of any model .*; run test\(\)"),
        (("empty", ["good"]), NotFoundError, "There are no results of 'good' on"),
    ],
)
def test_what_cannot_be_reported_is_an_error(
    tmp_path: Path, arguments: Any, error: type[Exception], message: str
) -> None:
    path = store_of(tmp_path / "store.db", plots=lambda *_: ())
    with open_store(str(path)).write() as unit:
        unit.models.add(unit.workflows.ensure("Texts").id, "other", {}, ())
        unit.test_suites.add(unit.workflows.ensure("Animals").id, "empty", "", ())
    suite, models, *base = arguments
    with pytest.raises(error, match=message):
        report(open_store(str(path)), suite, models, base=base[0] if base else None)


def test_metrics_of_every_shape_have_a_table() -> None:
    values = {"a": -1, "b": math.nan, "c": None, "d": "text", "e": {}, "f": [1, 2], "g": 10**400}
    nested = {"n": {"x": {"y": [{"label": "cat", "p": 0.5}, {"label": "dog", "p": 0.25}]}}}
    metrics = {("one", "day"): {**values, **nested}, ("two", None): {"n": True}}
    tables = metric_tables([None, "day"], ["one", "two"], metrics)
    found = {
        (table.metric, row.test_case, row.part): [(cell.value, cell.share) for cell in row.cells]
        for table in tables
        for row in table.rows
    }
    nothing = (None, None)
    assert found.pop(("b", "day", ""))[0][1] is None
    assert found == {
        ("n", None, ""): [nothing, (True, None)],
        ("a", "day", ""): [(-1, None), nothing],
        ("c", "day", ""): [nothing, nothing],
        ("d", "day", ""): [("text", None), nothing],
        ("e", "day", ""): [({}, None), nothing],
        ("f", "day", ""): [([1, 2], None), nothing],
        ("g", "day", ""): [(10**400, None), nothing],
        ("n: p", "day", "x.y.cat"): [(0.5, 0.5), nothing],
        ("n: p", "day", "x.y.dog"): [(0.25, 0.25), nothing],
    }


@long_only
def test_a_curve_has_no_more_points_than_can_be_seen() -> None:
    places = [place / 20_000 for place in range(20_000)]
    curve = {"x": places, "y": [math.sin(50 * x) + x % 0.003 for x in places], "label": None}
    plot = {**TEXTS, "curves": [curve], "data_type": "PLOT/CURVE"}
    drawn = picture(OverlaidPlot("day", "t", {"a": plot, "b": plot}))
    assert drawn.source is not None
    assert len(drawn.source) < 100_000


def test_the_command_writes_a_private_file(
    invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, output = store_of(tmp_path / "store.db", plots=lambda *_: ()), tmp_path / "report.html"
    before = path.read_bytes()
    arguments = ("report", "animals", "good", "better", "--worst", 1, "--db", path)
    result = invoke(*arguments, "-o", output)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"Wrote {output}.\n"
    assert stat.S_IMODE(output.stat().st_mode) == 0o600
    assert output.read_text("utf-8") == invoke(*arguments).stdout
    assert invoke(*arguments, "-o", path).exit_code == 2
    assert path.read_bytes() == before
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert "1970-01-02 00:00 UTC" in invoke(*arguments, "--dated").stdout
    assert "evaluated" in text_of(Report(invoke(*arguments, "--dated").stdout, ""))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "soon")
    assert "must be a number of seconds" in invoke(*arguments).stderr


def test_a_test_suite_reports_on_its_own_version(tmp_path: Path) -> None:
    world = make_world()
    models = [world.test(name, {3: guess}) for name, guess in (("base", 0.0), ("other", 2.0))]
    page = world.suite.report(models, base="other", worst=3)
    assert page.html == world.suite.report(["other", models[0]], worst=3).html
    page.save(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text("utf-8") == page.html
    assert "base against other" in text_of(page)
    with world.suite.edit() as editor:
        editor.remove(world.suite.test_cases[1])
    with pytest.raises(NotFoundError, match=r"no results of .* 'lengths@2'"):
        world.suite.report()
    for wrong in ({"worst": -1}, {"models": "base"}, {"base": 7}):
        with pytest.raises((InputValidationError, TypeError)):
            world.suite.report(**wrong)
