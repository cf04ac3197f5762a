"""Samples: a table of a test suite or test case, with the answers of one or two models."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from kolena_local.directions import directions
from kolena_local.errors import IncorrectUsageError, InputValidationError
from kolena_local.plurals import counted
from kolena_local.repository.conditions import Condition
from kolena_local.repository.metadata_paths import parse_path, path_text
from kolena_local.repository.sample_conditions import ROOTS as SLICE_ROOTS
from kolena_local.repository.sample_conditions import joined, read_all
from kolena_local.repository.sample_search import Source
from kolena_local.repository.sample_table import TableMetrics, TableScope, after_text, read_after
from kolena_local.repository.slices import Slice
from kolena_local.view.page.images import picture
from kolena_local.view.page.paging import UNNAMED
from kolena_local.view.page.rendering import note, page
from kolena_local.view.page.store import reading, writing
from kolena_local.view.samples import PARTS, Field, SampleView, fields, views
from kolena_local.view.shortened import label

if TYPE_CHECKING:
    from kolena_local.repository import Unit
    from kolena_local.repository.records import ModelRecord, TestCaseRecord, TestSuiteRecord

samples = Blueprint("samples", __name__)

_LIMIT: Final = 100
_COUNTED: Final = 1_000
_ARGUMENTS: Final = (
    *("suite", "test_case", "model", "base", "evaluator", "configuration"),
    *("where", "sort", "after"),
)


@dataclass(frozen=True)
class Table:
    """What the address asks for.

    Attributes:
        scope: which samples, and whose answers.
        record: the test suite or test case.
        label: what the address calls it.
        models: the model and the base, None if they were not asked for.
        metrics: where their per-sample metrics are, None if there are none.
        conditions: which rows are shown.
    """

    scope: TableScope
    record: TestSuiteRecord | TestCaseRecord
    label: str
    models: tuple[ModelRecord | None, ModelRecord | None]
    metrics: tuple[TableMetrics | None, TableMetrics | None]
    conditions: list[Condition]

    @property
    def names(self) -> dict[str, str]:
        """What the parts of a row are called."""
        model, base = (it.name if it else "" for it in self.models)
        names = {part: title.format(model=model, base=base) for part, title in PARTS.items()}
        for part, one in zip(("metrics", "base_metrics"), self.metrics, strict=True):
            if one is not None and one.configuration:
                names[part] += f", {label(one.configuration)}"
        return names


@samples.get("/samples")
def index() -> Response:
    """Show a table of samples; without a test suite or test case, a choice of them."""
    given = _given()
    if "suite" not in given and "test_case" not in given:
        with reading() as unit:
            return page(
                "samples_choice.html",
                suites=unit.test_suites.list()[:_LIMIT],
                cases=unit.test_cases.list()[:_LIMIT],
            )
    sort = given.get("sort", "")
    path = parse_path(sort.removeprefix("-")) if sort else None
    after = read_after(given["after"]) if "after" in given else None
    with reading() as unit:
        table = _table(unit, given)
        rows = unit.sample_table.rows(
            table.scope,
            table.conditions,
            path,
            descending=sort.startswith("-"),
            after=after,
            limit=_LIMIT + 1,
        )
        count = _count(unit, table)
        models = unit.sample_table.models_with_runs(table.scope)
        if not rows and after is None:
            _refuse_unknown_fields(unit, table)
    shown = views(rows[:_LIMIT])
    return page(
        "samples.html",
        table=table,
        given=given,
        heading=table.record.name,
        rows=shown,
        fields=fields(shown),
        groups=_groups(table, fields(shown)),
        count=count,
        models=models,
        worse=_worse(table, shown),
        conditions=joined(table.conditions),
        next_href=_link(given, after=after_text(rows[_LIMIT - 1])) if rows[_LIMIT:] else None,
        is_first=after is None,
        link=_link,
        sorted_by=sort,
    )


@samples.get("/sample")
def show() -> Response:
    """Show one sample with all that belongs to it."""
    given = _given()
    with reading() as unit:
        table = _table(unit, given)
        rows = unit.sample_table.rows(
            table.scope, after=(None, _integer(request.args.get("place")) - 1), limit=1
        )
    if not rows:
        raise InputValidationError("There is no such sample; go back to the table.")
    (view,) = views(rows)
    parts = [part for part in PARTS if getattr(view.row, part) is not None]
    return page(
        "sample.html",
        table=table,
        given=given,
        view=view,
        parts=[(table.names[part], part) for part in parts],
        picture=picture(view),
        back=_link(given),
    )


@samples.post("/samples/save")
def save() -> AnyResponse:
    """Store the samples of a filter as a test case."""
    given = {name: request.form[name] for name in _ARGUMENTS if request.form.get(name)}
    name = request.form.get("name", "")
    with reading() as unit:
        table = _table(unit, given)
        wanted = _slice(unit, table, name)
    with writing() as unit:
        ((done, record),) = unit.slices.put([wanted])
    note(
        f"The test case '{record.name}' has {counted(record.sample_count, 'sample')}"
        + ("." if done == "created" else "; it had the same samples already.")
    )
    return redirect(url_for("samples.index", test_case=record.name), 303)


def _given() -> dict[str, str]:
    """Return what the address asks of the table, without what it leaves empty."""
    return {name: text for name in _ARGUMENTS if (text := request.args.get(name))}


def _link(given: dict[str, str], **changes: str | None) -> str:
    """Return the address of the table with other parts; a change goes back to the first page."""
    kept = {name: text for name, text in given.items() if name != "after"}
    return url_for("samples.index", **{**kept, **changes})  # type: ignore[arg-type]  # by name


def _table(unit: Unit, given: dict[str, str]) -> Table:
    suite = unit.test_suites.resolve(given["suite"]) if "suite" in given else None
    case = unit.test_cases.resolve(given["test_case"]) if "test_case" in given else None
    record = case or suite
    if record is None:
        raise InputValidationError("Choose a test suite or a test case.")
    if case and suite and case.id not in {it.id for it in suite.test_cases}:
        raise InputValidationError(
            f"The test suite '{suite.name}' does not have the test case '{case.name}'; leave one of"
            " them out."
        )
    scope = TableScope(_id(suite), (suite or record).version, _id(case))
    names = given.get("model"), given.get("base")
    model, base = (unit.models.get(name) if name else None for name in names)
    if base and not model:
        raise InputValidationError("Choose a model to compare with the base.")
    metrics, base_metrics = (_metrics(unit, scope, one, given) for one in (model, base))
    scope = scope._replace(
        model_id=_id(model),
        base_id=_id(base),
        configuration_id=metrics and metrics.configuration_id,
        base_configuration_id=base_metrics and base_metrics.configuration_id,
    )
    return Table(
        scope,
        record,
        given.get("test_case") or given["suite"],
        (model, base),
        (metrics, base_metrics),
        read_all([given["where"]] if "where" in given else []),
    )


def _id(record: ModelRecord | TestCaseRecord | TestSuiteRecord | None) -> int | None:
    return None if record is None else record.id


def _metrics(
    unit: Unit, scope: TableScope, model: ModelRecord | None, given: dict[str, str]
) -> TableMetrics | None:
    if model is None:
        return None
    evaluator, configuration = given.get("evaluator"), given.get("configuration")
    for found in unit.sample_table.metrics_of(model.id, scope):
        if evaluator in (None, found.evaluator or UNNAMED) and configuration in (
            None,
            found.configuration or UNNAMED,
        ):
            return found
    return None


def _count(unit: Unit, table: Table) -> str:
    """Say how many rows there are; counting stops at a number that says enough."""
    if not table.conditions and table.scope.test_suite_id is None:
        return counted(table.record.sample_count, "sample")  # type: ignore[union-attr]  # a case
    found = unit.sample_table.count(table.scope, table.conditions, _COUNTED + 1)
    return f"more than {_COUNTED:,} samples" if found > _COUNTED else counted(found, "sample")


def _refuse_unknown_fields(unit: Unit, table: Table) -> None:
    """Say that a condition names no field, if that is why no row satisfies it."""
    some = [it for it in table.conditions if it.path[0] in SLICE_ROOTS]
    if some:
        next(iter(unit.sample_search.find(_source(table), some)), None)


def _source(table: Table) -> Source:
    return Source(table.record, table.label, table.models[0])


def _slice(unit: Unit, table: Table, name: str) -> Slice:
    if not table.conditions:
        raise InputValidationError("Write a condition, and save the samples that satisfy it.")
    if all(it.path[0] in SLICE_ROOTS for it in table.conditions):
        return unit.slices.plan(name, _source(table), table.conditions)
    found = unit.sample_table.pairs(table.scope, table.conditions)
    if not found[0]:
        raise InputValidationError(
            f"No sample satisfies {joined(table.conditions)}, so there is no test case to save."
        )
    models = [
        f"{what} {json.dumps(it.name, ensure_ascii=False)}"
        for what, it in zip(("the model", "the base"), table.models, strict=True)
        if it
    ]
    description = (
        f"Samples of {_source(table)} where {joined(table.conditions)}, with {' and '.join(models)}"
    )
    return Slice(_source(table).row, table.record.workflow, name, description, *found)


def _groups(table: Table, columns: list[Field]) -> list[tuple[str, int]]:
    """Return the titles above the columns, and over how many columns each goes."""
    parts = list(dict.fromkeys(it.part for it in columns))
    return [(table.names[part], sum(it.part == part for it in columns)) for part in parts]


def _worse(table: Table, rows: list[SampleView]) -> list[tuple[str, str, str]]:
    """Return for each metric of both models: its name, and conditions on what got worse, better."""
    model, base = table.metrics
    if model is None or base is None:
        return []
    names = {
        field.name
        for field in fields(rows)
        if field.part == "metrics"
        and field.field
        and any(isinstance(it.value(field), (int, float)) for it in rows)
    }
    # Late, because it imports numpy.
    from kolena_local.comparison.run_selection import declared_of_samples

    declared = [declared_of_samples(it.directions) for it in (model, base)]
    found = []
    try:
        known = directions(sorted(names), None, declared)
    except IncorrectUsageError:  # they declare the opposite of each other
        return []
    for name, direction in known.items():
        field = path_text(("change", *parse_path(f"metrics.{name}")[1:]))
        if direction.higher_is_better is not None:
            signs = "<>" if direction.higher_is_better else "><"
            found.append((name, *(f"{field} {sign} 0" for sign in signs)))
    return found  # type: ignore[return-value]  # three texts each


def _integer(text: str | None) -> int:
    try:
        return min(max(int(text or ""), 0), 2**62)
    except ValueError:
        raise InputValidationError("There is no such sample; go back to the table.") from None
