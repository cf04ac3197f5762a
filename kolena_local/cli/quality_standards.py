"""``kolena-local datasets standard``: the quality standard of a dataset, and its results."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from kolena_local import location
from kolena_local.cli.completion import DATASETS, names_of
from kolena_local.cli.lazy import Group
from kolena_local.cli.options import Probability, name_option
from kolena_local.cli.output.formats import Entry
from kolena_local.cli.output.output_options import output_options
from kolena_local.cli.output.printing import (
    Columns,
    print_entries,
    print_heading,
    print_object,
    print_rows,
    say,
)
from kolena_local.cli.store_option import given_location
from kolena_local.plurals import counted

if TYPE_CHECKING:
    import pandas as pd

    from kolena_local.dataset.quality_standard.metrics import BaseMetric
    from kolena_local.dataset.quality_standard.standard import QualityStandard

_KEYS = ("stratification", "test_case", "model", "eval_config", "metric_group", "metrics")
_FORMATS = {
    "integer": "{:,.0f}",
    "decimal": "{:,.2f}",
    "percentage": "{:.1%}",
    "scientific": "{:.2e}",
    "dollars": "${:,.2f}",
    "euros": "€{:,.2f}",
}
_dataset_argument = click.argument("dataset", shell_complete=names_of(DATASETS))
_models_option = name_option(
    "--model",
    "models",
    multiple=True,
    help="Only this model (repeatable); if not given, all that have results.",
)
_confidence_option = click.option(
    "--confidence",
    metavar="P",
    type=Probability(0, 1, max_open=True),
    help="Say which values improved on the first model by more than the margin of error at this"
    " confidence level, such as 0.95.",
)
_separately_option = click.option(
    "--separately",
    is_flag=True,
    help="Use all datapoints that a model has results for, not only those that all models have.",
)


@click.group("standard", cls=Group)
def standard() -> None:
    """Show and apply the quality standard of a dataset."""


@standard.command("show")
@_dataset_argument
@output_options
def show_standard(dataset: str) -> None:
    """Show the test cases and the metrics of a dataset's quality standard.

    JSON is in the form of Kolena's quality standards, which `apply` reads, too.
    """
    from kolena_local.dataset.standards import download_quality_standard

    with location.use(location.resolve(given_location())):
        found = download_quality_standard(dataset)
    content = found.to_json()

    def show() -> None:
        print_heading(found.name)
        print_rows(_STRATIFICATIONS, content["stratifications"])
        print_heading("metrics")
        metrics = [
            {"group": group.name, "metric": metric}
            for group in found.metric_groups
            for metric in group.metrics
        ]
        print_rows(_METRICS, metrics)

    print_object(content, show)


_STRATIFICATIONS: Columns = {
    "stratification": "name",
    "fields": lambda entry: ", ".join(field["field"] for field in entry["stratify_fields"]),
    "test cases": lambda entry: (
        ", ".join(case["name"] for case in entry["test_cases"]) or "all values"
    ),
}
_BETTER = {True: "higher", False: "lower", None: None}
_METRICS: Columns = {
    "metric group": "group",
    "metric": lambda entry: entry["metric"].label,
    "kind": lambda entry: entry["metric"].kind,
    "aggregator": lambda entry: entry["metric"].aggregator,
    "fields": lambda entry: ", ".join(entry["metric"].fields()),
    "better": lambda entry: _BETTER[entry["metric"].higher_is_better],
}


@standard.command("apply")
@_dataset_argument
@click.argument("file", type=click.Path())
@_models_option
@_confidence_option
@_separately_option
@output_options
def apply_standard(dataset: str, file: str, **options: Any) -> None:
    """Store the quality standard in a TOML or JSON file, and print its results.

    It replaces the one that the dataset has; if it names fields that are not there, nothing is
    stored. kolena_local/dataset/quality_standard/README.md describes the file.
    """
    from kolena_local.dataset.quality_standard.standard import read_quality_standard
    from kolena_local.dataset.standards import quality_standard_table, upload_quality_standard

    read = read_quality_standard(file)
    with location.use(location.resolve(given_location())):
        table = quality_standard_table(dataset, read, **_arguments(options))
        upload_quality_standard(dataset, read)
    say(f"Stored the quality standard '{read.name}' of the dataset '{dataset}'.")
    _print_table(table, read)


@standard.command("results")
@_dataset_argument
@_models_option
@_confidence_option
@_separately_option
@output_options
def print_results(dataset: str, **options: Any) -> None:
    """Print the metrics of a dataset's quality standard, by test case and model."""
    from kolena_local.dataset.standards import download_quality_standard, quality_standard_table

    with location.use(location.resolve(given_location())):
        stored = download_quality_standard(dataset)
        table = quality_standard_table(dataset, stored, **_arguments(options))
    _print_table(table, stored)


def _arguments(options: dict[str, Any]) -> dict[str, Any]:
    return {
        "models": options["models"] or None,
        "confidence_level": options["confidence"],
        "intersect_results": not options["separately"],
    }


def _print_table(table: pd.DataFrame | None, standard: QualityStandard) -> None:
    entries = [] if table is None else _entries(table)
    print_entries(_KEYS, entries, lambda: _show(entries, standard))
    if not entries:
        say("No model has results on it yet, or it has no metrics.")


def _entries(table: pd.DataFrame) -> list[Entry]:
    """Return an entry for each test case, model, and metric group."""
    entries: dict[tuple[Any, ...], Entry] = {}
    compared = table.columns.nlevels == 5
    reference = tuple(table.columns[0][:2]) if len(table.columns) else None
    for place, (stratification, test_case) in enumerate(table.index):
        columns: Iterable[tuple[Any, Any]] = table.iloc[place].items()
        for (model, config, group, label, *kind), value in columns:
            entry = entries.setdefault(
                (place, model, config, group),
                {
                    "stratification": stratification,
                    "test_case": test_case if isinstance(test_case, str) else None,
                    "model": model,
                    "eval_config": json.loads(config),
                    "metric_group": group,
                    "metrics": {},
                    **({"deltas": {}} if compared else {}),
                },
            )
            if kind == ["performance_delta"]:
                # The model is not compared with itself.
                entry["deltas"][label] = None if (model, config) == reference else value
            else:
                entry["metrics"][label] = float(value)  # not NumPy's
    return list(entries.values())


def _show(entries: list[Entry], standard: QualityStandard) -> None:
    alone = len({(entry["model"], str(entry["eval_config"])) for entry in entries}) < 2
    for group in standard.metric_groups:
        if len(standard.metric_groups) > 1:
            print_heading(group.name)
        rows = [entry for entry in entries if entry["metric_group"] == group.name]
        columns: dict[str, Any] = {
            "stratification": "stratification",
            "test case": "test_case",
            "model": "model",
        }
        if any(entry["eval_config"] is not None for entry in rows):
            columns["configuration"] = "eval_config"
        for metric in group.metrics:
            columns[metric.label] = _shown(metric)
            compared = rows and "deltas" in rows[0] and not alone
            if compared and metric.higher_is_better is not None:
                columns[f"{metric.label} vs {rows[0]['model']}"] = _delta(metric.label)
        print_rows(columns, rows)
    counts = len({(entry["stratification"], entry["test_case"]) for entry in entries}) - 1
    say(f"{counted(counts, 'test case')} and the whole dataset.")
    if alone and entries and "deltas" in entries[0]:
        say(f"There is nothing to compare '{entries[0]['model']}' with under --confidence.")


def _shown(metric: BaseMetric) -> Any:
    """Return a function that returns the metric's value in its display format."""
    shape = _FORMATS.get(metric.format or "")

    def value(entry: Entry) -> object:
        number = entry["metrics"][metric.label]
        if number != number:
            return None
        return shape.format(number) if shape else number

    return value


def _delta(label: str) -> Any:
    return lambda entry: entry["deltas"][label]
