"""``kolena-local inferences import``: a file of predictions becomes a model's inferences."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from kolena_local.cli.completion import names_of
from kolena_local.cli.inferences import progress
from kolena_local.cli.output.output_file import write_text
from kolena_local.cli.output.output_options import is_quiet, quiet_option
from kolena_local.cli.output.printing import say
from kolena_local.cli.store_option import db_option, held_model
from kolena_local.errors import InputValidationError
from kolena_local.exchange.import_request import ON_CONFLICT, ImportRequest, Words
from kolena_local.exchange.row_files import FORMATS, format_of
from kolena_local.plurals import agreeing, counted

if TYPE_CHECKING:
    from kolena_local.exchange.import_file import ImportResult
    from kolena_local.repository.records import Coverage

_MOST_SUITES = 10
WORDS = Words(
    "--on", "--map", "--map {}={}", "--on-conflict", "--encoding", "--delimiter", "--dry-run"
)


@click.command("import")
@click.argument("model", shell_complete=names_of("model"))
@click.argument("file", type=click.Path(allow_dash=True))
@click.option(
    "--on",
    metavar="FIELD",
    multiple=True,
    help="A field of the sample by which it is found (repeatable); if not given, all in the file.",
)
@click.option(
    "--map",
    "mapping",
    metavar="COLUMN=FIELD",
    multiple=True,
    help="Which field a column is, if not the one of its name; COLUMN= leaves the column out.",
)
@click.option(
    "--on-conflict",
    type=click.Choice(ON_CONFLICT),
    metavar="WHAT",
    default="error",
    help="What to do where the model has an inference: error (if not given), skip or replace.",
)
@click.option("--dry-run", is_flag=True, help="Print what would happen; store nothing.")
@click.option(
    "--format",
    "chosen",
    type=click.Choice(FORMATS),
    metavar="FORMAT",
    help="csv, tsv, jsonl or parquet, if the file's suffix does not say.",
)
@click.option(
    "--delimiter",
    metavar="CHARACTER",
    help="What separates the cells of CSV, such as tab; if not given, as the first line says.",
)
@click.option(
    "--encoding",
    metavar="NAME",
    default="utf-8",
    help="How the file's text is encoded, if not UTF-8.",
)
@quiet_option
@db_option
def import_inferences(
    model: str,
    file: str,
    on: tuple[str, ...],
    mapping: tuple[str, ...],
    on_conflict: str,
    dry_run: bool,
    chosen: str | None,
    delimiter: str | None,
    encoding: str,
) -> None:
    """Store the predictions in a file as a model's inferences: all of them, or none.

    The first line of a CSV file names the columns: fields of the sample, by which it is found, and
    fields of the inference. Fields of an object have dotted names (prediction.label), lists are
    JSON. An empty cell is null, or an empty string where text must be. Values are checked by the
    types that the workflow was defined with; columns of the ground truth are not read. FILE may be
    - for standard input.

    A line is about the one sample that has all of its fields of the sample, to the letter; --on
    names those to go by instead. A text in another Unicode spelling (NFC, NFD) finds its sample,
    with a warning, where only one reads the same.
    """
    from kolena_local.exchange.import_file import import_file

    chosen = format_of(file, chosen)
    if chosen is None:
        raise click.UsageError(f"Give --format: the name {file} does not tell what is in it.")
    store, record = held_model(model)
    stream = sys.stdin.buffer if file == "-" else None
    columns = dict(map(_mapped, mapping))
    request = ImportRequest(
        file, chosen, on, columns, on_conflict, encoding, delimiter, stream, WORDS
    )
    result = import_file(
        store,
        record.id,
        record.workflow,
        request,
        dry_run=dry_run,
        progress=progress,
        warn=lambda sentence: say(f"Warning: {sentence}"),
    )
    if dry_run:
        _print_outcome(result, on_conflict)
    else:
        _say_outcome(result, model)
        if not is_quiet():
            with store.read() as unit:
                _say_coverage(unit.inferences.coverage(record.id))


def _mapped(text: str) -> tuple[str, str]:
    column, equals, field = text.rpartition("=")
    if not equals:
        raise InputValidationError(f"--map takes COLUMN=FIELD, such as --map path=locator: {text}")
    return column, field


def _print_outcome(result: ImportResult, on_conflict: str) -> None:
    new, known = result.stored - result.replaced, result.replaced + result.skipped
    write_text(
        f"{counted(result.line_count, 'line')}: {counted(new, 'new inference')},"
        f" {known} for samples that have one ({on_conflict}),"
        f" {counted(result.problem_count, 'problem')}"
    )
    for sentence in result.problems:
        write_text(sentence)
    if result.problem_count:
        raise InputValidationError("The import would fail; nothing was stored.")


def _say_outcome(result: ImportResult, model: str) -> None:
    stored, replaced, skipped = result.stored, result.replaced, result.skipped
    said = f"{counted(stored, 'inference')} of {model} {agreeing(stored, 'was', 'were')} stored"
    if replaced:
        said += f", {replaced} in place of {agreeing(replaced, 'another', 'others')}"
    if skipped:
        stays = agreeing(skipped, "was there and stays as it is", "were there and stay as they are")
        said += f"; {skipped} {stays}"
    say(f"{said}.")


def _say_coverage(suites: list[Coverage]) -> None:
    for one in suites[:_MOST_SUITES]:
        missing = one.samples - one.inferences
        lack = f", {missing} {agreeing(missing, 'is', 'are')} missing" if missing else ""
        say(
            f"{one.test_suite}@{one.version}: inferences for {one.inferences} of"
            f" {counted(one.samples, 'sample')}{lack}."
        )
    if len(suites) > _MOST_SUITES:
        more = len(suites) - _MOST_SUITES
        verb = agreeing(more, "has", "have")
        say(f"{counted(more, 'more test suite')} {verb} such samples; `models show` lists all.")
