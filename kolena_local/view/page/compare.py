"""Compare two models on a test suite: the rows of ``kolena-local compare``."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from flask import Blueprint, Response, request, url_for

from kolena_local import location
from kolena_local.errors import IncorrectUsageError, KolenaError, NotFoundError
from kolena_local.repository.metadata_paths import path_text
from kolena_local.repository.rows import as_objects
from kolena_local.view.page.paging import UNNAMED, here
from kolena_local.view.page.rendering import page
from kolena_local.view.page.settings import settings
from kolena_local.view.page.store import reading
from kolena_local.view.result_tables import in_words, is_number
from kolena_local.view.side_by_side import differences

if TYPE_CHECKING:
    from kolena_local.comparison import Comparison, Row
    from kolena_local.comparison.report import Cell
    from kolena_local.comparison.result import ChangedSample
    from kolena_local.repository import Unit
    from kolena_local.repository.records import ConfigurationRecord, TestSuiteRecord
    from kolena_local.view.intervals import Interval

compare = Blueprint("compare", __name__)

_CONFIDENCES: Final = ("0.8", "0.9", "0.95", "0.99", "0.999")
_CORRECTIONS: Final = ("holm", "benjamini-hochberg")
_ASKED: Final = (
    "base",
    "candidate",
    "evaluator",
    "configuration",
    "cluster",
    "confidence",
    "correction",
)
_WORST: Final = 5
#: From so many samples on, a comparison takes seconds.
_MANY: Final = 200_000
#: In so many test cases, a sample is looked for whose metrics and metadata the form offers.
_LOOKED_AT: Final = 10
_comparing = threading.Lock()


class ShownRow(NamedTuple):
    """A row of the comparison.

    Attributes:
        row: the row.
        cells: what the command prints of it, by the titles of the columns.
        interval: its confidence interval as a drawing; None if that cannot be drawn.
        href: where its samples are shown, with the answers of both models.
    """

    row: Row
    cells: dict[str, Cell]
    interval: Interval | None
    href: str


class Choices(NamedTuple):
    """What the form offers for a test suite.

    ``how_to_test`` says how the results of a dataset get there, if there are none.
    """

    suite: TestSuiteRecord
    models: list[str]
    evaluators: list[str]
    configurations: list[str]
    metrics: list[str]
    fields: list[str]
    is_large: bool
    how_to_test: str


@compare.get("/compare")
def index() -> Response:
    """Show the form in which a test suite and two models are chosen."""
    label = request.args.get("suite", "")
    with reading() as unit:
        suites = [one.name for one in unit.test_suites.list()]
        if not label and len(suites) == 1:
            label = suites[0]
        choices = _choices(unit, label) if label else None
    return _page(label, suites, choices)


@compare.get("/compare/result")
def show() -> Response:
    """Compare two models."""
    label, base, candidate = (request.args.get(key, "") for key in ("suite", "base", "candidate"))
    if not (label and base and candidate):
        return index()
    with reading() as unit:
        suites = [one.name for one in unit.test_suites.list()]
        choices = _choices(unit, label)
        state = _state(unit, choices.suite, {base, candidate})
        known = all(unit.models.find(name) for name in (base, candidate))
        differing = differences(unit, base, candidate) if known else None
    try:
        found = _compared(settings().location, base, candidate, label, _options(), state)
        return _page(
            label,
            suites,
            choices,
            found=found,
            rows=_rows(found),
            worst=_worst(found),
            differing=differing,
        )
    except NotFoundError as error:
        return _page(label, suites, choices, 404, refusal=str(error))
    except KolenaError as error:
        return _page(label, suites, choices, 400, refusal=str(error))


def _page(
    label: str, suites: list[str], choices: Choices | None, status: int = 200, **values: Any
) -> Response:
    asked = {**dict.fromkeys(_ASKED, ""), **request.args.to_dict()}
    if choices is not None and len(choices.models) == 2:
        candidate, base = choices.models  # the later one may replace the other
        if asked["candidate"] == base:
            candidate, base = base, candidate
        asked.update({"base": asked["base"] or base, "candidate": asked["candidate"] or candidate})
    return page(
        "compare.html",
        status,
        label=label,
        suites=suites,
        choices=choices,
        asked=asked,
        asked_all={key: request.args.getlist(key) for key in ("metric", "higher", "lower")},
        here=here,
        in_words=in_words,
        confidences=_CONFIDENCES,
        corrections=_CORRECTIONS,
        **{"found": None, "rows": [], "worst": [], "refusal": None, **values},
    )


def _choices(unit: Unit, label: str) -> Choices:
    suite = unit.test_suites.resolve(label)
    tested = unit.test_runs.tested_models([suite.id]).get(suite.id, [])
    models = list(dict.fromkeys(name for name, _ in tested))
    from kolena_local.comparison.missing_results import how_to_test  # late: it imports numpy

    asked = {request.args.get("base"), request.args.get("candidate")} & set(models)
    runs = unit.test_runs.of_models(suite.id, filter(None, asked or models[:2]))
    configurations = [one for run in runs for one in unit.test_runs.configurations(run.id)]
    metrics, fields = _first_sample(unit, suite, configurations)
    return Choices(
        suite,
        models,
        sorted({run.evaluator or UNNAMED for run in runs}),
        sorted({one.display_name or UNNAMED for one in configurations}),
        metrics,
        fields,
        sum(case.sample_count for case in suite.test_cases) > _MANY,
        "" if models else how_to_test(unit, suite.name, ""),
    )


def _first_sample(
    unit: Unit, suite: TestSuiteRecord, configurations: Iterable[ConfigurationRecord]
) -> tuple[list[str], list[str]]:
    """Return the names of a sample's metrics that can be compared, and of its metadata."""
    places = [None, *(case.id for case in suite.test_cases[:_LOOKED_AT])]
    for configuration, case in product(configurations, places):
        for score in unit.test_runs.sample_scores(configuration.id, case, limit=1):
            (sample,) = unit.test_samples.rows([score.test_sample_id])
            metrics, metadata = as_objects([score.payload, sample.metadata])
            usable = [
                name
                for name, value in metrics.items()
                if value is None or isinstance(value, bool) or is_number(value)
            ]
            return usable, list(metadata)
    return [], []


def _state(unit: Unit, suite: TestSuiteRecord, models: set[str]) -> tuple[object, ...]:
    """Return the records of all that a comparison depends on: if they are equal, so is it."""
    found: list[object] = [suite, unit.test_suites.get(suite.name)]
    for model in sorted(models):
        record = unit.models.find(model)
        found.append(record and (record.id, record.uid))
        for run in unit.test_runs.list(model=model, test_suite=suite.name, superseded=True):
            found += [run, *unit.test_runs.configurations(run.id)]
    return tuple(found)


def _options() -> tuple[tuple[str, Any], ...]:
    """Return what the request asks for as arguments of the comparison."""
    asked = request.args
    options: dict[str, Any] = {
        key: "" if asked[key] == UNNAMED else asked[key]
        for key in ("evaluator", "configuration", "cluster")
        if asked.get(key)
    }
    if asked.get("correction") in _CORRECTIONS:
        options["correction"] = asked["correction"]
    if asked.get("confidence") in _CONFIDENCES:
        options["confidence"] = float(asked["confidence"])
    if metrics := tuple(filter(None, asked.getlist("metric"))):
        options["metrics"] = metrics
    directions = {**dict.fromkeys(asked.getlist("higher"), True)}
    directions.update(dict.fromkeys(asked.getlist("lower"), False))
    if directions:
        options["higher_is_better"] = tuple(directions.items())
    runs = [int(text) for text in asked.getlist("run") if text.isdecimal() and len(text) < 10]
    if len(runs) == 2:
        options["runs"] = tuple(runs)
    for key in ("stale_ok", "different_evaluators_ok"):
        options[key] = key in asked
    return tuple(options.items())


@lru_cache(maxsize=8)
def _compared(
    place: str,
    base: str,
    candidate: str,
    label: str,
    options: tuple[tuple[str, Any], ...],
    state: tuple[object, ...],
) -> Comparison:
    """Return a comparison; ``state`` is only a part of the key under which it is kept."""
    from kolena_local import comparison  # late, because it imports numpy

    given = dict(options)
    if "higher_is_better" in given:
        given["higher_is_better"] = dict(given["higher_is_better"])
    # One after the other: each may take much memory.
    with _comparing, location.use(place):
        return comparison.compare(base, candidate, label, **given)


def _rows(found: Comparison) -> list[ShownRow]:
    from kolena_local.comparison import report
    from kolena_local.view.intervals import intervals

    header, cells = found.table()
    rows = report.listed(found.rows)
    return [
        ShownRow(row, dict(zip(header, line, strict=True)), drawn, _samples(found, row))
        for row, line, drawn in zip(rows, cells, intervals(rows), strict=True)
    ]


def _samples(found: Comparison, row: Row) -> str:
    """Return where the samples of a row are shown, the worst first if it is known which are."""
    higher = found.directions[row.metric].higher_is_better
    return url_for(
        "samples.index",
        suite=f"{found.test_suite}@{found.test_suite_version}",
        test_case=row.test_case,
        model=found.candidate,
        base=found.base,
        evaluator=found.evaluator or request.args.get("evaluator") or None,
        configuration=request.args.get("configuration") or None,
        sort=("-" if higher is False else "") + path_text(("change", row.metric)),
    )


def _worst(found: Comparison) -> list[ChangedSample]:
    try:
        return found.worst(_WORST)
    except IncorrectUsageError:  # the remarks say which metric has no direction
        return []
