"""``kolena-local models``: what is registered, and how well it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kolena_local.cli.output import (
    Entry,
    json_option,
    print_fields,
    print_json,
    print_listing,
    print_table,
    print_text,
)
from kolena_local.cli.runs import first_line_of_error, run_entry, seconds, suite_label
from kolena_local.cli.store import db_option, reading
from kolena_local.cli.text import cell

if TYPE_CHECKING:
    from kolena_local.repository.records import CaseMetricsRecord, Coverage, ModelRecord


@click.group()
def models() -> None:
    """Models: names, metadata, tags, results."""


@models.command("list")
@click.argument("pattern", required=False)
@click.option("-w", "--workflow", metavar="NAME", help="Only models of this workflow.")
@click.option(
    "-t",
    "--tag",
    "tags",
    metavar="TAG",
    multiple=True,
    help="Only models with this tag (repeat: all of them).",
)
@json_option
@db_option
def list_models(
    pattern: str | None, workflow: str | None, tags: tuple[str, ...], as_json: bool
) -> None:
    """List models in the order of their registration.

    PATTERN is for the whole name: * stands for any text, ? for one character, [ab] for a or b.
    """
    with reading() as unit:
        if workflow is not None:
            unit.workflows.get(workflow)
        records = unit.models.list(workflow=workflow, tags=tags, pattern=pattern)
    print_listing(
        [_model_entry(record) for record in records],
        {
            "model": lambda model: model["name"],
            "workflow": lambda model: model["workflow"],
            "tags": lambda model: ", ".join(model["tags"]),
            "created": lambda model: model["created_at"],
            "updated": lambda model: model["updated_at"],
        },
        as_json=as_json,
        otherwise="There are no such models.",
    )


@models.command("show")
@click.argument("name")
@json_option
@db_option
def show_model(name: str, as_json: bool) -> None:
    """Show a model: metadata, tags, inferences, and its runs with their metrics.

    The tables have the metrics that are single values; --json has all of them.
    """
    with reading() as unit:
        model = unit.models.get(name)
        entry = _model_entry(model)
        entry["inference_count"] = unit.inferences.count(model.id)
        entry["test_suites"] = [_coverage_entry(one) for one in unit.inferences.coverage(model.id)]
        entry["runs"] = [
            run_entry(run)
            | {"test_cases": [_metrics_entry(one) for one in unit.test_runs.case_metrics(run.id)]}
            for run in unit.test_runs.list(model=name)
        ]
    if as_json:
        print_json(entry)
    else:
        _print_model(entry)


def _model_entry(record: ModelRecord) -> Entry:
    return {
        "name": record.name,
        "workflow": record.workflow,
        "tags": sorted(record.tags),
        "metadata": record.metadata,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
    }


def _coverage_entry(record: Coverage) -> Entry:
    return {
        "test_suite": record.test_suite,
        "test_suite_version": record.version,
        "sample_count": record.samples,
        "inference_count": record.inferences,
        "missing_count": record.samples - record.inferences,
    }


def _metrics_entry(record: CaseMetricsRecord) -> Entry:
    return {
        "configuration": record.configuration,
        "test_case": record.test_case,
        "test_case_version": record.test_case_version,
        "sample_count": record.sample_count,
        "metrics": record.metrics,
    }


def _print_model(model: Entry) -> None:
    print_fields(
        {
            "model": model["name"],
            "workflow": model["workflow"],
            "tags": ", ".join(model["tags"]) or None,
            "created": model["created_at"],
            "updated": model["updated_at"],
            "inferences": model["inference_count"],
        }
    )
    if model["metadata"]:
        print_text("\nmetadata")
        print_fields({f"  {name}": value for name, value in model["metadata"].items()})
    if model["test_suites"]:
        print_text("")
        print_table(
            ["test suite", "samples", "inferences", "missing"],
            [
                [
                    suite_label(suite),
                    suite["sample_count"],
                    suite["inference_count"],
                    suite["missing_count"],
                ]
                for suite in model["test_suites"]
            ],
        )
    for run in model["runs"]:
        _print_run(run)


def _print_run(run: Entry) -> None:
    took = seconds(run)
    facts = [
        run["evaluator"] or "no evaluator",
        run["status"],
        run["started_at"] or run["created_at"],
        *([] if took is None else [f"{took:.1f} s"]),
    ]
    print_text("\n" + cell(f"run on {suite_label(run)}: {', '.join(facts)}"))
    if run["error"]:
        print_text(f"  {cell(first_line_of_error(run))}")
    if run["test_cases"]:
        _print_metrics(run["test_cases"])


def _print_metrics(cases: list[Entry]) -> None:
    """Print the metrics of a run that are single values, one a column."""
    names = dict.fromkeys(
        name
        for case in cases
        for name, value in case["metrics"].items()
        if not isinstance(value, (dict, list))
    )
    configured = any(case["configuration"] is not None for case in cases)
    print_table(
        ["test case", *(["configuration"] if configured else []), "samples", *names],
        [
            [
                case["test_case"],
                *([case["configuration"]] if configured else []),
                case["sample_count"],
                *(case["metrics"].get(name) for name in names),
            ]
            for case in cases
        ],
    )
