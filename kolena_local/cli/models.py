"""``kolena-local models list`` and ``models show``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kolena_local.cli.completion import names_of
from kolena_local.cli.entries import (
    MODELS,
    RUNS,
    case_metrics,
    coverage_entry,
    first_line_of_error,
    joined_tags,
    local_time,
    picked,
    seconds,
    status,
    suite_label,
)
from kolena_local.cli.lazy import LazyGroup
from kolena_local.cli.metadata import CONDITION
from kolena_local.cli.metrics import print_single_values
from kolena_local.cli.options import name_option, tag_option
from kolena_local.cli.output.formats import Entry
from kolena_local.cli.output.output_options import output_options
from kolena_local.cli.output.printing import (
    Columns,
    Listing,
    print_fields,
    print_heading,
    print_listing,
    print_object,
    print_rows,
    shown,
)
from kolena_local.cli.output.terminal_text import cell
from kolena_local.cli.provenance import print_provenance
from kolena_local.cli.store_option import reading
from kolena_local.cli.verify import check_fields
from kolena_local.plurals import counted

if TYPE_CHECKING:
    from kolena_local.repository.conditions import Condition

_CHANGES = "kolena_local.cli.model_changes"
_FIELDS: Columns = {
    "model": "name",
    "workflow": "workflow",
    "tags": lambda model: joined_tags(model) or None,
    "created": local_time("created_at"),
    "updated": local_time("updated_at"),
    "inferences": "inference_count",
}
_COVERAGE: Columns = {
    "test suite": suite_label,
    "samples": "sample_count",
    "inferences": "inference_count",
    "missing": "missing_count",
}


@click.group(
    cls=LazyGroup,
    commands_at={
        "list": f"{__name__}:list_models",
        "show": f"{__name__}:show_model",
        "create": f"{_CHANGES}:create_model",
        "edit": f"{_CHANGES}:edit_model",
        "rename": f"{_CHANGES}:rename_model",
        "delete": f"{_CHANGES}:delete_models",
        "diff": "kolena_local.cli.provenance:diff_models",
    },
)
def models() -> None:
    """List, show, and edit models."""


@click.command("list")
@click.argument("pattern", required=False, shell_complete=names_of("model"))
@name_option("-w", "--workflow", help="Only models of this workflow.")
@tag_option
@click.option(
    "--where",
    metavar="CONDITION",
    type=CONDITION,
    multiple=True,
    help="Only models that match the condition (repeatable; all must match).",
)
@click.option(
    "--sort",
    metavar="FIELD",
    help="Sort by name, workflow, created_at, updated_at, metadata.KEY, or with --suite a metric;"
    " -FIELD is descending.",
)
@name_option(
    "-s",
    "--suite",
    metavar="SUITE",
    noun="test_suite",
    help="The test suite whose metric --sort names; SUITE@3 is version 3.",
)
@name_option("--test-case", help="With --suite: the metric in this test case.")
@click.option(
    "--evaluator", metavar="NAME", help="With --suite: use the results of this evaluator."
)
@click.option(
    "--configuration", metavar="NAME", help="With --suite: use the results of this configuration."
)
@click.option(
    "--limit", metavar="N", type=click.IntRange(min=0), help="At most N models; 0 means all."
)
@output_options
def list_models(
    pattern: str | None,
    workflow: str | None,
    tags: tuple[str, ...],
    where: tuple[Condition, ...],
    sort: str | None,
    limit: int | None,
    suite: str | None,
    **of_suite: str | None,
) -> None:
    """List models in the order in which they were created.

    PATTERN matches the whole name: * is any text, ? is any character, [ab] is a or b.

    CONDITION is a field, one of = != < <= > >=, and a JSON value: 'metadata.seed >= 3',
    'metadata.optimizer.name = "adam"', 'name != "baseline"'. Numbers compare only with numbers and
    strings only with strings; != is true wherever = is not.

    --sort -accuracy --suite S sorts by a metric of the test suite, of the test case, or the mean of
    a metric of the samples, whichever there is, and shows it; models without it come last.
    `kolena-local leaderboard` also tells which differences are clear.
    """
    if suite is None and any(of_suite.values()):
        raise click.UsageError("--test-case, --evaluator and --configuration need --suite.")
    metric = (sort or "").removeprefix("-")
    if suite is not None and not metric:
        raise click.UsageError("--suite needs --sort METRIC, or --sort -METRIC.")
    with reading() as unit:
        if workflow is not None:
            unit.workflows.get(workflow)
        if suite is None:
            records = unit.models.list(workflow, tags, pattern, where, sort, limit or None)
            print_listing(MODELS, [picked(record, MODELS.keys) for record in records])
            return
        # Late, because it imports numpy.
        from kolena_local.comparison.ranking.model_metrics import (
            in_order_of_metric,
            metric_of_models,
        )

        values = metric_of_models(unit, suite, metric, **of_suite)
        records = unit.models.list(workflow, tags, pattern, where)
    records = in_order_of_metric(records, values, descending=sort != metric)[: limit or None]
    entries = [
        picked(record, MODELS.keys)
        | {"metric": metric, "value": None, "is_stale": None}
        | (values[record.name]._asdict() if record.name in values else {})
        for record in records
    ]
    print_listing(_with_metric(metric), entries)


def _with_metric(metric: str) -> Listing:
    """Return how to list models with a metric."""
    (first, name), *rest = MODELS.columns.items()
    return MODELS._replace(
        keys=(*MODELS.keys, "metric", "value", "is_stale"),
        columns={first: name, metric: _value, **dict(rest)},
    )


def _value(model: Entry) -> str | float | None:
    value = model["value"]
    return f"{cell(value)} (stale)" if model["is_stale"] and value is not None else value


@click.command("show")
@click.argument("name", shell_complete=names_of("model"))
@click.option("--provenance", is_flag=True, help="Also code and environment that made them.")
@output_options
def show_model(name: str, provenance: bool) -> None:
    """Show a model with its inferences, runs, and metrics.

    The tables show only metrics that are single values; --json prints all of them. If answers were
    checked by `runs verify`, the latest result is shown. --provenance
    shows what was captured of code and environment, by Model(…, provenance=True), when the model
    was created and when its inferences were made.
    """
    with reading() as unit:
        model = unit.models.get(name)
        entry = picked(model, MODELS.keys)
        entry["inference_count"] = unit.inferences.count(model.id)
        entry["test_suites"] = [coverage_entry(one) for one in unit.inferences.coverage(model.id)]
        entry["runs"] = [
            picked(run, RUNS.keys) | {"test_cases": case_metrics(unit, run.id)}
            for run in unit.test_runs.list(model=name, begun=True)
        ]
        check = unit.determinism_checks.latest(model.id)
        entry["determinism"] = None if check is None else check.entry()
        if provenance:
            entry["provenance"] = unit.provenances.of_model(model.id)
            entry["inference_provenance"] = [
                {"count": made.number, "provenance": made.provenance}
                for made in unit.provenances.of_inferences(model.id)
            ]
    print_object(entry, lambda: _print_model(entry))


def _print_model(model: Entry) -> None:
    print_fields(shown(_FIELDS, model))
    if model["metadata"]:
        print_heading("metadata")
        print_fields({f"  {name}": value for name, value in model["metadata"].items()})
    if model["test_suites"]:
        print_heading("inferences")
        print_rows(_COVERAGE, model["test_suites"])
    for run in model["runs"]:
        _print_run(run)
    check = model["determinism"]
    if check is not None:
        print_heading(f"determinism, checked {local_time('checked_at')(check)}")
        print_fields({f"  {name}": value for name, value in check_fields(check).items()})
    if "provenance" in model:
        print_provenance("provenance of the model", model["provenance"])
    for made in model.get("inference_provenance", ()):
        heading = f"provenance of {counted(made['count'], 'inference')}"
        print_provenance(heading, made["provenance"], known=model["provenance"])


def _print_run(run: Entry) -> None:
    took = seconds(run)
    details: list[str | None] = [
        run["evaluator"] or "no evaluator",
        status(run),
        local_time("started_at", "created_at")(run),
        *([] if took is None else [f"{took:.1f} s"]),
    ]
    print_heading(f"run {run['id']} on {suite_label(run)}: {', '.join(filter(None, details))}")
    if run["error"]:
        print_fields({"  error": cell(first_line_of_error(run))})
    if run["test_cases"]:
        print_single_values(run["test_cases"])
