"""``kolena-local datasets upload`` and ``results``: tables in files become datasets and results."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from kolena_local import location
from kolena_local.cli.completion import DATASETS, names_of
from kolena_local.cli.output.output_options import quiet_option
from kolena_local.cli.output.printing import say
from kolena_local.cli.result_files import read_results
from kolena_local.cli.store_option import db_option, given_location, reading
from kolena_local.errors import NotFoundError, StoreNotFoundError
from kolena_local.plurals import agreeing, counted

if TYPE_CHECKING:
    from kolena_local.dataset import DatasetEntity


@click.command("upload")
@click.argument("file", type=click.Path())
@click.option(
    "--id",
    "id_fields",
    metavar="COLUMN",
    multiple=True,
    help="A column that identifies a row (repeatable); if not given, the columns that the dataset"
    " has, else id, id_... and ..._id, locator, or text.",
)
@click.option("--name", metavar="NAME", help="The name of the dataset; if not given, FILE's.")
@click.option("--append", is_flag=True, help="Keep the datapoints that are not in the file.")
@click.option("--description", metavar="TEXT", help="What the dataset is about.")
@quiet_option
@db_option
def upload(
    file: str, id_fields: tuple[str, ...], name: str | None, append: bool, description: str | None
) -> None:
    """Make a dataset of a file, or replace the datapoints of one.

    FILE is CSV, TSV, JSON Lines, or Parquet, as its suffix says, with a row for each datapoint. In
    CSV, numbers, true and false, and JSON are recognized. Empty cells, nan and null are missing; NA
    and None, too, but in a column of text they are labels. A .json file has COCO annotations, which
    become a row for each image; a sample log of lm-evaluation-harness has one for each document.
    """
    from kolena_local.dataset.dataset import _load_dataset_metadata, committed
    from kolena_local.dataset.frames import check_id_fields
    from kolena_local.dataset.table_file import read_datapoints

    frame = read_datapoints(file)
    name = Path(file).stem if name is None else name
    with location.use(location.resolve(given_location())):
        known = _load_dataset_metadata(name, raise_error_if_not_found=False)
        expected = id_fields or (known.id_fields if known else ())
        check_id_fields(expected, [*map(str, frame)], f"'{file}'")
        _, commit = committed(
            name,
            frame,
            id_fields=list(id_fields) or None,
            append_only=append,
            description=description,
        )
    if commit is None:
        say(f"The dataset '{name}' is unchanged; there is no new commit.")
        return
    added, removed = commit.n_added, commit.n_removed
    if append or not removed:
        counts = f"{added - removed} new, {removed} changed"
    else:  # a commit does not tell changed datapoints from pairs of a removed and a new one
        counts = f"{added} new or changed, {removed} removed or changed"
    say(
        f"Uploaded {counted(len(frame), 'datapoint')} to the dataset '{name}': {counts},"
        f" {len(frame) - added} unchanged."
    )


@click.command("results")
@click.argument("dataset", shell_complete=names_of(DATASETS))
@click.argument("model", shell_complete=names_of("model"))
@click.argument("file", type=click.Path())
@click.option(
    "--correct",
    metavar="FIELD=COLUMN",
    help="Add the metric `correct`: whether COLUMN of the file is what FIELD of the dataset says."
    " An empty COLUMN is not correct; a datapoint with an empty FIELD gets no value.",
)
@click.option(
    "--proba",
    is_flag=True,
    help="All columns of the file but the ids are classes, with their probabilities; the columns"
    " `prediction`, `confidence` and `probabilities` are made of them.",
)
@click.option("--config", metavar="JSON", help="The configuration of the results: a JSON object.")
@click.option(
    "--higher-is-better", metavar="COLUMN", multiple=True, help="A metric to maximize (repeatable)."
)
@click.option(
    "--lower-is-better", metavar="COLUMN", multiple=True, help="A metric to minimize (repeatable)."
)
@quiet_option
@db_option
def results(
    dataset: str,
    model: str,
    file: str,
    correct: str | None,
    proba: bool,
    config: str | None,
    higher_is_better: tuple[str, ...],
    lower_is_better: tuple[str, ...],
) -> None:
    """Store a file of a model's results on a dataset; the model is registered if it is new.

    FILE has the dataset's id columns and at least one more. `compare`, `leaderboard` and `report`
    take the columns that are numbers or bools as metrics of each datapoint.

    A .json file has COCO detections; they are matched with the dataset's objects. The numbers
    iou_threshold and min_confidence_score, and threshold_strategy in --config say how. The filters
    of a sample log of lm-evaluation-harness are configurations.
    """
    from kolena_local.dataset.correctness import CORRECT, with_correct
    from kolena_local.dataset.evaluation import _upload_results
    from kolena_local.dataset.frames import check_id_fields

    parsed = None if config is None else _parsed(config)
    directions = {**dict.fromkeys(higher_is_better, True), **dict.fromkeys(lower_is_better, False)}
    for column in set(higher_is_better).intersection(lower_is_better):
        raise click.UsageError(
            f"--higher-is-better and --lower-is-better both name '{column}'; leave out one of them."
        )
    with location.use(location.resolve(given_location())):
        entity = _existing(dataset)
        found = read_results(file, dataset, parsed, proba=proba)
        directions = {**found.directions, **directions}
        pairs = found.results
        for _, frame in pairs:
            check_id_fields(entity.id_fields, [*map(str, frame)], f"'{file}'")
        if correct is not None:
            field, equals, column = correct.rpartition("=")
            if not equals:
                raise click.UsageError("--correct takes FIELD=COLUMN, such as label=prediction.")
            pairs = [
                (one, with_correct(frame, dataset, entity.id_fields, field, column, file))
                for one, frame in pairs
            ]
            directions.setdefault(CORRECT, True)
        done = _upload_results(
            dataset,
            model,
            pairs,
            found.thresholded,
            higher_is_better=directions or None,
            need_match=True,
        )
        with reading() as unit:
            record = unit.datasets.get(dataset)
            total = unit.dataset_commits.get(record).n_rows
            ids = cast("list[int]", done.eval_config_id)
            missing = max(unit.dataset_results.count_missing(record, one) for one in ids)
    say(
        f"Stored results of {model} on the dataset '{dataset}': {done.n_inserted} new,"
        f" {done.n_updated} changed."
    )
    if missing:
        verb = agreeing(missing, "has", "have")
        say(f"{missing} of {counted(total, 'datapoint')} {verb} no results of {model} yet.")


def _existing(dataset: str) -> DatasetEntity:
    """Return a dataset; say how to make it if there is none."""
    from kolena_local.dataset.dataset import _load_dataset_metadata

    command = f"`kolena-local datasets upload FILE --id COLUMN --name {shlex.quote(dataset)}`"
    try:
        entity = _load_dataset_metadata(dataset)
    except StoreNotFoundError as error:
        path = location.resolve()
        raise StoreNotFoundError(
            f"There is no dataset '{dataset}', as there is no store at {path} yet; {command} makes"
            " both."
        ) from error
    except NotFoundError as error:
        raise NotFoundError(f"{error} To make a dataset of that name, run {command}.") from error
    assert entity is not None  # otherwise it raised
    return entity


def _parsed(config: str) -> dict[str, Any]:
    try:
        parsed = json.loads(config)
    except ValueError as error:
        raise click.UsageError(f"--config is not JSON: {error}.") from None
    if not isinstance(parsed, dict):
        raise click.UsageError("--config takes a JSON object, such as '{\"threshold\": 0.5}'.")
    return parsed
