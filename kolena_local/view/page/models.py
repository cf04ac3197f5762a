"""The list of models: the registry, and a leaderboard when it is sorted by a metric."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from kolena_local.directions import directions
from kolena_local.errors import InputValidationError
from kolena_local.payload import Json
from kolena_local.plurals import counted, printable
from kolena_local.repository import Unit
from kolena_local.repository.conditions import Condition, parse
from kolena_local.repository.headlines import Choices, Headline, HeadlineValue, Source
from kolena_local.repository.metadata_paths import is_path, parse_path, path_text, value_at
from kolena_local.repository.records import ModelRecord
from kolena_local.view.html import Column
from kolena_local.view.page.model_query import (
    METRIC,
    ModelQuery,
    from_arguments,
    headline_text,
    source_of,
    source_text,
)
from kolena_local.view.page.rendering import page
from kolena_local.view.page.store import reading

models = Blueprint("models", __name__)

PAGE: Final = 100
_KEYS_OFFERED: Final = 24
_TAGS_OFFERED: Final = 200
_KEYS_SHOWN: Final = 3
_TITLE: Final = 48


@dataclass(frozen=True)
class MetricCell:
    """A metric of a model: its number for people, and in full; the share draws a bar."""

    text: str
    exact: Json
    share: float | None
    staleness: str


@dataclass(frozen=True)
class Line:
    """A model in the list."""

    model: ModelRecord
    rank: str
    values: list[Json]
    metrics: list[MetricCell | None]


@models.get("/models")
def index() -> AnyResponse:
    """Show the models that match, a page of them."""
    query, given = from_arguments(request.args), request.args
    is_choosing = given.get("add_source", "") not in ("", given.get("offered"))
    if "form" in given and (given.get("add_metric") or not is_choosing):
        # What the form leaves empty does not belong in an address that people keep.
        return redirect(query.href(), 303)
    with reading() as unit:
        return _shown(unit, query)


def _shown(unit: Unit, query: ModelQuery) -> Response:
    sources = unit.headlines.sources()
    source = _chosen_source(sources)
    choices = None if source is None else unit.headlines.choices(source)
    offered = [path for path in map(_path_of, unit.model_listing.keys(_KEYS_OFFERED)) if path]
    keys = offered[:_KEYS_SHOWN] if query.keys is None else query.keys
    metrics = _metrics(query, source, choices)
    errors: dict[str, str] = {}
    conditions = _conditions(query, errors)
    ids: list[int] = []
    ranks: dict[int, tuple[int, int]] = {}
    remark = ""
    if not errors:
        try:
            ids, ranks, remark = _ordered(unit, query, conditions)
            for key in keys:
                parse_path(key)
        except InputValidationError as error:
            errors["sort"] = str(error)
    last = max(1, math.ceil(len(ids) / PAGE))
    number = min(query.page, last)
    shown = ids[(number - 1) * PAGE : number * PAGE]
    lines = [] if errors else _lines(unit, shown, keys, metrics, ranks)
    numeric = [_are_numbers([line.values[place] for line in lines]) for place in range(len(keys))]
    return page(
        "models.html",
        400 if errors else 200,
        query=query,
        errors=errors,
        lines=lines,
        columns=_columns(
            query, keys, metrics, numeric, has_ranks=bool(ranks), with_suite=len(sources) > 1
        ),
        numeric=numeric,
        count=len(ids),
        total=counted(len(ids), "model"),
        first=(number - 1) * PAGE + 1,
        number=number,
        last=last,
        remark=remark,
        ordering=query.sort_metric,
        best=[line.model.name for line in lines if line.rank][:2],
        workflows=[one.name for one in unit.workflows.list()],
        known_tags=[tag for tag in unit.model_listing.tags(_TAGS_OFFERED) if printable(tag) == tag],
        keys=keys,
        offered=[*dict.fromkeys([*keys, *offered])],
        metrics=[(headline_text(one), _title(one, with_suite=True)) for one in metrics],
        sources=[(source_text(one), _source_title(one), one == source) for one in sources],
        choices=choices,
        is_choosing="add_source" in request.args,
        limit=PAGE,
    )


def _chosen_source(sources: Sequence[Source]) -> Source | None:
    """Return the source whose metrics the form offers; None if there is a choice to make first."""
    source = source_of(request.args.get("add_source", ""))
    if source in sources:
        return source
    return sources[0] if len(sources) == 1 else None


def _metrics(
    query: ModelQuery, source: Source | None, choices: Choices | None
) -> tuple[Headline, ...]:
    """Return the metrics in columns, among them the one that the list is sorted by."""
    metrics = query.metrics
    if metrics is None:
        first = None if source is None or choices is None else _first_metric(source, choices)
        metrics = () if first is None else (first,)
    ordering = query.sort_metric
    return metrics if ordering is None or ordering in metrics else (*metrics, ordering)


def _conditions(query: ModelQuery, errors: dict[str, str]) -> list[Condition]:
    """Return the conditions; what is wrong with one is noted under its number."""
    found = []
    for number, text in enumerate(query.where):
        try:
            found.append(parse(text))
        except InputValidationError as error:
            errors[f"where{number}"] = str(error)
    return found


def _ordered(
    unit: Unit, query: ModelQuery, conditions: Sequence[Condition]
) -> tuple[list[int], dict[int, tuple[int, int]], str]:
    """Return the ids of the models in their order, and their ranks by the metric of the order."""
    headline = query.sort_metric
    if headline is None and query.sort.removeprefix("-").startswith(METRIC):
        raise InputValidationError("There is no such metric to sort by; choose a column.")
    ids = unit.model_listing.ids(
        query.workflow or None,
        query.tags,
        query.text.strip(),
        conditions,
        None if headline else query.sort or None,
    )
    if headline is None:
        return ids, {}, ""
    from kolena_local.comparison.ranking.standings import standings

    values = unit.headlines.values(headline)
    known = {id_: values[id_] for id_ in ids if id_ in values}
    ranked = {id_: amount for id_ in known if (amount := _finite(known[id_])) is not None}
    ids = [
        *sorted(ranked, key=lambda id_: ranked[id_], reverse=query.sort.startswith("-")),
        *(id_ for id_ in ids if id_ in known and id_ not in ranked),
        *(id_ for id_ in ids if id_ not in known),
    ]
    return ids, *standings(unit, headline, list(known.values()))


def _lines(
    unit: Unit,
    ids: Sequence[int],
    keys: Sequence[str],
    metrics: Sequence[Headline],
    ranks: dict[int, tuple[int, int]],
) -> list[Line]:
    paths = [parse_path(key) for key in keys]
    columns = [metric_cells(unit.headlines.values(headline, ids)) for headline in metrics]
    return [
        Line(
            model,
            "\N{EN DASH}".join(map(str, sorted(set(ranks.get(model.id, ()))))),
            [value_at(model.metadata, path) for path in paths],
            [column.get(model.id) for column in columns],
        )
        for model in unit.models.of_ids(ids)
    ]


def metric_cells(values: dict[int, HeadlineValue]) -> dict[int, MetricCell]:
    """Return a column of numbers with the same decimals, by the models' ids."""
    numbers = [number for one in values.values() if (number := _finite(one)) is not None]
    is_share = all(0 <= number <= 1 for number in numbers)
    fractions = any(isinstance(one.value, float) for one in values.values())
    decimals = 4 if fractions and all(abs(number) < 1_000 for number in numbers) else None
    cells = {}
    for id_, one in values.items():
        number = _finite(one)
        text = ""
        if number is not None and decimals is not None:
            text = f"{number:.{decimals}f}".replace("-", "\N{MINUS SIGN}")
        age = {True: "stale", None: "unknown age"}.get(one.is_stale, "")
        share = number if is_share and fractions else None
        cells[id_] = MetricCell(text, one.value, share, age)
    return cells


def _finite(value: HeadlineValue) -> float | None:
    return value.number if math.isfinite(value.number) else None


def _first_metric(source: Source, choices: Choices) -> Headline | None:
    """Return a metric to begin with: the first with a known direction."""
    for case, names in (
        (None, choices.suite_metrics),
        *((case, choices.case_metrics) for case in choices.test_cases[:1]),
    ):
        plain = {name: name.rpartition(".")[2].strip('"') for name in names}
        known = directions(plain.values(), None)
        for name in names:
            if known[plain[name]].higher_is_better is not None:
                return Headline(source, case, name)
    return None


def _columns(
    query: ModelQuery,
    keys: Sequence[str],
    metrics: Sequence[Headline],
    numeric: Sequence[bool],
    *,
    has_ranks: bool,
    with_suite: bool,
) -> list[Column]:
    def column(title: str, field: str, *, number: bool = False, down: bool = False) -> Column:
        other = {field: f"-{field}", f"-{field}": field}
        target = other.get(query.sort, f"-{field}" if down else field)
        order = {field: "ascending", f"-{field}": "descending"}.get(query.sort)
        return Column(shortened(title), number, query.href(sort=target), order)

    return [
        *[Column("rank", number=True)] * has_ranks,
        column("model", "name"),
        *(
            # The best metric first, for most of them.
            column(
                _title(one, with_suite=with_suite),
                METRIC + headline_text(one),
                number=True,
                down=True,
            )
            for one in metrics
        ),
        *(
            column(key, f"metadata.{key}", number=is_number)
            for key, is_number in zip(keys, numeric, strict=True)
        ),
        column("tags", "tags"),
        column("workflow", "workflow"),
        column("updated", "updated_at"),
    ]


def _are_numbers(values: Sequence[Json]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(type(value) in (int, float) for value in known)


def shortened(text: str) -> str:
    """Return a text that is short enough for the header of a column."""
    return text if len(text) <= _TITLE else f"{text[: _TITLE - 1]}…"


def _title(headline: Headline, *, with_suite: bool) -> str:
    parts = [headline.metric, headline.test_case or "whole suite"]
    return " · ".join([*parts, *[_source_title(headline.source)] * with_suite])


def _source_title(source: Source) -> str:
    named = [one for one in (source.evaluator, source.configuration) if one]
    return ", ".join([f"{source.test_suite}@{source.version}", *named])


def _path_of(key: str) -> str | None:
    """Return the path of a key; None if paths cannot express it."""
    path = path_text((key,))
    return path if is_path(path) and parse_path(path) == (key,) else None
