"""``kolena-local datasets``: tables of datapoints, with their commits and results."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kolena_local.cli import completion
from kolena_local.cli.completion import names_of
from kolena_local.cli.dataset_files import results, upload
from kolena_local.cli.entries import joined_tags, local_time, picked
from kolena_local.cli.lazy import Group
from kolena_local.cli.options import names_argument
from kolena_local.cli.output.formats import Entry
from kolena_local.cli.output.output_options import output_options
from kolena_local.cli.output.printing import Columns, Listing, print_listing, print_sheet
from kolena_local.cli.prompts import delete_named, deletion_options
from kolena_local.cli.quality_standards import standard
from kolena_local.cli.store_option import reading

if TYPE_CHECKING:
    from kolena_local.repository import Unit
    from kolena_local.repository.dataset_records import DatasetRecord

_COUNTS = ("commit_count", "run_count", "result_count")


def _joined(key: str) -> Columns:
    return {key.replace("_", " "): lambda dataset: ", ".join(dataset[key])}


DATASETS = Listing(
    (
        "name",
        "description",
        "tags",
        "id_fields",
        "columns",
        "datapoint_count",
        "commit",
        "created_at",
        "updated_at",
    ),
    {
        "dataset": "name",
        "datapoints": "datapoint_count",
        **_joined("id_fields"),
        "tags": joined_tags,
        "description": "description",
        "updated": local_time("updated_at"),
    },
    "No datasets found.",
    ("updated",),
)
_FIELDS: Columns = {
    "dataset": "name",
    "description": lambda dataset: dataset["description"] or None,
    "tags": lambda dataset: joined_tags(dataset) or None,
    "datapoints": "datapoint_count",
    **_joined("id_fields"),
    **_joined("columns"),
    "created": local_time("created_at"),
    "updated": local_time("updated_at"),
}
_COMMITS: Columns = {
    "commit": lambda commit: commit["hash"][:12],
    "datapoints": "datapoint_count",
    "added": "n_added",
    "removed": "n_removed",
    "tags": joined_tags,
    "created": local_time("created_at"),
}
_MODELS: Columns = {"model": "name", "tags": joined_tags}


@click.group("datasets", cls=Group)
def datasets() -> None:
    """List, show, upload, and delete datasets, and apply standards."""


for command in (upload, results, standard):
    datasets.add_command(command)


@datasets.command("list")
@output_options
def list_datasets() -> None:
    """List datasets in the order in which they were created."""
    with reading() as unit:
        entries = [_entry(unit, record) for record in unit.datasets.list()]
    print_listing(DATASETS, entries)


@datasets.command("show")
@click.argument("name", shell_complete=names_of(completion.DATASETS))
@output_options
def show_dataset(name: str) -> None:
    """Show a dataset with its commits, newest first, and the models that have results on it.

    A commit is a state of the dataset: each upload that changes something makes one.
    """
    with reading() as unit:
        record = unit.datasets.get(name)
        entry = _entry(unit, record)
        entry["commits"] = [
            picked(one, ("hash", "tags", "n_added", "n_removed", "created_at"))
            | {"datapoint_count": one.n_rows}
            for one in reversed(unit.dataset_commits.list(record))
        ]
        entry["models"] = [
            picked(model, ("name", "tags")) for model in unit.dataset_results.models(record)
        ]
    print_sheet(entry, _FIELDS, {"commits": _COMMITS, "models": _MODELS})


@datasets.command("delete")
@names_argument(completion.DATASETS)
@deletion_options
@output_options
def delete_datasets(names: tuple[str, ...], yes: bool, dry_run: bool) -> None:
    """Delete datasets with all their commits, embeddings, and results.

    If one of the names is unknown, no dataset is deleted. Models stay.
    """
    delete_named("dataset", names, *_COUNTS, yes=yes, dry_run=dry_run)


def _entry(unit: Unit, record: DatasetRecord) -> Entry:
    latest = unit.dataset_commits.get(record)
    keys = ("name", "description", "tags", "id_fields", "columns", "created_at", "updated_at")
    found = picked(record, keys) | {"datapoint_count": latest.n_rows, "commit": latest.hash}
    return {key: found[key] for key in DATASETS.keys}
