"""``kolena-local inferences import``: a file of predictions becomes a model's inferences.

The file is read and checked first, line by line, into a temporary file; the store is locked only
while that is matched with the samples and stored, all of it or nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from kolena_local.cli.completion import names_of
from kolena_local.cli.inferences import progress
from kolena_local.cli.output import quiet_option, say
from kolena_local.cli.output_file import write_text
from kolena_local.cli.store_option import db_option, reading, writing
from kolena_local.errors import IncorrectUsageError, InputValidationError
from kolena_local.exchange.row_files import FORMATS, format_of, opened
from kolena_local.plurals import agreeing, counted

if TYPE_CHECKING:
    from kolena_local.exchange.import_lines import LineReader, Spool
    from kolena_local.exchange.object_columns import FileColumns
    from kolena_local.repository import Unit
    from kolena_local.repository.records import ImportProblem

_SHOWN = 10
_LONG = 500_000  # bytes, which take a second or so
_STEP = 1000


@click.command("import")
@click.argument("model", shell_complete=names_of("model"))
@click.argument("file", type=click.Path(allow_dash=True))
@click.option(
    "--on",
    "fields",
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
    type=click.Choice(["error", "skip", "replace"]),
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
    help="csv, jsonl or parquet, if the file's suffix does not say.",
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
    fields: tuple[str, ...],
    mapping: tuple[str, ...],
    on_conflict: str,
    dry_run: bool,
    chosen: str | None,
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
    from kolena_local.exchange.import_lines import LineReader, Spool

    chosen = format_of(file, chosen)
    if chosen is None:
        raise click.UsageError(f"Give --format: the name {file} does not tell what is in it.")
    with reading() as unit:
        columns = _columns(unit, model)
    reader = LineReader(columns, fields, mapping)
    with Spool() as spool:
        _read(file, chosen, encoding, reader, spool)
        if dry_run:
            with reading() as unit:
                _Import(unit, model, reader, on_conflict, spool).print_outcome()
            return
        if reader.problem_count:
            raise _refusal(reader.problems[0][1], reader.problem_count)
        with writing() as unit:
            stored, known = _Import(unit, model, reader, on_conflict, spool).store()
    said = f"{counted(stored, 'inference')} of {model} {agreeing(stored, 'was', 'were')} stored"
    if known and on_conflict == "replace":
        said += f", {known} in place of {agreeing(known, 'another', 'others')}"
    elif known:
        stays = agreeing(known, "was there and stays as it is", "were there and stay as they are")
        said += f"; {known} {stays}"
    say(f"{said}.")


def _columns(unit: Unit, model: str) -> FileColumns:
    from kolena_local.exchange.object_columns import FileColumns

    workflow = unit.models.get(model).workflow
    schemas = unit.workflows.schemas(workflow)
    if schemas is None:
        raise IncorrectUsageError(
            f'The types of the workflow "{workflow}" are not in the store, so that values cannot be'
            " checked; make a test case or model of it with define_workflow() once."
        )
    return FileColumns(workflow, schemas)


def _read(file: str, chosen: str, encoding: str, reader: LineReader, spool: Spool) -> None:
    size = 0 if file == "-" or not Path(file).is_file() else Path(file).stat().st_size
    with (
        opened(file, chosen, encoding) as lines,
        progress(size, "reading", is_long=size >= _LONG) as advance,
    ):
        reader.begin(lines)
        before = 0
        for count, (line, values) in enumerate(lines.rows):
            found = reader.read(line, values)
            if found is not None:
                spool.add(found)
            if size and count % _STEP == 0:
                position = lines.position()
                advance(position - before)
                before = position
        advance(size - before)


class _Import:
    """An import: the lines of a file, matched with the samples of the store."""

    def __init__(
        self, unit: Unit, model: str, reader: LineReader, on_conflict: str, spool: Spool
    ) -> None:
        self._exchange = unit.exchange
        self._reader = reader
        self._on_conflict = on_conflict
        with progress(spool.count, "storing") as advance:
            for page in spool.pages():
                self._exchange.gather(page)
                advance(len(page))
        record = unit.models.get(model)
        self._exchange.match(unit.workflows.get(record.workflow).id, reader.keys.paths)
        self._model_id = record.id
        self._counts = self._exchange.counts(record.id)

    def store(self) -> tuple[int, int]:
        """Store all lines; return how many were stored, and how many samples had an inference.

        Raises:
            InputValidationError: a line cannot be stored; nothing is stored.
        """
        problems, count = self._problems(1)
        if problems:
            raise _refusal(_sentence(problems[0], self._reader), count)
        self._warn()
        stored = self._exchange.store(self._model_id, replace=self._on_conflict == "replace")
        self._exchange.forget()
        return stored, self._counts.known

    def print_outcome(self) -> None:
        """Print what storing would do.

        Raises:
            InputValidationError: it would fail.
        """
        reader, counts = self._reader, self._counts
        found, count = self._problems(_SHOWN)
        count += reader.problem_count
        problems = [*reader.problems, *((one.line, _sentence(one, reader)) for one in found)]
        new = counts.lines - counts.unmatched - counts.known
        write_text(
            f"{counted(counts.lines + reader.problem_count, 'line')}:"
            f" {counted(new, 'new inference')},"
            f" {counts.known} for samples that have one ({self._on_conflict}),"
            f" {counted(count, 'problem')}"
        )
        for _, sentence in sorted(problems)[:_SHOWN]:
            write_text(sentence)
        self._warn()
        if count:
            raise InputValidationError("The import would fail; nothing was stored.")

    def _problems(self, most: int) -> tuple[list[ImportProblem], int]:
        """Return the first lines that cannot be stored, and how many there are."""
        found, count = self._exchange.problems(most), self._counts.unmatched
        if self._on_conflict == "error":
            found += self._exchange.conflicts(self._model_id, most)
            count += self._counts.known
        return found, count

    def _warn(self) -> None:
        for line, key in self._exchange.respelled(1):
            place, _, value = self._reader.named(line, key)
            respelled = self._counts.respelled
            more = f" (and {respelled - 1} more)" if respelled > 1 else ""
            say(
                f"Warning: {place}: the store spells {value} with other Unicode characters that"
                f" read the same{more}; write it as export does."
            )


def _refusal(problem: str, count: int) -> InputValidationError:
    more = f" (and {count - 1} more; --dry-run lists them)" if count > 1 else ""
    return InputValidationError(f"Nothing was stored: {problem}{more}.")


def _sentence(problem: ImportProblem, reader: LineReader) -> str:
    place, said, value = reader.named(problem.line, problem.key)
    hint = ", --on says which of them to go by" if value.startswith("(") else ""
    what = {
        "missing": f"no sample has {said}{hint}",
        "ambiguous": f"{problem.other} samples have {said}, choose another field with --on, or give"
        " more of their fields",
        "duplicate": f"line {problem.other} is about the same sample {value}",
        "known": f"the model has an inference for {value} already, --on-conflict skip keeps it and"
        " replace overwrites it",
    }
    return f"{place}: {what[problem.kind]}"
